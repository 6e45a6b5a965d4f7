"""An officer's own page: what became of my submissions, and the tasks that are mine.

What a person handed in or owns they know of, so it is listed even where it is restricted; of such a task without the
right to restricted matters only its reference and how it stands is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, and_, func, or_, select

from reporting.visible import holds_any
from reporting.wording import OPEN_IT_THERE, STATUS_WORDS, band_words, unit_name
from store.inbox import InboxState
from store.tab_tables import task_lines
from store.tables import inbox, tasks
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Status, Task
from tasking.time_limits import is_past_due
from tasking.viewing import Viewer

PAGE_SIZE = 50
DONE_SHOWN = timedelta(days=28)
"""So long a done task is listed for who raised it; for its owner until its result is there."""
STATE_WORDS: Mapping[str, str] = {
    InboxState.RECEIVED: "Received, not yet read",
    InboxState.DONE: "Taken in",
    InboxState.REJECTED: "Not taken: see why",
    InboxState.STOPPED: "Not taken: it belongs in another system",
}
"""What became of a response, as people say it."""

_TASK: TypeAdapter[Task] = TypeAdapter(Task)


@dataclass(frozen=True, slots=True)
class MyTask:
    """One task as its owner or submitter sees it. Times are UTC. `reference` may be shown always; `title` says where to
    open it where it is restricted and they may not read it here, and then `can_open` is false."""

    task_id: str
    reference: str
    title: str
    unit_name: str
    band_words: str
    status_words: str
    due_at: datetime | None
    is_overdue: bool
    wants_result: bool
    actions_done: int
    actions_all: int
    can_open: bool


@dataclass(frozen=True, slots=True)
class MySubmission:
    """One response of mine, at `received_at` (UTC), and what became of it. `reasons` say what was not clear or why it
    was not taken; `task` is the one it raised or was about, where there is one."""

    inbox_id: int
    form: str
    reference: str
    received_at: datetime
    state: str
    state_words: str
    reasons: tuple[str, ...]
    task: MyTask | None


@dataclass(frozen=True, slots=True)
class MySubmissions:
    """One page of them, the newest first. `next_after` is where the next begins, None on the last."""

    rows: tuple[MySubmission, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class MyTasks:
    """One page of them, in the house's order: open ones first, then those that want a result."""

    rows: tuple[MyTask, ...]
    next_after: str | None


def my_submissions(
    connection: Connection, force: Force, viewer: Viewer, now: datetime, after: int | None = None, size: int = PAGE_SIZE
) -> MySubmissions:
    """Responses that came in under one of the viewer's own ids. One query. Raises RuleBroken for a size below 1."""
    _check(size)
    query = select(inbox, tasks.c.document.label("task")).outerjoin(tasks, tasks.c.task_id == inbox.c.task_id)
    query = query.where(inbox.c.responder.in_(_ids(viewer)))
    if after is not None:
        query = query.where(inbox.c.inbox_id < after)
    found = connection.execute(query.order_by(inbox.c.inbox_id.desc()).limit(size + 1)).mappings().all()
    shown = found[:size]
    next_after = shown[-1]["inbox_id"] if len(found) > size else None
    return MySubmissions(tuple(_submission(force, viewer, row, now) for row in shown), next_after)


def my_tasks(
    connection: Connection, force: Force, viewer: Viewer, now: datetime, after: str | None = None, size: int = PAGE_SIZE
) -> MyTasks:
    """Tasks that one of the viewer's own ids owns or raised, in the house's order: open ones, those that are done and
    want a result of them, and those that they raised and that were done in the last DONE_SHOWN. One query.

    The one rule of what is "mine", for every page. `now` is UTC. Raises RuleBroken for a size below 1.
    """
    _check(size)
    c = task_lines.c
    owned = holds_any(c.owners, viewer.person_ids)
    is_current = or_(c.is_open, tasks.c.completed_at >= now - DONE_SHOWN)
    raised = func.lower(tasks.c.document["submitted_by"].as_string()).in_(_ids(viewer))
    query = select(tasks.c.document, c.order_key).join(task_lines, c.task_id == tasks.c.task_id)
    query = query.where(c.status != Status.WITHDRAWN.value, or_(owned, and_(is_current, raised)))
    if after is not None:
        query = query.where(c.order_key > after)
    found = connection.execute(query.order_by(c.order_key).limit(size + 1)).mappings().all()
    shown = found[:size]
    rows = tuple(_task(force, viewer, _TASK.validate_python(row["document"]), now) for row in shown)
    return MyTasks(rows, shown[-1]["order_key"] if len(found) > size else None)


def _ids(viewer: Viewer) -> list[str]:
    """The person's ids, also in the small letters in which responses have them."""
    return sorted(viewer.person_ids | {each.casefold() for each in viewer.person_ids})


def _check(size: int) -> None:
    if size < 1:
        raise RuleBroken("A page holds at least one line.")


def _submission(force: Force, viewer: Viewer, row: RowMapping, now: datetime) -> MySubmission:
    task = _TASK.validate_python(row["task"]) if row["task"] else None
    return MySubmission(
        inbox_id=row["inbox_id"],
        form=row["form"],
        reference=row["reference"],
        received_at=row["received_at"],
        state=row["state"],
        state_words=STATE_WORDS[row["state"]],
        reasons=tuple(row["reasons"]),
        task=_task(force, viewer, task, now) if task else None,
    )


def _task(force: Force, viewer: Viewer, task: Task, now: datetime) -> MyTask:
    is_hidden = is_restricted(force, task) and not viewer.may_see_restricted
    return MyTask(
        task_id=task.task_id,
        reference=task.reference,
        title=OPEN_IT_THERE if is_hidden else task.title,
        unit_name=unit_name(force, task.unit),
        band_words="" if is_hidden else band_words(task, with_score=False),
        status_words=STATUS_WORDS[task.status],
        due_at=None if is_hidden else task.due_at,
        is_overdue=not is_hidden and task.is_open and is_past_due(task, now),
        wants_result=task.status is Status.COMPLETED,
        actions_done=sum(line.is_done for line in task.checklist),
        actions_all=len(task.checklist),
        can_open=not is_hidden,
    )
