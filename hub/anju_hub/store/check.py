"""Is the store sound?  SQLite's own checks, and what must hold between our tables."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select

from anju_hub.store import numbers
from anju_hub.store.engine import Store
from anju_hub.store.schema import metadata, node_status, nodes, oscore_contexts, records


def check_store(store: Store) -> list[str]:
    """What is wrong, one sentence each; empty if nothing is."""
    with store.read() as connection:
        return [
            *_integrity(connection),
            *_references(connection),
            *_schema(connection),
            *_cursor(connection),
            *_keys(connection),
            *_statuses(connection),
        ]


def _integrity(connection: Connection) -> list[str]:
    rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
    return [f"SQLite: {row}" for row in rows if row != "ok"]


def _references(connection: Connection) -> list[str]:
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [f"row {row[1]} of {row[0]} refers to nothing in {row[2]}" for row in rows]


def _schema(connection: Connection) -> list[str]:
    """The file's tables against the code's."""
    return [
        f"schema: {difference}" for difference in compare_metadata(MigrationContext.configure(connection), metadata)
    ]


def _cursor(connection: Connection) -> list[str]:
    cursor = numbers.get(connection, numbers.CURSOR_ARRIVAL) or 0
    last = connection.execute(select(func.max(records.c.arrival))).scalar_one() or 0
    return [f"the pipeline has taken in record {cursor}, but the last is {last}"] if cursor > last else []


def _keys(connection: Connection) -> list[str]:
    """Every active node has a key, of the right length."""
    query = (
        select(nodes.c.node, oscore_contexts.c.master_secret)
        .select_from(nodes.outerjoin(oscore_contexts, oscore_contexts.c.node_id == nodes.c.id))
        .where(nodes.c.retired_ms.is_(None))
    )
    return [
        f"node {row.node} has no usable key"
        for row in connection.execute(query)
        if row.master_secret is None or len(row.master_secret) != 16
    ]


def _statuses(connection: Connection) -> list[str]:
    """A node with records was seen."""
    query = (
        select(records.c.node_id)
        .outerjoin(node_status, node_status.c.node_id == records.c.node_id)
        .where(node_status.c.node_id.is_(None))
        .distinct()
    )
    return [f"node id {row.node_id} has records but was never seen" for row in connection.execute(query)]
