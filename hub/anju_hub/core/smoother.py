"""What a home did, with hindsight: the backward pass over the steps that the filter took.

The filter's operators are taped per step; a backward variable per home, β(i) = P(everything that came later | state
i after the step), goes over them in reverse, and the product with the filtered belief is the smoothed posterior
(Rabiner 1989, eq. 24–27).  Presence and activity are taped apart, as they are filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .spans import UNOBSERVED, SpanWriter
from .types import StateSpan

Array = NDArray[np.float64]
Small = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the homes `home` that ended with `minute`."""

    home: Ints
    minute: int
    presence: Small  # (n, 3, 3), scaled so that the largest entry is 1
    activity: Small  # (n, 4, 4)
    belief: Small  # (n, 3)
    indoors: Small  # (n, 4)
    dark: Bools


class Tape:
    """The steps taken so far: about 140 bytes a home and step."""

    def __init__(self, homes: int) -> None:
        self._presence = np.tile(np.eye(3), (homes, 1, 1))
        self._activity = np.tile(np.eye(4), (homes, 1, 1))
        self._steps: list[Step] = []
        self._homes = homes

    def presence(self, home: Ints, operator: Array) -> None:
        self._presence[home] = np.matmul(self._presence[home], operator)

    def activity(self, home: Ints, operator: Array) -> None:
        self._activity[home] = np.matmul(self._activity[home], operator)

    def keep(self, home: Ints, minute: int, belief: Array, indoors: Array, dark: Bools) -> None:
        """Close the step of `home`: what was taped since its last one belongs to it."""
        presence, activity = _scaled(self._presence[home]), _scaled(self._activity[home])
        now = belief[home].astype(np.float32), indoors[home].astype(np.float32)
        self._steps.append(Step(home, minute, presence, activity, *now, dark))
        self._presence[home] = np.eye(3)
        self._activity[home] = np.eye(4)

    def spans(self, names: Sequence[str]) -> list[StateSpan]:
        """Smoothed states of every home from its first step to its last."""
        writer = SpanWriter(names)
        done = np.zeros(self._homes, np.int64)
        for step, (state, probability) in zip(self._steps, self._smoothed(), strict=True):
            writer.put(step.home, step.minute, state, probability)
            done[step.home] = step.minute + 1
        return writer.flush(done)

    def _smoothed(self) -> list[tuple[NDArray[np.int8], Array]]:
        """State and its probability for each step, in order."""
        later = np.ones((self._homes, 3)), np.ones((self._homes, 4))
        result = []
        for step in reversed(self._steps):
            home = step.home
            belief = _normal(step.belief * later[0][home])
            indoors = _normal(step.indoors * later[1][home])
            result.append(_said(belief, indoors, step.dark))
            later[0][home] = _normal(np.matmul(step.presence, later[0][home][:, :, None])[:, :, 0])
            later[1][home] = _normal(np.matmul(step.activity, later[1][home][:, :, None])[:, :, 0])
        return result[::-1]


def _said(belief: Array, indoors: Array, dark: Bools) -> tuple[NDArray[np.int8], Array]:
    posterior = np.concatenate([belief[:, :1], (1 - belief[:, :1]) * indoors], axis=1)
    state = np.where(belief[:, 0] > 0.5, 0, 1 + indoors.argmax(axis=1))
    probability = posterior[np.arange(len(state)), state]
    return np.where(dark, UNOBSERVED, state).astype(np.int8), np.where(dark, 1.0, probability)


def _scaled(operator: Array) -> Small:
    result: Small = (operator / operator.max(axis=(1, 2), keepdims=True)).astype(np.float32)
    return result


def _normal(weights: Array) -> Array:
    result: Array = weights / weights.sum(axis=1, keepdims=True)
    return result
