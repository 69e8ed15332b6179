"""Downlink, SPEC 12: configuration, commands and firmware in the answer to a report.

A node that heeds nothing but the time never loads this.
"""

from ._compat import TYPE_CHECKING
from .errors import LocalError, PeerError, WireError
from .numbers import MAX_COUNT
from .record import check, pack_table, unpack_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_OPTIONAL = 2
_CONFIG_VERSION = (1, "config_version", 0, MAX_COUNT, _OPTIONAL)
_CONFIG = (
    (0, "heartbeat_s", 60, 86400, _OPTIONAL),
    (1, "debounce_ms", 1, 1000, _OPTIONAL),
    (2, "hold_off_ms", 0, 600000, _OPTIONAL),
    (3, "silent_after_ms", 1000, 3600000, _OPTIONAL),
    (4, "summary_ms", 1000, 3600000, _OPTIONAL),
    (5, "interval_ms", 1000, 86400000, _OPTIONAL),
)
_COMMAND = (
    (0, "command", 0, MAX_COUNT, 0),
    (1, "verb", 0, 255, 0),
    (2, "argument", 0, MAX_COUNT, _OPTIONAL),
)
_FIRMWARE = (
    (0, "firmware", 0, MAX_COUNT, 0),
    (1, "size", 0, MAX_COUNT, 0),
)
_HASH = 2  # key of the image's SHA-256
_HASH_BYTES = 32

# Verbs, SPEC 12.4
IDENTIFY = 1
RESTART = 2
REPORT_HEALTH = 3
STAY_AWAKE = 4


class Firmware:
    """The image that the hub wants running, SPEC 12.6."""

    def __init__(self, number: int, size: int, sha256: bytes) -> None:
        self.number = number
        self.size = size
        self.sha256 = sha256


class Downlink:
    """What an answer says beside the time; None and () where it says nothing.

    `config` maps names to numbers, `commands` are `(number, verb, argument)` in order.
    """

    def __init__(
        self,
        config_version: "int | None" = None,
        config: "dict[Any, Any] | None" = None,
        commands: "tuple[tuple[int, int, int], ...]" = (),
        firmware: "Firmware | None" = None,
    ) -> None:
        self.config_version = config_version
        self.config = config
        self.commands = commands
        self.firmware = firmware

    def due(self, last: int) -> "list[tuple[int, int, int]]":
        """The commands that a node has not carried out, `last` being the number of its last one."""
        return [command for command in self.commands if command[0] > last]


def read(answer: "Mapping[Any, Any]") -> Downlink:
    """The downlink of a decoded answer; PeerError if any of it breaks SPEC 12."""
    version = answer.get(1)
    if version is not None or 1 in answer:
        check(_CONFIG_VERSION, version, PeerError)
    config = unpack_table(_CONFIG, answer[2], "config") if 2 in answer else None
    commands = _read_commands(answer[3]) if 3 in answer else ()
    return Downlink(version, config, commands, _read_firmware(answer[4]) if 4 in answer else None)


def write(downlink: Downlink) -> dict[int, object]:
    """The keys to add to an answer; LocalError if the downlink cannot be said."""
    answer: dict[int, object] = {}
    if downlink.config_version is not None:
        check(_CONFIG_VERSION, downlink.config_version, LocalError)
        answer[1] = downlink.config_version
    if downlink.config is not None:
        answer[2] = pack_table(_CONFIG, downlink.config)
    if downlink.commands:
        answer[3] = [_command(command, LocalError) for command in downlink.commands]
    if downlink.firmware is not None:
        answer[4] = _write_firmware(downlink.firmware)
    return answer


def _read_commands(packed: "Any") -> "tuple[tuple[int, int, int], ...]":
    if not isinstance(packed, list) or not packed:
        raise PeerError("commands are no list")
    commands = [_command(command, PeerError) for command in packed]
    return tuple([(number, verb, rest[0] if rest else 0) for number, verb, *rest in commands])


def _command(command: "Any", error: type[WireError]) -> "list[int]":
    """`[number, verb]` or `[number, verb, argument]`, checked; an argument of 0 is left out."""
    if not isinstance(command, (list, tuple)) or not 2 <= len(command) <= 3:
        raise error("command is not [number, verb, argument]")
    for row, value in zip(_COMMAND, command):  # noqa: B905 - MicroPython's zip has no strict
        check(row, value, error)
    return list(command[:2] if len(command) == 3 and command[2] == 0 else command)


def _read_firmware(packed: "Any") -> Firmware:
    fields = unpack_table(_FIRMWARE, packed, "firmware")
    digest = fields.get(_HASH)
    if not isinstance(digest, bytes) or len(digest) != _HASH_BYTES:
        raise PeerError("sha256 is not 32 bytes")
    return Firmware(fields["firmware"], fields["size"], digest)


def _write_firmware(firmware: Firmware) -> dict[int, object]:
    if len(firmware.sha256) != _HASH_BYTES:
        raise LocalError("sha256 is not 32 bytes")
    packed = pack_table(_FIRMWARE, {"firmware": firmware.number, "size": firmware.size})
    packed[_HASH] = firmware.sha256
    return packed
