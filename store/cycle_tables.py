"""Tables of tasking cycles, beside those of store/tables.py and in the same database."""

from sqlalchemy import JSON, Column, String, Table

from store import append_only
from store.tables import UtcDateTime, metadata

cycle_reports = Table(
    "cycle_reports",
    metadata,
    Column("cycle", String(20), primary_key=True),
    Column("ends", String(10), nullable=False, index=True),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("closed_by", String(200), nullable=False),
    Column("document", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)
append_only.guard(cycle_reports, ("cycle",))
