"""Somebody at home or nobody: the two-sided filter that everything else hangs on, and its kernels.

P(away) moves by three things.  Silence: at home it ends at the home's own rate h, in an empty home only by stray
firings and a return.  Movement: likely at home, rare in an empty one.  A passage of the exit door, the only way in
or out that a home with a live exit contact allows (but for both edges of a passage getting lost).

Each kernel takes arrays over homes, (n,), and returns the new P(away).  Loop twins: tests/naive.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import prior
from .grid import WEAK

Array = NDArray[np.float64]


def return_rate(away_min: Array) -> Array:
    """Rate of return after `away_min` minutes away [1/min]; heavy-tailed, so a long absence stays believable."""
    rate: Array = 1.0 / (prior.AWAY_SCALE_MIN + away_min)
    return rate


def silent(
    away: Array, home_rate: Array, away_rate: Array, minutes: Array, out: Array, back: Array
) -> Array:
    """`minutes` without an event; `out`, `back`: rates of leaving and returning unseen [1/min]."""
    home = (1 - away) * np.exp(-home_rate * minutes)
    gone = away * np.exp(-away_rate * minutes)
    seen = home + gone
    left, returned = home * -np.expm1(-out * minutes), gone * -np.expm1(-back * minutes)
    return np.clip((gone + left - returned) / seen, 1e-9, 1 - 1e-9)


def moved(
    away: Array, level: NDArray[np.int64], home_rate: Array, weak_share: Array, stray: Array, back: Array
) -> Array:
    """A minute with movement of `level`; `stray`: rate of stray firings in an empty home [1/min]."""
    share = np.where(level == WEAK, weak_share, 1 - weak_share)
    empty = np.where(level == WEAK, stray, prior.FALSE_PERSON_PER_MIN)
    home = (1 - away) * -np.expm1(-home_rate) * share + away * -np.expm1(-back) * share
    gone = away * empty
    seen = home + gone
    return np.clip(gone / seen, 1e-9, 1 - 1e-9)


def passed(away: Array, leave: Array, since_min: Array) -> Array:
    """A passage of the exit door, `since_min` minutes after the one before."""
    enter = prior.ENTER_SHARE - 0.45 * np.exp(-since_min / prior.ENTER_HASTE_MIN)
    after: Array = (1 - away) * leave + away * (1 - enter)
    return np.clip(after, 1e-9, 1 - 1e-9)
