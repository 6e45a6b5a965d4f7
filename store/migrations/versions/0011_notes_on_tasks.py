"""Notes that people write on a task. They are only ever added."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table with its guards."""
    op.create_table(
        "notes",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(320), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_notes"),
    )
    op.create_index("ix_notes_task_id", "notes", ["task_id"])
    for statement in guards("notes", op.get_context().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Takes it away again."""
    for statement in unguards("notes", op.get_context().dialect.name):
        op.execute(statement)
    op.drop_table("notes")
