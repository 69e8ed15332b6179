"""Block-wise transfer, RFC 7959, for both roles and both directions: no I/O, bounded memory.

| | client | server |
|---|---|---|
| Block1, large requests | `BlockSender` | `BlockReceiver` |
| Block2, large responses | `BlockFetcher` | `cut` |

A block option is `(number, more, exponent)`: blocks of `16 << exponent` bytes, exponent 0 to 6.
"""

from . import coap
from ._compat import const
from .errors import LocalError, PeerError
from .numbers import BAD_OPTION, BAD_REQUEST, REQUEST_ENTITY_TOO_LARGE
from .numbers_more import CONTINUE, OPTION_BLOCK1, OPTION_BLOCK2, OPTION_ETAG, REQUEST_ENTITY_INCOMPLETE

_MAX_EXPONENT = const(6)
_MAX_NUMBER = const(0xFFFFF)


def encode_block(number: int, more: bool, exponent: int) -> bytes:
    """The value of a Block1 or Block2 option, RFC 7959 section 2.2."""
    if not (0 <= number <= _MAX_NUMBER and 0 <= exponent <= _MAX_EXPONENT):
        raise LocalError("no such block")
    return coap.encode_uint(number << 4 | (8 if more else 0) | exponent)


def decode_block(value: bytes) -> tuple[int, bool, int]:
    """`(number, more, exponent)`; PeerError, 4.02 if it is too long, 4.00 for the reserved exponent 7."""
    if len(value) > 3:
        raise PeerError("CoAP: Block", BAD_OPTION)
    block = int.from_bytes(value, "big")
    if block & 7 > _MAX_EXPONENT:
        raise PeerError("CoAP: Block size", BAD_REQUEST)
    return block >> 4, bool(block & 8), block & 7


def block_of(message: coap.Message, option: int) -> "tuple[int, bool, int] | None":
    """The block option of a message, or None; PeerError (4.02) if it has two."""
    values = message.values(option)
    if len(values) > 1:
        raise PeerError("CoAP: Block twice", BAD_OPTION)
    return decode_block(values[0]) if values else None


class BlockSender:
    """Client: one large request as a series of requests, RFC 7959 section 2.5.

    The caller gives each message a message ID, sends it, and hands its response to `receive`.
    """

    def __init__(self, request: coap.Message, exponent: int = 5) -> None:
        encode_block(0, False, exponent)
        self._request = request
        self._exponent = exponent
        self._at = 0

    def request(self) -> coap.Message:
        """The request that carries the block in turn."""
        whole = self._request
        size = 16 << self._exponent
        end = self._at + size
        option = encode_block(self._at // size, end < len(whole.payload), self._exponent)
        options = whole.options + [(OPTION_BLOCK1, option)]
        return coap.Message(whole.mtype, whole.code, whole.mid, whole.token, options, whole.payload[self._at : end])

    def receive(self, response: coap.Message) -> bool:
        """True if `response` is the final one, False if `request()` is to be sent next.

        PeerError if a 2.31 does not acknowledge the block that was sent.
        """
        if response.code != CONTINUE:
            return True
        block = block_of(response, OPTION_BLOCK1)
        size = 16 << self._exponent
        sent = self._at // size
        if block is None or block[0] != sent or block[2] > self._exponent:
            raise PeerError("CoAP: acknowledges another block")
        if self._at + size >= len(self._request.payload):
            raise PeerError("CoAP: wants more than there is")
        self._at += size
        self._exponent = block[2]  # the server may ask for smaller ones; what was sent stays sent
        return False


class BlockReceiver:
    """Server: the requests of one client to one resource, put together up to `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._payload = bytearray()

    def receive(self, request: coap.Message) -> "tuple[bytes | None, list[tuple[int, bytes]]]":
        """`(payload, options)`: the whole payload, or None, then answer 2.31; `options` go into either answer.

        PeerError with 4.08 for a block out of turn, 4.13 beyond the limit, 4.00 for a block of a wrong size; then
        nothing is kept.
        """
        try:
            return self._receive(request)
        except PeerError:
            self.reset()
            raise

    def _receive(self, request: coap.Message) -> "tuple[bytes | None, list[tuple[int, bytes]]]":
        block = block_of(request, OPTION_BLOCK1)
        if block is None:
            self.reset()
            if len(request.payload) > self._limit:
                raise PeerError("CoAP: too large", REQUEST_ENTITY_TOO_LARGE)
            return request.payload, []
        number, more, exponent = block
        size = 16 << exponent
        if number == 0:
            self.reset()
        if number * size != len(self._payload):
            raise PeerError("CoAP: block out of turn", REQUEST_ENTITY_INCOMPLETE)
        if len(request.payload) > size or (more and len(request.payload) != size):
            raise PeerError("CoAP: block of a wrong size", BAD_REQUEST)
        if len(self._payload) + len(request.payload) > self._limit:
            raise PeerError("CoAP: too large", REQUEST_ENTITY_TOO_LARGE)
        self._payload.extend(request.payload)
        options = [(OPTION_BLOCK1, encode_block(number, more, exponent))]
        if more:
            return None, options
        payload = bytes(self._payload)
        self.reset()
        return payload, options

    def reset(self) -> None:
        self._payload = bytearray()


def cut(payload: bytes, request: coap.Message, exponent: int = 5) -> "tuple[bytes, list[tuple[int, bytes]]]":
    """Server: the block of `payload` that `request` asks for, RFC 7959 section 2.4, and its options.

    Blocks are no larger than `16 << exponent`.  PeerError (4.00) beyond the end.
    """
    block = block_of(request, OPTION_BLOCK2)
    number = 0
    if block is None:
        if len(payload) <= 16 << exponent:
            return payload, []
    else:
        number = block[0]
        if block[2] > exponent:
            number <<= block[2] - exponent
        exponent = min(exponent, block[2])
    start = number * (16 << exponent)
    if start and start >= len(payload):
        raise PeerError("CoAP: no such block", BAD_REQUEST)
    end = start + (16 << exponent)
    return payload[start:end], [(OPTION_BLOCK2, encode_block(number, end < len(payload), exponent))]


class BlockFetcher:
    """Client: a large response as a series of blocks, at most `limit` bytes."""

    def __init__(self, limit: int, exponent: int = 5) -> None:
        self._limit = limit
        self._exponent = exponent
        self._payload = bytearray()
        self._etag: "bytes | None" = None

    def option(self) -> tuple[int, bytes]:
        """The Block2 option of the next request."""
        number = len(self._payload) >> 4 + self._exponent
        return OPTION_BLOCK2, encode_block(number, False, self._exponent)

    def receive(self, response: coap.Message) -> "bytes | None":
        """The whole payload when this block is the last, else None.

        PeerError for a block out of turn, of a wrong size, beyond the limit, or of another representation (ETag).
        """
        block = block_of(response, OPTION_BLOCK2)
        if block is None:
            if self._payload or len(response.payload) > self._limit:
                raise PeerError("CoAP: not the block asked for")
            return response.payload
        number, more, exponent = block
        size = 16 << exponent
        etag = response.option(OPTION_ETAG)
        if not self._payload:
            self._etag = etag
        if exponent > self._exponent or number * size != len(self._payload) or etag != self._etag:
            raise PeerError("CoAP: not the block asked for")
        if len(response.payload) > size or (more and len(response.payload) != size):
            raise PeerError("CoAP: block of a wrong size")
        if len(self._payload) + len(response.payload) > self._limit:
            raise PeerError("CoAP: too large")
        self._exponent = exponent
        self._payload.extend(response.payload)
        return None if more else bytes(self._payload)
