"""Tables that the Teams tab needs, beside those of store/tables.py and in the same database."""

from sqlalchemy import JSON, Column, Integer, String, Table, Text

from store import append_only
from store.tables import UtcDateTime, metadata

__all__ = ["metadata", "notes", "sent_forms", "web_sessions"]

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
