"""Known faults, in the words of the scenario logs: collapse, dead, dark.

collapse:h02:LASTDAY          the resident of h02 stops on the last day, at a moment at home
collapse:h02:14T09:30         the same on day 14 (the first is 1) at half past nine
dead:h03/pir-kitchen:5        that sensor sends nothing more from day 5 on
dark:h01:LASTDAY              the whole home sends nothing more
"""

import re
from dataclasses import dataclass

import numpy as np

from anju_tools.simulator.arrays import F64
from anju_tools.simulator.calendar import HOUR_S, Calendar

KINDS = ("collapse", "dead", "dark")
_SPEC = re.compile(
    r"(?P<kind>\w+):(?P<home>[^:/]+)(/(?P<sensor>[^:]+))?:(?P<day>LASTDAY|\d+)(T(?P<h>\d\d?):(?P<m>\d\d))?"
)
# A moment nobody chose falls into the morning, when the day shows what it would have become.
MORNING_S = (7 * HOUR_S, 10 * HOUR_S)
AFTER_DOOR_S = 600.0


@dataclass(frozen=True)
class FaultRequest:
    """A fault asked for. `day` counts from 1, None is the last; `clock_s` is local time of day, None is any."""

    kind: str
    home: str
    day: int | None = None
    clock_s: float | None = None
    sensor: str | None = None


@dataclass(frozen=True)
class Fault:
    """A fault that happens: from `t` [s, UTC] on. `sensor` is set for `dead` only."""

    kind: str
    t: float
    sensor: str | None = None


def parse_fault(text: str) -> FaultRequest:
    """Read `KIND:HOME[/SENSOR]:DAY[THH:MM]`. Raises ValueError with what was expected."""
    match = _SPEC.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not KIND:HOME[/SENSOR]:DAY[THH:MM], as in collapse:h02:LASTDAY")
    kind, sensor = match["kind"], match["sensor"]
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
    if (kind == "dead") != (sensor is not None):
        raise ValueError(
            f"{text!r}: {'name the sensor, as in dead:h03/water:5' if kind == 'dead' else 'no sensor here'}"
        )
    clock = None if match["h"] is None else int(match["h"]) * HOUR_S + int(match["m"]) * 60.0
    if clock is not None and clock >= 24 * HOUR_S:
        raise ValueError(f"{text!r}: there is no such time of day")
    day = None if match["day"] == "LASTDAY" else int(match["day"])
    return FaultRequest(kind, match["home"], day, clock, sensor)


def resolve(request: FaultRequest, calendar: Calendar, away: F64, doors: F64, rng: np.random.Generator) -> Fault:
    """Set the moment. `away` is (n, 2) [s, UTC], `doors` are door openings, sorted.

    A collapse without a time of day falls where the resident is at home and ten minutes past the last
    door opening: silence right after a door event cannot be told from leaving.
    Raises ValueError for a day outside the log.
    """
    day = calendar.days if request.day is None else request.day
    if not 1 <= day <= calendar.days:
        raise ValueError(f"{request.kind} on day {day}: the log has days 1 to {calendar.days}")
    if request.clock_s is not None:
        return Fault(request.kind, calendar.at(day - 1, request.clock_s), request.sensor)
    if request.kind != "collapse":
        return Fault(request.kind, calendar.at(day - 1, rng.uniform(*MORNING_S)), request.sensor)
    return Fault("collapse", _moment_at_home(calendar, day - 1, away, doors, rng))


def _moment_at_home(calendar: Calendar, day: int, away: F64, doors: F64, rng: np.random.Generator) -> float:
    begin, end = calendar.midnight[day], calendar.midnight[day + 1]
    minutes = np.arange(begin, end, 60.0)
    home = np.ones(len(minutes), dtype=bool)
    for start, stop in away:
        home &= (minutes < start - AFTER_DOOR_S) | (minutes > stop + AFTER_DOOR_S)
    last = np.searchsorted(doors, minutes, side="right") - 1
    since = np.where(last >= 0, minutes - doors[np.maximum(last, 0)] if len(doors) else np.inf, np.inf)
    home &= since > AFTER_DOOR_S
    morning = home & (minutes >= calendar.at(day, MORNING_S[0])) & (minutes < calendar.at(day, MORNING_S[1]))
    choice = np.flatnonzero(morning) if morning.any() else np.flatnonzero(home)
    if not len(choice):
        raise ValueError(f"day {day + 1}: the resident is away all day, no moment for a collapse; choose another")
    return float(minutes[choice[rng.integers(len(choice))]])
