"""Read-only questions about what nodes delivered."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from anju_hub.store.schema import KIND_NAME, records
from anju_wire.numbers import DOOR, HEALTH, METER, PIR, READINGS

KIND_NAMES = {DOOR: "door", PIR: "pir", METER: "meter", HEALTH: "health", READINGS: "readings"}
_UNDERSTOOD = (DOOR, PIR, METER, HEALTH)
# How many runs of missing numbers an answer lists.
MAX_GAPS = 20


@dataclass(frozen=True, slots=True)
class Delivered:
    """What is stored of one node: records by kind, latest cumulative totals, runs of missing numbers.

    `totals` maps the name of a cumulative count and its channel to the youngest value; `gaps` lists
    (epoch, first missing, last missing), at most `MAX_GAPS`; `missing` counts all missing numbers.  `latest` has, of
    each kind that the hub only keeps, and of each channel, when [ms, UTC] and what its youngest record says.
    """

    records: dict[str, int]
    totals: dict[str, int]
    gaps: list[tuple[int, int, int]]
    missing: int
    latest: dict[str, dict[str, Any]]


def delivered(connection: Connection, node_id: int) -> Delivered:
    by_kind = select(records.c.kind, func.count()).where(records.c.node_id == node_id).group_by(records.c.kind)
    latest = list(_latest(connection, node_id))
    names = {**KIND_NAMES, **{row.kind: body[KIND_NAME] for row, body in latest if KIND_NAME in body}}
    counts = {names.get(kind, str(kind)): count for kind, count in connection.execute(by_kind)}
    gaps = list(_gaps(connection, node_id))
    missing = sum(last - first + 1 for _, first, last in gaps)
    shown = {
        _with_channel(names.get(row.kind, str(row.kind)), row.channel): {
            "t_ms": row.t_ms,
            **{name: value for name, value in body.items() if name != KIND_NAME},
        }
        for row, body in latest
    }
    return Delivered(counts, _totals(connection, node_id), gaps[:MAX_GAPS], missing, shown)


def _latest(connection: Connection, node_id: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The youngest record and its body of each kind that is kept and not interpreted, by channel."""
    order = func.row_number().over(
        partition_by=(records.c.kind, records.c.channel),
        order_by=(records.c.epoch.desc(), records.c.sequence.desc()),
    )
    ranked = (
        select(records.c.kind, records.c.channel, records.c.t_ms, records.c.body, order.label("rank"))
        .where(records.c.node_id == node_id, records.c.kind.not_in(_UNDERSTOOD))
        .subquery()
    )
    query = select(ranked).where(ranked.c.rank == 1).order_by(ranked.c.kind, ranked.c.channel)
    for row in connection.execute(query):
        yield row, json.loads(row.body)


def _with_channel(name: str, channel: int) -> str:
    return name if channel == 0 else f"{name}.{channel}"


def _totals(connection: Connection, node_id: int) -> dict[str, int]:
    """The youngest value of each cumulative count, by number within the youngest epoch, not by arrival."""
    order = func.row_number().over(
        partition_by=(records.c.kind, records.c.channel),
        order_by=(records.c.epoch.desc(), records.c.sequence.desc()),
    )
    ranked = (
        select(records.c.channel, records.c.body, order.label("rank"))
        .where(records.c.node_id == node_id, records.c.total.is_not(None))
        .subquery()
    )
    totals: dict[str, int] = {}
    for row in connection.execute(select(ranked).where(ranked.c.rank == 1)):
        body = json.loads(row.body)
        for name in ("transitions", "pulses", "total"):
            if name in body:
                totals[_with_channel(name, row.channel)] = body[name]
    return totals


def _gaps(connection: Connection, node_id: int) -> Iterator[tuple[int, int, int]]:
    """Runs of missing numbers before the last of each epoch; an epoch begins with number 0."""
    before = func.lag(records.c.sequence, 1, -1).over(partition_by=records.c.epoch, order_by=records.c.sequence)
    pairs = (
        select(records.c.epoch, records.c.sequence, before.label("before"))
        .where(records.c.node_id == node_id)
        .subquery()
    )
    query = select(pairs).where(pairs.c.sequence > pairs.c.before + 1)
    for row in connection.execute(query.order_by(pairs.c.epoch, pairs.c.sequence)):
        yield row.epoch, row.before + 1, row.sequence - 1


def rows_between(connection: Connection, after: int, last: int | None, limit: int) -> list[Any]:
    """Records in order of arrival, the first `limit` with numbers above `after` and up to `last`."""
    query = select(records).where(records.c.arrival > after).order_by(records.c.arrival).limit(limit)
    if last is not None:
        query = query.where(records.c.arrival <= last)
    return list(connection.execute(query))


def first_arrival_since(connection: Connection, received_ms: int) -> int:
    """The number before the first record that was received at or after `received_ms`."""
    query = select(func.min(records.c.arrival)).where(records.c.received_ms >= received_ms)
    found = connection.execute(query).scalar_one()
    return 0 if found is None else found - 1
