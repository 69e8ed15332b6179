"""Which silence matters: the longest silence that this home has shown, by hour of day and by what was heard last.

Only credible life ends a silence (`HomeStates`): a single PIR firing, which an empty room gives too, does not.  For
hour h and last heard c the envelope is

    E(c, h) = max over past silences of  reached(c', h') · near(h − h') · same(c, c')

where `reached` is the age that a silence had reached by the end of hour h'.  A silence is alarming at age

    g = E · exp(β · q),   q = log(ALLOWANCE / (budget · days)) − log(E / 1 h)

The first term of q is the record-value argument: the chance that tomorrow breaks the record of n days is 1/(n + 1),
that it exceeds it by a factor e^x is smaller by e^(−x/β) for a Pareto tail of index 1/β; so more days and a larger
budget both lower the margin.  The second shares the false alarms out to where they buy most: with cost "hours of
delay" and a tail that scales with E the optimum has a margin that falls by log E (Lagrange; docs/model.md).
The values of the constants were chosen on the development homes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Reals = NDArray[np.floating]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SHORTEST_MIN = 20  # a silence below this is no record
FLOOR_MIN = 30.0
CAP_MIN = 18 * 60.0
BETA = 0.35
ALLOWANCE = 134.0
_Q_MAX = 3.2
_NEAR = (1.0, 0.93, 0.82, 0.70, 0.60, 0.50)  # same context, by hours between; the last holds beyond
_NEAR_OTHER = (1.0, 0.90, 0.70, 0.50, 0.35)
_OTHER = 0.4
_FADE_PER_DAY = 0.995
_PRIOR_DAYS = 3.0

# Before a home is known: the longest silence of somebody at home that would surprise nobody, by local hour [min].
_PRIOR_MIN = np.array(
    [
        180,
        200,
        240,
        280,
        320,
        380,
        420,
        480,
        520,
        540,
        500,
        360,
        240,
        180,
        180,
        180,
        180,
        180,
        180,
        180,
        180,
        180,
        180,
        180,
    ],
    float,
)


class Envelope:
    """Records of silence for `rows` independent rows (homes, or homes × left-out sensors) and `contexts` each."""

    def __init__(self, rows: int, contexts: int) -> None:
        self.reached = np.zeros((rows, contexts, 24), np.float32)
        self.days = np.zeros(rows)
        self.limit = alarming(envelope(self.reached, self.days), self.days, 1.0).astype(np.float32)

    def ended(self, row: Ints, context: Ints, hour: Ints, minute_of_hour: Ints, age_min: Ints) -> None:
        """Silences of `age_min` ended at local `hour`:`minute_of_hour`; records the age reached in each hour of it.

        Rows may not repeat with one context.
        """
        reached, back = age_min.astype(np.float32), 0
        while len(row):
            at = row, context, (hour - back) % 24
            self.reached[at] = np.maximum(self.reached[at], reached)
            # the hour before ended `minute_of_hour` ago, and `back` hours more
            reached = (age_min - minute_of_hour - 60 * back).astype(np.float32)
            back += 1
            more = (reached >= SHORTEST_MIN) & (back < 24)
            row, context, hour = row[more], context[more], hour[more]
            minute_of_hour, age_min, reached = minute_of_hour[more], age_min[more], reached[more]

    def refresh(self, rows: Ints | slice, days: Array, passed: float, budget: float) -> None:
        """Make the limits from the records; `passed` days since the last time."""
        self.reached[rows] *= np.float32(_FADE_PER_DAY**passed)
        self.days[rows] = days
        self.limit[rows] = alarming(envelope(self.reached[rows], days), days, budget)


def envelope(reached: Reals, days: Array) -> Array:
    """E [min] from the ages reached, (rows, contexts, 24) → the same."""
    same = _spread(reached, _NEAR)
    other = _spread(reached.max(axis=1, keepdims=True), _NEAR_OTHER) * _OTHER
    prior = _PRIOR_MIN * (_PRIOR_DAYS / (_PRIOR_DAYS + days))[:, None, None]
    result: Array = np.maximum(np.maximum(same, other), np.maximum(prior, FLOOR_MIN))
    return result


def alarming(envelope_min: Array, days: Array, budget: float) -> Array:
    """Age [min] from which a silence is alarming."""
    q = np.log(ALLOWANCE / (budget * (days + 1)))[:, None, None]
    q = np.minimum(q, _Q_MAX) - np.log(envelope_min / 60)
    result: Array = np.minimum(envelope_min * np.exp(BETA * np.maximum(q, 0.0)), CAP_MIN)
    return result


def _spread(table: Reals, near: tuple[float, ...]) -> Reals:
    """Largest of the last axis's circular neighbours, each discounted by its distance."""
    result = table
    for shift in range(1, 13):
        weight = near[min(shift, len(near) - 1)]
        result = np.maximum(result, np.roll(table, shift, axis=-1) * weight)
        result = np.maximum(result, np.roll(table, -shift, axis=-1) * weight)
    return result
