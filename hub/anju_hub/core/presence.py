"""Somebody at home or nobody: the filter that everything else hangs on, and its kernels.

Three hypotheses: away, at home and living as usual, at home and not able to move.  The belief moves by three things.  Silence: at home it ends at the home's own rate h, in an empty home only by stray
firings and a return.  Movement: likely at home, rare in an empty one.  A passage of the exit door, the only way in
or out that a home with a live exit contact allows (but for both edges of a passage getting lost).

Without the third hypothesis a long silence at home would in the end look like an exit that nobody saw, and excuse
itself.  Each kernel takes arrays over homes, (n,) or (n, 3), and returns the new belief.  Loop twins: tests/naive.py.
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


def silent(
    belief: Array, home_rate: Array, away_rate: Array, minutes: Array, out: Array, back: Array
) -> Array:
    """`minutes` without an event; `out`, `back`: rates of leaving and returning unseen [1/min].

    belief (n, 3): P(away), P(at home, living), P(at home, motionless).
    """
    gone = belief[:, AWAY] * np.exp(-away_rate * minutes)
    living = belief[:, LIVING] * np.exp(-home_rate * minutes)
    left = living * -np.expm1(-out * minutes)
    returned = gone * -np.expm1(-back * minutes)
    stopped = living * -np.expm1(-prior.COLLAPSE_PER_MIN * minutes)
    return _normal(gone + left - returned, living - left + returned - stopped, belief[:, STUCK] + stopped)


def moved(
    belief: Array, level: NDArray[np.int64], home_rate: Array, weak_share: Array, stray: Array, back: Array
) -> Array:
    """A minute with movement of `level`; `stray`: rate of stray firings where nobody moves [1/min]."""
    share = np.where(level == WEAK, weak_share, 1 - weak_share)
    by_chance = np.where(level == WEAK, stray, prior.FALSE_PERSON_PER_MIN)
    returned = belief[:, AWAY] * -np.expm1(-back) * share
    living = belief[:, LIVING] * -np.expm1(-home_rate) * share
    return _normal(belief[:, AWAY] * by_chance, living + returned, belief[:, STUCK] * by_chance)


def passed(belief: Array, leave: Array, since_min: Array, redrawn: NDArray[np.bool_]) -> Array:
    """A passage of the exit door, `since_min` minutes after the one before: whoever passed can move.

    `redrawn`: a door closed that had stood open for long, on which side of anybody is anybody's guess.
    """
    enter = prior.ENTER_SHARE - 0.45 * np.exp(-since_min / prior.ENTER_HASTE_MIN)
    away = belief[:, AWAY]
    away = np.where(redrawn, leave, (1 - away) * leave + away * (1 - enter))
    return _normal(away, 1 - away, np.zeros(len(away)))


def _normal(away: Array, living: Array, stuck: Array) -> Array:
    belief = np.maximum(np.stack([away, living, stuck], axis=1), _LEAST)
    result: Array = belief / belief.sum(axis=1, keepdims=True)
    return result
