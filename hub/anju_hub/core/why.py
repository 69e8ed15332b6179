"""The *why* of an alert: plain numbers, and one sentence for the person who reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .liveness import Liveness
from .rules import Rule
from .state import HomeStates
from .types import HomeSpec, SensorSpec

MODEL = "envelope 1"

Why = dict[str, Any]


def silence(spec: HomeSpec, home: int, states: HomeStates, live: Liveness) -> Why:
    clock, hour = states.quiet_clock, int(states.hour[home])
    context = int(clock.context[home])
    silent_h = float(clock.age[home]) / 60
    limit_h = float(clock.records.limit[home, context, hour]) / 60
    longest_h = float(clock.records.reached[home, :, hour].max()) / 60
    last = _last(spec, context, states.sensors)
    away = float(states.away[home])
    alive = int((live.installed & ~states.suspect)[home].sum())
    text = f"no sign of life for {silent_h:.1f} h, last heard: {last}; "
    text += f"around {hour} o'clock this home was never silent for more than {longest_h:.1f} h at home"
    text += "" if longest_h > 0 else " (not known long enough; judged by what is usual)"
    return {
        "text": text,
        "silent_h": round(silent_h, 2),
        "alarming_from_h": round(limit_h, 2),
        "longest_at_this_hour_h": round(longest_h, 2),
        "local_hour": hour,
        "last_heard": last,
        "probability_away": round(away, 4),
        "days_known": round(float(clock.records.days[home]), 1),
        "sensors_alive": alive,
        "sensors": int(live.installed[home].sum()),
        "model": MODEL,
    }


def _last(spec: HomeSpec, context: int, sensors: int) -> str:
    if context >= 2 * sensors:
        return "exit door"
    sensor = spec.sensors[context // 2]
    name = f"{sensor.sensor} ({sensor.room})" if sensor.room else sensor.sensor
    return f"{name} on" if context % 2 else name


def absence(away_h: float, longest_h: float, limit_h: float, probability: float) -> Why:
    return {
        "text": f"not returned for {away_h:.1f} h; the longest absence so far was {longest_h:.1f} h",
        "away_h": round(float(away_h), 2),
        "longest_h": round(float(longest_h), 2),
        "alarming_from_h": round(float(limit_h), 2),
        "probability_away": round(float(probability), 4),
        "model": MODEL,
    }


def dead(spec: SensorSpec, live: Liveness, home: int, sensor: int, now: float) -> Why:
    silent_h, interval_h = (now - live.heard[home, sensor]) / 3600, live.interval[home, sensor] / 3600
    return {
        "text": f"{spec.sensor} has not checked in for {silent_h:.1f} h; it does so every {interval_h:.1f} h, "
        "and other sensors of the home are heard: battery or sensor",
        "silent_h": round(float(silent_h), 2),
        "check_in_h": round(float(interval_h), 2),
    }


def dark(live: Liveness, home: int, now: float) -> Why:
    silent_h = (now - live.heard[home].max()) / 3600
    sensors = int(live.installed[home].sum())
    return {
        "text": f"nothing was heard of any of the home's {sensors} sensors for {silent_h:.1f} h: link or power; "
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
