"""The analyst's queue: every commissioned analysis that waits for its product."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from reporting.wording import READ_ON_RECORD, STATUS_WORDS, unit_name
from store.tasks import read_all_tasks
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Status
from tasking.time_limits import is_past_due

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """One analysis. Times are UTC; `terms` say where to read them where the task is restricted."""

    reference: str
    unit: str
    unit_name: str
    due_at: datetime | None
    is_overdue: bool
    is_owned: bool
    status: str
    terms: str


def analysis_queue(connection: Connection, force: Force, now: datetime, unit: str | None = None) -> list[AnalysisRow]:
    """Those without an answer, the one due first on top: also those that a board says are done. Of `unit` where given,
    as at `now` (UTC)."""
    waiting = [
        task
        for task in read_all_tasks(connection)
        if task.terms_of_reference
        and not task.product
        and task.status is not Status.WITHDRAWN
        and unit in (None, task.unit)
    ]
    return [
        AnalysisRow(
            reference=task.reference,
            unit=task.unit,
            unit_name=unit_name(force, task.unit),
            due_at=task.due_at,
            is_overdue=is_past_due(task, now),
            is_owned=bool(task.owner_ids),
            status=STATUS_WORDS[task.status],
            terms=READ_ON_RECORD if is_restricted(force, task) else task.terms_of_reference,
        )
        for task in sorted(waiting, key=lambda task: (task.due_at or NEVER, task.reference))
    ]
