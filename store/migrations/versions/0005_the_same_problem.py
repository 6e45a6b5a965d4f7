"""What finds tasks about the same problem without reading through all there are."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds an index."""
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_unit_pillar_raised_at", ["unit", "pillar", "raised_at"], unique=False)


def downgrade() -> None:
    """Takes it away again."""
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_tasks_unit_pillar_raised_at")
