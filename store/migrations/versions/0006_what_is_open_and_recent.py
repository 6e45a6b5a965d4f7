"""What finds open and recent rows without reading all there ever were; assessments and packs that stay as they are."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from store.append_only import guards, unguards
from store.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = (
    ("tasks", "raised_at"),
    ("tasks", "status", "completed_at"),
    ("escalations", "status"),
    ("escalations", "forum"),
    ("escalations", "to_unit", "came_at"),
    ("decisions", "decided_at"),
    ("meetings", "starts_at"),
    ("packs", "code", "as_at"),
)
GUARDED = {"assessments": ("number", "assessment_id"), "packs": ("pack_id",)}


def upgrade() -> None:
    """Adds two columns with what documents say, indexes, and guards."""
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("completed_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("came_at", UtcDateTime(), nullable=True))
    _fill("tasks", "task_id", "completed_at", lambda document: document.get("completed_at"))
    _fill("escalations", "escalation_id", "came_at", _came_at)
    for table, *columns in INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    dialect = op.get_bind().dialect.name
    for table, keys in GUARDED.items():
        for statement in guards(table, dialect, keys):
            op.execute(statement)


def downgrade() -> None:
    """Takes them away again."""
    dialect = op.get_bind().dialect.name
    for table in GUARDED:
        for statement in unguards(table, dialect):
            op.execute(statement)
    for table, *columns in INDEXES:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    with op.batch_alter_table("escalations", schema=None) as batch_op:
        batch_op.drop_column("came_at")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_column("completed_at")


def _came_at(document: dict[str, Any]) -> str | None:
    """When it came before the higher level; what is only proposed has not."""
    if document["status"] == "PROPOSED":
        return None
    told: str = document.get("endorsed_at") or document["requested_at"]
    return told


def _fill(name: str, key: str, column: str, told: Callable[[dict[str, Any]], str | None]) -> None:
    """Puts what each document says into the column."""
    connection = op.get_bind()
    table = sa.table(name, sa.column(key), sa.column(column, UtcDateTime()), sa.column("document", sa.JSON()))
    found = connection.execute(sa.select(table.c[key], table.c.document)).all()
    values = [{"the_key": row[0], "at": datetime.fromisoformat(at)} for row in found if (at := told(row[1]))]
    if values:
        changed = sa.update(table).where(table.c[key] == sa.bindparam("the_key"))
        connection.execute(changed.values({column: sa.bindparam("at", type_=UtcDateTime())}), values)
