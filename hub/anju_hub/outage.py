"""The time the hub was down: recorded, and waited out before anything is concluded from it.

Nodes keep what they could not deliver and try again after pauses that double (15 s, 30 s, …, 1 h).  So whoever tried
while the hub was down for D comes back within D of the start.  Until then the pipeline stands still where it was:
the past is then processed complete, and nobody is taken for silent because the hub was deaf.
"""

import logging

from sqlalchemy import Connection

from anju_hub.store import numbers, timeline

log = logging.getLogger("anju.outage")

SHORTEST_MS = 60_000
LONGEST_PAUSE_MS = 3_600_000  # a node's longest pause between two tries
MARGIN_MS = 60_000


class Outage:
    """Knows until when [ms, UTC] the pipeline has to wait after a start."""

    def __init__(self) -> None:
        self._checked = False
        self._hold_until_ms = 0

    def alive(self, connection: Connection, now_ms: int) -> None:
        """Note that the hub runs at `now_ms`; the first time, see for how long it did not."""
        if not self._checked:
            self._check(connection, now_ms)
        numbers.put(connection, numbers.ALIVE_MS, now_ms)
        self._checked = True

    def is_over(self, now_ms: int) -> bool:
        return self._checked and now_ms >= self._hold_until_ms

    def _check(self, connection: Connection, now_ms: int) -> None:
        alive_ms = numbers.get(connection, numbers.ALIVE_MS)
        if alive_ms is None or now_ms - alive_ms < SHORTEST_MS:
            return
        timeline.add_outage(connection, alive_ms, now_ms)
        self._hold_until_ms = now_ms + min(now_ms - alive_ms, LONGEST_PAUSE_MS) + MARGIN_MS
        log.warning("outage=ended seconds=%d hold_until_ms=%d", (now_ms - alive_ms) // 1000, self._hold_until_ms)
