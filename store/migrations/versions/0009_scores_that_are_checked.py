"""The sample of scores that is checked each cycle, and what was found: rows that are never changed."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GUARDED = {"qa_samples": ("sample_id", "cycle"), "qa_outcomes": ("number",)}


def upgrade() -> None:
    """Adds both tables with their guards."""
    op.create_table(
        "qa_samples",
        sa.Column("sample_id", sa.String(length=32), nullable=False),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("drawn_by", sa.String(length=200), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_qa_samples")),
        sa.UniqueConstraint("cycle", name=op.f("uq_qa_samples_cycle")),
    )
    op.create_table(
        "qa_outcomes",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_qa_outcomes")),
    )
    op.create_index("ix_qa_outcomes_cycle", "qa_outcomes", ["cycle"])
    op.create_index("ix_qa_outcomes_task_id", "qa_outcomes", ["task_id"])
    for table, keys in GUARDED.items():
        for statement in guards(table, op.get_bind().dialect.name, keys):
            op.execute(statement)


def downgrade() -> None:
    """Takes them away again, with what they hold."""
    for table in GUARDED:
        for statement in unguards(table, op.get_bind().dialect.name):
            op.execute(statement)
        op.drop_table(table)
