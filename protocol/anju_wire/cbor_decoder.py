"""Strict CBOR decoder, RFC 8949: one well-formed and valid item, or PeerError.  `anju_wire.cbor` is its front."""

from struct import unpack_from

from ._compat import MAX_ITEMS, TYPE_CHECKING, const, text
from .errors import PeerError

if TYPE_CHECKING:
    from typing import Any

_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)
_FLOAT_OR_SIMPLE = const(7)
_BIGNUM = const(2)
_NEGATIVE_BIGNUM = const(3)
_INDEFINITE = const(-1)
_MAX_DEPTH = const(16)
_TAG_CONTENT = (str, (int, float), bytes, bytes)


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
        if major == _FLOAT_OR_SIMPLE:
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
