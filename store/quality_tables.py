"""Tables of how scores are checked, beside those of store/tables.py and in the same database."""

from sqlalchemy import JSON, Column, Integer, String, Table, Text

from store import append_only
from store.tables import UtcDateTime, metadata

qa_samples = Table(
    "qa_samples",
    metadata,
    Column("sample_id", String(32), primary_key=True),
    Column("cycle", String(20), nullable=False, unique=True),
    Column("drawn_at", UtcDateTime, nullable=False),
    Column("drawn_by", String(200), nullable=False),
    Column("document", JSON, nullable=False),
)
append_only.guard(qa_samples, ("sample_id", "cycle"))

qa_outcomes = Table(
    "qa_outcomes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("cycle", String(20), nullable=False, index=True),
    Column("task_id", String(32), nullable=False, index=True),
    Column("verdict", String(20), nullable=False),
    Column("role", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)
append_only.guard(qa_outcomes)
