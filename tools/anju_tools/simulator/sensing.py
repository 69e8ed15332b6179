"""What a home's sensors feel of a life: level changes and meter pulses, in order of time."""

import numpy as np

from anju_tools.simulator.arrays import F64, I8, I16
from anju_tools.simulator.calendar import Calendar
from anju_tools.simulator.diary import Life
from anju_tools.simulator.log import Stimuli
from anju_tools.simulator.meters import electricity_pulses, water_pulses
from anju_tools.simulator.motion import pulses
from anju_tools.simulator.plan import SensorPlan
from anju_tools.simulator.traits import Traits

Part = tuple[F64, I16, I8]  # times [s, UTC], sensor numbers, values


def feel(
    sensors: tuple[SensorPlan, ...], traits: Traits, life: Life, calendar: Calendar, stops: float, seed: list[int]
) -> Stimuli:
    """Stimuli of all sensors; the resident does nothing from `stops` on [s, UTC; inf for never].

    Every sensor has its own random stream (PIRs share one), and nothing before `stops` depends on it.
    """
    span = (calendar.midnight[0], calendar.midnight[-1])
    lived = life.until(stops)
    parts = _pirs(sensors, traits, life, span, stops, np.random.default_rng([*seed, 0]))
    for number, sensor in enumerate(sensors):
        rng = np.random.default_rng([*seed, 1 + number])
        if sensor.kind == "door":
            parts += [_part(lived.swings[:, 0], number, 1), _part(lived.swings.sum(axis=1), number, 0)]
        elif sensor.kind == "toilet":
            held = rng.uniform(1.5, 5.0, len(life.flushes))[: len(lived.flushes)]
            parts += [_part(lived.flushes, number, 1), _part(lived.flushes + held, number, 0)]
        elif sensor.kind == "water":
            parts.append(_part(water_pulses(lived, sensor.per_pulse, rng), number, 1))
        elif sensor.kind == "electricity":
            parts.append(_part(electricity_pulses(lived, sensor.per_pulse, span[1], rng), number, 1))
    return _in_order(parts, span, tuple(s.sensor for s in sensors))


def _part(t: F64, number: int, value: int) -> Part:
    return t, np.full(len(t), number, dtype=np.int16), np.full(len(t), value, dtype=np.int8)


def _pirs(
    sensors: tuple[SensorPlan, ...],
    traits: Traits,
    life: Life,
    span: tuple[float, float],
    stops: float,
    rng: np.random.Generator,
) -> list[Part]:
    numbers = np.array([i for i, s in enumerate(sensors) if s.kind == "pir"], dtype=np.int16)
    if not len(numbers):
        return []
    on, off, which = pulses(life, traits, [sensors[i] for i in numbers], span, stops, rng)
    return [
        (on, numbers[which], np.ones(len(on), dtype=np.int8)),
        (off, numbers[which], np.zeros(len(off), dtype=np.int8)),
    ]


def _in_order(parts: list[Part], span: tuple[float, float], names: tuple[str, ...]) -> Stimuli:
    """Sorted by time and cut to the span; times in whole milliseconds, as a node would give them."""
    t = np.concatenate([np.empty(0), *(p[0] for p in parts)])
    sensor = np.concatenate([np.empty(0, np.int16), *(p[1] for p in parts)])
    value = np.concatenate([np.empty(0, np.int8), *(p[2] for p in parts)])
    t = np.round(t, 3)
    order = np.argsort(t, kind="stable")
    order = order[(t[order] >= span[0]) & (t[order] < span[1])]
    return Stimuli(t[order], sensor[order], value[order], names)
