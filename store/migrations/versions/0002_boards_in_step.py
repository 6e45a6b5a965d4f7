"""What keeping boards in step needs: urgency of deliveries, remarks on tasks, when each board is read, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns and tables."""
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("urgency", sa.Integer(), server_default="2", nullable=False))
    with op.batch_alter_table("planner_links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("links_shown", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("last_seen", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("newest_etag", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("newest_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index("ix_planner_links_plan_id_state", ["plan_id", "state"], unique=False)
    op.create_table(
        "remarks",
        sa.Column("remark_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("remark_id", name=op.f("pk_remarks")),
    )
    with op.batch_alter_table("remarks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remarks_task_id"), ["task_id"], unique=False)
    op.create_table(
        "board_polls",
        sa.Column("plan_id", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_seconds", sa.Integer(), nullable=False),
        sa.Column("looked_whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_board_polls")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def downgrade() -> None:
    """Takes them away again."""
    op.drop_table("leases")
    op.drop_table("board_polls")
    with op.batch_alter_table("remarks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remarks_task_id"))
    op.drop_table("remarks")
    with op.batch_alter_table("planner_links", schema=None) as batch_op:
        batch_op.drop_index("ix_planner_links_plan_id_state")
        batch_op.drop_column("revision")
        batch_op.drop_column("newest_at")
        batch_op.drop_column("newest_etag")
        batch_op.drop_column("last_seen")
        batch_op.drop_column("links_shown")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("urgency")
