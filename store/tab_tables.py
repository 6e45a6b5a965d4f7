"""Tables of the Teams tab, beside those of store/tables.py and in the same database: none of them is the record."""

from sqlalchemy import JSON, Column, String, Table

from store.tables import UtcDateTime, metadata

__all__ = ["metadata", "sent_forms", "web_sessions"]

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
