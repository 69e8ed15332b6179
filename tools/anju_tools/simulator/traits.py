"""Who lives there: one person's habits, drawn from priors that published figures of older adults support.

Sources, by the tags used below:
  Kurina   Kurina et al. 2015, Sleep Health 1:285, doi:10.1016/j.sleh.2015.09.004: actigraphy of 739 people aged
           62-90, 7.2 h of sleep a night, 80 % between 5.8 and 8.6 h, 39 min awake after sleep onset
  Monk     Monk et al. 2012, Healthy Aging Clin Care Elder 4:33, doi:10.4137/HACCE.S10596: 1166 retired, sleep
           between 23:00 and 7:30
  Tsai     Tsai et al. 2021, BMC Geriatr 21:53, doi:10.1186/s12877-020-01856-6: median 8 h 21 min in bed; 64 % of
           the waking hours sedentary
  Lukacz   Lukacz et al. 2009, Am J Obstet Gynecol 200:552, doi:10.1016/j.ajog.2008.11.006: every 3-4 h by day, 72 %
           get up at least once a night, 33 % twice or more
  Bosch    Bosch & Weiss 2010, J Urol 184:440: two or more times a night is usual past 70
  Foley    Foley et al. 2007, Am J Geriatr Psychiatry 15:344: 10-25 % nap regularly, more with age
  Shen     Shen et al. 2017, BMJ Open 7:e015780: 75 % (65-74) and 68 % (75+) leave home on a given day
  Crouch   Crouch et al. 2021, AQUA 70:1002: 92 litres per person and day as basic use
  CCW      Consumer Council for Water, "Average water use": 5-9 litres per flush, 8 litres a minute in the shower,
           8 litres for a bowl of dishes, 50 litres a machine wash
Where no figure was found the prior is wide and marked "judged".
"""

from dataclasses import dataclass

import numpy as np

from anju_tools.simulator import activities as act


@dataclass(frozen=True)
class Traits:
    """Times of day in hours, intervals in hours, durations in minutes where the name says so."""

    bed_h: float
    in_bed_h: float
    bed_sd_h: float
    wake_sd_h: float
    weekend_shift_h: float
    night_visits: float
    insomnia: float
    toilet_interval_h: float
    toilet_min: float
    nap: float
    lunch_h: float
    dinner_h: float
    meal_sd_h: float
    cooks: float
    shower: float
    showers_evenings: bool
    stay_in: float
    extra_outings: float
    morning_person: float
    outing_min: float
    club: tuple[tuple[int, float, float], ...]  # weekday, hour, minutes
    trip: float
    trip_nights: float
    visits: float
    care_visit_h: float | None  # a carer on weekdays at this hour
    parcels: float
    step_outs: float
    sedentary: float
    pace: float
    flush_l: float
    shower_l: float
    wash_every_days: float
    tap: float  # how freely the tap runs
    restless: float
    visible: tuple[float, ...]  # by activity: share of its movements in some sensor's cone


def _beta(rng: np.random.Generator, mean: float, weight: float) -> float:
    """A share with that mean; `weight` is how many observations the prior is worth."""
    return float(rng.beta(mean * weight, (1 - mean) * weight))


def _normal(rng: np.random.Generator, mean: float, sd: float, low: float, high: float) -> float:
    return float(np.clip(rng.normal(mean, sd), low, high))


def draw_traits(rng: np.random.Generator) -> Traits:
    """One person."""
    sleep_h = _normal(rng, 7.25, 1.0, 5.0, 9.8)  # Kurina
    return Traits(
        bed_h=_normal(rng, 22.9, 0.8, 20.5, 25.5),  # Monk
        in_bed_h=sleep_h + 0.95,  # Kurina (awake in the night), Tsai (time in bed)
        bed_sd_h=_normal(rng, 0.5, 0.15, 0.2, 1.0),  # judged
        wake_sd_h=_normal(rng, 0.5, 0.2, 0.15, 1.2),  # judged
        weekend_shift_h=_normal(rng, 0.15, 0.25, -0.3, 1.0),  # judged
        night_visits=float(rng.gamma(2.2, 0.65)),  # Lukacz, Bosch
        insomnia=_beta(rng, 0.10, 8),  # judged
        toilet_interval_h=_normal(rng, 3.1, 0.5, 2.0, 4.8),  # Lukacz
        toilet_min=_normal(rng, 4.0, 0.8, 2.5, 7.0),  # judged
        nap=_beta(rng, 0.22, 1.5),  # Foley: most never, some daily
        lunch_h=_normal(rng, 12.4, 0.5, 11.0, 14.0),  # judged, as the next four
        dinner_h=_normal(rng, 18.2, 0.7, 16.5, 20.5),
        meal_sd_h=_normal(rng, 0.4, 0.12, 0.15, 0.9),
        cooks=_beta(rng, 0.7, 6),
        shower=_beta(rng, 0.6, 3),
        showers_evenings=bool(rng.random() < 0.35),
        stay_in=_beta(rng, 0.30, 4),  # Shen
        extra_outings=float(rng.gamma(2.0, 0.22)),  # judged
        morning_person=_beta(rng, 0.6, 5),
        outing_min=float(70 * np.exp(rng.normal(0, 0.3))),
        club=_club(rng),
        trip=float(rng.gamma(0.8, 0.006)),  # judged: every third home goes away once in 90 days
        trip_nights=_normal(rng, 2.5, 1.0, 1.0, 6.0),
        visits=_beta(rng, 0.16, 4),  # judged: about once a week
        care_visit_h=float(rng.uniform(8.0, 10.5)) if rng.random() < 0.15 else None,
        parcels=float(rng.gamma(2.0, 0.12)),
        step_outs=float(rng.gamma(2.0, 0.25)),
        sedentary=float(np.exp(rng.normal(0, 0.3))),  # Tsai
        pace=float(np.exp(rng.normal(0, 0.12))),
        flush_l=_normal(rng, 6.0, 1.0, 4.0, 9.0),  # CCW
        shower_l=_normal(rng, 50.0, 10.0, 25.0, 90.0),  # CCW: six minutes of 8 litres
        wash_every_days=_normal(rng, 5.0, 1.5, 2.0, 9.0),  # CCW gives the 50 litres
        tap=float(np.exp(rng.normal(0, 0.25))),  # Crouch: 92 litres in all
        restless=float(np.exp(rng.normal(0, 0.3))),
        visible=_visible(rng),
    )


def _club(rng: np.random.Generator) -> tuple[tuple[int, float, float], ...]:
    """Weekly appointments: none, one or two."""
    count = int(rng.choice(3, p=[0.4, 0.4, 0.2]))
    return tuple(
        (int(rng.integers(7)), float(rng.uniform(9.0, 17.0)), float(rng.uniform(90, 210))) for _ in range(count)
    )


def _visible(rng: np.random.Generator) -> tuple[float, ...]:
    """A favourite chair may stand half behind a shelf: each activity has its place, seen well or badly."""
    seen = [_beta(rng, 0.85, 12) for _ in act.TABLE]
    for still in act.STILL:
        seen[still] = _beta(rng, 0.65, 4)
    seen[act.SLEEP] = max(0.15, _beta(rng, 0.7, 5))
    return tuple(seen)
