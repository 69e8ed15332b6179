"""Committing reports: a batch is one transaction, and delivering a record twice changes nothing."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update
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
    .where(
        or_(
            func.coalesce(node_status.c.battery_t_ms, -1) < bindparam("t_ms"),
            and_(node_status.c.battery_t_ms == bindparam("t_ms"), node_status.c.battery_mv < bindparam("mv")),
        )
    )
    .values(battery_mv=bindparam("mv"), battery_t_ms=bindparam("t_ms"))
)
_WINDOW = (
    update(oscore_contexts)
    .where(oscore_contexts.c.node_id == bindparam("node"))  # not by name: its new key may be in the store already
    .values(window_index=bindparam("index"), window_bits=bindparam("bits"))
)


def commit(connection: Connection, batch: Sequence[Arrival], windows: Mapping[int, tuple[int, int]]) -> list[bool]:
    """Write a batch, in order, and say of each report whether all of it is stored now.

    `windows` holds the replay window of each node of the batch with exactly the committed numbers struck
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
            [{"node": node, "index": index, "bits": bits} for node, (index, bits) in windows.items()],
        )
    return [not arrival.replayed or _is_stored(connection, arrival) for arrival in batch]


def _update_statuses(connection: Connection, fresh: Iterable[Arrival]) -> None:
    """One row per node of the batch, whatever the order in which its reports came."""
    seen: dict[int, tuple[int, int]] = {}
    batteries: dict[int, tuple[int, int]] = {}
    for arrival in fresh:
        last_seen_ms, epoch = seen.get(arrival.node_id, (0, 0))
        seen[arrival.node_id] = max(last_seen_ms, arrival.received_ms), max(epoch, arrival.epoch)
        if arrival.battery is not None:
            batteries[arrival.node_id] = max(batteries.get(arrival.node_id, (-1, -1)), arrival.battery)
    if seen:
        rows = [{"node_id": node, "last_seen_ms": t_ms, "epoch": epoch} for node, (t_ms, epoch) in seen.items()]
        connection.execute(_STATUS, rows)
    if batteries:
        readings = [{"node": node, "t_ms": t_ms, "mv": mv} for node, (t_ms, mv) in batteries.items()]
        connection.execute(_BATTERY, readings)


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
