"""A ring that an interrupt handler fills and the main loop empties. Nothing in it allocates."""

from array import array


class EdgeRing:
    """Edges as (input number, level, ticks [ms]), one writer in interrupt context, one reader outside."""

    def __init__(self, size: int = 32) -> None:
        self._slots = array("i", (0 for _ in range(3 * size)))
        self._size = size
        self._head = 0
        self._tail = 0
        self.overruns = 0

    def push(self, index: int, level: int, ticks: int) -> None:
        """Called from the interrupt handler: small integers and preallocated slots only."""
        head = self._head
        following = (head + 1) % self._size
        if following == self._tail:
            self.overruns += 1
            return
        slots = self._slots
        slots[3 * head] = index
        slots[3 * head + 1] = level
        slots[3 * head + 2] = ticks
        self._head = following

    def pop(self) -> "tuple[int, int, int] | None":
        """The oldest edge, or None."""
        tail = self._tail
        if tail == self._head:
            return None
        edge = (self._slots[3 * tail], self._slots[3 * tail + 1], self._slots[3 * tail + 2])
        self._tail = (tail + 1) % self._size
        return edge

    def empty(self) -> bool:
        return self._tail == self._head
