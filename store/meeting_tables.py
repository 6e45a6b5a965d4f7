"""Tables of what people add to a meeting before it, beside those of store/tables.py and in the same database."""

from sqlalchemy import JSON, Column, Integer, String, Table

from store import append_only
from store.tables import UtcDateTime, metadata

agenda_steps = Table(
    "agenda_steps",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("meeting_ref", String(80), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
)
append_only.guard(agenda_steps)
