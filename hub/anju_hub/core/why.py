"""The *why* of an alert: plain numbers, and one sentence for the person who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .liveness import Liveness
from .quiet import QuietClock
from .rules import Rule
from .state import HomeStates
from .types import HomeSpec, SensorSpec

MODEL = "envelope 1"

Why = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Silence:
    """One home's silence [h] against its limit and records: of all sensors, or with a suspect one left out."""

    silent: float
    limit: float
    longest: float  # remembered at this hour, wherever it began
    here: float  # … after what was heard last this time
    left_out: str | None = None


def silence(spec: HomeSpec, home: int, states: HomeStates, live: Liveness) -> Why:
    clock, hour = states.quiet_clock, int(states.hour[home])
    it = _judged(spec, home, states)
    last = _last(spec, clock, home)
    alive = int((live.installed & ~states.suspect)[home].sum())
    return {
        "text": _silence_text(it, hour, last),
        "silent_h": round(it.silent, 2),
        "alarming_from_h": round(it.limit, 2),
        "longest_at_this_hour_h": round(it.longest, 2),
        "local_hour": hour,
        "last_heard": last or "nothing yet",
        "probability_away": round(float(states.away[home]), 4),
        "days_known": round(float(clock.records.days[home]), 1),
        "sensors_alive": alive,
        "sensors": int(live.installed[home].sum()),
        "model": MODEL,
    }


def _judged(spec: HomeSpec, home: int, states: HomeStates) -> _Silence:
    """What the alarm was judged by; of several suspect sensors the one without which it was closest."""
    clock, hour = states.quiet_clock, int(states.hour[home])
    limit, limit_without = (table[home] / 60 for table in clock.limits(states.hour))
    suspects = np.flatnonzero(states.suspect[home])
    if not len(suspects):
        records = clock.records.reached[home, :, hour] / 60
        here = float(records[int(clock.context[home])])
        return _Silence(float(clock.age[home]) / 60, float(limit), float(records.max()), here)
    silent = clock.without[home] / 60
    sensor = int(suspects[np.argmin((silent - limit_without)[suspects])])
    longest = float(clock.records_without.reached[home * clock.sensors + sensor, 0, hour]) / 60
    name = spec.sensors[sensor].sensor
    return _Silence(float(silent[sensor]), float(limit_without[sensor]), longest, longest, name)


def _silence_text(it: _Silence, hour: int, last: str | None) -> str:
    text = f"no sign of life for {it.silent:.1f} h, "
    if it.left_out is not None:
        text += f"not counting {it.left_out}, which missed its check-in; "
    else:
        text += f"last heard: {last}; " if last else "nor any before; "
    if it.longest == 0:
        return text + f"not known long enough; judged by what is usual: alarms from {it.limit:.1f} h"
    text += f"longest remembered at home around {hour} o'clock: {it.longest:.1f} h"
    if it.longest >= it.silent and it.here < it.longest:
        text += f", after {last} {it.here:.1f} h" if it.here > 0 else f", none after {last}"
    return text + f"; alarms from {it.limit:.1f} h"


def _last(spec: HomeSpec, clock: QuietClock, home: int) -> str | None:
    """What gave the last credible sign of life; None before the first."""
    context = int(clock.context[home])
    if not clock.hours_heard[home]:
        return None
    if context >= 2 * clock.sensors:
        return "exit door"
    sensor = spec.sensors[context // 2]
    name = f"{sensor.sensor} ({sensor.room})" if sensor.room else sensor.sensor
    return f"{name} on" if context % 2 else name


def absence(away_h: float, longest_h: float, limit_h: float, probability: float) -> Why:
    return {
        "text": f"not returned for {away_h:.1f} h; so far never known to be away for more than {longest_h:.1f} h; "
        f"alarms from {limit_h:.1f} h",
        "away_h": round(float(away_h), 2),
        "longest_h": round(float(longest_h), 2),
        "alarming_from_h": round(float(limit_h), 2),
        "probability_away": round(float(probability), 4),
        "model": MODEL,
    }


def _duration(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"


def dead(spec: SensorSpec, live: Liveness, home: int, sensor: int, now: float) -> Why:
    silent_h, interval_h = (now - live.heard[home, sensor]) / 3600, live.interval[home, sensor] / 3600
    return {
        "text": f"{spec.sensor} has not checked in for {_duration(silent_h)}; it does so every "
        f"{_duration(interval_h)}, "
        "and other sensors of the home are heard: battery or sensor",
        "silent_h": round(float(silent_h), 2),
        "check_in_h": round(float(interval_h), 2),
    }


def dark(live: Liveness, home: int, now: float) -> Why:
    silent_h = (now - live.heard[home].max()) / 3600
    sensors = int(live.installed[home].sum())
    return {
        "text": f"nothing was heard of any of the home's {sensors} sensors for {_duration(silent_h)}: link or power; "
        "nothing is known of the resident",
        "silent_h": round(float(silent_h), 2),
        "check_in_h": round(float(np.nanmin(live.interval[home])) / 3600, 2),
    }


def battery(spec: SensorSpec, millivolt: float, limit: float) -> Why:
    return {
        "text": f"{spec.sensor}: battery at {millivolt:.0f} mV under load, change it below {limit:.0f} mV",
        "battery_mv": millivolt,
        "limit_mv": limit,
    }


def rule(rule: Rule, seen: float, allowed: float) -> Why:
    unit = {"use_below": "L", "use_above": "L"}.get(rule.measure, "h") if rule.medium == "water" else "Wh"
    unit = "h" if rule.measure in ("no_event", "away_for", "use_in_every") else unit
    what = rule.measure.replace("_", " ")
    return {
        "text": f"rule {rule.name}: {what}, {seen:.1f} {unit} seen, limit {allowed:.1f} {unit}",
        "seen": round(seen, 2),
        "limit": round(allowed, 2),
        "unit": unit,
        "rule": rule.name,
    }
