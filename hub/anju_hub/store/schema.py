"""The tables, in SQLAlchemy Core.  Times are UTC in ms since 1970; the shape on disk is made by `migrations`."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# In the body of a record whose kind a vendor profile declares: what the profile calls it.
KIND_NAME = "kind_name"

metadata = MetaData()

homes = Table(
    "homes",
    metadata,
    Column("home", Text, primary_key=True),
    Column("zone", Text, nullable=False),  # IANA time zone of the home
    Column("enrolled_ms", BigInteger, nullable=False),
)

# One row per enrolment: a node that gets new keys starts its epochs anew, so it must not share the record numbers
# of its former self.
nodes = Table(
    "nodes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("node", Text, nullable=False),  # OSCORE Sender ID as text
    Column("home", Text, ForeignKey("homes.home"), nullable=False),
    Column("room", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("heartbeat_s", Integer),
    Column("medium", Text),
    Column("pulse_ml", Float),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("retired_ms", BigInteger),
    Index("nodes_active", "node", unique=True, sqlite_where=text("retired_ms IS NULL")),
    Index("nodes_home", "home"),
)

# RFC 8613 Section 3.1.  The hub's own Sender ID is the same in all of them.
oscore_contexts = Table(
    "oscore_contexts",
    metadata,
    Column("recipient_id", LargeBinary, primary_key=True),
    Column("role", Text, nullable=False),  # node | operator
    Column("name", Text, nullable=False),
    Column("node_id", Integer, ForeignKey("nodes.id")),
    Column("master_secret", LargeBinary, nullable=False),
    Column("master_salt", LargeBinary, nullable=False),
    # Committed part of the replay window (Section 7.4); NULL: unknown, recover with Echo (Appendix B.1.2).
    Column("window_index", BigInteger),
    Column("window_bits", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
)

# Single numbers: the reserved Partial IV, the pipeline's cursor, when the hub was last alive.
hub_state = Table(
    "hub_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("arrival", Integer, primary_key=True),  # order of commits, the pipeline's cursor
    Column("node_id", Integer, ForeignKey("nodes.id"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("channel", Integer, nullable=False),
    Column("t_ms", BigInteger, nullable=False),  # when it happened: received - age
    Column("t_error_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("level", Integer),  # door: open, PIR: occupied
    Column("total", BigInteger),  # the record's cumulative count
    Column("body", Text, nullable=False),  # JSON: every field as the node named it
    UniqueConstraint("node_id", "epoch", "sequence", name="records_identity"),
    sqlite_autoincrement=True,
)

node_status = Table(
    "node_status",
    metadata,
    Column("node_id", Integer, ForeignKey("nodes.id"), primary_key=True),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("battery_mv", Integer),
    Column("battery_t_ms", BigInteger),
)

# What was known of a home at that time: as-it-was, never rewritten with hindsight.
states = Table(
    "states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("home", Text, ForeignKey("homes.home"), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("probability", Float, nullable=False),
    Index("states_home_start", "home", "start_ms"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("home", Text, ForeignKey("homes.home"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("class", Text, nullable=False, key="alert_class"),  # care | maintenance | usage
    Column("sensor", Text, nullable=False, server_default=""),  # '' where the cause is the home's
    Column("raised_ms", BigInteger, nullable=False),
    Column("cleared_ms", BigInteger),
    Column("why", Text, nullable=False),  # JSON
    Index("alerts_open", "home", "kind", "sensor", unique=True, sqlite_where=text("cleared_ms IS NULL")),
)

# When the hub was down: nothing is known of these times.
outages = Table(
    "outages",
    metadata,
    Column("start_ms", BigInteger, primary_key=True),
    Column("end_ms", BigInteger, nullable=False),
)
