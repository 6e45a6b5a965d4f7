"""One line of the live board, as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, select

from reporting.board_dimensions import Look
from reporting.strategy import CONTROL_LABEL
from reporting.wording import STATUS_WORDS, band_words, owner_words, references_in_words, unit_name, where_words
from store.tables import escalations
from tasking.escalation import UNDECIDED, Escalation
from tasking.rag import RAG_WORDS, rag_of, rag_reason
from tasking.restricted import is_restricted
from tasking.task import Classification, Task
from tasking.thrive import Alignment
from tasking.time_limits import is_past_due

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One task. Times are UTC. `places` say the units it stands with, its own first, and the restricted
    board where that shows it; `labels` people's own; `elsewhere` are its references in other systems.

    For a partner the score and the reasons of the colour are left out.
    """

    task_id: str
    reference: str
    title: str
    classification: Classification
    is_restricted: bool
    unit: str
    unit_name: str
    places: tuple[str, ...]
    pillar: str
    pillar_name: str
    band: str
    band_words: str
    status: str
    status_words: str
    rag: str
    rag_words: str
    is_owned: bool
    is_mine: bool
    owner_words: str
    labels: tuple[str, ...]
    elsewhere: tuple[str, ...]
    is_overdue: bool
    is_escalated: bool
    is_control_strategy: bool
    decision_needed: bool
    actions_done: int
    actions_all: int
    raised_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    changed_at: datetime


def rows_of(connection: Connection, look: Look, found: Sequence[RowMapping]) -> tuple[BoardRow, ...]:
    """Lines of these rows of `tasks`, which have `alignment` and `changed_at` besides; one query more."""
    late = _undecided_past_limit(connection, [row["task_id"] for row in found], look.now)
    return tuple(_row(look, row, row["task_id"] in late) for row in found)


def _undecided_past_limit(connection: Connection, task_ids: Sequence[str], now: datetime) -> frozenset[str]:
    undecided = escalations.c.status.in_([status.value for status in UNDECIDED])
    query = select(escalations.c.document).where(escalations.c.task_id.in_(task_ids), undecided)
    steps = [_ESCALATION.validate_python(document) for document in connection.execute(query).scalars()]
    return frozenset(
        step.task_id for step in steps if step.alerted_at or (step.decide_by is not None and step.decide_by < now)
    )


def _row(look: Look, row: RowMapping, is_late: bool) -> BoardRow:
    task, force, is_partner = _TASK.validate_python(row["document"]), look.force, look.viewer.is_partner
    pillar = force.pillars.get(task.pillar)
    is_mine = not look.viewer.person_ids.isdisjoint(task.owner_ids)
    return BoardRow(
        task_id=task.task_id,
        reference=task.reference,
        title=task.title,
        classification=task.classification,
        is_restricted=is_restricted(force, task),
        unit=task.unit,
        unit_name=unit_name(force, task.unit),
        places=where_words(force, task),
        pillar=task.pillar,
        pillar_name=pillar.label if pillar else task.pillar,
        band=task.working_band or "",
        band_words=band_words(task, with_score=not is_partner),
        status=task.status.value,
        status_words=STATUS_WORDS[task.status],
        rag=rag_of(task, look.now, is_late),
        rag_words=_rag_words(task, look.now, is_late, is_partner),
        is_owned=bool(task.owner_ids),
        is_mine=is_mine,
        owner_words="Mine" if is_mine else owner_words(bool(task.owner_ids)),
        labels=tuple(force.labels[code].name for code in sorted(task.labels) if code in force.labels),
        elsewhere=references_in_words(force, task),
        is_overdue=task.is_open and is_past_due(task, look.now),
        is_escalated=len(task.stands_on) > 1,
        is_control_strategy=row["alignment"] == Alignment.CONTROL_STRATEGY or CONTROL_LABEL in task.labels,
        decision_needed=task.decision_needed,
        actions_done=sum(line.is_done for line in task.checklist),
        actions_all=len(task.checklist),
        raised_at=task.raised_at,
        due_at=task.due_at,
        completed_at=task.completed_at,
        changed_at=row["changed_at"],
    )


def _rag_words(task: Task, now: datetime, is_late: bool, is_partner: bool) -> str:
    status, reason = RAG_WORDS[rag_of(task, now, is_late)], rag_reason(task, now, is_late)
    return status if is_partner or status == reason else f"{status}: {reason.lower()}"
