"""The replay window of RFC 8613, Section 7.4, as a value: (index, bits).

Bit i stands for sequence number `index + i`, set when that number was received.  Numbers below `index` count as
received, numbers above the window do not.
"""

SIZE = 32  # numbers, the default of RFC 8613, Section 3.2.2

Window = tuple[int, int]
EMPTY: Window = (0, 0)


def is_fresh(window: Window, number: int) -> bool:
    """Whether `number` was not received before."""
    index, bits = window
    return number >= index and not bits >> (number - index) & 1


def strike(window: Window, number: int) -> Window:
    """The window after receiving `number`; a number that is not fresh changes nothing."""
    index, bits = window
    if not is_fresh(window, number):
        return window
    shift = max(0, number - (index + SIZE - 1))
    index, bits = index + shift, bits >> shift
    return index, bits | 1 << (number - index)


def only_after(number: int) -> Window:
    """The window after recovery (Appendix B.1.2): `number` and everything before it count as received."""
    return number + 1, 0
