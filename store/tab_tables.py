"""Tables that the Teams tab needs, beside those of store/tables.py and in the same database."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store import append_only
from store.by_bytes import ByBytes
from store.tables import UtcDateTime, metadata

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("session_id", String(64), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("document", JSON, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
)

sent_forms = Table(
    "sent_forms",
    metadata,
    Column("form_key", String(64), primary_key=True),
    Column("sent_at", UtcDateTime, nullable=False, index=True),
)

notes = Table(
    "notes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("written_by", String(320), nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
)
append_only.guard(notes)

task_lines = Table(
    "task_lines",
    metadata,
    Column("task_id", String(32), primary_key=True),
    Column("order_key", ByBytes(80), nullable=False, unique=True),
    Column("is_open", Boolean, nullable=False),
    Column("status", String(20), nullable=False),
    Column("pillar", String(40), nullable=False),
    Column("band", String(20), nullable=False),
    Column("places", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("owners", Text, nullable=False),
    Column("is_marked", Boolean, nullable=False),
    Column("alignment", String(20), nullable=False),
    Column("due_at", UtcDateTime),
    Column("version", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_task_lines_is_open_order_key", "is_open", "order_key"),
    Index("ix_task_lines_status_order_key", "status", "order_key"),
)
"""What lists look at, one narrow row for each task; `places`, `labels` and `owners` are codes between upright bars."""

task_words = Table(
    "task_words",
    metadata,
    Column("word", ByBytes(60), primary_key=True),
    Column("task_id", String(32), primary_key=True),
    Index("ix_task_words_task_id", "task_id"),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("view_id", String(32), primary_key=True),
    Column("owner_id", String(200), nullable=False),
    Column("name", String(60), nullable=False),
    Column("filter", JSON, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    UniqueConstraint("owner_id", "name"),
)
