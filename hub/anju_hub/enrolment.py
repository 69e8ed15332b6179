"""Enrolment: a node's keys are made here, go into the store and into one file for the node, and nowhere else."""

import csv
import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from anju_hub.errors import HubError
from anju_hub.store import registry
from anju_hub.store.engine import Store
from anju_hub.store.registry import NodeSpec
from anju_wire.numbers import HUB_ID

SECRET_BYTES = 16
SALT_BYTES = 8
DEFAULT_HEARTBEAT_S = 3600
_COLUMNS = ("node", "home", "room", "kind", "heartbeat", "medium", "pulse_ml", "zone")
_NEEDED = ("node", "home", "room", "kind")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A node to be enrolled, and the time zone of its home."""

    spec: NodeSpec
    zone: str


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Where the node finds the hub."""

    host: str
    port: int


def local_zone() -> str:
    """The IANA name of this machine's time zone; UTC where it has none."""
    named = os.environ.get("TZ", "")
    target = Path("/etc/localtime")
    if not named and target.is_symlink():
        named = str(target.readlink()).partition("zoneinfo/")[2]
    return named if named and _is_zone(named) else "UTC"


def check_zone(zone: str) -> str:
    """The zone itself; HubError where there is none of that name."""
    if not _is_zone(zone):
        raise HubError(f"there is no time zone {zone!r}", "Use an IANA name such as Asia/Shanghai.")
    return zone


def enrol(store: Store, wanted: list[tuple[Wanted, Path]], hub: HubAddress, replace: bool = False) -> None:
    """Enrol all nodes or none, and write each one's file.

    The files are written before the commit and removed if it fails: a node in the store without a file could
    never speak, a file without a node is refused by the hub.

    Raises
    ------
    HubError
        A specification cannot be, a name is taken, or a file cannot be written.
    """
    written: list[Path] = []
    try:
        with store.write() as connection:
            for item, out in wanted:
                secret, salt = secrets.token_bytes(SECRET_BYTES), secrets.token_bytes(SALT_BYTES)
                registry.enrol(connection, item.spec, item.zone, secret, salt, _now_ms(), replace)
                write_private(out, json.dumps(_node_file(item.spec, hub, secret, salt), indent=2) + "\n")
                written.append(out)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def read_plan(plan: Path, zone: str) -> Iterator[Wanted]:
    """Nodes from a CSV file with the columns node, home, room, kind and, where wanted, the others.

    Raises
    ------
    HubError
        Naming file and line.
    """
    with plan.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or []
        unknown = [name for name in columns if name not in _COLUMNS]
        missing = [name for name in _NEEDED if name not in columns]
        if unknown or missing:
            raise HubError(
                f"{plan}: wrong columns {', '.join(unknown) or ', '.join(missing)}",
                f"The first line names the columns: {','.join(_COLUMNS)} (the first four are needed).",
            )
        for row in rows:
            try:
                yield _wanted(row, zone)
            except (ValueError, HubError) as error:
                raise HubError(f"{plan}, line {rows.line_num}: {error}") from error


def operator_credentials(store: Store, out: Path, name: str) -> Path:
    """Make new operator credentials for `aiocoap-client --credentials`; returns the folder of their keys.

    Each export is an identity of its own: two programs with one context would use the same nonces.

    Raises
    ------
    HubError
        The file or its folder cannot be made.
    """
    if out.suffix != ".json":
        raise HubError(f"{out}: aiocoap wants a credentials file to end with .json", "Say --out operator.json.")
    folder = out.with_suffix(".oscore").absolute()
    secret, salt = secrets.token_bytes(SECRET_BYTES), secrets.token_bytes(SALT_BYTES)
    with store.write() as connection:
        recipient_id = _next_operator(connection)
        registry.add_key(connection, recipient_id, "operator", name, secret, salt, _now_ms())
        _write_context(folder, recipient_id, secret, salt)
        write_private(out, json.dumps({"coap://*": {"oscore": {"basedir": str(folder)}}}, indent=2) + "\n")
    return folder


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, and never over another.

    Raises
    ------
    HubError
        It exists, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise HubError(f"{path} exists", "It may hold keys in use: move it away, or choose another name.") from error
    except OSError as error:
        raise HubError(f"cannot write {path}: {error.strerror}", "Choose another place with --out.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _node_file(spec: NodeSpec, hub: HubAddress, secret: bytes, salt: bytes) -> dict[str, object]:
    fields = {
        "node": spec.node,
        "home": spec.home,
        "room": spec.room,
        "kind": spec.kind,
        "hub_host": hub.host,
        "hub_port": hub.port,
        "master_secret": secret.hex(),
        "master_salt": salt.hex(),
        "heartbeat_s": spec.heartbeat_s,
        "medium": spec.medium,
        "pulse_ml": spec.pulse_ml,
        "pulse_weight": None if spec.pulse_ml is None else round(spec.pulse_ml),  # what the firmware counts in
    }
    return {name: value for name, value in fields.items() if value is not None}


def _wanted(row: dict[str, str], zone: str) -> Wanted:
    cells = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    spec = NodeSpec(
        node=cells["node"],
        home=cells["home"],
        room=cells["room"],
        kind=cells["kind"],
        heartbeat_s=int(cells["heartbeat"]) if cells["heartbeat"] else DEFAULT_HEARTBEAT_S,
        medium=cells["medium"] or None,
        pulse_ml=float(cells["pulse_ml"]) if cells["pulse_ml"] else None,
    )
    registry.check_spec(spec)
    return Wanted(spec, check_zone(cells["zone"] or zone))


def _next_operator(connection: Connection) -> bytes:
    # Upper case: a node's identity has none, so the two cannot meet.
    return b"O%d" % (registry.count_keys(connection, "operator") + 1)


def _write_context(folder: Path, recipient_id: bytes, secret: bytes, salt: bytes) -> None:
    """A context folder in the form of aiocoap's FilesystemSecurityContext, seen from the operator's end."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise HubError(f"{folder} exists", "It may hold keys in use: move it away, or choose another --out.") from error
    except OSError as error:
        raise HubError(f"cannot make {folder}: {error.strerror}", "Choose another place with --out.") from error
    settings = {
        "sender-id_ascii": recipient_id.decode(),
        "recipient-id_ascii": HUB_ID.decode(),
        "algorithm": "AES-CCM-16-64-128",
        "kdf-hashfun": "sha256",
    }
    write_private(folder / "settings.json", json.dumps(settings, indent=2) + "\n")
    write_private(folder / "secret.json", json.dumps({"secret_hex": secret.hex(), "salt_hex": salt.hex()}) + "\n")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
