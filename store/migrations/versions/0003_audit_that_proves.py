"""What makes the audit prove itself: kinds of event, on whose behalf, to whom; heads of chains; rows that stay."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from store.append_only import guards, unguards

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

USED = "SELECT count(*) FROM audit_log WHERE kind IS NOT NULL OR on_behalf_of IS NOT NULL OR recipient IS NOT NULL"


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
    """Takes them away again. Raises CommandError once rows use the columns: their hashes are of those too."""
    used = op.get_bind().execute(sa.text(USED)).scalar()
    if used:
        raise CommandError(
            f"{used} rows of the audit log say what kind of event they are, for whom or to whom. Without that they no "
            "longer fit their hashes: keep this version, or go back to a copy of the database from before it."
        )
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
