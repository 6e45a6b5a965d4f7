"""Versions of the control strategy, and what intelligence puts before meetings."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GUARDED = ("version", "decision_ref")


def upgrade() -> None:
    """Makes both tables; the strategies are never changed."""
    op.create_table(
        "control_strategies",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decision_ref", sa.String(length=20), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_control_strategies")),
        sa.UniqueConstraint("decision_ref", name=op.f("uq_control_strategies_decision_ref")),
    )
    for statement in guards("control_strategies", op.get_bind().dialect.name, GUARDED):
        op.execute(statement)
    op.create_table(
        "intelligence_items",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("for_day", sa.String(length=10), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_intelligence_items")),
        sa.UniqueConstraint("key", name=op.f("uq_intelligence_items_key")),
    )
    with op.batch_alter_table("intelligence_items", schema=None) as batch_op:
        batch_op.create_index("ix_intelligence_items_unit_state", ["unit", "state"], unique=False)


def downgrade() -> None:
    """Takes them away again."""
    op.drop_table("intelligence_items")
    for statement in unguards("control_strategies", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("control_strategies")
