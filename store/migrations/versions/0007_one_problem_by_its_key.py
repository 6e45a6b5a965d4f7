"""What each task is about as a column, so that tasks about the same problem are found by it, however many there are."""

import sqlalchemy as sa
from alembic import op

from tasking.triggers import problem_key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column with what documents say, and an index."""
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("problem", sa.Text(), nullable=False, server_default=sa.text("''")))
        batch_op.create_index("ix_tasks_problem_raised_at", ["problem", "raised_at"])
    connection = op.get_bind()
    names = ("task_id", "unit", "pillar", "problem")
    table = sa.table("tasks", *map(sa.column, names), sa.column("document", sa.JSON()))
    found = connection.execute(sa.select(table.c.task_id, table.c.unit, table.c.pillar, table.c.document)).all()
    values = [
        {"the_key": task_id, "about": problem_key(unit, pillar, document["text"]["place"])}
        for task_id, unit, pillar, document in found
    ]
    if values:
        changed = sa.update(table).where(table.c.task_id == sa.bindparam("the_key"))
        connection.execute(changed.values(problem=sa.bindparam("about")), values)


def downgrade() -> None:
    """Takes it away again."""
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_tasks_problem_raised_at")
        batch_op.drop_column("problem")
