"""The decision register as a page and as a file: what a viewer may see of it, the newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, and_, false, func, select

from reporting.register import RegisterRow, row_of, says
from reporting.visible import visible
from reporting.wording import is_decision_restricted, mark_of_decision
from store import decisions as decision_rows
from store.tab_tables import task_lines
from store.tables import decisions, tasks
from tasking.decision import Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.task import Classification, Task
from tasking.viewing import Viewer

PAGE_SIZE = 50
MOST_EXPORTED = 20_000
MOST_COUNTED = 1000
AT_A_TIME = 200

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_c = decisions.c
Found = tuple[int, Decision, Task]
"""A decision with its number and its task."""


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """Which decisions: made from `since` to before `until` (UTC), of these units and types, with this text in them."""

    since: datetime
    until: datetime
    units: tuple[str, ...] = ()
    types: tuple[DecisionType, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """One page. `next_after` is where the next begins, None on the last. `number` is None where a text is looked for;
    with `is_more` there are more than that."""

    rows: tuple[RegisterRow, ...]
    next_after: int | None
    number: int | None
    is_more: bool


def register_page(
    connection: Connection,
    force: Force,
    viewer: Viewer,
    wanted: RegisterFilter,
    after: int | None = None,
    size: int = PAGE_SIZE,
) -> RegisterPage:
    """Decisions about tasks that the viewer may see, as they were written down, the newest first.

    A decision is never changed and a new one comes before all others, so that pages have no gap and no double. To a
    partner nothing is shown: what partners may know stands in their part of the pack. Raises RuleBroken for a size
    below 1.
    """
    if size < 1:
        raise RuleBroken("A page holds at least one decision.")
    found = list(islice(_found(connection, force, viewer, wanted, after), size + 1))
    shown = found[:size]
    number, is_more = (None, False) if wanted.text else _count(connection, _conditions(force, viewer, wanted, None))
    next_after = shown[-1][0] if len(found) > size else None
    return RegisterPage(_rows(connection, force, shown), next_after, number, is_more)


def register_export(
    connection: Connection, force: Force, viewer: Viewer, wanted: RegisterFilter
) -> tuple[RegisterRow, ...]:
    """All that the pages show, oldest first, for register_csv and register_json (reporting/register.py).

    Raises RuleBroken above MOST_EXPORTED decisions.
    """
    found = list(islice(_found(connection, force, viewer, wanted, None), MOST_EXPORTED + 1))
    if len(found) > MOST_EXPORTED:
        raise RuleBroken(f"These are more than {MOST_EXPORTED} decisions: choose a shorter time or a unit.")
    return tuple(reversed(_rows(connection, force, found)))


def rows_about(connection: Connection, force: Force, viewer: Viewer, task: Task) -> tuple[RegisterRow, ...]:
    """Decisions about one task that the viewer may see, oldest first. Three queries at most."""
    everything = and_(_of_viewer(force, viewer), _c.task_id == task.task_id)
    return tuple(reversed(_rows(connection, force, list(_stream(connection, everything)))))


def _of_viewer(force: Force, viewer: Viewer) -> ColumnElement[bool]:
    if viewer.is_partner:
        return false()
    if viewer.may_see_restricted:
        return visible(viewer, force)
    mark = _c.document["classification"].as_string()
    return and_(visible(viewer, force), mark != Classification.OFFICIAL_SENSITIVE.value)


def _conditions(force: Force, viewer: Viewer, wanted: RegisterFilter, after: int | None) -> ColumnElement[bool]:
    conditions = [_of_viewer(force, viewer), _c.decided_at >= wanted.since, _c.decided_at < wanted.until]
    conditions += [_c.unit.in_(wanted.units)] if wanted.units else []
    conditions += [_c.decision_type.in_([each.value for each in wanted.types])] if wanted.types else []
    conditions += [_c.number < after] if after is not None else []
    return and_(*conditions)


def _found(
    connection: Connection, force: Force, viewer: Viewer, wanted: RegisterFilter, after: int | None
) -> Iterator[Found]:
    found = _stream(connection, _conditions(force, viewer, wanted, after))
    text = " ".join(wanted.text.split())
    return (each for each in found if not text or says(each[1], text, hidden=False))


def _stream(connection: Connection, kept: ColumnElement[bool]) -> Iterator[Found]:
    """Decisions with their tasks, the newest first, read as they are taken."""
    query = select(_c.number, _c.document, tasks.c.document).join(tasks, tasks.c.task_id == _c.task_id)
    query = query.join(task_lines, task_lines.c.task_id == _c.task_id).where(kept).order_by(_c.number.desc())
    with connection.execute(query.execution_options(yield_per=AT_A_TIME)) as rows:
        for number, decision, task in rows:
            yield number, _DECISION.validate_python(decision), _TASK.validate_python(task)


def _rows(connection: Connection, force: Force, found: Sequence[Found]) -> tuple[RegisterRow, ...]:
    later = decision_rows.superseded_by(connection, [decision for _, decision, _ in found])
    return tuple(
        row_of(force, decision, _mark(force, decision, task), later.get(decision.decision_ref, ""))
        for _, decision, task in found
    )


def _mark(force: Force, decision: Decision, task: Task) -> Classification:
    return mark_of_decision(decision, task, is_told=is_decision_restricted(force, decision, task))


def _count(connection: Connection, kept: ColumnElement[bool]) -> tuple[int, bool]:
    some = select(_c.number).join(task_lines, task_lines.c.task_id == _c.task_id).where(kept)
    limited = some.limit(MOST_COUNTED + 1).subquery()
    number = int(connection.execute(select(func.count()).select_from(limited)).scalar_one())
    return min(number, MOST_COUNTED), number > MOST_COUNTED
