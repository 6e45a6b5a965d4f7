"""Reports of tasking cycles as rows: one for each cycle, added and never changed, with the SHA-256 of its document."""

from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, insert, select

from store.cycle_tables import cycle_reports
from store.packs import hash_of
from tasking.cycle_report import CycleReport
from tasking.errors import RuleBroken

_REPORT: TypeAdapter[CycleReport] = TypeAdapter(CycleReport)


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it was kept. `is_whole` says that the document is still the one that was."""

    report: CycleReport
    closed_by: str
    hash: str
    is_whole: bool


def add(connection: Connection, report: CycleReport, closed_by: str) -> str:
    """Keeps the report of a cycle and gives its hash; a second of the same cycle is refused by the database."""
    document = _REPORT.dump_python(report, mode="json")
    row = {"cycle": report.cycle, "ends": report.ends.isoformat(), "closed_at": report.closed_at}
    fingerprint = hash_of(document)
    connection.execute(insert(cycle_reports).values(**row, closed_by=closed_by, document=document, hash=fingerprint))
    return fingerprint


def read(connection: Connection, cycle: str) -> StoredReport:
    """The report of this cycle. Raises RuleBroken where there is none yet."""
    row = connection.execute(select(cycle_reports).where(cycle_reports.c.cycle == cycle)).mappings().first()
    if row is None:
        raise RuleBroken(f"There is no report of {cycle} yet: it is made when the cycle has ended.")
    return _stored(row)


def newest(connection: Connection) -> StoredReport | None:
    """The report of the cycle that ended last; None before the first."""
    query = select(cycle_reports).order_by(cycle_reports.c.ends.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return _stored(row) if row else None


def has(connection: Connection, cycle: str) -> bool:
    """Whether the cycle's report is made."""
    return connection.execute(select(cycle_reports.c.cycle).where(cycle_reports.c.cycle == cycle)).first() is not None


def _stored(row: RowMapping) -> StoredReport:
    whole = row["hash"] == hash_of(row["document"])
    return StoredReport(_REPORT.validate_python(row["document"]), row["closed_by"], row["hash"], whole)
