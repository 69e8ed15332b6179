"""Node files as `anju hub enrol` writes them, and numbers that no earlier run under the same keys has used."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anju_wire.numbers import COAP_PORT, HUB_ID
from anju_wire.oscore import Context

_FIRST_RUN_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z


class KeyFileError(Exception):
    """A node file cannot be read or says something impossible; the message says which and what."""


@dataclass(frozen=True)
class NodeKeys:
    """The identity and the keys of one node."""

    node: str
    master_secret: bytes
    master_salt: bytes

    def hub_context(self) -> Context:
        """The hub's end of the security context."""
        return Context(self.master_secret, self.master_salt, HUB_ID, self.node.encode())

    def node_context(self) -> Context:
        """The node's end of the security context."""
        return Context(self.master_secret, self.master_salt, self.node.encode(), HUB_ID)


def read(path: Path) -> NodeKeys:
    """The keys in a node file. Raises KeyFileError."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        return NodeKeys(
            fields["node"], bytes.fromhex(fields["master_secret"]), bytes.fromhex(fields.get("master_salt", ""))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyFileError(f"{path} is no node file as `anju hub enrol` writes it: {error!r}") from error


def generate(path: Path, host: str, port: int = COAP_PORT) -> NodeKeys:
    """New keys of a test node, written to `path` (mode 0600) in the form of a node file."""
    fields = {
        "node": "test1",
        "home": "test",
        "room": "bench",
        "kind": "door",
        "hub_host": host,
        "hub_port": port,
        "master_secret": secrets.token_hex(16),
        "master_salt": secrets.token_hex(8),
        "heartbeat_s": 60,
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyFileError(f"cannot write {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as file:
        json.dump(fields, file, indent=1)
    return read(path)


def unused_sequence(utc_ms: int) -> int:
    """A sender sequence number above those of every earlier run: ms since 2025, which lasts 34 years of 2**40.

    The kit keeps nothing between two runs, and no nonce may be used twice (RFC 8613 section 7.2.1).
    """
    return max(0, utc_ms - _FIRST_RUN_MS)


def unused_epoch(utc_ms: int) -> int:
    """A boot epoch above those of every earlier run: seconds since 2025."""
    return max(0, utc_ms - _FIRST_RUN_MS) // 1000
