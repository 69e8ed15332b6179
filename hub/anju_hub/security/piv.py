"""Partial IVs that the hub generates itself: notifications, errors, answers to repeated requests.

One counter serves all contexts (a number is unique in each of them), and the store is always ahead of it: numbers
are reserved in blocks before the first of a block is used, so that no crash can lead to a nonce used twice
(RFC 8613, Section 7.5.2, the scheme of Appendix B.1.1).
"""

from collections.abc import Callable

from anju_hub.errors import HubError

MAX_PIV = 2**40 - 1  # RFC 8613, Section 7.2.1
BLOCK = 4096


class PivSource:
    """`reserve(amount)` takes numbers for good in the store and returns the first."""

    def __init__(self, reserve: Callable[[int], int]) -> None:
        self._reserve = reserve
        self._next = self._limit = 0
        self._spare: int | None = None  # first number of a block reserved ahead

    def next(self) -> int:
        """A number never given before and never again."""
        if self._next == self._limit:
            first = self._reserve(BLOCK) if self._spare is None else self._spare
            self._spare = None
            self._next, self._limit = first, first + BLOCK
        if self._next > MAX_PIV:
            raise HubError("the hub's Partial IVs are used up", "All nodes need new keys.")
        self._next += 1
        return self._next - 1

    @property
    def wants_spare(self) -> bool:
        """Whether it is time to reserve ahead, so that `next` need not wait for the disk."""
        return self._spare is None and self._limit - self._next < BLOCK // 2

    def reserve_spare(self) -> None:
        """Take a block ahead; may be called from another thread than `next`."""
        self._spare = self._reserve(BLOCK)
