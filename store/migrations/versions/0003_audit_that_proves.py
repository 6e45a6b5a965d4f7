"""What makes the audit prove itself: kinds of event, on whose behalf, to whom; heads of chains; rows that stay."""

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns, heads and guards. Rows that are there stay as they are, and so do their hashes."""
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("on_behalf_of", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("recipient", sa.String(length=200), nullable=True))
    op.create_table(
        "chain_heads",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chain_heads")),
    )
    op.execute(
        "INSERT INTO chain_heads (name, rows, hash)"
        " SELECT 'audit_log', (SELECT count(*) FROM audit_log), hash FROM audit_log"
        " WHERE number = (SELECT max(number) FROM audit_log)"
    )
    for statement in guards("audit_log", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Takes them away again. Rows written since no longer fit their hashes where the columns are gone."""
    dialect = op.get_bind().dialect.name
    for statement in unguards("audit_log", dialect):
        op.execute(statement)
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("chain_heads")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_column("recipient")
        batch_op.drop_column("on_behalf_of")
        batch_op.drop_column("kind")
