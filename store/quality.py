"""Samples of scores and what was found of them: rows that are added and never changed."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from store.quality_tables import qa_outcomes, qa_samples
from tasking.quality import Sample, Verdict

_SAMPLE: TypeAdapter[Sample] = TypeAdapter(Sample)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What somebody found of one drawn score. `recorded_at` is UTC."""

    cycle: str
    task_id: str
    verdict: Verdict
    role: str
    reason: str
    recorded_by: str
    recorded_at: datetime


def sample_of(connection: Connection, cycle: str) -> Sample | None:
    """The sample of this cycle; None where none was drawn yet."""
    document = connection.execute(select(qa_samples.c.document).where(qa_samples.c.cycle == cycle)).scalar()
    return None if document is None else _SAMPLE.validate_python(document)


def add_sample(connection: Connection, sample_id: str, sample: Sample, drawn_at: datetime, drawn_by: str) -> None:
    """Keeps the sample of a cycle; there is one of each."""
    row = {"sample_id": sample_id, "cycle": sample.cycle, "drawn_at": drawn_at, "drawn_by": drawn_by}
    connection.execute(insert(qa_samples).values(**row, document=_SAMPLE.dump_python(sample, mode="json")))


def add_outcome(connection: Connection, outcome: Outcome) -> None:
    """Appends what was found. A later one of the same task stands beside it and counts instead."""
    values = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
    connection.execute(insert(qa_outcomes).values(**values | {"verdict": outcome.verdict.value}))


def outcomes_of(connection: Connection, cycle: str) -> tuple[Outcome, ...]:
    """All outcomes of a cycle's sample, oldest first."""
    rows = connection.execute(
        select(qa_outcomes).where(qa_outcomes.c.cycle == cycle).order_by(qa_outcomes.c.number)
    ).mappings()
    return tuple(
        Outcome(**{name: row[name] for name in Outcome.__dataclass_fields__} | {"verdict": Verdict(row["verdict"])})
        for row in rows
    )
