"""CBOR, RFC 8949: deterministic encoder (section 4.2.1) and, from `cbor_decoder`, a strict decoder.

CBOR arrays are lists, maps are dicts, tags 2 and 3 are ints, other tags `Tag`, simple values without a Python twin
`Simple`.  An array that is a map key becomes a tuple; a map, NaN, or two keys that Python takes for equal (1 and
true) are refused as keys.
"""

from struct import unpack

from ._compat import const, pack_float
from .cbor_decoder import UNDEFINED as UNDEFINED
from .cbor_decoder import Simple as Simple
from .cbor_decoder import Tag as Tag
from .cbor_decoder import decode as decode
from .errors import LocalError

_UINT = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)
_BIGNUM = const(2)
_MAX_DEPTH = const(16)
_FLOAT_FORMS = ((0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d"))


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
