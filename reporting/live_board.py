"""The live board: every task that a viewer may see, in the house's order, narrowed, counted, page by page.

The number of queries is the same however many tasks there are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select

from reporting.board_dimensions import (
    DIMENSIONS,
    Look,
    is_escalated,
    is_on_control_strategy,
    is_overdue,
    is_owned_by,
    look_of,
)
from reporting.board_rows import BoardRow, rows_of
from reporting.visible import visible
from store import board_polls, notebook
from store.tab_tables import task_lines
from store.tables import tasks
from tasking.board_filter import ME, NOBODY, STATUSES, BoardFilter, Scope
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.viewing import Viewer

PAGE_SIZE = 50
MOST_COUNTED = 5000
"""A scope with more tasks than this in view is not counted by heading, and its number is said to be more than that."""
MOST_WATCHED = 1000
"""Of a longer list the first tasks alone are watched for changes."""
MOST_SAID = 200
"""Of a scope that is not looked at, and of one too long to be counted by heading, no larger number is told."""
LATE_AFTER = timedelta(minutes=15)
"""A board that was read, or made and not read yet, longer ago than this is said to be out of date: the longest gap
between two reads."""
PLAN = "plan"
"""Kind of provisioned row that names the plan in use of each unit (planner_sync/boards.py)."""
SCOPE_WORDS = {Scope.OPEN: "Open", Scope.AWAITING_RESULT: "Done, result to come", Scope.ENDED: "Withdrawn"}

_c = task_lines.c
_COUNTED = (_c.places, _c.pillar, _c.band, _c.status, _c.labels)


@dataclass(frozen=True, slots=True)
class Count:
    """How many tasks; with `is_more` there are more than that."""

    number: int
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value under a heading, and how many tasks its link lists; None where there are too many to count."""

    value: str
    words: str
    number: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """One heading of the filter. `code` is also the name of the field of BoardFilter."""

    code: str
    name: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class ScopeCount:
    """A part of the record and how many tasks of it the other headings keep."""

    scope: Scope
    words: str
    count: Count
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class BoardSynced:
    """When a board, whose code is `unit`, was last read (UTC); None where it never was, or has not been made."""

    unit: str
    unit_name: str
    read_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class BoardPage:
    """One page of the board. `next_after` is where the next one begins, None on the last."""

    rows: tuple[BoardRow, ...]
    next_after: str | None
    total: Count
    scopes: tuple[ScopeCount, ...]
    facets: tuple[Facet, ...]
    synced: tuple[BoardSynced, ...]
    token: str


def board_page(
    connection: Connection,
    force: Force,
    viewer: Viewer,
    wanted: BoardFilter,
    now: datetime,
    after: str | None = None,
    size: int = PAGE_SIZE,
) -> BoardPage:
    """The tasks after `after` (a page's `next_after`), and all that stands beside them, at `now` (UTC).

    What keeps its place in the order is on exactly one page, whatever other tasks do meanwhile; one that itself moves
    is where it then stands, and `board_token` says that something has. Raises RuleBroken for a page size below 1.
    """
    if size < 1:
        raise RuleBroken("A page holds at least one task.")
    look = look_of(force, viewer, wanted, now)
    kept = _kept(look, wanted.scope)
    rows, next_after = _rows(connection, look, kept, after, size)
    groups = _groups(connection, look) if _can_be_counted(connection, look) else None
    total = None if groups is None else Count(sum(number for row, number in groups if not _fails(look, row)))
    scopes = tuple(_scope(connection, look, scope, total) for scope in Scope)
    return BoardPage(
        rows=rows,
        next_after=next_after,
        total=next(each.count for each in scopes if each.is_chosen),
        scopes=scopes,
        facets=_facets(look, groups),
        synced=boards_synced(connection, force, viewer, now),
        token=_token(connection, kept),
    )


def board_token(connection: Connection, force: Force, viewer: Viewer, wanted: BoardFilter, now: datetime) -> str:
    """What changes whenever the list of this viewer with this filter does, and only then; one query.

    Of a list that is longer than MOST_WATCHED its first tasks are watched. Overdue tasks change it as time passes only
    where the filter asks for them.
    """
    return _token(connection, _kept(look_of(force, viewer, wanted, now), wanted.scope))


def board_export(
    connection: Connection, force: Force, viewer: Viewer, wanted: BoardFilter, now: datetime
) -> tuple[BoardRow, ...]:
    """Every row of the list at once, for a file or a print. Raises RuleBroken above MOST_COUNTED rows."""
    look = look_of(force, viewer, wanted, now)
    rows, more = _rows(connection, look, _kept(look, wanted.scope), None, MOST_COUNTED)
    if more is not None:
        raise RuleBroken(f"These are more than {MOST_COUNTED} tasks: choose a unit, a pillar or a status first.")
    return rows


def boards_synced(connection: Connection, force: Force, viewer: Viewer, now: datetime) -> tuple[BoardSynced, ...]:
    """When each board of the viewer's units was last read, in the order of config; two queries."""
    plans = notebook.provisioned_rows(connection, PLAN)
    times = board_polls.read_times(connection)
    found = []
    for code, board in force.every_board.items():
        if viewer.may_see_unit(board.unit):
            plan = plans.get(code)
            read_at = times.get(plan["graph_id"]) if plan else None
            waits_since = read_at or (plan["made_at"] if plan else None)
            is_late = waits_since is None or now - waits_since > LATE_AFTER
            found.append(BoardSynced(code, force.board_name(code), read_at, is_late))
    return tuple(found)


def _in_scope(look: Look, scope: Scope) -> ColumnElement[bool]:
    is_open = _c.is_open.is_(scope is Scope.OPEN)
    told = [status.value for status in sorted(STATUSES[scope])]
    by_status = is_open if scope is Scope.OPEN else _c.status.in_(told)
    return and_(by_status, visible(look.viewer, look.force))


def _kept(look: Look, scope: Scope) -> ColumnElement[bool]:
    """The whole filter, in this scope. Statuses belong to the scope that was chosen: in another they say nothing."""
    wanted = look.wanted if scope is look.wanted.scope else replace(look.wanted, statuses=())
    narrowing = ((each, each.chosen(wanted)) for each in DIMENSIONS)
    return and_(_in_scope(look, scope), *(each.keeps(look, chosen) for each, chosen in narrowing if chosen))


def _rows(
    connection: Connection, look: Look, kept: ColumnElement[bool], after: str | None, size: int
) -> tuple[tuple[BoardRow, ...], str | None]:
    query = select(tasks, _c.order_key, _c.alignment, _c.changed_at).join(task_lines, _c.task_id == tasks.c.task_id)
    if after is not None:
        query = query.where(_c.order_key > after)
    found = connection.execute(query.where(kept).order_by(_c.order_key).limit(size + 1)).mappings().all()
    shown = found[:size]
    return rows_of(connection, look, shown), shown[-1]["order_key"] if len(found) > size else None


def _can_be_counted(connection: Connection, look: Look) -> bool:
    query = select(_c.order_key).where(_in_scope(look, look.wanted.scope)).order_by(_c.order_key)
    return connection.execute(query.limit(1).offset(MOST_COUNTED)).first() is None


def _groups(connection: Connection, look: Look) -> list[tuple[object, int]]:
    """Rows of the scope that count alike, with their number."""
    owner = look.wanted.owner
    flags = (
        is_overdue(look.now).label("overdue"),
        is_escalated().label("escalated"),
        is_on_control_strategy().label("control_strategy"),
        is_owned_by(look, NOBODY).label("is_unowned"),
        is_owned_by(look, ME).label("is_mine"),
        (is_owned_by(look, owner) if owner else literal(False)).label("is_wanted_owner"),
    )
    scope = _in_scope(look, look.wanted.scope)
    some = select(*_COUNTED, *flags).where(scope).subquery()
    query = select(*some.c, func.count().label("number")).group_by(*some.c)
    return [(row, int(row.number)) for row in connection.execute(query)]


def _fails(look: Look, row: object) -> list[str]:
    """Codes of the headings under which the filter does not keep the row."""
    chosen = ((each, each.chosen(look.wanted)) for each in DIMENSIONS)
    return [each.code for each, told in chosen if told and told.isdisjoint(each.values(look, row))]


def _facets(look: Look, groups: Sequence[tuple[object, int]] | None) -> tuple[Facet, ...]:
    """Counts under each heading of what all the others keep."""
    counts: dict[str, Counter[str]] = {each.code: Counter() for each in DIMENSIONS}
    for row, number in groups or ():
        fails = _fails(look, row)
        for dimension in DIMENSIONS:
            if not fails or fails == [dimension.code]:
                counts[dimension.code].update({value: number for value in set(dimension.values(look, row))})
    return tuple(
        Facet(each.code, each.name, tuple(_values(look, each.code, counts[each.code], groups is not None)))
        for each in DIMENSIONS
    )


def _values(look: Look, code: str, counts: Counter[str], is_whole: bool) -> Iterable[FacetValue]:
    (dimension,) = (each for each in DIMENSIONS if each.code == code)
    chosen, offered = dimension.chosen(look.wanted), dict(dimension.offered(look))
    for value in [*offered, *sorted(chosen - offered.keys())]:
        yield FacetValue(value, offered.get(value, value), counts[value] if is_whole else None, value in chosen)


def _scope(connection: Connection, look: Look, scope: Scope, total: Count | None) -> ScopeCount:
    is_chosen = scope is look.wanted.scope
    count = total if is_chosen and total is not None else _count(connection, _kept(look, scope))
    return ScopeCount(scope, SCOPE_WORDS[scope], count, is_chosen)


def _count(connection: Connection, kept: ColumnElement[bool]) -> Count:
    some = select(_c.task_id).where(kept).limit(MOST_SAID + 1).subquery()
    number = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return Count(min(number, MOST_SAID), number > MOST_SAID)


def _token(connection: Connection, kept: ColumnElement[bool]) -> str:
    """Whatever comes has the newest time, whatever changes a higher version, whatever goes leaves a smaller number."""
    head: Select[tuple[int, datetime, str]] = select(_c.version, _c.changed_at, _c.order_key).where(kept)
    some = head.order_by(_c.order_key).limit(MOST_WATCHED + 1).subquery()
    sums = (func.count(), func.sum(some.c.version), func.max(some.c.changed_at), func.max(some.c.order_key))
    number, versions, newest, last = connection.execute(select(*sums)).one()
    at = newest.isoformat() if newest else ""
    return f"{number}.{versions or 0}.{at}.{(last or '')[-32:]}"
