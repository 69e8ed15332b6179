"""Replay protection of a server, RFC 8613 section 7.4.  A node never needs it, so it stands apart."""


class ReplayWindow:
    """The last `size` sequence numbers of a sender, RFC 8613 section 7.4.

    `state` is `(highest, bitmap)`: bit i of the bitmap says that `highest - i` was used; `(-1, 0)` is a new window.
    """

    def __init__(self, size: int = 32, state: "tuple[int, int]" = (-1, 0)) -> None:
        self._size = size
        self._highest, self._bitmap = state

    @property
    def state(self) -> "tuple[int, int]":
        return self._highest, self._bitmap

    def check(self, sequence: int) -> bool:
        """Whether `sequence` was neither used nor lies behind the window."""
        behind = self._highest - sequence
        return behind < 0 or (behind < self._size and not self._bitmap >> behind & 1)

    def strike(self, sequence: int) -> None:
        """Mark the sequence number of an authentic request as used."""
        ahead = sequence - self._highest
        if ahead > 0:
            self._bitmap = (self._bitmap << min(ahead, self._size) | 1) & (1 << self._size) - 1
            self._highest = sequence
        elif -ahead < self._size:
            self._bitmap |= 1 << -ahead
