"""From posteriors to spans: a new span begins when the state changes or its probability has moved noticeably."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .grid import MINUTE_S
from .types import STATES, StateSpan

UNOBSERVED = STATES.index("unobserved")
_MOVED = 0.1

Ints = NDArray[np.int64]


class SpanWriter:
    """Holds each home's current state and writes the spans behind it."""

    def __init__(self, homes: Sequence[str]) -> None:
        self._homes = homes
        self.state = np.full(len(homes), -1, np.int8)
        self.probability = np.zeros(len(homes))
        self._from = np.zeros(len(homes))
        self.spans: list[StateSpan] = []

    def put(self, home: Ints, minute: int, state: NDArray[np.int8], probability: NDArray[np.float64]) -> None:
        """State of `home` in the minute that starts at `minute`, known at its end."""
        changed = (state != self.state[home]) | (np.abs(probability - self.probability[home]) > _MOVED)
        for i in np.flatnonzero(changed):
            h = int(home[i])
            self._close(h, minute * MINUTE_S)
            self.state[h], self.probability[h] = state[i], round(float(probability[i]), 2)

    def _close(self, home: int, at: float) -> None:
        if self.state[home] >= 0 and at > self._from[home]:
            state, probability = STATES[self.state[home]], float(self.probability[home])
            self.spans.append(StateSpan(self._homes[home], float(self._from[home]), at, state, probability))
        self._from[home] = at

    def flush(self, done: Ints) -> list[StateSpan]:
        """Everything up to each home's last processed minute; spans that go on are cut there."""
        for home in np.flatnonzero((self.state >= 0) & (done * MINUTE_S > self._from)):
            self._close(int(home), float(done[home] * MINUTE_S))
        spans, self.spans = self.spans, []
        return spans
