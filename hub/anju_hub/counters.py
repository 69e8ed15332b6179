"""What happened how often since the hub started: peers' errors end here, never in a traceback."""

import logging
from collections import Counter

log = logging.getLogger("anju.peers")

# Every how many occurrences of one kind a line is logged after the first: a flood must not fill the disk.
LOG_EVERY = 1000


class Counters:
    """Named counts; `refused` also logs, thinly, who was at fault and why."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        self._counts[name] += amount

    def refused(self, name: str, peer: str, reason: str) -> None:
        """Count a peer's error, and log the first and every thousandth of its kind."""
        self._counts[name] += 1
        count = self._counts[name]
        if count == 1 or count % LOG_EVERY == 0:
            log.warning("refused=%s count=%d peer=%s reason=%r", name, count, peer, reason)

    def as_dict(self) -> dict[str, int]:
        return dict(sorted(self._counts.items()))
