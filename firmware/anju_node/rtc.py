"""What a node keeps in RTC memory (2,048 bytes) over deep sleep: one checksummed CBOR list."""

from binascii import crc32

from anju_wire import cbor
from anju_wire._compat import TYPE_CHECKING
from anju_wire.errors import WireError

if TYPE_CHECKING:
    from typing import Any

_LAYOUT = 1
CAPACITY = 2048


def pack(values: "list[object]") -> bytes:
    """Checksum and CBOR of the values; raises nothing that fits `CAPACITY` (about 150 bytes in practice)."""
    body = cbor.encode([_LAYOUT] + values)
    return crc32(body).to_bytes(4, "big") + body


def unpack(memory: bytes) -> "list[Any] | None":
    """The values, or None when the memory is empty, damaged or of another firmware's layout: a cold boot then."""
    if len(memory) < 6 or crc32(memory[4:]).to_bytes(4, "big") != bytes(memory[:4]):
        return None
    try:
        values = cbor.decode(bytes(memory[4:]))
    except WireError:
        return None
    return values[1:] if isinstance(values, list) and values and values[0] == _LAYOUT else None
