"""Committing reports: a batch is one transaction, and delivering a record twice changes nothing."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from anju_hub.ingest import Arrival
from anju_hub.store.schema import node_status, oscore_contexts, records

_INSERT = insert(records).on_conflict_do_nothing(index_elements=["node_id", "epoch", "sequence"])
_STATUS = insert(node_status)
_STATUS = _STATUS.on_conflict_do_update(
    index_elements=["node_id"],
    set_={
        "last_seen_ms": func.max(node_status.c.last_seen_ms, _STATUS.excluded.last_seen_ms),
        "epoch": func.max(node_status.c.epoch, _STATUS.excluded.epoch),
    },
)
_BATTERY = (
    update(node_status)
    .where(node_status.c.node_id == bindparam("node"))
    .where(func.coalesce(node_status.c.battery_t_ms, -1) <= bindparam("t_ms"))
    .values(battery_mv=bindparam("mv"), battery_t_ms=bindparam("t_ms"))
)
_WINDOW = (
    update(oscore_contexts)
    .where(oscore_contexts.c.recipient_id == bindparam("peer"))
    .values(window_index=bindparam("index"), window_bits=bindparam("bits"))
)


def commit(connection: Connection, batch: Sequence[Arrival], windows: Mapping[bytes, tuple[int, int]]) -> list[bool]:
    """Write a batch, in order, and say of each report whether all of it is stored now.

    `windows` holds the replay window of each context of the batch with exactly the committed numbers struck
    out, so that after a crash a number counts as used if and only if its report is in the store.
    """
    fresh = [arrival for arrival in batch if not arrival.replayed]
    rows = [{"node_id": arrival.node_id, **row} for arrival in fresh for row in arrival.rows]
    if rows:
        connection.execute(_INSERT, rows)
    _update_statuses(connection, fresh)
    if windows:
        connection.execute(
            _WINDOW,
            [{"peer": peer, "index": index, "bits": bits} for peer, (index, bits) in windows.items()],
        )
    return [not arrival.replayed or _is_stored(connection, arrival) for arrival in batch]


def _update_statuses(connection: Connection, fresh: Iterable[Arrival]) -> None:
    seen: dict[int, dict[str, int]] = {}
    batteries: dict[int, dict[str, int]] = {}
    for arrival in fresh:
        seen[arrival.node_id] = {
            "node_id": arrival.node_id,
            "last_seen_ms": arrival.received_ms,
            "epoch": arrival.epoch,
        }
        if arrival.battery is not None:
            battery_mv, t_ms = arrival.battery
            batteries[arrival.node_id] = {"node": arrival.node_id, "mv": battery_mv, "t_ms": t_ms}
    if seen:
        connection.execute(_STATUS, list(seen.values()))
    if batteries:
        connection.execute(_BATTERY, list(batteries.values()))


def _is_stored(connection: Connection, arrival: Arrival) -> bool:
    sequences = [row["sequence"] for row in arrival.rows]
    found = connection.execute(
        select(func.count())
        .select_from(records)
        .where(
            records.c.node_id == arrival.node_id,
            records.c.epoch == arrival.epoch,
            records.c.sequence.between(min(sequences), max(sequences)),
        )
    ).scalar_one()
    return found == len(sequences)
