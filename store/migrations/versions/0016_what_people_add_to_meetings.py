"""What people add to a meeting before it: steps of its agenda."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, which only ever grows."""
    op.create_table(
        "agenda_steps",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("meeting_ref", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_agenda_steps")),
    )
    with op.batch_alter_table("agenda_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agenda_steps_meeting_ref"), ["meeting_ref"], unique=False)
    for statement in guards("agenda_steps", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Takes it away again."""
    for statement in unguards("agenda_steps", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("agenda_steps")
