"""What happens on the street: per home its sensors, and the level changes at their pins in order of time.

A street comes from the resident simulator or from a recorded log; the stage does not know which.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from anju_tools.simulator import HomeLog

PULSE_S = 0.08  # a meter's pulse: S0 (IEC 62053-31) asks for at least 30 ms
_MIN_GAP_S = 0.1  # between two changes of one contact: closer ones are a bouncing log, not a resident
_METERS = ("water", "electricity")


@dataclass(frozen=True)
class StreetSensor:
    """One sensor. `kind` is the hub's; `per_pulse` litres or watt-hours of a meter's pulse."""

    sensor: str
    kind: str
    room: str
    medium: str | None = None
    per_pulse: float = 1.0


@dataclass(frozen=True)
class Change:
    """A pin's level from a time on [s, UTC]."""

    t: float
    sensor: str
    level: int


@dataclass(frozen=True)
class StreetHome:
    home: str
    zone: str
    sensors: tuple[StreetSensor, ...]
    changes: tuple[Change, ...]
    resident_stops: float | None = None  # a collapse in the script [s, UTC]


@dataclass(frozen=True)
class Street:
    """`start` and `end` [s, UTC] are local midnights of the first home."""

    homes: tuple[StreetHome, ...]
    start: float
    end: float


def simulated(logs: Sequence[HomeLog], zone: str) -> Street:
    """The street of a simulation."""
    homes = []
    for log in logs:
        sensors = tuple(_sensor(s.sensor, s.kind, s.room, s.per_pulse) for s in log.sensors)
        meters = {s.sensor for s in sensors if s.kind == "meter"}
        changes = [Change(s.t, s.sensor, s.value) for s in log.stimuli if s.sensor not in meters]
        changes += _pulses((s.t, s.sensor) for s in log.stimuli if s.sensor in meters)
        stops = next((f.t for f in log.faults if f.kind == "collapse"), None)
        homes.append(StreetHome(log.home, zone, sensors, _alternating(changes), stops))
    return Street(tuple(homes), logs[0].start, logs[0].end)


def _sensor(sensor: str, kind: str, room: str, per_pulse: float = 1.0) -> StreetSensor:
    """A sensor of a log: what counts water or electricity is a meter."""
    if kind in _METERS:
        return StreetSensor(sensor, "meter", room, kind, per_pulse)
    return StreetSensor(sensor, kind, room)


class LogRow(NamedTuple):
    """One row of an event log; `t` local time, or with an offset."""

    t: datetime
    sensor: str
    kind: str
    room: str
    value: str


_ON = {"1", "on", "open", "true"}
_LEVELS = {"door", "pir", "contact", "toilet", "power", "other", "bed", "seat"}


def recorded(home: str, rows: Iterable[LogRow], zone: str, days: int | None) -> tuple[Street, Counter[str]]:
    """The street of one recorded home, and how many rows of which kind had no pin to play them on.

    Raises ValueError when nothing is left to play.
    """
    tz = ZoneInfo(zone)
    rows = sorted((row._replace(t=_local(row.t, tz)) for row in rows), key=lambda row: row.t)
    ignored = Counter(row.kind for row in rows if row.kind not in _LEVELS | set(_METERS) | {"heartbeat"})
    rows = [row for row in rows if row.kind in _LEVELS or row.kind in _METERS]
    if not rows:
        raise ValueError("the log has no event of a kind that a node senses")
    first = rows[0].t.replace(hour=0, minute=0, second=0, microsecond=0)
    last = rows[-1].t if days is None else min(rows[-1].t, first + timedelta(days=days))
    end = last.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=last.time() > datetime.min.time())
    rows = [row for row in rows if row.t < end]
    sensors = {row.sensor: _sensor(row.sensor, row.kind, row.room) for row in rows}
    changes = [
        Change(_utc(row.t, tz), row.sensor, int(row.value.lower() in _ON)) for row in rows if row.kind in _LEVELS
    ]
    changes += _pulses(_litre_by_litre([(_utc(r.t, tz), r.sensor, float(r.value)) for r in rows if r.kind in _METERS]))
    street = StreetHome(_hub_name(home), zone, tuple(sensors.values()), _alternating(changes))
    return Street((street,), _utc(first, tz), _utc(end, tz)), ignored


def _local(t: datetime, tz: ZoneInfo) -> datetime:
    """Local time of the home, without zone."""
    return t if t.tzinfo is None else t.astimezone(tz).replace(tzinfo=None)


def _utc(t: datetime, tz: ZoneInfo) -> float:
    return t.replace(tzinfo=tz).timestamp()


def _hub_name(home: str) -> str:
    """A home's name as the hub takes it and a file may be called: no space, `/`, `?` or `#`, at most 63 characters."""
    return re.sub(r"[\s/?#\x00-\x1f]+", "-", home).strip("-")[:63] or "home"


def _litre_by_litre(readings: Sequence[tuple[float, str, float]]) -> Iterable[tuple[float, str]]:
    """Pulses of a unit each, spread over the minute before its reading; fractions are carried on."""
    carried: dict[str, float] = {}
    for t, sensor, used in readings:
        whole, carried[sensor] = divmod(carried.get(sensor, 0.0) + used, 1.0)
        for i in range(int(whole)):
            yield t - 60.0 + 60.0 * (i + 1) / (whole + 1), sensor


def _pulses(starts: Iterable[tuple[float, str]]) -> list[Change]:
    return [Change(t + after, sensor, level) for t, sensor in starts for after, level in ((0.0, 1), (PULSE_S, 0))]


def _alternating(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes as a contact can make them: two of one sensor are apart in time, and levels alternate.

    A log that says "open" twice has missed a closing: it is put half-way, so that every opening is an edge.
    """
    level: dict[str, int] = {}
    last: dict[str, float] = {}
    made: list[Change] = []
    for change in sorted(changes, key=lambda c: c.t):
        before, now = last.get(change.sensor, 0.0), level.get(change.sensor, 0)
        t = max(change.t, before + (PULSE_S if change.sensor in last else 0.0))
        if change.level == now:
            if not now:
                continue
            t = max(t, before + 2 * _MIN_GAP_S)
            made.append(Change(max(before + _MIN_GAP_S, t - 1.0), change.sensor, 0))
        made.append(Change(t, change.sensor, change.level))
        level[change.sensor], last[change.sensor] = change.level, t
    return tuple(sorted(made, key=lambda c: c.t))
