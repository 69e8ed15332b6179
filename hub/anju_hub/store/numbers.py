"""Single numbers that the hub keeps: reserved Partial IVs, the pipeline's cursor, when it was last alive."""

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from anju_hub.store.schema import hub_state

PIV_RESERVED = "piv_reserved"  # every Partial IV below it may have been used
CURSOR_ARRIVAL = "cursor_arrival"  # last record the pipeline has taken in
CURSOR_MS = "cursor_ms"  # time up to which states are known [ms, UTC]
ALIVE_MS = "alive_ms"  # when the hub last ran [ms, UTC]
REGISTRY = "registry"  # counts changes of homes, nodes and keys


def get(connection: Connection, name: str) -> int | None:
    query = select(hub_state.c.value).where(hub_state.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def put(connection: Connection, name: str, value: int) -> None:
    row = insert(hub_state).values(name=name, value=value)
    connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": row.excluded.value}))


def reserve(connection: Connection, name: str, amount: int) -> int:
    """Take the next `amount` numbers for good; returns the first of them."""
    row = insert(hub_state).values(name=name, value=amount)
    raised = row.on_conflict_do_update(
        index_elements=["name"], set_={"value": func.coalesce(hub_state.c.value, 0) + amount}
    )
    limit: int = connection.execute(raised.returning(hub_state.c.value)).scalar_one()
    return limit - amount
