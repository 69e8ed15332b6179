"""A made-up home for the core's tests: a regular day of somebody who lives by the clock, with a little noise."""

from __future__ import annotations

import numpy as np

from anju_hub.core import Events, HomeSpec, Kind, SensorSpec

MONDAY = 1_767_571_200.0  # 2026-01-05T00:00 UTC
HOUR, DAY = 3600.0, 86_400.0
DOOR, BED, BATH, KITCHEN, FLUSH = range(5)
SENSORS = (
    SensorSpec("door", "door", "entry"),
    SensorSpec("bed-pir", "pir", "bedroom"),
    SensorSpec("bath-pir", "pir", "bathroom"),
    SensorSpec("kitchen-pir", "pir", "kitchen"),
    SensorSpec("flush", "toilet", "bathroom"),
)
ROW = tuple[int, float, int, int, float]


def spec(name: str = "home", sensors=SENSORS) -> HomeSpec:
    return HomeSpec(name, "UTC", sensors)


def bout(rng, home, t, rooms=(BED, BATH, KITCHEN), n=8):
    """A few minutes on one's feet."""
    return [(home, t + 15.0 * i + rng.uniform(0, 5), int(rng.choice(rooms)), Kind.PIR, 1.0) for i in range(n)]


def door(home, t):
    return [(home, t, DOOR, Kind.DOOR, 1.0), (home, t + 5.0, DOOR, Kind.DOOR, 0.0)]


def a_day(rng, home, midnight, out=(14.0, 16.0)):
    """Up at 7, on one's feet every half hour, out from 14 to 16, in bed at 22 with one visit to the bathroom."""
    rows = bout(rng, home, midnight + 3 * HOUR + rng.uniform(-1800, 1800), (BED, BATH), 6)
    for hour in np.arange(7.0, 22.0, 0.5):
        t = midnight + hour * HOUR + rng.uniform(-500, 500)
        if out is None or not out[0] * HOUR - 600 <= t - midnight <= out[1] * HOUR + 600:
            rows += bout(rng, home, t)
    if out is not None:
        rows += bout(rng, home, midnight + out[0] * HOUR - 150) + door(home, midnight + out[0] * HOUR)
        rows += door(home, midnight + out[1] * HOUR) + bout(rng, home, midnight + out[1] * HOUR + 30)
    return rows


def days(n, seed=0, home=0, begin=MONDAY):
    rng = np.random.default_rng(seed)
    return [row for day in range(n) for row in a_day(rng, home, begin + day * DAY)]


def heartbeats(begin, end, sensors=(DOOR, BED, BATH, KITCHEN, FLUSH), home=0, every=HOUR):
    rows = []
    for sensor in sensors:
        rows += [(home, float(t), sensor, Kind.HEARTBEAT, 1.0) for t in np.arange(begin + 600.0 * sensor, end, every)]
    return rows


def before(rows, t, sensor=None):
    """The rows up to `t`, of `sensor` only if one is named; the others stay whole then."""
    return [row for row in rows if row[1] < t or (sensor is not None and row[2] != sensor)]


def events(*parts) -> Events:
    return Events.of([row for part in parts for row in part])
