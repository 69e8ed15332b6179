"""Silence as evidence that somebody who is at home cannot move: a Shiryaev–Roberts statistic per home.

R compares "since some moment nobody moves, only stray firings are heard" with this home's normal life, summed over
all moments at which somebody was at home:

    R ← (R + P(at home)·Δt) · P(what was heard | nobody moves) / P(what was heard | normal life)

In normal life R − (time at home) is a martingale, so the mean time at home to a false alarm at threshold A is at
least A: the alert budget *is* the threshold, as far as the model is right (Shiryaev 1963; Roberts, Technometrics 8,
1966; Pollak, Ann. Statist. 13, 1985).  `calibrate.py` corrects for as far as it is not.

A sensor that has died is silent too.  So besides R there is one statistic per sensor that leaves out what that
sensor did not say since its last proof of life, and one that leaves out all sensors (the link); the alarm asks
for the smallest of them.  A check-in confirms: the lagging statistic catches up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CEILING = 1e12


def quiet(statistic: Array, at_home: Array, log_ratio: Array, minutes: Array) -> Array:
    """`minutes` of silence; log_ratio: log P(silence | nobody moves) − log P(silence | normal), per column.

    statistic (n, m), at_home (n,), log_ratio (n, m), minutes (n,).
    """
    grown = (statistic + (at_home * minutes)[:, None]) * np.exp(log_ratio)
    result: Array = np.minimum(grown, CEILING)
    return result


def heard(statistic: Array, log_ratio: Array) -> Array:
    """Movement: evidence against, however weak; log_ratio (n,) is capped at 0."""
    result: Array = statistic * np.exp(np.minimum(log_ratio, 0.0))[:, None]
    return result
