"""What a life writes down while it goes by: bouts, door swings, taps, flushes.  Lists first, arrays at the end."""

from dataclasses import dataclass

import numpy as np

from anju_tools.simulator import activities as act
from anju_tools.simulator.arrays import F64, I16
from anju_tools.simulator.log import Spans


@dataclass(frozen=True)
class Life:
    """Bouts (`start`, `end` [s, UTC], `activity`, `room`: shape (bouts,), back to back), and what was used.

    `swings` (n, 2): a door opened, for so many seconds.  `taps` (n, 3): from, litres, litres a minute.
    `flushes` (n,): the lever pressed.
    """

    start: F64
    end: F64
    activity: I16
    room: I16
    swings: F64
    taps: F64
    flushes: F64

    def until(self, t: float) -> "Life":
        """The life as it went up to `t`; a tap that ran then runs out by itself."""
        keep = self.start < t
        return Life(
            self.start[keep],
            np.minimum(self.end[keep], t),
            self.activity[keep],
            self.room[keep],
            self.swings[self.swings[:, 0] < t],
            self.taps[self.taps[:, 0] < t],
            self.flushes[self.flushes < t],
        )

    def truth(self, extra: list[tuple[float, float, str]]) -> Spans:
        """Labelled spans, neighbours of one label joined, `extra` ones added; in order of time."""
        label = act.LABEL_OF[self.activity]
        first = np.flatnonzero(np.diff(label, prepend=-1) != 0)
        last = np.append(first[1:], len(label)) - 1
        labels = act.LABELS + tuple(dict.fromkeys(word for _, _, word in extra))
        start = np.append(self.start[first], [s for s, _, _ in extra])
        end = np.append(self.end[last], [e for _, e, _ in extra])
        code = np.append(label[first], [labels.index(word) for _, _, word in extra]).astype(np.int16)
        order = np.argsort(start, kind="stable")
        return Spans(start[order], end[order], code[order], labels)


class Diary:
    """Takes a life down as it happens; `now` [s, UTC] is where it stands."""

    def __init__(self, start: float) -> None:
        self.now = start
        self._bouts: list[tuple[float, float, int, int]] = []
        self._swings: list[tuple[float, float]] = []
        self._taps: list[tuple[float, float, float]] = []
        self._flushes: list[float] = []

    def do(self, activity: int, duration_s: float, room: int | None = None) -> None:
        """The next `duration_s` seconds pass with that."""
        if duration_s > 0:
            where = act.TABLE[activity].room if room is None else room
            self._bouts.append((self.now, self.now + duration_s, activity, where))
            self.now += duration_s

    def swing(self, open_s: float) -> float:
        """The door opens now and closes `open_s` later; returns `open_s`."""
        self._swings.append((self.now, open_s))
        return open_s

    def tap(self, litres: float, litres_per_min: float, delay_s: float = 0.0) -> None:
        self._taps.append((self.now + delay_s, litres, litres_per_min))

    def flush(self) -> None:
        self._flushes.append(self.now)

    def life(self, end: float) -> Life:
        """Everything so far as arrays, cut at `end`."""
        bouts = np.array(self._bouts, dtype=np.float64).reshape(-1, 4)
        return Life(
            bouts[:, 0],
            bouts[:, 1],
            bouts[:, 2].astype(np.int16),
            bouts[:, 3].astype(np.int16),
            np.array(self._swings, dtype=np.float64).reshape(-1, 2),
            np.array(self._taps, dtype=np.float64).reshape(-1, 3),
            np.array(self._flushes, dtype=np.float64),
        ).until(end)
