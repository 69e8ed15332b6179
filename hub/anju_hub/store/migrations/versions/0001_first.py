"""The first schema: homes, nodes, keys, records, states, alerts, outages."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "homes",
        sa.Column("home", sa.Text, primary_key=True),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("enrolled_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("home", sa.Text, sa.ForeignKey("homes.home"), nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("heartbeat_s", sa.Integer),
        sa.Column("medium", sa.Text),
        sa.Column("pulse_ml", sa.Float),
        sa.Column("enrolled_ms", sa.BigInteger, nullable=False),
        sa.Column("retired_ms", sa.BigInteger),
    )
    op.create_index("nodes_active", "nodes", ["node"], unique=True, sqlite_where=sa.text("retired_ms IS NULL"))
    op.create_index("nodes_home", "nodes", ["home"])
    op.create_table(
        "oscore_contexts",
        sa.Column("recipient_id", sa.LargeBinary, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("node_id", sa.Integer, sa.ForeignKey("nodes.id")),
        sa.Column("master_secret", sa.LargeBinary, nullable=False),
        sa.Column("master_salt", sa.LargeBinary, nullable=False),
        sa.Column("window_index", sa.BigInteger),
        sa.Column("window_bits", sa.BigInteger),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "hub_state",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "records",
        sa.Column("arrival", sa.Integer, primary_key=True),
        sa.Column("node_id", sa.Integer, sa.ForeignKey("nodes.id"), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("channel", sa.Integer, nullable=False),
        sa.Column("t_ms", sa.BigInteger, nullable=False),
        sa.Column("t_error_ms", sa.BigInteger, nullable=False),
        sa.Column("received_ms", sa.BigInteger, nullable=False),
        sa.Column("level", sa.Integer),
        sa.Column("total", sa.BigInteger),
        sa.Column("body", sa.Text, nullable=False),
        sa.UniqueConstraint("node_id", "epoch", "sequence", name="records_identity"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "node_status",
        sa.Column("node_id", sa.Integer, sa.ForeignKey("nodes.id"), primary_key=True),
        sa.Column("last_seen_ms", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("battery_mv", sa.Integer),
        sa.Column("battery_t_ms", sa.BigInteger),
    )
    op.create_table(
        "states",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("home", sa.Text, sa.ForeignKey("homes.home"), nullable=False),
        sa.Column("start_ms", sa.BigInteger, nullable=False),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
    )
    op.create_index("states_home_start", "states", ["home", "start_ms"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("home", sa.Text, sa.ForeignKey("homes.home"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("class", sa.Text, nullable=False),
        sa.Column("sensor", sa.Text, nullable=False, server_default=""),
        sa.Column("raised_ms", sa.BigInteger, nullable=False),
        sa.Column("cleared_ms", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index(
        "alerts_open",
        "alerts",
        ["home", "kind", "sensor"],
        unique=True,
        sqlite_where=sa.text("cleared_ms IS NULL"),
    )
    op.create_table(
        "outages",
        sa.Column("start_ms", sa.BigInteger, primary_key=True),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the first schema has nothing before it")
