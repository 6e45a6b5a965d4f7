"""What lists, filters, counts and searches look at: a narrow row and the words of each task; saved views."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from pydantic import TypeAdapter

from store import task_lines
from store.by_bytes import ByBytes
from store.tables import UtcDateTime
from tasking.task import Task

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AT_A_TIME = 1000


def upgrade() -> None:
    """Adds the tables, fills them from the tasks there are, and adds an index by responder."""
    op.create_table(
        "task_lines",
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.Column("order_key", ByBytes(80), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("pillar", sa.String(40), nullable=False),
        sa.Column("band", sa.String(20), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("owners", sa.Text(), nullable=False),
        sa.Column("is_marked", sa.Boolean(), nullable=False),
        sa.Column("alignment", sa.String(20), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_task_lines"),
        sa.UniqueConstraint("order_key", name="uq_task_lines_order_key"),
    )
    op.create_index("ix_task_lines_is_open_order_key", "task_lines", ["is_open", "order_key"])
    op.create_index("ix_task_lines_status_order_key", "task_lines", ["status", "order_key"])
    op.create_table(
        "task_words",
        sa.Column("word", ByBytes(60), nullable=False),
        sa.Column("task_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("word", "task_id", name="pk_task_words"),
    )
    op.create_index("ix_task_words_task_id", "task_words", ["task_id"])
    op.create_table(
        "saved_views",
        sa.Column("view_id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(200), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("view_id", name="pk_saved_views"),
        sa.UniqueConstraint("owner_id", "name", name="uq_saved_views_owner_id_name"),
    )
    op.create_index("ix_inbox_responder", "inbox", ["responder"])
    op.create_index("ix_inbox_reference", "inbox", ["reference"])
    op.create_index("ix_inbox_response_id", "inbox", ["response_id"])
    op.add_column("board_polls", sa.Column("read_at", UtcDateTime(), nullable=True))
    _fill()


def downgrade() -> None:
    """Takes them away again; saved views are lost."""
    with op.batch_alter_table("board_polls", schema=None) as batch_op:
        batch_op.drop_column("read_at")
    op.drop_index("ix_inbox_reference", "inbox")
    op.drop_index("ix_inbox_response_id", "inbox")
    op.drop_index("ix_inbox_responder", "inbox")
    for table in ("saved_views", "task_words", "task_lines"):
        op.drop_table(table)


def _fill() -> None:
    """A row and words for each task there is, as the service writes them."""
    connection = op.get_bind()
    kind: TypeAdapter[Task] = TypeAdapter(Task)
    tasks = sa.table("tasks", sa.column("task_id"), sa.column("version"), sa.column("document", sa.JSON()))
    last = ""
    while True:
        query = sa.select(tasks).where(tasks.c.task_id > last).order_by(tasks.c.task_id).limit(AT_A_TIME)
        rows = connection.execute(query).all()
        if not rows:
            break
        for row in rows:
            task_lines.add(connection, kind.validate_python({**row.document, "version": row.version}))
        last = rows[-1].task_id
    _align(connection)


def _align(connection: sa.Connection) -> None:
    """The priority that the newest assessment of each task names."""
    risks = sa.table("assessments", sa.column("number"), sa.column("task_id"), sa.column("document", sa.JSON()))
    newest = sa.select(sa.func.max(risks.c.number)).group_by(risks.c.task_id)
    found: list[Any] = list(
        connection.execute(sa.select(risks.c.task_id, risks.c.document).where(risks.c.number.in_(newest)))
    )
    lines = sa.table("task_lines", sa.column("task_id"), sa.column("alignment"))
    for task_id, document in found:
        named = document["context"]["alignment"]
        connection.execute(sa.update(lines).where(lines.c.task_id == task_id).values(alignment=named))
