"""Records, SPEC 4: a dict of named fields on this side, a map of small integer keys on the wire.

The tables below are the only place where names, keys, types and ranges stand; packing and unpacking both follow them.
"""

from ._compat import TYPE_CHECKING
from .errors import LocalError, PeerError, WireError
from .numbers import DOOR, HEALTH, MAX_COUNT, METER, PIR, READINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Field = tuple[int, str, Any, Any, int]
    Table = tuple[Field, ...]

# A row: key, name, lowest, highest, presence.  Booleans have None for their bounds, lists of readings their type.
_REQUIRED = 0
_LOWEST = 1  # left out when it has its lowest value, there again after unpacking
_OPTIONAL = 2

_COMMON = (
    (0, "kind", DOOR, 255, _LOWEST),
    (1, "age_ms", 0, MAX_COUNT, _REQUIRED),
    (2, "channel", 0, 255, _LOWEST),
    (3, "age_error_ms", 0, MAX_COUNT, _LOWEST),
)

_FIELDS = {
    DOOR: (
        (4, "open", None, None, _REQUIRED),
        (5, "transitions", 0, MAX_COUNT, _REQUIRED),
    ),
    PIR: (
        (4, "occupied", None, None, _REQUIRED),
        (5, "pulses", 0, MAX_COUNT, _REQUIRED),
        (6, "active_s", 0, MAX_COUNT, _REQUIRED),
    ),
    METER: (
        (4, "medium", 0, 255, _REQUIRED),
        (5, "total", 0, MAX_COUNT, _REQUIRED),
        (6, "uncertainty", 0, MAX_COUNT, _LOWEST),
    ),
    HEALTH: (
        (4, "battery_mv", 0, 65535, _REQUIRED),
        (5, "wakes", 0, MAX_COUNT, _REQUIRED),
        (6, "resets", 0, MAX_COUNT, _REQUIRED),
        (7, "dropped", 0, MAX_COUNT, _REQUIRED),
        (8, "reset_reason", 0, 255, _REQUIRED),
        (9, "rssi_dbm", -128, 127, _OPTIONAL),
        (10, "heap_free", 0, MAX_COUNT, _OPTIONAL),
        (11, "heartbeat_s", 1, 0xFFFFFFFF, _REQUIRED),
        (12, "config_version", 0, MAX_COUNT, _OPTIONAL),
        (13, "command", 0, MAX_COUNT, _OPTIONAL),
    ),
    READINGS: ((4, "readings", list, list, _REQUIRED),),
}


def pack(record: "Mapping[Any, object]") -> dict[int, object]:
    """The wire map of a record; LocalError names the field that is missing, unknown, mistyped or out of range."""
    if "kind" not in record:
        raise LocalError("kind is missing")
    return pack_table(_table(record["kind"]), record)


def unpack(packed: object) -> "dict[Any, Any]":
    """The record of a wire map; PeerError names the field that is missing, mistyped or out of range.

    Fields that the tables do not know, and everything but the common fields of a kind that they do not know, stay
    under their integer key, so that `pack(unpack(m)) == m`.
    """
    kind = packed.get(0, DOOR) if isinstance(packed, dict) else None
    return unpack_table(_table(kind), packed, "record")


def _table(kind: object) -> "Table":
    return _COMMON + _FIELDS.get(kind, ()) if isinstance(kind, int) else _COMMON


def pack_table(table: "Table", values: "Mapping[Any, object]") -> dict[int, object]:
    """Named values to a wire map, by `table`."""
    packed: dict[int, object] = {}
    for row in table:
        key, name, lowest, _, presence = row
        if name in values:
            value = values[name]
            check(row, value, LocalError)
            if presence != _LOWEST or value != lowest:
                packed[key] = value
        elif presence == _REQUIRED:
            raise LocalError(name + " is missing")
    for name in values:
        if type(name) is int and not _has(table, 0, name):
            packed[name] = values[name]
        elif not _has(table, 1, name):
            raise LocalError("no field " + str(name))
    return packed


def unpack_table(table: "Table", packed: object, what: str) -> "dict[Any, Any]":
    """A wire map to named values, by `table`; keys that it does not know are kept."""
    if not isinstance(packed, dict):
        raise PeerError(what + " is not a map")
    values: dict[object, object] = {}
    for row in table:
        key, name, lowest, _, presence = row
        if key in packed:
            check(row, packed[key], PeerError)
            values[name] = packed[key]
        elif presence == _REQUIRED:
            raise PeerError(name + " is missing")
        elif presence == _LOWEST:
            values[name] = lowest
    for key in packed:
        if type(key) is not int:
            raise PeerError(what + " has a key that is not an integer")
        if not _has(table, 0, key):
            values[key] = packed[key]
    return values


def _has(table: "Table", column: int, value: object) -> bool:
    for row in table:
        if row[column] == value:
            return True
    return False


def check(row: "Field", value: object, error: type[WireError]) -> None:
    """Raise `error` unless `value` has the type and lies in the range of the field."""
    _, name, lowest, highest, _ = row
    if lowest is None:
        if value is not True and value is not False:
            raise error(name + " is not a boolean")
    elif lowest is list:
        from .readings import check_readings  # a node sends none

        check_readings(value, error)
    elif type(value) is not int:
        raise error(name + " is not an integer")
    elif not lowest <= value <= highest:
        raise error(name + " is out of range")
