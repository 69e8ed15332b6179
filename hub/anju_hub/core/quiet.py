"""How long each home has shown no credible life, with all its sensors and with each one left out.

Life is credible when something other than a PIR was used, when the exit door moved, when a minute held several
firings, or when a single firing follows another movement within `PAIR_MIN`: a stray firing, which real empty homes
show several times a day, stands alone.

The ages without a sensor answer two questions: what is a silence worth when that sensor is dead, and could its
death alone explain the silence?
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .envelope import CAP_MIN, SHORTEST_MIN, Envelope
from .grid import STRONG, WEAK

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PAIR_MIN = 10
HOURS_HEARD = 3  # before that, silence tells little: one door opened or one tap run may be all the home will show


class QuietClock:
    """Ages in minutes: `age` (homes,), `without` (homes, sensors)."""

    def __init__(self, homes: int, sensors: int) -> None:
        self.sensors = sensors
        self.age = np.zeros(homes, np.int64)
        self.context = np.full(homes, 2 * sensors, np.int64)
        self.without = np.zeros((homes, sensors), np.int64)
        self.hours_heard = np.zeros(homes, np.int64)  # clock hours with credible life
        self._last_hour = np.full(homes, -1, np.int64)
        self._since_move = np.full((homes, sensors + 1), 10_000, np.int64)
        self.records = Envelope(homes, 2 * sensors + 1)
        self.records_without = Envelope(homes * sensors, 1)

    def pass_time(self, home: Ints, minutes: Ints, counts: Bools) -> None:
        """`minutes` go by; a silence ages only where it `counts`: somebody is at home and observed."""
        aged = np.where(counts, minutes, 0)
        self.age[home] += aged
        self.without[home] += aged[:, None]
        self._since_move[home] += minutes[:, None]

    def moved(self, home: Ints, level: Ints, sensor: Ints, only: Bools, context: Ints, hour: Ints, minute: int) -> None:
        """Movement of `level`; `only`: nothing but `sensor` was heard in that minute."""
        pair = self._since_move[home, -1] <= PAIR_MIN
        credible = (level == STRONG) | (level == WEAK) & pair
        self._end(home[credible], context[credible], hour[credible], minute)
        # Without sensor s: what s says is not heard, and does not corroborate.
        others = np.ones((len(home), self.sensors), bool)
        others[np.flatnonzero(only), sensor[only]] = False
        paired = (self._since_move[home, :-1] <= PAIR_MIN) | (level == STRONG)[:, None]
        self._end_without(home, others & paired, hour, minute)
        moved = self._since_move[home]
        moved[:, :-1][others] = 0
        moved[:, -1] = 0
        self._since_move[home] = moved

    def passed(self, home: Ints, hour: Ints, minute: int) -> None:
        """The exit door moved: that is life, and the silence after it another one."""
        self._end(home, np.full(len(home), 2 * self.sensors), hour, minute)
        self._end_without(home, np.ones((len(home), self.sensors), bool), hour, minute)

    def _end(self, home: Ints, context: Ints, hour: Ints, minute: int) -> None:
        old = self.age[home] >= SHORTEST_MIN
        ended = home[old]
        of_hour = np.full(len(ended), minute % 60)
        self.records.ended(ended, self.context[ended], hour[old], of_hour, self.age[ended])
        self.age[home] = 0
        self.context[home] = context
        self.hours_heard[home] += self._last_hour[home] != hour
        self._last_hour[home] = hour

    def _end_without(self, home: Ints, which: Bools, hour: Ints, minute: int) -> None:
        i, sensor = np.nonzero(which)
        h = home[i]
        age = self.without[h, sensor]
        old = age >= SHORTEST_MIN
        if old.any():
            row = h[old] * self.sensors + sensor[old]
            zero = np.zeros(len(row), np.int64)
            self.records_without.ended(row, zero, hour[i[old]], zero + minute % 60, age[old])
        self.without[h, sensor] = 0

    def refresh(self, home: Ints, days: NDArray[np.float64], passed: float, budget: float) -> None:
        if not len(home):
            return
        self.records.refresh(home, days, passed, budget)
        rows = (home[:, None] * self.sensors + np.arange(self.sensors)).ravel()
        self.records_without.refresh(rows, np.repeat(days, self.sensors), passed, budget)

    def limits(self, hour: Ints) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Alarming ages [min] now: (homes,) and without each sensor (homes, sensors).

        A home that has hardly shown that it can be heard gets the longest.
        """
        homes = np.arange(len(self.age))
        without = self.records_without.limit.reshape(len(homes), self.sensors, 24)[homes, :, hour]
        limit, stranger = self.records.limit[homes, self.context, hour], self.hours_heard < HOURS_HEARD
        cap = np.float32(CAP_MIN)
        return np.where(stranger, cap, limit), np.where(stranger[:, None], cap, without)
