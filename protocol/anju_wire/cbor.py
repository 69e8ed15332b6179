"""CBOR, RFC 8949: deterministic encoder (section 4.2.1), strict decoder (well-formed and valid, or PeerError).

CBOR arrays are lists, maps are dicts, tags 2 and 3 are ints, other tags `Tag`, simple values without a Python twin
`Simple`.  An array that is a map key becomes a tuple; a map, NaN, or two keys that Python takes for equal (1 and
true) are refused as keys.
"""

from struct import unpack, unpack_from

from ._compat import MAX_ITEMS, TYPE_CHECKING, const, pack_float, text
from .errors import LocalError, PeerError

if TYPE_CHECKING:
    from typing import Any

_UINT = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)
_BIGNUM = const(2)
_NEGATIVE_BIGNUM = const(3)
_INDEFINITE = const(-1)
_MAX_DEPTH = const(16)
_TAG_CONTENT = (str, (int, float), bytes, bytes)
_FLOAT_FORMS = ((0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d"))


class Tag:
    """A tagged item, RFC 8949 section 3.4."""

    def __init__(self, number: int, value: object) -> None:
        self.number = number
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tag) or type(self) is not type(other):
            return False
        return self.number == other.number and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.number, self.value))

    def __repr__(self) -> str:
        return "%s(%d, %r)" % (type(self).__name__, self.number, self.value)


class Simple(Tag):
    """A simple value that Python has no twin for, RFC 8949 section 3.3: 0 to 19, 23, 32 to 255."""

    def __init__(self, number: int, value: None = None) -> None:
        super().__init__(number, value)


UNDEFINED = Simple(23)


def encode(value: object) -> bytes:
    """The one deterministic encoding of `value`; LocalError if it has none or nests too deeply."""
    out = bytearray()
    append(out, value)
    return bytes(out)


def append(out: bytearray, value: object, depth: int = _MAX_DEPTH) -> None:
    """Encode `value` at the end of `out`."""
    if depth < 0:
        raise LocalError("nested too deeply for CBOR")
    if value is None or value is True or value is False:
        out.append(0xF6 if value is None else 0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _append_int(out, value)
    elif isinstance(value, str):
        _append_string(out, _TEXT, value.encode())
    elif isinstance(value, (bytes, bytearray)):
        _append_string(out, _BYTES, value)
    elif isinstance(value, dict):
        _append_map(out, value, depth)
    elif isinstance(value, (list, tuple)):
        append_head(out, _ARRAY, len(value))
        for item in value:
            append(out, item, depth - 1)
    elif isinstance(value, float):
        _append_float(out, value)
    elif isinstance(value, Simple):
        _append_simple(out, value.number)
    elif isinstance(value, Tag):
        append_head(out, _TAG, value.number)
        append(out, value.value, depth - 1)
    else:
        raise LocalError("no CBOR for " + type(value).__name__)


def append_head(out: bytearray, major: int, argument: int) -> None:
    """The initial byte and the argument in its shortest form, RFC 8949 section 3."""
    major <<= 5
    if argument < 0 or argument >> 64:
        raise LocalError("CBOR argument out of range")
    if argument < 24:
        out.append(major | argument)
    elif argument < 0x100:
        out.append(major | 24)
        out.append(argument)
    else:
        size = 1 if argument < 0x10000 else 2 if argument >> 32 == 0 else 3
        out.append(major | 24 + size)
        out.extend(argument.to_bytes(1 << size, "big"))


def _append_int(out: bytearray, value: int) -> None:
    major = _UINT if value >= 0 else _NEGATIVE
    magnitude = value if value >= 0 else ~value
    if magnitude >> 64 == 0:
        append_head(out, major, magnitude)
        return
    size = 8
    while magnitude >> 8 * size:
        size += 1
    append_head(out, _TAG, _BIGNUM + major)
    _append_string(out, _BYTES, magnitude.to_bytes(size, "big"))


def _append_string(out: bytearray, major: int, data: "bytes | bytearray") -> None:
    append_head(out, major, len(data))
    out.extend(data)


def _append_map(out: bytearray, value: dict[object, object], depth: int) -> None:
    append_head(out, _MAP, len(value))
    keys = {}
    for key in value:
        encoded = bytearray()
        append(encoded, key, depth - 1)
        keys[bytes(encoded)] = key
    if len(keys) != len(value):
        raise LocalError("CBOR: duplicate key")
    for encoded_key in sorted(keys):
        out.extend(encoded_key)
        append(out, value[keys[encoded_key]], depth - 1)


def _append_float(out: bytearray, value: float) -> None:
    if value != value:  # NaN has one deterministic form, RFC 8949 section 4.2.2
        out.extend(b"\xf9\x7e\x00")
        return
    for initial, form in _FLOAT_FORMS:
        try:
            packed = pack_float(form, value)
        except OverflowError:  # CPython: too large for the form
            continue
        if unpack(form, packed)[0] == value:
            out.append(initial)
            out.extend(packed)
            return


def _append_simple(out: bytearray, number: int) -> None:
    if number < 20 or number == 23:
        out.append(0xE0 | number)
    elif 32 <= number < 256:
        out.append(0xF8)
        out.append(number)
    else:
        raise LocalError("no such simple value")


def decode(data: bytes, max_items: int = MAX_ITEMS) -> object:
    """The one item that `data` holds; PeerError if it is not well-formed, not valid, or anything follows it.

    `max_items` bounds the items in it, keys and chunks of strings included; nesting ends at 16 levels.  Nothing is
    allocated on the word of a length that the data cannot hold.
    """
    decoder = _Decoder(data, max_items)
    value = decoder.item(_MAX_DEPTH)
    if value is _BREAK:
        raise _error("break")
    if decoder.at != len(data):
        raise _error("trailing")
    return value


_BREAK = object()


def _error(what: str) -> PeerError:
    """Short words: a string of more than 10 characters costs a node about 100 bytes of heap."""
    return PeerError("CBOR: " + what)


class _Decoder:
    def __init__(self, data: bytes, max_items: int) -> None:
        self.data = data if isinstance(data, bytes) else bytes(data)
        self.at = 0
        self.items_left = max_items

    def item(self, depth: int) -> object:
        """One item, or _BREAK, which the caller must expect or refuse."""
        if depth < 0:
            raise _error("depth")
        self.items_left -= 1
        if self.items_left < 0:
            raise _error("items")
        initial = self.byte()
        major, info = initial >> 5, initial & 31
        if major == 7:
            return self.simple(info)
        argument = self.argument(info)
        if major <= _NEGATIVE or major == _TAG:
            if argument == _INDEFINITE:
                raise _error("indefinite")
            return self.tagged(argument, depth) if major == _TAG else ~argument if major else argument
        if argument * (major - _TEXT) > len(self.data) - self.at:  # each item takes a byte, each pair two
            raise _error("truncated")
        if major == _ARRAY:
            return self.array(argument, depth)
        if major == _MAP:
            return self.map(argument, depth)
        if argument == _INDEFINITE:
            return self.chunks(major)
        return self.string(major, argument)

    def byte(self) -> int:
        return self.data[self.skip(1)]

    def skip(self, count: int) -> int:
        """Step over `count` bytes and say where they begin."""
        start = self.at
        if count > len(self.data) - start:
            raise _error("truncated")
        self.at = start + count
        return start

    def take(self, count: int) -> bytes:
        start = self.skip(count)
        return self.data[start : self.at]

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        if info < 28:
            return int.from_bytes(self.take(1 << info - 24), "big")
        if info < 31:
            raise _error("reserved")
        return _INDEFINITE

    def simple(self, info: int) -> object:
        if info < 24:
            if 20 <= info:
                return (False, True, None, UNDEFINED)[info - 20]
            return Simple(info)
        if info == 24:
            number = self.byte()
            if number < 32:
                raise _error("simple")
            return Simple(number)
        if info < 28:
            start = self.skip(1 << info - 24)
            return unpack_from((">e", ">f", ">d")[info - 25], self.data, start)[0]
        if info < 31:
            raise _error("reserved")
        return _BREAK

    def string(self, major: int, length: int) -> object:
        data = self.take(length)
        if major == _BYTES:
            return data
        try:
            return text(data)
        except UnicodeError:
            raise _error("not UTF-8") from None

    def chunks(self, major: int) -> object:
        """An indefinite-length string: definite chunks of the same type up to a break, section 3.2.3."""
        parts: list[Any] = []
        while True:
            initial = self.byte()
            if initial == 0xFF:
                break
            length = self.argument(initial & 31)
            if initial >> 5 != major or length == _INDEFINITE:
                raise _error("chunk")
            self.items_left -= 1
            if self.items_left < 0:
                raise _error("items")
            parts.append(self.string(major, length))
        return b"".join(parts) if major == _BYTES else "".join(parts)

    def array(self, length: int, depth: int) -> list[object]:
        items: list[object] = []
        while len(items) != length:
            value = self.item(depth - 1)
            if value is _BREAK:
                if length == _INDEFINITE:
                    break
                raise _error("break")
            items.append(value)
        return items

    def map(self, length: int, depth: int) -> dict[object, object]:
        pairs: dict[object, object] = {}
        while len(pairs) != length:
            key = self.item(depth - 1)
            if key is _BREAK and length == _INDEFINITE:
                break
            value = self.item(depth - 1)
            if key is _BREAK or value is _BREAK:
                raise _error("break")
            key = _hashable(key)
            if key in pairs or key != key:  # NaN is never found again
                raise _error("duplicate")
            pairs[key] = value
        return pairs

    def tagged(self, number: int, depth: int) -> object:
        value = self.item(depth - 1)
        if value is _BREAK:
            raise _error("break")
        if number > _NEGATIVE_BIGNUM:
            return Tag(number, value)
        if not isinstance(value, _TAG_CONTENT[number]):  # RFC 8949 section 3.4
            raise _error("tag")
        if not isinstance(value, bytes):
            return Tag(number, value)
        magnitude = int.from_bytes(value, "big")
        return ~magnitude if number == _NEGATIVE_BIGNUM else magnitude


def _hashable(key: object) -> object:
    if isinstance(key, list):
        return tuple(map(_hashable, key))
    if isinstance(key, dict):
        raise _error("map as key")
    if isinstance(key, Tag):
        return Tag(key.number, _hashable(key.value))
    return key
