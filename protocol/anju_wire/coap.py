"""CoAP messages, RFC 7252 section 3: bytes to fields and back, strictly."""

from ._compat import text
from .errors import LocalError, PeerError
from .numbers import BAD_OPTION, EMPTY, OPTION_URI_PATH

_MAX_TOKEN = 8
_MARKER = 0xFF


class Message:
    """One CoAP message: `mtype` CON, NON, ACK or RST, `options` a list of `(number, value)` pairs."""

    def __init__(
        self,
        mtype: int,
        code: int,
        mid: int,
        token: bytes = b"",
        options: "list[tuple[int, bytes]] | tuple[tuple[int, bytes], ...]" = (),
        payload: bytes = b"",
    ) -> None:
        self.mtype = mtype
        self.code = code
        self.mid = mid
        self.token = token
        self.options = list(options)
        self.payload = payload

    def option(self, number: int) -> "bytes | None":
        """The value of the first option with that number."""
        for candidate, value in self.options:
            if candidate == number:
                return value
        return None

    def values(self, number: int) -> list[bytes]:
        """The values of a repeatable option, in order."""
        return [value for candidate, value in self.options if candidate == number]

    def is_request(self) -> bool:
        return self.code != EMPTY and self.code >> 5 == 0

    def is_response(self) -> bool:
        return self.code >> 5 in (2, 4, 5)

    def __repr__(self) -> str:
        return "Message(%d, 0x%02x, %d, %r, %r, %r)" % (
            self.mtype,
            self.code,
            self.mid,
            self.token,
            self.options,
            self.payload,
        )


def encode(message: Message) -> bytes:
    """The datagram of a message; LocalError if it has none.  Options may come in any order."""
    token = message.token
    if not (0 <= message.mtype < 4 and 0 <= message.code < 256 and 0 <= message.mid < 65536):
        raise LocalError("CoAP header field out of range")
    if len(token) > _MAX_TOKEN or (message.code == EMPTY and (token or message.options or message.payload)):
        raise LocalError("CoAP token too long, or Empty message not empty")
    out = bytearray((0x40 | message.mtype << 4 | len(token), message.code, message.mid >> 8, message.mid & 255))
    out.extend(token)
    append_body(out, message.options, message.payload)
    return bytes(out)


def append_body(out: bytearray, options: list[tuple[int, bytes]], payload: bytes) -> None:
    """Append options and payload, RFC 7252 section 3.1; also the end of an OSCORE plaintext, RFC 8613 section 5.3."""
    last = 0
    order = [(options[at][0], at) for at in range(len(options))]  # MicroPython's sort is not stable
    for number, at in sorted(order):
        value = options[at][1]
        if not 0 <= number <= 65535 or len(value) > 65535:
            raise LocalError("CoAP option out of range")
        _append_option(out, number - last, value)
        last = number
    if payload:
        out.append(_MARKER)
        out.extend(payload)


def _append_option(out: bytearray, delta: int, value: bytes) -> None:
    at = len(out)
    out.append(0)
    out[at] = _append_extended(out, delta) << 4
    out[at] |= _append_extended(out, len(value))
    out.extend(value)


def _append_extended(out: bytearray, value: int) -> int:
    if value < 13:
        return value
    if value < 269:
        out.append(value - 13)
        return 13
    out.extend((value - 269).to_bytes(2, "big"))
    return 14


def _error(what: str) -> PeerError:
    return PeerError("CoAP: malformed " + what)


def decode(data: bytes) -> Message:
    """The message in a datagram; PeerError on anything that RFC 7252 section 3 calls a format error."""
    if len(data) < 4:
        raise _error("header")
    first, code = data[0], data[1]
    if first >> 6 != 1:
        raise _error("version")
    length = first & 15
    if length > _MAX_TOKEN or len(data) < 4 + length:
        raise _error("token")
    if code == EMPTY and len(data) != 4:
        raise _error("Empty")
    options, payload = read_body(data, 4 + length)
    token = bytes(data[4 : 4 + length])
    return Message(first >> 4 & 3, code, data[2] << 8 | data[3], token, options, payload)


def read_body(data: bytes, at: int) -> tuple[list[tuple[int, bytes]], bytes]:
    """Options and payload from `at` to the end of `data`."""
    options: list[tuple[int, bytes]] = []
    number = 0
    while at < len(data):
        first = data[at]
        at += 1
        if first == _MARKER:
            if at == len(data):
                raise _error("payload")
            return options, bytes(data[at:])
        delta, at = _read_extended(data, at, first >> 4)
        length, at = _read_extended(data, at, first & 15)
        number += delta
        if number > 65535 or at + length > len(data):
            raise _error("option")
        options.append((number, bytes(data[at : at + length])))
        at += length
    return options, b""


def _read_extended(data: bytes, at: int, nibble: int) -> tuple[int, int]:
    if nibble < 13:
        return nibble, at
    size = nibble - 12
    if size == 3 or at + size > len(data):
        raise _error("option")
    value = int.from_bytes(data[at : at + size], "big") + (13 if size == 1 else 269)
    return value, at + size


def encode_uint(value: int) -> bytes:
    """The value of a uint option: big-endian without leading zeros, RFC 7252 section 3.2."""
    size = 0
    while value >> 8 * size:
        size += 1
    return value.to_bytes(size, "big")


def decode_uint(value: bytes, size: int = 4) -> int:
    """A uint option of at most `size` bytes; PeerError (4.02) if it is longer."""
    if len(value) > size:
        raise PeerError("CoAP: uint", BAD_OPTION)
    return int.from_bytes(value, "big")


def path_options(path: str) -> list[tuple[int, bytes]]:
    """The Uri-Path options of `a/b/c`; leading slashes are ignored."""
    path = path.lstrip("/")
    return [(OPTION_URI_PATH, segment.encode()) for segment in path.split("/")] if path else []


def path_of(message: Message) -> str:
    """The Uri-Path as `a/b/c`; PeerError (4.02) if a segment is not UTF-8."""
    try:
        return "/".join([text(value) for value in message.values(OPTION_URI_PATH)])
    except UnicodeError:
        raise PeerError("CoAP: Uri-Path", BAD_OPTION) from None


def unknown_critical(message: Message, known: tuple[int, ...]) -> "int | None":
    """The first critical (odd) option that is not among `known`, RFC 7252 section 5.4.1: answer 4.02 or ignore."""
    for number, _ in message.options:
        if number & 1 and number not in known:
            return number
    return None
