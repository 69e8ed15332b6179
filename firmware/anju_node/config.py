"""Node configuration: what the installer wrote, over defaults that need nothing written.

The file is JSON on the node's flash, made by `anju hub enrol`. It holds the OSCORE keys in the clear: whoever
takes the node takes its keys, and only its own (SPEC, security considerations).
"""

import json
from binascii import unhexlify

from anju_wire._compat import TYPE_CHECKING
from anju_wire.errors import LocalError

if TYPE_CHECKING:
    from typing import Any

FILE = "node.json"

# What a kind of node senses with; every other kind is a contact (a flush, a fridge, a mat).
SENSING = {"pir": "pir", "meter": "meter", "water": "meter", "electricity": "meter"}

_MEDIUM = {"water": 0, "electricity": 1}

# name: (default, smallest, largest); times in the unit of the name.
_NUMBERS = {
    "pin": (0, 0, 48),
    "heartbeat_s": (3600, 60, 86400),
    "debounce_ms": (20, 1, 1000),
    "hold_off_ms": (30000, 0, 600000),
    "silent_after_ms": (180000, 1000, 3600000),
    "summary_ms": (60000, 1000, 3600000),
    "interval_ms": (600000, 1000, 86400000),
    "dead_band_pulses": (1, 1, 1000000),
    "checkpoint_pulses": (16, 1, 100000),
    "pulse_weight": (1000, 1, 1000000000),
    "hub_port": (5683, 1, 65535),
    "report_bytes": (900, 64, 1024),
    "segment_bytes": (8192, 1024, 1048576),
    "segments": (16, 2, 1024),
}


class Config:
    """Every number of `_NUMBERS` as an attribute, and the identity and keys of this node."""

    if TYPE_CHECKING:
        pin: int
        heartbeat_s: int
        debounce_ms: int
        hold_off_ms: int
        silent_after_ms: int
        summary_ms: int
        interval_ms: int
        dead_band_pulses: int
        checkpoint_pulses: int
        pulse_weight: int
        hub_port: int
        report_bytes: int
        segment_bytes: int
        segments: int

    def __init__(self, values: "dict[str, Any]") -> None:
        for name, (default, low, high) in _NUMBERS.items():
            value = values.get(name, default)
            if not isinstance(value, int) or not low <= value <= high:
                raise LocalError("%s: %s=%r is not a whole number from %d to %d" % (FILE, name, value, low, high))
            setattr(self, name, value)
        self.node = _text(values, "node")
        self.hub_host = _text(values, "hub_host")
        self.kind = _text(values, "kind")
        self.sensing = SENSING.get(self.kind, "door")
        self.medium = _MEDIUM.get(values.get("medium", "water"), 0)
        self.master_secret = _secret(values, "master_secret")
        self.master_salt = _secret(values, "master_salt") if values.get("master_salt") else b""


def _text(values: "dict[str, Any]", name: str) -> str:
    value = values.get(name)
    if not value or not isinstance(value, str):
        raise LocalError("%s: %s is missing; write the file again with `anju hub enrol`" % (FILE, name))
    return value


def _secret(values: "dict[str, Any]", name: str) -> bytes:
    try:
        return unhexlify(_text(values, name))
    except ValueError:
        raise LocalError("%s: %s is not hexadecimal" % (FILE, name))


def load(root: str) -> Config:
    """The configuration in the folder `root` of the node's flash. Raises LocalError with the remedy."""
    try:
        with open(root + "/" + FILE) as file:
            return Config(json.load(file))
    except OSError:
        raise LocalError("%s is not on the node: provision it first" % FILE)
    except ValueError as error:
        raise LocalError("%s is not JSON: %s" % (FILE, error))
