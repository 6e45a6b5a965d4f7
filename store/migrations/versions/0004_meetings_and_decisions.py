"""Decisions, meetings, packs and channels' health; the statuses that an escalation may have now."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATUS_NOW = (("PROPOSED", "REQUESTED"), ("RETURNED", "DE_ESCALATED"))
"""Whatever was proposed stood above at once, and what was returned had conditions."""


def upgrade() -> None:
    """Adds the tables and columns, and gives escalations their present statuses."""
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("decision_id", sa.String(length=32), nullable=False),
        sa.Column("decision_ref", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("escalation_id", sa.String(length=32), nullable=True),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("decision_type", sa.String(length=40), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_decisions")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_decisions_decision_id")),
        sa.UniqueConstraint("decision_ref", name=op.f("uq_decisions_decision_ref")),
    )
    for column in ("task_id", "escalation_id", "meeting_ref", "unit"):
        op.create_index(op.f(f"ix_decisions_{column}"), "decisions", [column])
    op.create_table(
        "meetings",
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("meeting_ref", name=op.f("pk_meetings")),
    )
    op.create_index(op.f("ix_meetings_state"), "meetings", ["state"])
    op.create_table(
        "packs",
        sa.Column("pack_id", sa.String(length=32), nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("as_at", UtcDateTime(), nullable=False),
        sa.Column("frozen_by", sa.String(length=200), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("pack_id", name=op.f("pk_packs")),
    )
    op.create_index(op.f("ix_packs_meeting_ref"), "packs", ["meeting_ref"])
    op.create_table(
        "channel_health",
        sa.Column("channel", sa.String(length=60), nullable=False),
        sa.Column("handed_over_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("canary_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_health")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("escalation_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("message_id", sa.String(length=80), nullable=True))
        batch_op.create_index(batch_op.f("ix_posts_escalation_id"), ["escalation_id"])
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forum", sa.String(length=80), nullable=False, server_default=sa.text("''")))
        batch_op.alter_column("status", existing_type=sa.String(length=20), type_=sa.String(length=30))
    _rename_statuses(STATUS_NOW)
    for statement in guards("decisions", op.get_bind().dialect.name, ("number", "decision_id", "decision_ref")):
        op.execute(statement)


def downgrade() -> None:
    """Takes them away again. Statuses that were not there before become the nearest that was.

    What is only proposed was not shown above. PROPOSED would be read as shown there, so it is taken back.
    """
    for statement in unguards("decisions", op.get_bind().dialect.name):
        op.execute(statement)
    before = (
        ("PROPOSED", "WITHDRAWN"),
        ("TO_MEETING", "REQUESTED"),
        ("DE_ESCALATION_PROPOSED", "ACCEPTED"),
        ("RETAINED", "ACCEPTED"),
        ("DECLINED", "RETURNED"),
        ("DE_ESCALATED", "RETURNED"),
    )
    _rename_statuses(before)
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.alter_column("status", existing_type=sa.String(length=30), type_=sa.String(length=20))
        batch_op.drop_column("forum")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posts_escalation_id"))
        batch_op.drop_column("message_id")
        batch_op.drop_column("escalation_id")
    for table in ("channel_health", "packs", "meetings", "decisions"):
        op.drop_table(table)
    op.execute("DELETE FROM chain_heads WHERE name = 'decisions'")


def _rename_statuses(names: tuple[tuple[str, str], ...]) -> None:
    """In the column and in the document, which hold the same."""
    connection = op.get_bind()
    table = sa.table("escalations", sa.column("escalation_id"), sa.column("status"), sa.column("document", sa.JSON()))
    for old, new in names:
        found = connection.execute(sa.select(table).where(table.c.status == old)).mappings().all()
        for row in found:
            changed = sa.update(table).where(table.c.escalation_id == row["escalation_id"])
            connection.execute(changed.values(status=new, document={**row["document"], "status": new}))
