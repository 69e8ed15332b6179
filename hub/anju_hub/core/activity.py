"""What somebody at home is doing: active, still, asleep or in the bathroom, given that somebody is there.

A four-state hidden Markov filter per home on the minute grid, conditional on presence.  The transitions depend on
the local hour (sleep is a matter of the night), the emissions on the kind of minute: silent, movement in the
bathroom, in the bedroom, elsewhere.  Silent minutes go by precomputed powers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .occupancy import silent_powers

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

INDOORS = ("active", "still", "asleep", "bathroom")
SILENT, IN_BATHROOM, IN_BEDROOM, ELSEWHERE = range(4)
TICK_MIN = 5

# P(kind of minute | state), rows: active, still, asleep, bathroom; columns: silent, bathroom, bedroom, elsewhere.
EMISSION = np.array(
    [
        [0.550, 0.010, 0.090, 0.350],
        [0.960, 0.001, 0.009, 0.030],
        [0.985, 0.0005, 0.0125, 0.002],
        [0.580, 0.400, 0.010, 0.010],
    ]
)
# Expected minutes in a state before it is left, by day and by night.
_STAY_MIN = {"day": (15.0, 45.0, 60.0, 8.0), "night": (6.0, 20.0, 180.0, 6.0)}
# Where a left state goes, rows from, columns to.
_DAY = np.array([[0.0, 0.72, 0.01, 0.27], [0.85, 0.0, 0.08, 0.07], [0.80, 0.15, 0.0, 0.05], [0.80, 0.15, 0.05, 0.0]])
_NIGHT = np.array([[0.0, 0.40, 0.40, 0.20], [0.30, 0.0, 0.65, 0.05], [0.45, 0.35, 0.0, 0.20], [0.35, 0.15, 0.50, 0.0]])
_NIGHT_WEIGHT = np.interp(np.arange(24), [0, 6, 9, 20, 23], [1.0, 1.0, 0.0, 0.0, 1.0])


def transition(hour: int) -> Array:
    """Transition matrix of one minute at this local hour, (4, 4), rows sum to 1."""
    night = float(_NIGHT_WEIGHT[hour])
    leave = (1 - night) / np.array(_STAY_MIN["day"]) + night / np.array(_STAY_MIN["night"])
    matrix = ((1 - night) * _DAY + night * _NIGHT) * leave[:, None]
    result: Array = matrix + np.diag(1 - matrix.sum(axis=1))
    return result


TRANSITIONS = np.stack([transition(hour) for hour in range(24)])
# (24, TICK_MIN + 1, 4, 4): n silent minutes at an hour, from-state first.
_SILENT = np.stack(
    [silent_powers(matrix, EMISSION[:, SILENT], TICK_MIN)[0].transpose(0, 2, 1) for matrix in TRANSITIONS]
).astype(np.float64)
# (24, kinds, 4, 4), from-state first.
_MOVED = np.stack([matrix[None] * EMISSION.T[:, None, :] for matrix in TRANSITIONS])


ARRIVING = np.array([0.85, 0.08, 0.01, 0.06])  # awake and on one's feet


def begin(homes: int) -> Array:
    """P(state | at home) before anything is known, (homes, 4)."""
    return np.tile(np.array([0.4, 0.3, 0.2, 0.1]), (homes, 1))


def advance(indoors: Array, operator: Array) -> Array:
    """Posterior (n, 4) after what `operator` (n, 4, 4), from-state first, describes."""
    after = np.matmul(indoors[:, None, :], operator)[:, 0, :]
    result: Array = after / after.sum(axis=1, keepdims=True)
    return result


def silent(hour: Ints, minutes: Ints) -> Array:
    """Operator of `minutes` ≤ TICK_MIN of silence."""
    return _SILENT[hour, minutes]


def moved(hour: Ints, kind: Ints) -> Array:
    """Operator of one minute with movement of `kind` (IN_BATHROOM, IN_BEDROOM, ELSEWHERE)."""
    return _MOVED[hour, kind]


def entered(share: Array) -> Array:
    """Operator of somebody coming in with probability `share` (n,): the state is then that of arriving."""
    operator = np.eye(4)[None] * (1 - share[:, None, None])
    result: Array = operator + share[:, None, None] * ARRIVING[None, None, :]
    return result
