"""Simulated homes: a life each, and what their sensors would have felt of it."""

import math
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from anju_tools.simulator import activities as act
from anju_tools.simulator.calendar import Calendar
from anju_tools.simulator.diary import Life
from anju_tools.simulator.faults import Fault, resolve
from anju_tools.simulator.life import live
from anju_tools.simulator.log import HomeLog
from anju_tools.simulator.plan import HomePlan, plan_homes
from anju_tools.simulator.sensing import feel
from anju_tools.simulator.traits import draw_traits

# One stream of random numbers per purpose: another sensor in the home changes nobody's life.
PERSON, LIFE, FAULT, SENSOR = range(4)


def simulate(homes: int | Sequence[HomePlan], days: int, start: datetime, seed: int) -> list[HomeLog]:
    """Simulate homes over `days` local days from the local date of `start`.

    `homes` is a number of standard homes or their plans. A home depends on `seed` and its index alone, so it is the
    same in a street of three and of three thousand.
    Raises ValueError for a plan that cannot be (no days, a fault outside the log).
    """
    plans = plan_homes(homes) if isinstance(homes, int) else homes
    return [
        simulate_home(plan, days, start, seed, plan.index if plan.index is not None else i)
        for i, plan in enumerate(plans)
    ]


def simulate_home(plan: HomePlan, days: int, start: datetime, seed: int, index: int) -> HomeLog:
    """One home of `simulate`."""
    calendar = Calendar(start, days, plan.zone)
    traits = draw_traits(np.random.default_rng([seed, index, PERSON]))
    life = live(traits, calendar, np.random.default_rng([seed, index, LIFE]))
    faults = _faults(plan, calendar, life, np.random.default_rng([seed, index, FAULT]))
    stops = min((f.t for f in faults if f.kind == "collapse"), default=math.inf)
    truth = life.until(stops).truth(_fault_spans(faults, calendar.midnight[-1]))
    stimuli = feel(plan.sensors, traits, life, calendar, stops, [seed, index, SENSOR])
    return HomeLog(plan.home, stimuli, truth, plan.sensors, faults, calendar)


def _faults(plan: HomePlan, calendar: Calendar, life: Life, rng: np.random.Generator) -> tuple[Fault, ...]:
    gone = np.isin(life.activity, (act.AWAY, act.STEP_OUT))
    away = np.column_stack([life.start[gone], life.end[gone]])
    doors = np.sort(life.swings[:, 0])
    return tuple(resolve(request, calendar, away, doors, rng) for request in plan.faults)


def _fault_spans(faults: Sequence[Fault], end: float) -> list[tuple[float, float, str]]:
    return [(f.t, end, f.kind if f.sensor is None else f"{f.kind}:{f.sensor}") for f in faults]
