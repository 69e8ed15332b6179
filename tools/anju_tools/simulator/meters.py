"""Meter pulses: water from the taps that ran, electricity from what was switched on."""

import numpy as np

from anju_tools.simulator import activities as act
from anju_tools.simulator.arrays import F64
from anju_tools.simulator.diary import Life

# Watts while doing it, on average; the rest is base load.
WATTS = np.zeros(len(act.TABLE))
WATTS[[act.COOK, act.SNACK, act.TV, act.HOUSEWORK, act.DISHES]] = (1100.0, 500.0, 90.0, 120.0, 60.0)
WATTS[[act.EAT, act.READ, act.TABLE_WORK, act.VISIT, act.HYGIENE, act.SHOWER]] = (60.0, 30.0, 50.0, 80.0, 150.0, 250.0)


def water_pulses(life: Life, litres_per_pulse: float, rng: np.random.Generator) -> F64:
    """When each pulse came [s, UTC], shape (pulses,). Taps at the same time queue: a register counts one flow."""
    phase = rng.uniform(0.0, litres_per_pulse)
    taps = life.taps[np.argsort(life.taps[:, 0], kind="stable")]
    running = taps[:, 1] / taps[:, 2] * 60.0
    before = np.cumsum(running) - running
    start = before + np.maximum.accumulate(taps[:, 0] - before) if len(taps) else taps[:, 0]
    total = np.concatenate([[0.0], np.cumsum(taps[:, 1])])
    t = np.column_stack([start, start + running]).ravel()
    register = np.column_stack([total[:-1], total[1:]]).ravel()
    return _at_marks(t, register, litres_per_pulse, phase)


def electricity_pulses(life: Life, wh_per_pulse: float, end: float, rng: np.random.Generator) -> F64:
    """The same for electricity; base load runs on to `end`, whoever is there."""
    phase = rng.uniform(0.0, wh_per_pulse)
    base = float(np.clip(rng.normal(80, 25), 30, 200))
    watts = base + WATTS[life.activity] * rng.uniform(0.6, 1.4, len(life.start))
    t = np.concatenate([life.start[:1], life.end, [max(end, life.end[-1] + 1.0)]])
    used = np.concatenate([watts * (life.end - life.start), [base * (t[-1] - t[-2])]]) / 3600.0
    return _at_marks(t, np.concatenate([[0.0], np.cumsum(used)]), wh_per_pulse, phase)


def _at_marks(t: F64, register: F64, step: float, phase: float) -> F64:
    """Times at which a register (rising with `t`) passes `phase` and every `step` after it."""
    if not len(t):
        return np.empty(0)
    marks = np.arange(phase, register[-1], step)
    # Where nothing runs the register stands still (np.interp would want it rising): the last time of a value counts.
    upper = np.searchsorted(register, marks, side="right")
    lower = upper - 1
    upper = np.minimum(upper, len(t) - 1)
    width = register[upper] - register[lower]
    share = np.divide(marks - register[lower], width, out=np.zeros_like(marks), where=width > 0)
    made: F64 = t[lower] + share * (t[upper] - t[lower])
    return made
