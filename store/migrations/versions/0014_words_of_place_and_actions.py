"""Tasks are found by words of their place and of their actions too."""

import sqlalchemy as sa
from alembic import op
from pydantic import TypeAdapter

from store import task_lines
from tasking.task import Task

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

AT_A_TIME = 1000


def upgrade() -> None:
    """Writes the words of every task there is again, as the service writes them."""
    connection = op.get_bind()
    kind: TypeAdapter[Task] = TypeAdapter(Task)
    tasks = sa.table("tasks", sa.column("task_id"), sa.column("version"), sa.column("document", sa.JSON()))
    last = ""
    while True:
        query = sa.select(tasks).where(tasks.c.task_id > last).order_by(tasks.c.task_id).limit(AT_A_TIME)
        rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            task_lines.write_words(connection, kind.validate_python({**row.document, "version": row.version}))
        last = rows[-1].task_id


def downgrade() -> None:
    """Nothing: what is found by a word more does no harm."""
