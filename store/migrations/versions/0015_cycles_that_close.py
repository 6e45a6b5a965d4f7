"""Reports of tasking cycles."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, which only ever grows."""
    op.create_table(
        "cycle_reports",
        sa.Column("cycle", sa.String(length=20), nullable=False),
        sa.Column("ends", sa.String(length=10), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("cycle", name=op.f("pk_cycle_reports")),
    )
    with op.batch_alter_table("cycle_reports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cycle_reports_ends"), ["ends"], unique=False)
    for statement in guards("cycle_reports", op.get_bind().dialect.name, ("cycle",)):
        op.execute(statement)


def downgrade() -> None:
    """Takes it away again."""
    for statement in unguards("cycle_reports", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("cycle_reports")
