"""Where the hub's time comes from: the system, or somebody who plays a month in minutes."""

import time
from typing import Protocol


class Clock(Protocol):
    """UTC in ms since 1970; `None` while it is not known."""

    simulated: bool

    def now_ms(self) -> int | None: ...


class SystemClock:
    """The machine's clock."""

    simulated = False

    def now_ms(self) -> int | None:
        return time.time_ns() // 1_000_000


class SimulatedClock:
    """Stands still until it is set; unknown before the first time."""

    simulated = True

    def __init__(self) -> None:
        self._now_ms: int | None = None

    def now_ms(self) -> int | None:
        return self._now_ms

    def set_ms(self, now_ms: int) -> None:
        """Move to `now_ms` [ms, UTC].

        Raises
        ------
        ValueError
            Time would run backwards.
        """
        if self._now_ms is not None and now_ms < self._now_ms:
            raise ValueError(f"the clock stands at {self._now_ms} and does not run backwards")
        self._now_ms = now_ms
