"""From a report and the time it came to rows of the store: a pure function, no I/O and no clock."""

import json
from dataclasses import dataclass
from typing import Any

from anju_hub.store.schema import KIND_NAME
from anju_wire import cbor
from anju_wire.errors import PeerError
from anju_wire.numbers import DOOR, HEALTH, MAX_COUNT, METER, PIR
from anju_wire.profile import Profiles
from anju_wire.report import Report

# The fields that have columns of their own: (name of the level, name of the cumulative count) by record kind.
_COLUMNS: dict[object, tuple[str | None, str | None]] = {
    DOOR: ("open", "transitions"),
    PIR: ("occupied", "pulses"),
    METER: (None, "total"),
    HEALTH: (None, None),
}
_HEAD = frozenset(("kind", "age_ms", "channel", "age_error_ms"))
_NO_PROFILES = Profiles()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One accepted report, ready to be committed.

    `rows` are rows of `records` without `node_id`; `battery` is (when [ms, UTC], loaded mV) of the youngest
    health record; `partial_iv` is the number that the committed replay window strikes out.  A `replayed` report
    changes nothing: it is only asked whether all of it is stored.
    """

    node_id: int
    recipient_id: bytes
    partial_iv: int
    received_ms: int
    epoch: int
    rows: list[dict[str, Any]]
    battery: tuple[int, int] | None
    replayed: bool


def rows_of(report: Report, received_ms: int, profiles: Profiles = _NO_PROFILES) -> list[dict[str, Any]]:
    """The rows of a report that came at `received_ms` [ms, UTC]: record i is number `sequence + i`.

    What happened is dated `received_ms - age_ms`.  Records of a kind that is not known are kept whole; those of a
    vendor's are named by its profile.

    Raises
    ------
    PeerError
        A record is older than 1970 or breaks its profile, or the numbers run over.
    """
    if report.sequence + len(report.records) - 1 > MAX_COUNT:
        raise PeerError("sequence numbers run over")
    return [
        _row(record, report.epoch, report.sequence + offset, received_ms, profiles)
        for offset, record in enumerate(report.records)
    ]


def battery_of(rows: list[dict[str, Any]]) -> tuple[int, int] | None:
    """(when [ms], loaded mV) of the youngest health row."""
    found = [(row["t_ms"], json.loads(row["body"])["battery_mv"]) for row in rows if row["kind"] == HEALTH]
    return max(found, default=None)


def _row(record: dict[Any, Any], epoch: int, sequence: int, received_ms: int, profiles: Profiles) -> dict[str, Any]:
    t_ms = received_ms - record["age_ms"]
    if t_ms < 0:
        raise PeerError("age_ms is out of range")
    level, total = _COLUMNS.get(record["kind"], (None, None))
    return {
        "epoch": epoch,
        "sequence": sequence,
        "kind": record["kind"],
        "channel": record["channel"],
        "t_ms": t_ms,
        "t_error_ms": record["age_error_ms"],
        "received_ms": received_ms,
        "level": None if level is None else int(record[level]),
        "total": None if total is None else record[total],
        "body": _body(record, profiles),
    }


def _body(record: dict[Any, Any], profiles: Profiles) -> str:
    """The kind's own fields as JSON; keys that have no name stay CBOR, in hex, and bytes become hex."""
    named = profiles.named(record)
    body = {name: value for name, value in named.items() if isinstance(name, str) and name not in _HEAD}
    unnamed = {key: value for key, value in named.items() if not isinstance(key, str)}
    if record["kind"] in profiles.kinds:
        body[KIND_NAME] = profiles.kinds[record["kind"]].name
    if unnamed:
        body["unnamed_cbor"] = cbor.encode(unnamed).hex()
    return json.dumps(body, separators=(",", ":"), default=bytes.hex)
