"""What operators read, as plain data: one function per document, from the store to dicts and lists."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from anju_hub.store import registry, timeline, views
from anju_hub.store.timeline import Case

Document = dict[str, Any]


def homes(connection: Connection) -> list[Document]:
    """Every home with its present state and the number of its open alerts."""
    open_cases = timeline.cases(connection, only_open=True)
    return [
        {
            **_state(connection, home),
            "open_alerts": sum(case.home == home for case in open_cases),
        }
        for home in registry.home_zones(connection)
    ]


def home(connection: Connection, name: str) -> Document | None:
    """One home: state, nodes, open alerts; None where there is none of that name."""
    zone = registry.home_zones(connection).get(name)
    if zone is None:
        return None
    return {
        **_state(connection, name),
        "zone": zone,
        "nodes": nodes(connection, name),
        "alerts": alerts(connection, name, only_open=True),
    }


def home_exists(connection: Connection, name: str) -> bool:
    return name in registry.home_zones(connection)


def trajectory(connection: Connection, name: str, since_ms: int, until_ms: int) -> list[Document]:
    """States of a home that touch [since_ms, until_ms) [ms, UTC], as known at that time."""
    spans = timeline.spans_between(connection, name, since_ms, until_ms)
    return [
        {
            "start_ms": span.start_ms,
            "end_ms": span.end_ms,
            "state": span.state,
            "probability": span.probability,
        }
        for span in spans
    ]


def alerts(connection: Connection, name: str | None = None, only_open: bool = False) -> list[Document]:
    """Alerts of one home or of all, the youngest first."""
    return [_alert(case) for case in timeline.cases(connection, name, only_open)]


def nodes(connection: Connection, name: str | None = None) -> list[Document]:
    """Enrolled nodes of one home or of all, with what they delivered."""
    rows = registry.active_nodes(connection, name)
    statuses = registry.statuses(connection, [row.id for row in rows])
    return [_node(connection, row, statuses.get(row.id)) for row in rows]


def _state(connection: Connection, name: str) -> Document:
    span = timeline.latest_span(connection, name)
    return {
        "home": name,
        "state": "unobserved" if span is None else span.state,
        "probability": None if span is None else span.probability,
        "since_ms": None if span is None else timeline.state_since(connection, name, span.state),
        "updated_ms": None if span is None else span.end_ms,
    }


def _alert(case: Case) -> Document:
    document = asdict(case)
    document["class"] = document.pop("alert_class")
    document["sensor"] = case.sensor or None
    return document


def _node(connection: Connection, row: registry.NodeRow, status: Any) -> Document:
    delivered = views.delivered(connection, row.id)
    spec = row.spec
    return {
        "node": spec.node,
        "home": spec.home,
        "room": spec.room,
        "kind": spec.kind,
        "heartbeat_s": spec.heartbeat_s,
        "last_seen_ms": None if status is None else status.last_seen_ms,
        "epoch": None if status is None else status.epoch,
        "battery_mv": None if status is None else status.battery_mv,
        "records": delivered.records,
        "missing": delivered.missing,
        "gaps": [list(gap) for gap in delivered.gaps],
        "latest": delivered.latest,
        **delivered.totals,
    }
