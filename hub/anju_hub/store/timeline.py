"""States and alerts: what the pipeline found, written together with the cursor it had then."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from anju_hub.store.schema import alerts, outages, states


@dataclass(frozen=True, slots=True)
class Span:
    """`state` of a home over [start_ms, end_ms), as known at that time."""

    home: str
    start_ms: int
    end_ms: int
    state: str
    probability: float


@dataclass(frozen=True, slots=True)
class Case:
    """An alert from its raising to its clearing; `sensor` is '' where the cause is the home's."""

    id: int
    home: str
    kind: str
    alert_class: str
    sensor: str
    raised_ms: int
    cleared_ms: int | None
    why: dict[str, Any]


def append_spans(connection: Connection, spans: Iterable[Span]) -> set[str]:
    """Add spans in order; one that goes on where the home's last one ended, as it was, extends it.

    What is known stays: the part of a span that lies before the end of the home's last one is dropped.
    Returns the homes whose state at the end is another than before.
    """
    at_first: dict[str, str | None] = {}
    last: dict[str, Row[Any] | None] = {}
    for span in spans:
        if span.home not in last:
            last[span.home] = latest_span(connection, span.home)
            before = last[span.home]
            at_first[span.home] = None if before is None else before.state
        before = last[span.home]
        if before is None or span.end_ms > before.end_ms:
            last[span.home] = _append(connection, span, before)
    return {home for home, row in last.items() if row is not None and row.state != at_first[home]}


def _append(connection: Connection, span: Span, before: Row[Any] | None) -> Row[Any]:
    start_ms = span.start_ms if before is None else max(span.start_ms, before.end_ms)
    if before is not None and (before.end_ms, before.state, before.probability) == (
        start_ms,
        span.state,
        span.probability,
    ):
        longer = update(states).where(states.c.id == before.id).values(end_ms=span.end_ms)
        return connection.execute(longer.returning(states)).one()
    row = insert(states).values(
        home=span.home, start_ms=start_ms, end_ms=span.end_ms, state=span.state, probability=span.probability
    )
    return connection.execute(row.returning(states)).one()


def latest_span(connection: Connection, home: str) -> Row[Any] | None:
    query = select(states).where(states.c.home == home).order_by(states.c.start_ms.desc()).limit(1)
    return connection.execute(query).one_or_none()


def state_since(connection: Connection, home: str, state: str) -> int | None:
    """When the present run of `state` began [ms, UTC]; None if the home has no states."""
    mine = states.c.home == home
    other = select(states.c.start_ms).where(mine, states.c.state != state).order_by(states.c.start_ms.desc()).limit(1)
    before = connection.execute(other).scalar_one_or_none()
    first = select(func.min(states.c.start_ms)).where(mine)
    if before is not None:
        first = first.where(states.c.start_ms > before)
    since: int | None = connection.execute(first).scalar_one()
    return since


def spans_between(connection: Connection, home: str, since_ms: int, until_ms: int) -> list[Span]:
    """The spans of a home that touch [since_ms, until_ms), in order, not clipped."""
    query = (
        select(states)
        .where(states.c.home == home, states.c.end_ms > since_ms, states.c.start_ms < until_ms)
        .order_by(states.c.start_ms)
    )
    return [Span(row.home, row.start_ms, row.end_ms, row.state, row.probability) for row in connection.execute(query)]


def raise_case(
    connection: Connection,
    home: str,
    kind: str,
    sensor: str,
    alert_class: str,
    raised_ms: int,
    why: dict[str, Any],
) -> bool:
    """Open a case; false if one with the same home, kind and sensor is open, or if it is known already."""
    same = (alerts.c.home == home, alerts.c.kind == kind, alerts.c.sensor == sensor)
    known = select(alerts.c.id).where(*same, alerts.c.cleared_ms.is_(None) | (alerts.c.raised_ms == raised_ms))
    if connection.execute(known.limit(1)).one_or_none() is not None:
        return False
    connection.execute(
        insert(alerts).values(
            home=home,
            kind=kind,
            alert_class=alert_class,
            sensor=sensor,
            raised_ms=raised_ms,
            why=json.dumps(why, sort_keys=True),
        )
    )
    return True


def clear_case(connection: Connection, home: str, kind: str, sensor: str, cleared_ms: int) -> bool:
    """Close the open case of that cause; false if there is none."""
    query = update(alerts).where(
        alerts.c.home == home,
        alerts.c.kind == kind,
        alerts.c.sensor == sensor,
        alerts.c.cleared_ms.is_(None),
    )
    return bool(connection.execute(query.values(cleared_ms=cleared_ms)).rowcount)


def cases(connection: Connection, home: str | None = None, only_open: bool = False) -> list[Case]:
    """Cases of one home or of all, the youngest first."""
    query = select(alerts).order_by(alerts.c.raised_ms.desc(), alerts.c.id.desc())
    if home is not None:
        query = query.where(alerts.c.home == home)
    if only_open:
        query = query.where(alerts.c.cleared_ms.is_(None))
    return [
        Case(
            row.id,
            row.home,
            row.kind,
            row.alert_class,
            row.sensor,
            row.raised_ms,
            row.cleared_ms,
            json.loads(row.why),
        )
        for row in connection.execute(query)
    ]


def add_outage(connection: Connection, start_ms: int, end_ms: int) -> None:
    row = upsert(outages).values(start_ms=start_ms, end_ms=end_ms)
    connection.execute(row.on_conflict_do_nothing())


def outages_since(connection: Connection, since_ms: int) -> Sequence[tuple[int, int]]:
    """(start, end) [ms, UTC] of the times the hub was down that end after `since_ms`."""
    query = select(outages).where(outages.c.end_ms > since_ms).order_by(outages.c.start_ms)
    return [(row.start_ms, row.end_ms) for row in connection.execute(query)]
