"""Readings, SPEC 4.9: quantities that no other kind of record says.  A node that sends none never loads this."""

from ._compat import TYPE_CHECKING
from .errors import WireError

if TYPE_CHECKING:
    from typing import Any

_MAX = 1 << 64  # CBOR's own integers end here; bignums are none of our numbers


def check_readings(value: object, error: type[WireError]) -> None:
    """Raise `error` unless `value` is a list of one or more `[name, unit | None, value]`."""
    if not isinstance(value, (list, tuple)) or not value:
        raise error("readings are no list")
    for reading in value:
        if not isinstance(reading, (list, tuple)) or len(reading) != 3:
            raise error("reading is not [name, unit, value]")
        name, unit, content = reading
        if not isinstance(name, str) or not (unit is None or isinstance(unit, str)):
            raise error("reading: name or unit")
        if not is_value(content):
            raise error("reading: value")


def is_value(content: "Any") -> bool:
    """Whether `content` is a finite number, text, bool or bytes."""
    if type(content) is int:
        return -_MAX <= content < _MAX
    if isinstance(content, float):
        return content - content == 0  # neither infinite nor NaN
    return content is True or content is False or isinstance(content, (str, bytes))
