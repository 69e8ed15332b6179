"""What one day has in store: appointments with oneself and others, in order of time."""

from collections.abc import Callable
from dataclasses import dataclass

from anju_tools.simulator.calendar import HOUR_S, Calendar
from anju_tools.simulator.dice import Dice
from anju_tools.simulator.routines import Person
from anju_tools.simulator.traits import Traits

OUTING_SIGMA = 0.7
LONGEST_OUTING_MIN = 10 * 60.0


@dataclass(frozen=True, order=True)
class Item:
    """Due at `t` [s, UTC]; dropped when not begun within `patience_s`."""

    t: float
    patience_s: float
    act: Callable[[Person], None]


def day_items(traits: Traits, calendar: Calendar, day: int, vigour: float, dice: Dice) -> list[Item]:
    """The day's items. `vigour` (standard normal over days) makes days alike or lazy."""
    items: list[Item] = []

    def at(hour: float, patience_h: float, do: Callable[[Person], None]) -> None:
        items.append(Item(calendar.at(day, hour * HOUR_S), patience_h * HOUR_S, do))

    at(dice.normal(traits.lunch_h, traits.meal_sd_h), 1.7, lambda p: p.meal(25, 25))
    at(dice.normal(traits.dinner_h, traits.meal_sd_h), 2.2, lambda p: p.meal(22, 25))
    if traits.showers_evenings and dice.chance(traits.shower):
        at(dice.normal(20.3, 0.5), 2.0, Person.shower)
    if dice.chance(1.0 / traits.wash_every_days):
        at(dice.normal(10.0, 1.0), 4.0, Person.laundry)
    if dice.chance(0.55):
        minutes = dice.lognormal(40.0, 0.5, 180.0)
        at(dice.normal(10.0, 1.0), 3.0, lambda p: p.housework(minutes))
    for _ in range(dice.poisson(traits.parcels)):
        at(dice.uniform(8.5, 19.0), 0.05, Person.answer_door)
    for _ in range(dice.poisson(traits.step_outs)):
        at(dice.uniform(7.5, 20.0), 2.0, Person.step_out)
    _company(traits, calendar.weekday(day), dice, at)
    _outings(traits, calendar.weekday(day), vigour, dice, at)
    return sorted(items, key=lambda item: item.t)


def _company(traits: Traits, weekday: int, dice: Dice, at: Callable[..., None]) -> None:
    if traits.care_visit_h is not None and weekday < 5 and dice.chance(0.95):
        care_min = dice.lognormal(35.0, 0.25)
        at(dice.normal(traits.care_visit_h, 0.2), 0.5, lambda p: p.visit(care_min))
    if dice.chance(traits.visits * (1.6 if weekday >= 5 else 0.8)):
        stay_min = dice.lognormal(80.0, 0.5, 300.0)
        at(dice.normal(15.0, 2.0), 0.3, lambda p: p.visit(stay_min))


def _outings(traits: Traits, weekday: int, vigour: float, dice: Dice, at: Callable[..., None]) -> None:
    for club_day, hour, minutes in traits.club:
        if club_day == weekday and dice.chance(0.85):
            stay = dice.lognormal(minutes, 0.2)
            at(dice.normal(hour, 0.15), 1.0, lambda p, stay=stay: p.out(stay))
    # A good day makes going out likelier, a Sunday less so.
    stay_in = min(0.95, max(0.02, traits.stay_in - 0.12 * vigour + (0.08 if weekday == 6 else 0.0)))
    if dice.chance(stay_in):
        return
    for _ in range(1 + dice.poisson(traits.extra_outings)):
        minutes = dice.lognormal(traits.outing_min, OUTING_SIGMA, LONGEST_OUTING_MIN)
        if dice.chance(0.05):
            hour = dice.normal(18.8, 0.7)
        elif dice.chance(traits.morning_person):
            hour = dice.normal(10.2, 1.0)
        else:
            hour = dice.normal(15.3, 1.2)
        at(hour, 2.5, lambda p, minutes=minutes: p.out(minutes))


def trip_nights(traits: Traits, dice: Dice) -> int:
    """How many nights away a journey that begins today takes; 0 on most days."""
    return max(1, round(dice.normal(traits.trip_nights, 1.0))) if dice.chance(traits.trip) else 0
