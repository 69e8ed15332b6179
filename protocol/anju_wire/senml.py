"""SenML in CBOR, RFC 8428: packs of records, and their resolved form.

A pack is a list of dicts by integer label (section 6, table 4).  Numbers are int, float, or `Tag(4, [exponent,
mantissa])`, a decimal fraction.  JSON packs, once parsed and relabelled by `from_json`, resolve in the same way.
"""

from . import cbor
from ._compat import TYPE_CHECKING, const
from .errors import LocalError, PeerError
from .numbers import MAX_RECORDS, MAX_REPORT_BYTES, REQUEST_ENTITY_TOO_LARGE
from .numbers_more import (
    SENML_BASE_NAME,
    SENML_BASE_SUM,
    SENML_BASE_TIME,
    SENML_BASE_UNIT,
    SENML_BASE_VALUE,
    SENML_BASE_VERSION,
    SENML_BOOL,
    SENML_DATA,
    SENML_NAME,
    SENML_SUM,
    SENML_TEXT,
    SENML_TIME,
    SENML_UNIT,
    SENML_UPDATE,
    SENML_VALUE,
)

if TYPE_CHECKING:
    from typing import Any

    Record = dict[Any, Any]

_DECIMAL = const(4)  # tag of decimal fractions, RFC 8949 section 3.4.4
_MAX_EXPONENT = const(20)
_MAX_MANTISSA = 1 << 64
_VERSION = const(10)  # RFC 8428 section 4.4
_VERSIONS = (_VERSION, 26)  # 26: and secondary units, RFC 9100 section 4
RELATIVE_BELOW_S = const(0x10000000)  # RFC 8428 section 4.5.3
_MAX_ITEMS = const(1024)  # an item takes a byte or more

_JSON = (
    ("bver", SENML_BASE_VERSION),
    ("bn", SENML_BASE_NAME),
    ("bt", SENML_BASE_TIME),
    ("bu", SENML_BASE_UNIT),
    ("bv", SENML_BASE_VALUE),
    ("bs", SENML_BASE_SUM),
    ("n", SENML_NAME),
    ("u", SENML_UNIT),
    ("v", SENML_VALUE),
    ("vs", SENML_TEXT),
    ("vb", SENML_BOOL),
    ("vd", SENML_DATA),
    ("s", SENML_SUM),
    ("t", SENML_TIME),
    ("ut", SENML_UPDATE),
)
_TEXT_LABELS = (SENML_BASE_NAME, SENML_BASE_UNIT, SENML_NAME, SENML_UNIT, SENML_TEXT)
_NUMERIC_LABELS = (SENML_BASE_TIME, SENML_BASE_VALUE, SENML_BASE_SUM, SENML_VALUE, SENML_SUM, SENML_TIME, SENML_UPDATE)
_CONTENT = (SENML_VALUE, SENML_TEXT, SENML_BOOL, SENML_DATA)


def from_json(pack: "list[dict[str, Any]]") -> "list[Record]":
    """A parsed JSON pack with the labels of the CBOR form; what has no integer label keeps its own."""
    labels = dict(_JSON)
    return [{labels.get(name, name): value for name, value in record.items()} for record in pack]


def encode(pack: "list[Record]") -> bytes:
    """The CBOR form of a pack; LocalError if it breaks RFC 8428 or does not fit a report (SPEC 8.2)."""
    try:
        _check_pack(pack)
    except PeerError as error:
        raise LocalError(error.reason) from None
    data = cbor.encode(pack)
    if len(data) > MAX_REPORT_BYTES:
        raise LocalError("pack is too large")
    return data


def decode(data: bytes) -> "list[Record]":
    """The pack in `data`, as it was sent; PeerError if it breaks RFC 8428 or SPEC 8."""
    if len(data) > MAX_REPORT_BYTES:
        raise PeerError("pack is too large", REQUEST_ENTITY_TOO_LARGE)
    pack: "Any" = cbor.decode(data, _MAX_ITEMS)
    _check_pack(pack)
    checked: "list[Record]" = pack
    return checked


def resolve(pack: "list[Record]", now_s: "int | float | None" = None) -> "list[Record]":
    """The resolved form, RFC 8428 section 4.6: no base fields, full names, units and times in each record.

    Relative times (below 2**28) become absolute with `now_s` [s, UTC] and stay as they are without.  Records without
    content are left out.  PeerError if a record has no proper name, or a sum or value cannot be added to its base.
    """
    bases: "Record" = {}
    resolved = []
    for record in pack:
        for label in record:
            if isinstance(label, int) and label < 0:
                bases[label] = record[label]
        if any([label in record for label in _CONTENT]) or SENML_SUM in record:
            resolved.append(_resolved(record, bases))
            if now_s is not None and as_float(number(resolved[-1].get(SENML_TIME, 0))) < RELATIVE_BELOW_S:
                resolved[-1][SENML_TIME] = add(now_s, resolved[-1].get(SENML_TIME, 0))
    return resolved


def _resolved(record: "Record", bases: "Record") -> "Record":
    out: "Record" = {SENML_NAME: _name(bases.get(SENML_BASE_NAME, "") + record.get(SENML_NAME, ""))}
    unit = record.get(SENML_UNIT, bases.get(SENML_BASE_UNIT))
    if unit is not None:
        out[SENML_UNIT] = unit
    if bases.get(SENML_BASE_VERSION, _VERSION) != _VERSION:
        out[SENML_BASE_VERSION] = bases[SENML_BASE_VERSION]
    for label, base in ((SENML_TIME, SENML_BASE_TIME), (SENML_VALUE, SENML_BASE_VALUE), (SENML_SUM, SENML_BASE_SUM)):
        if label in record or (base in bases and label != SENML_VALUE):
            out[label] = add(bases.get(base, 0), record.get(label, 0))
    for label in record:
        if label not in out and not (isinstance(label, int) and label < 0):
            out[label] = record[label]
    return out


def _name(name: str) -> str:
    """RFC 8428 section 4.5.1."""
    if not name or name[0] in "-:./_":
        raise PeerError("SenML: name")
    for character in name:
        if not ("a" <= character <= "z" or "A" <= character <= "Z" or "0" <= character <= "9" or character in "-:./_"):
            raise PeerError("SenML: name")
    return name


def _check_pack(pack: "Any") -> None:
    if not isinstance(pack, list) or not pack:
        raise PeerError("SenML: no array of records")
    if len(pack) > MAX_RECORDS * 16:
        raise PeerError("SenML: too many records", REQUEST_ENTITY_TOO_LARGE)
    for record in pack:
        if not isinstance(record, dict):
            raise PeerError("SenML: record is not a map")
        for label in record:
            _check_field(label, record[label])
        if sum([label in record for label in _CONTENT]) > 1:
            raise PeerError("SenML: more than one value")


def _check_field(label: "Any", value: "Any") -> None:
    if isinstance(label, str):
        if label.endswith("_"):  # RFC 8428 section 4.4: must be understood
            raise PeerError("SenML: unknown label that must be known")
    elif type(label) is not int:
        raise PeerError("SenML: label")
    elif label in _NUMERIC_LABELS:
        number(value)
    elif label in _TEXT_LABELS:
        if not isinstance(value, str):
            raise PeerError("SenML: not text")
    elif label == SENML_BOOL:
        if value is not True and value is not False:
            raise PeerError("SenML: not a boolean")
    elif label == SENML_DATA:
        if not isinstance(value, (bytes, str)):  # text, in base64, in JSON packs only
            raise PeerError("SenML: not data")
    elif label == SENML_BASE_VERSION:
        if type(value) is not int or value < 1 or (value > _VERSION and value not in _VERSIONS):
            raise PeerError("SenML: version")


def number(value: "Any") -> "tuple[int, int] | float":
    """A number as `(mantissa, decimal exponent)`, or as the finite float that it is; PeerError if it is neither."""
    if isinstance(value, float):
        if value != value or value in (float("inf"), -float("inf")):
            raise PeerError("SenML: number")
        return value
    mantissa, exponent = value, 0
    if isinstance(value, cbor.Tag):
        parts = value.value
        if value.number != _DECIMAL or not isinstance(parts, list) or len(parts) != 2:
            raise PeerError("SenML: number")
        exponent, mantissa = parts
    if type(mantissa) is not int or type(exponent) is not int:
        raise PeerError("SenML: number")
    if not -_MAX_EXPONENT <= exponent <= _MAX_EXPONENT or not -_MAX_MANTISSA <= mantissa <= _MAX_MANTISSA:
        raise PeerError("SenML: number out of range")
    return mantissa, exponent


def fraction(mantissa: int, exponent: int) -> "int | cbor.Tag":
    """mantissa * 10**exponent as an int where it is one, else as a decimal fraction."""
    while exponent < 0 and mantissa % 10 == 0:
        mantissa //= 10
        exponent += 1
    return mantissa * 10**exponent if exponent >= 0 else cbor.Tag(_DECIMAL, [exponent, mantissa])


def as_float(value: "tuple[int, int] | float") -> float:
    if isinstance(value, float):
        return value
    mantissa, exponent = value
    return float(mantissa * 10**exponent) if exponent >= 0 else mantissa / 10**-exponent


def scaled(value: "Any", numerator: int, denominator: int) -> int:
    """The whole number nearest to value * numerator / denominator."""
    parts = number(value)
    if isinstance(parts, float):
        product = parts * numerator / denominator
        if not -9.3e18 < product < 9.3e18:
            raise PeerError("SenML: number out of range")
        whole = int(product)
        rest = product - whole
        return whole + (1 if rest >= 0.5 else -1 if rest <= -0.5 else 0)
    mantissa, exponent = parts
    above = mantissa * numerator * (10**exponent if exponent > 0 else 1)
    below = denominator * (10**-exponent if exponent < 0 else 1)
    return (2 * above + below) // (2 * below)


def add(a: "Any", b: "Any") -> "Any":
    """The sum of two numbers, exact unless one is a float."""
    x, y = number(a), number(b)
    if isinstance(x, float) or isinstance(y, float):
        return as_float(x) + as_float(y)
    exponent = min(x[1], y[1], 0)
    return fraction(x[0] * 10 ** (x[1] - exponent) + y[0] * 10 ** (y[1] - exponent), exponent)
