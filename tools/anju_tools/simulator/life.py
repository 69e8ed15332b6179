"""A life, day after day: sleep, a morning, a day between appointments, an evening, and the night's interruptions.

A semi-Markov process: every activity has a duration of its own (log-normal), the next one depends on the hour, the
person and what the day has in store.
"""

import numpy as np

from anju_tools.simulator import activities as act
from anju_tools.simulator.agenda import Item, day_items, trip_nights
from anju_tools.simulator.calendar import HOUR_S, Calendar
from anju_tools.simulator.diary import Diary, Life
from anju_tools.simulator.dice import Dice
from anju_tools.simulator.routines import MINUTE_S, Person
from anju_tools.simulator.traits import Traits

VIGOUR_MEMORY = 0.7  # tomorrow resembles today
SHORTEST_DAY_S = 10 * HOUR_S
BED_WITHOUT_SLEEP_MIN = 20.0
# Weights of television, reading, table work, housework, a snack: by part of the day.
MORNING, AFTERNOON, EVENING = (
    (0.13, 0.20, 0.20, 0.37, 0.10),
    (0.26, 0.22, 0.18, 0.24, 0.10),
    (0.56, 0.24, 0.06, 0.06, 0.08),
)


def live(traits: Traits, calendar: Calendar, rng: np.random.Generator) -> Life:
    """The resident's life over the calendar's days; it begins asleep at the first midnight."""
    dice = Dice(rng)
    person = Person(traits, Diary(calendar.midnight[0]), dice)
    vigour, bed_slip, back_day = dice.normal(), 0.0, -1
    for day in range(calendar.days):
        wake = calendar.at(day, _wake_clock(traits, calendar.weekday(day), vigour, bed_slip, dice))
        vigour = VIGOUR_MEMORY * vigour + (1 - VIGOUR_MEMORY**2) ** 0.5 * dice.normal()
        bed_slip = dice.normal(0.0, traits.bed_sd_h)
        bed = max(calendar.at(day, (traits.bed_h + bed_slip) * HOUR_S), wake + SHORTEST_DAY_S)
        if day < back_day:
            continue
        if day > back_day:
            sleep(person, wake)
            nights = trip_nights(traits, dice)
            if nights:
                back_day = day + nights
                _leave_for_days(person, calendar, back_day)
                continue
            get_up(person)
        spend_day(person, day_items(traits, calendar, day, vigour, dice), calendar.midnight[day], bed, vigour)
    sleep(person, calendar.midnight[-1] + HOUR_S)
    return person.diary.life(calendar.midnight[-1])


def _wake_clock(traits: Traits, weekday: int, vigour: float, bed_slip: float, dice: Dice) -> float:
    """Waking time by the clock [s]: later after a late night, on a weekend, on a poor day."""
    clock = traits.bed_h - 24.0 + traits.in_bed_h + 0.4 * bed_slip
    clock += (traits.weekend_shift_h if weekday >= 5 else 0.0) - 0.12 * vigour
    return max(3.5, dice.normal(clock, traits.wake_sd_h)) * HOUR_S


def _leave_for_days(person: Person, calendar: Calendar, back_day: int) -> None:
    """Pack, go, and come back in the afternoon of `back_day` (after the log's end, maybe)."""
    dice, diary = person.dice, person.diary
    get_up(person)
    person.rest(act.READ, diary.now + dice.lognormal(60.0 * MINUTE_S, 0.6))
    back_s = dice.uniform(13.0, 20.0) * HOUR_S
    back = calendar.at(back_day, back_s) if back_day < calendar.days else calendar.midnight[-1] + 2 * HOUR_S
    person.out((back - diary.now) / MINUTE_S)
    person.toilet_due = diary.now


def sleep(person: Person, until: float) -> None:
    """In bed until then; up for the toilet, some nights up for longer."""
    dice, diary, traits = person.dice, person.diary, person.traits
    night = until - diary.now
    if night <= 0:
        return
    diary.do(act.IN_BED, min(night / 4, dice.lognormal(BED_WITHOUT_SLEEP_MIN * MINUTE_S, 0.6)))
    ups = sorted(diary.now + night * dice.uniform(0.08, 0.92) for _ in range(dice.poisson(traits.night_visits)))
    wakeful = diary.now + night * dice.uniform(0.2, 0.8) if dice.chance(traits.insomnia) else None
    for up in ups:
        if up - diary.now < 20 * MINUTE_S or up > until - 10 * MINUTE_S:
            continue
        diary.do(act.SLEEP, up - diary.now)
        person.toilet()
        if wakeful is not None and diary.now > wakeful:
            _awake_at_night(person, until)
            wakeful = None
        diary.do(act.IN_BED, dice.lognormal(6 * MINUTE_S, 0.7, 40 * MINUTE_S))
    diary.do(act.SLEEP, until - diary.now)
    person.toilet_due = diary.now


def _awake_at_night(person: Person, until: float) -> None:
    dice, diary = person.dice, person.diary
    if dice.chance(0.5):
        person.snack()
    end = min(until - 30 * MINUTE_S, diary.now + dice.lognormal(35 * MINUTE_S, 0.5))
    diary.do(act.READ if dice.chance(0.5) else act.TV, end - diary.now)


def spend_day(person: Person, items: list[Item], midnight: float, bed: float, vigour: float) -> None:
    """From breakfast (or from coming home) to bed."""
    diary = person.diary
    naps = person.dice.chance(person.traits.nap)
    waiting = [item for item in items if item.t > diary.now - item.patience_s]
    while diary.now < bed:
        if waiting and diary.now >= waiting[0].t:
            item = waiting.pop(0)
            if diary.now - item.t <= item.patience_s:
                item.act(person)
            continue
        if diary.now >= person.toilet_due and person.dice.chance(0.9):
            person.toilet()
            continue
        until = min(bed, waiting[0].t) if waiting else bed
        clock_h = (diary.now - midnight) / HOUR_S
        if naps and 12.7 < clock_h < 17:
            naps = False
            _nap(person, until)
        else:
            _something(person, clock_h, until, vigour)
    if person.dice.chance(0.85):
        person.toilet()
    person.hygiene()
    person.busy(act.DRESS, 3)


def get_up(person: Person) -> None:
    """The morning, in the order most people have."""
    dice, traits = person.dice, person.traits
    person.busy(act.IN_BED, 8, 0.8)
    person.toilet()
    if not traits.showers_evenings and dice.chance(traits.shower):
        person.shower()
    else:
        person.hygiene()
    person.busy(act.DRESS, 7)
    person.meal(10, 18)


def _nap(person: Person, until: float) -> None:
    """An hour or so, on the bed or in the armchair."""
    end = min(until, person.diary.now + person.dice.lognormal(50 * MINUTE_S, 0.5, 3 * HOUR_S))
    person.diary.do(act.NAP, end - person.diary.now, act.BEDROOM if person.dice.chance(0.6) else act.LIVINGROOM)


def _something(person: Person, clock_h: float, until: float, vigour: float) -> None:
    """What there is to do when nothing calls."""
    dice, diary, traits = person.dice, person.diary, person.traits
    weights = MORNING if clock_h < 12 else AFTERNOON if clock_h < 18 else EVENING
    slow = traits.sedentary * max(0.5, 1.0 - 0.15 * vigour)
    choice = dice.pick((weights[0] * slow, weights[1] * slow, *weights[2:]))
    if choice == 4:
        person.snack()
    elif choice == 3:
        person.housework(min(dice.lognormal(14.0, 0.6), (until - diary.now) / MINUTE_S))
    else:
        activity, minutes = ((act.TV, 45.0), (act.READ, 32.0), (act.TABLE_WORK, 30.0))[choice]
        person.rest(activity, min(until, diary.now + dice.lognormal(minutes * slow**0.5 * MINUTE_S, 0.7)))
