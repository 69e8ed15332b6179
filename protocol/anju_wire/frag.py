"""CoAP messages in chunks over GATT, SPEC 16.3 and 16.4: a byte of header, then a piece of the message.

The header: bit 7 first chunk, bit 6 last chunk, bits 5 to 0 the chunk's number modulo 64.
"""

from ._compat import const
from .errors import LocalError
from .numbers_more import MAX_DATAGRAM_BYTES, MIN_ATT_MTU

_FIRST = const(0x80)
_LAST = const(0x40)
_NUMBER = const(0x3F)
_OVERHEAD = const(4)  # 3 bytes of ATT, 1 of ours


def chunks(message: bytes, mtu: int) -> list[bytes]:
    """`message` as the values of notifications or writes over a link with this ATT_MTU, in order.

    LocalError if the message is empty or too long, or the MTU is below Bluetooth's least.
    """
    if not 0 < len(message) <= MAX_DATAGRAM_BYTES or mtu < MIN_ATT_MTU:
        raise LocalError("no such message or MTU")
    size = mtu - _OVERHEAD
    out = []
    for at in range(0, len(message), size):
        header = at // size & _NUMBER
        header |= (_FIRST if at == 0 else 0) | (_LAST if at + size >= len(message) else 0)
        out.append(bytes((header,)) + message[at : at + size])
    return out


class Reassembler:
    """Chunks of one direction back to messages.

    Holds one message of at most `limit` bytes; `dropped` counts chunks that belonged to none.  What is lost or
    disordered on the way costs its message and nothing else: CoAP sends it again.
    """

    def __init__(self, limit: int = MAX_DATAGRAM_BYTES) -> None:
        self.dropped = 0
        self._limit = limit
        self._message = bytearray()
        self._next = -1  # number of the chunk that continues the message; -1: none does

    def receive(self, chunk: bytes) -> "bytes | None":
        """The message that this chunk completes, if it completes one."""
        header = chunk[0] if chunk else 0
        if header & _FIRST:
            self.reset()
            self._next = 0
        if len(chunk) < 2 or header & _NUMBER != self._next or len(self._message) + len(chunk) - 1 > self._limit:
            self.dropped += 1
            self.reset()
            return None
        self._message.extend(chunk[1:])
        self._next = header + 1 & _NUMBER
        if not header & _LAST:
            return None
        message = bytes(self._message)
        self.reset()
        return message

    def reset(self) -> None:
        """The link is new: what came over the old one is gone."""
        self._message = bytearray()
        self._next = -1
