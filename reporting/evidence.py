"""Everything on record about one task, as items in time order: what an evidence bundle holds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import ColumnElement, Connection, Table, or_, select

from store.quality_tables import qa_outcomes
from store.tab_tables import notes
from store.tables import (
    arrivals,
    assessments,
    audit_log,
    decisions,
    escalations,
    inbox,
    meetings,
    outbox,
    planner_links,
    posts,
    remarks,
    tasks,
)
from tasking.task import Classification, Task


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rows of one task are found by. `references` are its own and those of responses about it; `meeting_refs`
    the meetings at which it was decided about."""

    task_id: str
    inbox_ids: frozenset[int]
    references: frozenset[str]
    meeting_refs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one table that belong to a task. `time` is the column, or the name in the document, that dates a row.

    Without a time a row says how something stands now, and not what happened; such items come first.
    """

    name: str
    table: Table
    time: str | None
    rows: Callable[[Subject], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Item:
    """One row as evidence. `at` is UTC. `record` holds every column, as plain JSON values."""

    source: str
    key: str
    at: datetime
    mark: Classification
    record: Mapping[str, Any]


def _of_task(table: Table) -> Callable[[Subject], ColumnElement[bool]]:
    return lambda subject: table.c.task_id == subject.task_id


def _promised_for(subject: Subject) -> ColumnElement[bool]:
    task_id: ColumnElement[str] = outbox.c.payload["task_id"].as_string()
    return task_id == subject.task_id


SOURCES = (
    Source("task", tasks, None, _of_task(tasks)),
    Source("planner-link", planner_links, None, _of_task(planner_links)),
    Source("response", inbox, "received_at", lambda subject: inbox.c.inbox_id.in_(subject.inbox_ids)),
    Source("arrival", arrivals, "arrived_at", lambda subject: arrivals.c.inbox_id.in_(subject.inbox_ids)),
    Source("assessment", assessments, "assessed_at", _of_task(assessments)),
    Source("score-check", qa_outcomes, "recorded_at", _of_task(qa_outcomes)),
    Source("meeting", meetings, "starts_at", lambda subject: meetings.c.meeting_ref.in_(subject.meeting_refs)),
    Source("decision", decisions, "decided_at", _of_task(decisions)),
    Source("escalation", escalations, "requested_at", _of_task(escalations)),
    Source("audit", audit_log, "at", lambda subject: audit_log.c.object_ref.in_(subject.references)),
    Source("delivery", outbox, "created_at", _promised_for),
    Source("post", posts, "posted_at", _of_task(posts)),
    Source("remark", remarks, "raised_at", _of_task(remarks)),
    Source("note", notes, "written_at", _of_task(notes)),
)
"""Where evidence comes from. Of items of the same moment, those of the source that stands first here come first."""


def items_about(connection: Connection, task: Task, now: datetime) -> list[Item]:
    """Every item about this task: how it stands `now` (UTC) first, then what happened, oldest first."""
    subject = _subject(connection, task)
    found = [
        (source.time is not None, item)
        for source in SOURCES
        for item in _items(connection, source, subject, task.classification, now)
    ]
    return [item for _, item in sorted(found, key=lambda each: (each[0], each[1].at if each[0] else now))]


def _subject(connection: Connection, task: Task) -> Subject:
    query = select(inbox.c.inbox_id, inbox.c.reference)
    rows = connection.execute(
        query.where(or_(inbox.c.task_id == task.task_id, inbox.c.reference == task.reference))
    ).all()
    references = {task.reference, task.task_id, *(row.reference for row in rows)}
    refs = select(decisions.c.meeting_ref).where(decisions.c.task_id == task.task_id, decisions.c.meeting_ref != "")
    held = frozenset(connection.execute(refs.distinct()).scalars())
    return Subject(task.task_id, frozenset(row.inbox_id for row in rows), frozenset(references), held)


def _items(
    connection: Connection, source: Source, subject: Subject, mark: Classification, now: datetime
) -> Iterator[Item]:
    (key,) = source.table.primary_key
    query = select(source.table).where(source.rows(subject)).order_by(key)
    for row in map(dict, connection.execute(query).mappings()):
        at = _time(_fact(row, source.time)) if source.time else now
        record = to_jsonable_python(row)
        yield Item(source.name, str(row[key.name]), at, _mark(_fact(row, "classification"), mark), record)


def _fact(row: Mapping[str, Any], name: str) -> Any:
    """What the row says under this name, in a column of its own or in its document."""
    return row[name] if name in row else (row.get("document") or {}).get(name)


def _time(told: Any) -> datetime:
    moment = told if isinstance(told, datetime) else datetime.fromisoformat(told)
    return moment.astimezone(UTC)


def _mark(told: Any, of_the_task: Classification) -> Classification:
    """An item's own handling mark, or its task's. One that is not known is taken for the higher."""
    if told is None:
        return of_the_task
    return Classification(told) if told in set(Classification) else Classification.OFFICIAL_SENSITIVE
