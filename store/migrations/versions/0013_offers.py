"""What units offer each other."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, which only ever grows."""
    op.create_table(
        "offers",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("entry", sa.String(length=40), nullable=False),
        sa.Column("offer_ref", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_offers")),
        sa.UniqueConstraint("entry", name=op.f("uq_offers_entry")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offers_ends_at"), ["ends_at"], unique=False)
    for statement in guards("offers", op.get_bind().dialect.name, ("number", "entry")):
        op.execute(statement)


def downgrade() -> None:
    """Takes it away again."""
    for statement in unguards("offers", op.get_bind().dialect.name):
        op.execute(statement)
    op.drop_table("offers")
