"""Somebody at home or nobody: the filter that everything else hangs on, and its kernels.

Three hypotheses: away, at home and living as usual, at home and not able to move.  The belief moves by three
things.  Silence: at home it ends at the home's own rate h, in an empty home only by stray firings and a return.
Movement: likely at home, rare in an empty one.  A passage of the exit door, the only way in or out that a home with
a live exit contact allows (but for both edges of a passage getting lost).

Without the third hypothesis a long silence at home would in the end look like an exit that nobody saw, and excuse
itself.  Each kernel takes arrays over homes, (n,), and returns operators (n, 3, 3), from-state first: entry (i, j)
is P(what was seen, now j | i before).  `advance` applies them.  Loop twins: tests/naive.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import prior
from .grid import WEAK

Array = NDArray[np.float64]

AWAY, LIVING, STUCK = range(3)
_LEAST = 1e-12  # so that nothing sticks


def return_rate(away_min: Array) -> Array:
    """Rate of return after `away_min` minutes away [1/min]; heavy-tailed, so a long absence stays believable."""
    rate: Array = 1.0 / (prior.AWAY_SCALE_MIN + away_min)
    return rate


def advance(belief: Array, operator: Array) -> Array:
    """Belief (n, 3) after what `operator` (n, 3, 3) describes, normalised."""
    after = np.maximum(np.matmul(belief[:, None, :], operator)[:, 0, :], 0.0)
    after /= after.sum(axis=1, keepdims=True)
    after += _LEAST
    result: Array = after
    return result


def silent(home_rate: Array, away_rate: Array, minutes: Array, out: Array, back: Array) -> Array:
    """`minutes` without an event; `out`, `back`: rates of leaving and returning unseen [1/min]."""
    operator = np.zeros((len(home_rate), 3, 3))
    gone, living = np.exp(-away_rate * minutes), np.exp(-home_rate * minutes)
    left, returned = -np.expm1(-out * minutes), -np.expm1(-back * minutes)
    stopped = -np.expm1(-prior.COLLAPSE_PER_MIN * minutes)
    operator[:, AWAY, AWAY] = gone * (1 - returned)
    operator[:, AWAY, LIVING] = gone * returned
    operator[:, LIVING, AWAY] = living * left
    operator[:, LIVING, STUCK] = living * stopped
    operator[:, LIVING, LIVING] = living * (1 - left - stopped)
    operator[:, STUCK, STUCK] = 1.0
    return operator


def moved(level: NDArray[np.int64], home_rate: Array, weak_share: Array, stray: Array, back: Array) -> Array:
    """A minute with movement of `level`; `stray`: rate of stray firings where nobody moves [1/min]."""
    operator = np.zeros((len(level), 3, 3))
    share = np.where(level == WEAK, weak_share, 1 - weak_share)
    by_chance = np.where(level == WEAK, stray, prior.FALSE_PERSON_PER_MIN)
    operator[:, AWAY, AWAY] = operator[:, STUCK, STUCK] = by_chance
    operator[:, AWAY, LIVING] = -np.expm1(-back) * share
    operator[:, LIVING, LIVING] = -np.expm1(-home_rate) * share
    return operator


def passed(leave: Array, since_min: Array, redrawn: NDArray[np.bool_]) -> Array:
    """A passage of the exit door, `since_min` minutes after the one before: whoever passed can move.

    `redrawn`: a door closed that had stood open for long, on which side of anybody is anybody's guess.
    """
    operator = np.zeros((len(leave), 3, 3))
    enter = prior.ENTER_SHARE - 0.45 * np.exp(-since_min / prior.ENTER_HASTE_MIN)
    stays_out = np.where(redrawn, leave, 1 - enter)
    operator[:, AWAY, AWAY], operator[:, AWAY, LIVING] = stays_out, 1 - stays_out
    for inside in (LIVING, STUCK):
        operator[:, inside, AWAY], operator[:, inside, LIVING] = leave, 1 - leave
    return operator
