"""Reports as SenML, SPEC 14 and 15: packs to records and back.  The table below is SPEC 15.1's."""

from . import senml
from ._compat import TYPE_CHECKING, const
from .errors import LocalError, PeerError
from .numbers import (
    DOOR,
    ELECTRICITY,
    HEALTH,
    MAX_COUNT,
    MAX_RECORDS,
    METER,
    PIR,
    READINGS,
    REQUEST_ENTITY_TOO_LARGE,
    WATER,
)
from .numbers_more import (
    SENML_BASE_NAME,
    SENML_BASE_TIME,
    SENML_BOOL,
    SENML_DATA,
    SENML_NAME,
    SENML_TEXT,
    SENML_TIME,
    SENML_UNIT,
    SENML_VALUE,
)
from .record import pack, unpack
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Quantity = tuple[int, Any, str, Any]  # kind, field, what holds the value, units
    Named = tuple[str, Quantity, dict[Any, Any]]

# Units: name, numerator, denominator and offset that lead to the unit of the field.  The first one is the writer's.
_COUNT = (("count", 1, 1, 0),)
_SECONDS = (("s", 1, 1, 0),)
_MILLISECONDS = (("s", 1000, 1, 0),)
_MILLILITRES = (("m3", 1000000, 1, 0), ("l", 1000, 1, 0))
_MILLIWATT_HOURS = (("J", 10, 36, 0), ("Wh", 1000, 1, 0), ("kWh", 1000000, 1, 0))
_MILLIVOLTS = (("V", 1000, 1, 0), ("mV", 1, 1, 0))
_DBM = (("dBW", 1, 1, 30), ("dBm", 1, 1, 0))
_BYTES = (("B", 1, 1, 0),)
_NONE = ((None, 1, 1, 0),)

# Quantity: name, kind (0: any), field, what holds the value, units.  In the order of writing.
_QUANTITIES = (
    ("age_error", 0, "age_error_ms", "int", _MILLISECONDS),
    ("open", DOOR, "open", "bool", _NONE),
    ("transitions", DOOR, "transitions", "int", _COUNT),
    ("occupied", PIR, "occupied", "bool", _NONE),
    ("pulses", PIR, "pulses", "int", _COUNT),
    ("active", PIR, "active_s", "int", _SECONDS),
    ("water", METER, "total", "int", _MILLILITRES),
    ("water_uncertainty", METER, "uncertainty", "int", _MILLILITRES),
    ("energy", METER, "total", "int", _MILLIWATT_HOURS),
    ("energy_uncertainty", METER, "uncertainty", "int", _MILLIWATT_HOURS),
    ("battery", HEALTH, "battery_mv", "int", _MILLIVOLTS),
    ("wakes", HEALTH, "wakes", "int", _COUNT),
    ("resets", HEALTH, "resets", "int", _COUNT),
    ("dropped", HEALTH, "dropped", "int", _COUNT),
    ("reset_reason", HEALTH, "reset_reason", "int", _NONE),
    ("rssi", HEALTH, "rssi_dbm", "int", _DBM),
    ("heap_free", HEALTH, "heap_free", "int", _BYTES),
    ("heartbeat", HEALTH, "heartbeat_s", "int", _SECONDS),
    ("config_version", HEALTH, "config_version", "int", _COUNT),
    ("command", HEALTH, "command", "int", _COUNT),
)
_MEDIA = (("water", WATER), ("energy", ELECTRICITY))
_HOLDS = {"bool": SENML_BOOL, "int": SENML_VALUE, "float": SENML_VALUE, "text": SENML_TEXT}

_AHEAD_MS = const(60000)  # SPEC 14.4
_MAX_EPOCH = 0xFFFFFFFF
_MAX_DIGITS = const(16)


class _Group:
    """The SenML records of one number."""

    def __init__(self, number: int, channel: int, age_ms: int) -> None:
        self.number = number
        self.channel = channel
        self.age_ms = age_ms
        self.quantities: "list[tuple[str, dict[Any, Any]]]" = []  # in order, which MicroPython's dicts have not


def decode_report(data: bytes, node: str, now_ms: int, quantities: "Mapping[str, Quantity] | None" = None) -> Report:
    """The report in a SenML pack that came from `node` at `now_ms` [ms, UTC].

    `quantities` are those of vendor profiles (`profile.quantities`).  PeerError if the pack breaks RFC 8428 or SPEC 14.
    """
    epoch = -1
    groups: "list[_Group]" = []
    for record in senml.resolve(senml.decode(data)):
        of_epoch, number, quantity, channel = _split(record[SENML_NAME], node)
        age_ms = _age_ms(record.get(SENML_TIME, 0), now_ms)
        if not groups or groups[-1].number != number:
            groups.append(_Group(number, channel, age_ms))
        group = groups[-1]
        if epoch not in (-1, of_epoch) or number != groups[0].number + len(groups) - 1:
            raise PeerError("SenML: numbers do not follow")
        if group.channel != channel or group.age_ms != age_ms or quantity in [name for name, _ in group.quantities]:
            raise PeerError("SenML: one number, two times or channels")
        epoch = of_epoch
        group.quantities.append((quantity, record))
    if not groups:
        raise PeerError("records are missing")
    if len(groups) > MAX_RECORDS:
        raise PeerError("too many records", REQUEST_ENTITY_TOO_LARGE)
    return Report(epoch, groups[0].number, [_record(group, quantities or {}) for group in groups])


def encode_report(node: str, epoch: int, sequence: int, records: "Iterable[Mapping[Any, Any]]") -> bytes:
    """A pack of records of the kinds in SPEC 4; LocalError if one is wrong, of another kind, or they do not fit."""
    out: "list[dict[Any, Any]]" = []
    for offset, record in enumerate(records):
        fields = unpack(pack(record))
        first: "dict[Any, Any]" = {SENML_BASE_NAME: "%s/%d/%d/" % (node, epoch, sequence + offset)}
        first[SENML_BASE_TIME] = senml.fraction(-fields["age_ms"], -3)
        suffix = ".%d" % fields["channel"] if fields["channel"] else ""
        entries = list(_entries(fields, suffix))
        if not entries:
            raise LocalError("no SenML for this kind")
        entries[0].update(first)
        out.extend(entries)
    return senml.encode(out)


def _entries(fields: "dict[Any, Any]", suffix: str) -> "Iterable[dict[Any, Any]]":
    medium = None
    for name, code in _MEDIA:
        if fields["kind"] == METER and fields["medium"] == code:
            medium = name
    for name, kind, field, holds, units in _QUANTITIES:
        if (
            kind not in (0, fields["kind"])
            or field not in fields
            or (kind == METER and not name.startswith(str(medium)))
        ):
            continue
        if fields[field] == 0 and (kind == 0 or field == "uncertainty"):
            continue
        yield _entry(name + suffix, fields[field], holds, units[0])
    if fields["kind"] == READINGS:
        for name, unit, value in fields["readings"]:
            yield _reading(name + suffix, unit, value)


def _entry(name: str, value: "Any", holds: str, unit: "Any") -> "dict[Any, Any]":
    entry: "dict[Any, Any]" = {SENML_NAME: name}
    if holds == "bool":
        entry[SENML_BOOL] = value
        return entry
    unit_name, numerator, denominator, offset = unit
    if unit_name is not None:
        entry[SENML_UNIT] = unit_name
    mantissa, exponent = (value - offset) * denominator, 0
    while numerator > 1:  # all numerators are powers of ten
        numerator //= 10
        exponent -= 1
    entry[SENML_VALUE] = senml.fraction(mantissa, exponent)
    return entry


def _reading(name: str, unit: "str | None", value: "Any") -> "dict[Any, Any]":
    entry: "dict[Any, Any]" = {SENML_NAME: name}
    if unit is not None:
        entry[SENML_UNIT] = unit
    if value is True or value is False:
        entry[SENML_BOOL] = value
    elif isinstance(value, str):
        entry[SENML_TEXT] = value
    else:
        entry[SENML_DATA if isinstance(value, bytes) else SENML_VALUE] = value
    return entry


def _split(name: str, node: str) -> "tuple[int, int, str, int]":
    """`(epoch, number, quantity, channel)` of a resolved name, SPEC 14.2."""
    parts = name.split("/")
    if len(parts) < 4 or parts[-4] != node:
        raise PeerError("SenML: name is not NODE/EPOCH/NUMBER/QUANTITY")
    quantity, dot, channel = parts[-1].rpartition(".")
    if not dot:
        quantity, channel = parts[-1], "0"
    return _whole(parts[-3], _MAX_EPOCH), _whole(parts[-2], MAX_COUNT), quantity, _whole(channel, 255)


def _whole(text: str, highest: int) -> int:
    """Decimal digits without leading zeros."""
    if not 0 < len(text) <= _MAX_DIGITS or (text[0] == "0" and text != "0"):
        raise PeerError("SenML: name has no number")
    value = 0
    for character in text:
        if not "0" <= character <= "9":
            raise PeerError("SenML: name has no number")
        value = value * 10 + ord(character) - 48
    if value > highest:
        raise PeerError("SenML: number out of range")
    return value


def _age_ms(time: "Any", now_ms: int) -> int:
    ms = senml.scaled(time, 1000, 1)
    age_ms = -ms
    if ms >= senml.RELATIVE_BELOW_S * 1000:
        age_ms = now_ms - ms
        if -_AHEAD_MS <= age_ms < 0:
            age_ms = 0
    if not 0 <= age_ms <= MAX_COUNT:
        raise PeerError("SenML: time")
    return age_ms


def _record(group: _Group, quantities: "Mapping[str, Quantity]") -> "dict[Any, Any]":
    known = _known(group, quantities)
    fields: "dict[Any, Any]" = {"age_ms": group.age_ms, "channel": group.channel}
    kind = 0
    for _, quantity, _ in known:
        kind = quantity[0] or kind
    if kind:
        fields["kind"] = kind
        for _, quantity, record in known:
            fields[quantity[1]] = _value(record, quantity)
        if kind == METER:
            fields["medium"] = _medium(known)
    else:
        fields["kind"] = READINGS
        fields["readings"] = [_as_reading(name, record) for name, record in group.quantities]
    try:
        return unpack(pack(fields))
    except LocalError as error:
        raise PeerError("SenML: " + str(error)) from None


def _known(group: _Group, quantities: "Mapping[str, Quantity]") -> "list[Named]":
    """The quantities of one number with their meanings; none unless all are known and of one kind."""
    known: "list[Named]" = []
    kind = 0
    for name, record in group.quantities:
        quantity = _quantity(name) or quantities.get(name)
        if quantity is None or (quantity[0] and kind not in (0, quantity[0])):
            return []
        kind = quantity[0] or kind
        known.append((name, quantity, record))
    return known


def _quantity(name: str) -> "Quantity | None":
    for row in _QUANTITIES:
        if row[0] == name:
            return row[1:]
    return None


def _medium(known: "list[Named]") -> int:
    media = [code for name, code in _MEDIA if any([quantity.startswith(name) for quantity, _, _ in known])]
    if len(media) != 1:
        raise PeerError("SenML: two media in one number")
    return media[0]


def _value(record: "dict[Any, Any]", quantity: "Quantity") -> "Any":
    _, _, holds, units = quantity
    label = _HOLDS[holds]
    if label not in record:
        raise PeerError("SenML: value of another type")
    value = record[label]
    if holds in ("bool", "text"):
        return value
    unit = record.get(SENML_UNIT, units[0][0])
    for name, numerator, denominator, offset in units:
        if name == unit:
            if holds == "float":
                return senml.as_float(senml.number(value))
            return senml.scaled(value, numerator, denominator) + offset
    raise PeerError("SenML: unit")


def _as_reading(name: str, record: "dict[Any, Any]") -> "list[Any]":
    unit = record.get(SENML_UNIT)
    if SENML_VALUE in record:
        parts = senml.number(record[SENML_VALUE])
        whole = not isinstance(parts, float) and parts[1] == 0
        return [name, unit, record[SENML_VALUE] if whole else senml.as_float(parts)]
    for label in (SENML_BOOL, SENML_TEXT, SENML_DATA):
        if label in record:
            return [name, unit, record[label]]
    raise PeerError("SenML: no value")
