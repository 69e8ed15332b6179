"""What is believed of a home before it has been seen: the numbers, with their reasons, in one place.

Each is an order of magnitude from everyday life or from published counts, a few of them corrected after errors on the
development homes (docs/model.md); the home's own log outweighs it within days (the weight of each prior is in events,
days or visits).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Edges of the silence classes [min]: about logarithmic, so that each class holds its share of the gaps.
GAP_EDGES = np.array([0, 1, 2, 3, 5, 8, 12, 18, 26, 38, 55, 80, 110, 150, 200, 260, 340, 440, 560, 720, 960])
CLASSES = len(GAP_EDGES)
LONGEST_MIN = 1440
_LONG_FROM = int(np.searchsorted(GAP_EDGES, 55))
_MIDDLE_FROM = int(np.searchsorted(GAP_EDGES, 12))
LONG = np.arange(CLASSES) >= _LONG_FROM
COARSE = np.where(LONG, 2, np.where(np.arange(CLASSES) >= _MIDDLE_FROM, 1, 0))  # short, middle, long
COARSES = 3

CLASS_OF = (np.searchsorted(GAP_EDGES, np.arange(LONGEST_MIN + 1), side="right") - 1).astype(np.int64)


def coarse_of(gap_min: NDArray[np.int64]) -> NDArray[np.int64]:
    """Coarse class of a silence of `gap_min` minutes."""
    result: NDArray[np.int64] = COARSE[CLASS_OF[np.minimum(gap_min, LONGEST_MIN)]]
    return result


STRAY_PER_MIN = 3.0 / 1440  # 4.3 stray PIR firings a day were counted in an empty home with 22 PIRs
STRAY_WEIGHT_MIN = 2 * 1440.0
FALSE_PERSON_PER_MIN = 1.0 / (20 * 1440)  # something in an empty home that looks like a person: once in 20 days
WEAK_SHARE, WEAK_WEIGHT = 0.3, 20.0  # minutes with movement at home that show one PIR firing only

LEAVE_SHARE, LEAVE_WEIGHT = 0.7, 4.0  # passages of the exit door, by somebody at home, that leave the home empty
ENTER_SHARE = 0.97  # passages from outside after which somebody is in
ENTER_HASTE_MIN = 1.0  # … unless it is the same passage going on

UNSEEN_LEAVE_PER_MIN = 5e-8  # with a live exit contact: through the window
EDGE_LOSS, EDGE_LOSS_WEIGHT = 0.002, 100.0  # share of the exit door's edges that get lost; a passage has two
EXIT_ROOM_LEAVE_SHARE = 0.5  # stays in the exit's room that end outside …
EXIT_ROOM_MIN = 5  # … begin to within so many silent minutes
UNSEEN_RETURN_PER_MIN = 1e-7
COLLAPSE_PER_MIN = 5e-6  # somebody at home stops moving, for whatever reason; above the unseen exit
FREE_LEAVE_PER_DAY = 2.0  # without one: two outings in the waking day …
FREE_RETURN_MIN = 120.0  # … of two hours
AWAY_SCALE_MIN = 90.0  # return hazard of somebody away: 1 / (scale + time away), heavy-tailed


def hazard() -> NDArray[np.float64]:
    """Prior rate at which a silence at home of this length ends at this local hour, [1/min], (CLASSES, 24).

    By day a Weibull-like decay (many short pauses, few long) that stops at about once in an hour: who is up
    moves.  By night a sleeper turns or rises every few hours.
    """
    middle = np.append((GAP_EDGES[:-1] + GAP_EDGES[1:]) / 2, 1200.0)
    day = np.maximum(0.25 * np.maximum(middle, 1.0) ** -0.75, 0.014)
    night = np.maximum(0.15 * np.maximum(middle, 1.0) ** -0.9, 0.0045)
    hours = np.arange(24)
    awake = np.interp(hours, [0, 5, 10, 21, 23], [0.0, 0.0, 1.0, 1.0, 0.2])
    table: NDArray[np.float64] = np.exp(np.log(day)[:, None] * awake + np.log(night)[:, None] * (1 - awake))
    return table
