"""Homes, nodes and their keys in the store."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, insert, select, update

from anju_hub.errors import HubError
from anju_hub.store import numbers
from anju_hub.store.schema import homes, node_status, nodes, oscore_contexts

# The node's name is its OSCORE Sender ID: at most nonce length 13 - 6 bytes (RFC 8613, Section 3.3).
NODE_NAME = re.compile(r"[a-z0-9-]{1,7}")
HOME_NAME = re.compile(r"[^\s/?#\x00-\x1f]{1,63}")
# What a node watches.  All but `pir` and `meter` report levels, as a door does.
KINDS = ("door", "pir", "meter", "contact", "toilet", "bed", "seat", "power", "other")
MEDIA = ("water", "electricity")


@dataclass(frozen=True)
class NodeSpec:
    """What the hub knows about a node from its enrolment."""

    node: str
    home: str
    room: str
    kind: str
    heartbeat_s: int | None = None
    medium: str | None = None
    pulse_ml: float | None = None


@dataclass(frozen=True)
class NodeRow:
    """An enrolled node; `id` is this enrolment's key in all other tables."""

    id: int
    spec: NodeSpec


@dataclass(frozen=True)
class KeyRow:
    """An OSCORE security context at rest (RFC 8613, Section 3.1); `window` is (index, bits) or unknown."""

    recipient_id: bytes
    role: str
    name: str
    node_id: int | None
    master_secret: bytes
    master_salt: bytes
    window: tuple[int, int] | None

    def __repr__(self) -> str:  # a key must not reach a log by way of a repr
        return f"KeyRow({self.recipient_id!r}, {self.role}, {self.name!r})"


def check_spec(spec: NodeSpec) -> None:
    """Raise `HubError` naming the first field that cannot be."""
    if not NODE_NAME.fullmatch(spec.node):
        raise HubError(f"node name {spec.node!r} cannot be", "Use 1 to 7 of a-z, 0-9 and -.")
    if not HOME_NAME.fullmatch(spec.home):
        raise HubError(f"home name {spec.home!r} cannot be", "Use up to 63 characters without space, / ? and #.")
    if spec.kind not in KINDS:
        raise HubError(f"kind {spec.kind!r} is not known", f"One of {', '.join(KINDS)}.")
    if spec.kind == "meter" and spec.medium not in MEDIA:
        raise HubError("a meter needs its medium", f"Say --medium {' or '.join(MEDIA)}.")
    if spec.kind == "meter" and spec.medium == "water" and not (spec.pulse_ml or 0) > 0:
        raise HubError("a water meter needs the volume of one pulse", "Say --pulse-ml N.")
    if spec.kind != "meter" and (spec.medium is not None or spec.pulse_ml is not None):
        raise HubError(f"a {spec.kind} node has no medium and no pulse volume", "Leave them out.")
    if spec.heartbeat_s is not None and not 1 <= spec.heartbeat_s <= 7 * 86_400:
        raise HubError(f"heartbeat {spec.heartbeat_s} s cannot be", "Use 1 s to 7 days.")


def enrol(
    connection: Connection,
    spec: NodeSpec,
    zone: str,
    secret: bytes,
    salt: bytes,
    now_ms: int,
    replace: bool = False,
) -> int:
    """Add a node with its keys, and its home where that is new; returns the enrolment's id.

    With `replace` a node of that name is retired first: its records stay, its keys are forgotten.

    Raises
    ------
    HubError
        The specification cannot be, or the name is taken.
    """
    check_spec(spec)
    known = find_node(connection, spec.node)
    if known is not None and not replace:
        raise HubError(
            f"node {spec.node} is enrolled in home {known.spec.home}",
            "Choose another name, or give it new keys with --replace (the node needs the new file).",
        )
    if known is not None:
        connection.execute(update(nodes).where(nodes.c.id == known.id).values(retired_ms=now_ms))
        connection.execute(delete(oscore_contexts).where(oscore_contexts.c.node_id == known.id))
    _add_home(connection, spec.home, zone, now_ms)
    row = {**vars(spec), "enrolled_ms": now_ms}
    node_id: int = connection.execute(insert(nodes).values(row).returning(nodes.c.id)).scalar_one()
    add_key(connection, spec.node.encode(), "node", spec.node, secret, salt, now_ms, node_id, (0, 0))
    return node_id


def add_key(
    connection: Connection,
    recipient_id: bytes,
    role: str,
    name: str,
    secret: bytes,
    salt: bytes,
    now_ms: int,
    node_id: int | None = None,
    window: tuple[int, int] | None = None,
) -> None:
    """Store a fresh security context; `window` None means: first prove freshness by Echo."""
    numbers.reserve(connection, numbers.REGISTRY, 1)
    index, bits = window if window is not None else (None, None)
    connection.execute(
        insert(oscore_contexts).values(
            recipient_id=recipient_id,
            role=role,
            name=name,
            node_id=node_id,
            master_secret=secret,
            master_salt=salt,
            window_index=index,
            window_bits=bits,
            created_ms=now_ms,
        )
    )


def find_key(connection: Connection, recipient_id: bytes) -> KeyRow | None:
    """The security context whose peer calls itself `recipient_id`."""
    query = select(oscore_contexts).where(oscore_contexts.c.recipient_id == recipient_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _key(row)


def secrets(connection: Connection) -> dict[bytes, bytes]:
    """The master secret of every context by recipient id."""
    query = select(oscore_contexts.c.recipient_id, oscore_contexts.c.master_secret)
    return {row.recipient_id: row.master_secret for row in connection.execute(query)}


def count_keys(connection: Connection, role: str) -> int:
    """How many contexts were ever made for `role`; names the next one."""
    query = select(oscore_contexts.c.recipient_id).where(oscore_contexts.c.role == role)
    return len(connection.execute(query).all())


def find_node(connection: Connection, node: str) -> NodeRow | None:
    query = select(nodes).where(nodes.c.node == node, nodes.c.retired_ms.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _node(row)


def active_nodes(connection: Connection, home: str | None = None) -> list[NodeRow]:
    """Enrolled nodes, of one home or of all, by home and name."""
    query = select(nodes).where(nodes.c.retired_ms.is_(None)).order_by(nodes.c.home, nodes.c.node)
    if home is not None:
        query = query.where(nodes.c.home == home)
    return [_node(row) for row in connection.execute(query)]


def all_nodes(connection: Connection) -> list[NodeRow]:
    """Every enrolment ever made, retired ones included, in order of enrolment."""
    return [_node(row) for row in connection.execute(select(nodes).order_by(nodes.c.id))]


def home_zones(connection: Connection) -> dict[str, str]:
    """Time zone of each home, in order of enrolment."""
    query = select(homes.c.home, homes.c.zone).order_by(homes.c.enrolled_ms, homes.c.home)
    return {row.home: row.zone for row in connection.execute(query)}


def statuses(connection: Connection, node_ids: Sequence[int]) -> dict[int, Row[tuple[object, ...]]]:
    """Last seen, epoch and battery of the nodes that ever reported."""
    query = select(node_status).where(node_status.c.node_id.in_(node_ids))
    return {row.node_id: row for row in connection.execute(query)}


def _add_home(connection: Connection, home: str, zone: str, now_ms: int) -> None:
    known = connection.execute(select(homes.c.zone).where(homes.c.home == home)).scalar_one_or_none()
    if known is None:
        connection.execute(insert(homes).values(home=home, zone=zone, enrolled_ms=now_ms))


def _key(row: Row[tuple[object, ...]]) -> KeyRow:
    window = None if row.window_index is None else (row.window_index, row.window_bits)
    return KeyRow(row.recipient_id, row.role, row.name, row.node_id, row.master_secret, row.master_salt, window)


def _node(row: Row[tuple[object, ...]]) -> NodeRow:
    spec = NodeSpec(row.node, row.home, row.room, row.kind, row.heartbeat_s, row.medium, row.pulse_ml)
    return NodeRow(row.id, spec)
