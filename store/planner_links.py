"""Which Planner task shows which record on which board, and what both last agreed on (the base)."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, or_, select, update

from store.tables import planner_links, tasks

MOST_IN_QUERY = 500


class LinkState(StrEnum):
    """WANTED: to be created. CREATING: a create was sent or about to be. ACTIVE: on the board.

    CLOSED: the task has left this board, and stands there complete. GONE: a person deleted it there, or its whole plan.
    RETIRED: it had stood there complete for long enough, or complete where it may not be, and the service took it off.
    MOVED: it may stand on other boards only, and the service took it off this one; it may come back.
    """

    WANTED = "WANTED"
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    GONE = "GONE"
    RETIRED = "RETIRED"
    MOVED = "MOVED"


ENDED = (LinkState.CLOSED, LinkState.GONE, LinkState.RETIRED, LinkState.MOVED)
NOT_ENDED = (LinkState.WANTED, LinkState.CREATING, LinkState.ACTIVE)

_c = planner_links.c
_LINKS = select(planner_links)
_ON_BOARD = _LINKS.where(_c.task_id == bindparam("of_task"), _c.unit == bindparam("of_unit"))
_NEWEST = _ON_BOARD.order_by(_c.stay.desc()).limit(1)
_STAYS_BEFORE = _ON_BOARD.where(_c.stay < bindparam("of_stay")).order_by(_c.stay.desc())
_IN_STATES = _LINKS.where(_c.task_id == bindparam("of_task"), _c.state.in_(bindparam("states", expanding=True)))
_OF_TASK = _IN_STATES.order_by(_c.unit, _c.stay)
_ADD = insert(planner_links)
_CHANGE = update(planner_links).where(_c.link_id == bindparam("this")).values(revision=_c.revision + 1)
_CLAIM = _CHANGE.where(
    _c.state == bindparam("as_read"),
    or_(_c.state != LinkState.CREATING, _c.attempted_at.is_not_distinct_from(bindparam("attempted_as_read"))),
)


@dataclass(frozen=True, slots=True)
class PlannerLink:
    """One stay of a task on the board that `unit` is the code of. `base` is what both agreed on at the last sync.

    `links_shown` maps web addresses that the service put on the task to their words; `last_seen` holds what people
    had written on it at the last read. `revision` moves with every change of the link.
    `newest_etag` is the newest that Planner has answered with, to a read or to a write, at `newest_at` (UTC).
    """

    link_id: str
    task_id: str
    unit: str
    stay: int
    plan_id: str
    planner_task_id: str | None
    state: LinkState
    attempted_at: datetime | None
    task_etag: str | None
    base: Mapping[str, Any] | None
    service_block: str | None
    links_shown: Mapping[str, str] | None = None
    last_seen: Mapping[str, Any] | None = None
    newest_etag: str | None = None
    newest_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A Planner task that a link stands for: the link, its etags as PlannerLink has them, and how the link stood."""

    link_id: str
    task_etag: str | None
    newest_etag: str | None
    newest_at: datetime | None
    revision: int


def current(connection: Connection, task_id: str, unit: str) -> PlannerLink | None:
    """The newest stay of the task on this unit's board, in whatever state."""
    row = connection.execute(_NEWEST, {"of_task": task_id, "of_unit": unit}).mappings().first()
    return _link(row) if row else None


def want(connection: Connection, task_id: str, unit: str, plan_id: str) -> PlannerLink:
    """The standing stay on this board, or a new one where there is none or it has ended."""
    found = current(connection, task_id, unit)
    if found is not None and found.state not in ENDED:
        return found
    stay = found.stay + 1 if found is not None else 1
    link = PlannerLink(
        secrets.token_hex(16), task_id, unit, stay, plan_id, None, LinkState.WANTED, None, None, None, None
    )
    names = ("link_id", "task_id", "unit", "stay", "plan_id", "state")
    connection.execute(_ADD, {name: getattr(link, name) for name in names})
    return link


def change(connection: Connection, link_id: str, **values: object) -> None:
    """Sets columns of one link."""
    connection.execute(_CHANGE, {"this": link_id, **values})


def claim_create(connection: Connection, link: PlannerLink, attempted_at: datetime, base: Mapping[str, Any]) -> bool:
    """Notes that the create of this link is about to be sent, to the plan that `link` names.

    False, and nothing noted, where somebody else has begun one, or ended the stay, since the link was read.
    """
    which = {"this": link.link_id, "as_read": link.state, "attempted_as_read": link.attempted_at}
    noted = {"plan_id": link.plan_id, "state": LinkState.CREATING, "attempted_at": attempted_at, "base": base}
    return connection.execute(_CLAIM, {**which, **noted}).rowcount > 0


def taken_before(connection: Connection, link: PlannerLink) -> PlannerLink | None:
    """The stay on the same board before this one, where people deleted it or it was moved away: of several in a row
    the newest that was read, since those after it had been given what it showed."""
    if link.stay == 1:
        return None
    which = {"of_task": link.task_id, "of_unit": link.unit, "of_stay": link.stay}
    for row in connection.execute(_STAYS_BEFORE, which).mappings():
        if row["state"] not in (LinkState.GONE, LinkState.MOVED):
            return None
        if row["last_seen"] is not None:
            return _link(row)
    return None


def of_task(connection: Connection, task_id: str, *states: LinkState) -> list[PlannerLink]:
    """The task's links in any of these states, by unit, and each unit's stays oldest first."""
    rows = connection.execute(_OF_TASK, {"of_task": task_id, "states": states}).mappings()
    return [_link(row) for row in rows]


def in_states(connection: Connection, *states: LinkState) -> list[PlannerLink]:
    """Every link in any of these states."""
    query = _LINKS.where(planner_links.c.state.in_(states))
    return [_link(row) for row in connection.execute(query).mappings()]


def of_plan(connection: Connection, plan_id: str, *states: LinkState) -> list[PlannerLink]:
    """The links of one plan in any of these states."""
    query = _LINKS.where(planner_links.c.plan_id == plan_id, planner_links.c.state.in_(states))
    return [_link(row) for row in connection.execute(query).mappings()]


def blocks_of_open_tasks(connection: Connection, *states: LinkState) -> dict[str, list[str]]:
    """The service's blocks that boards show of every open task, by task id, of links in any of these states."""
    c, found = planner_links.c, dict[str, list[str]]()
    query = select(c.task_id, c.service_block).join(tasks, tasks.c.task_id == c.task_id)
    query = query.where(tasks.c.is_open, c.state.in_(states), c.service_block.is_not(None))
    for task_id, block in connection.execute(query):
        found.setdefault(task_id, []).append(block)
    return found


def plans_stood_on(connection: Connection) -> dict[tuple[str, str], int]:
    """By unit and plan id, how many stays have not ended."""
    c = planner_links.c
    query = select(c.unit, c.plan_id, func.count()).where(c.state.in_(NOT_ENDED)).group_by(c.unit, c.plan_id)
    return {(unit, plan_id): int(number) for unit, plan_id, number in connection.execute(query)}


def known_planner_ids(connection: Connection, planner_task_ids: Iterable[str]) -> frozenset[str]:
    """Those of these Planner tasks that some link stands for, ended stays included."""
    wanted = list(planner_task_ids)
    known: set[str] = set()
    for start in range(0, len(wanted), MOST_IN_QUERY):
        some = wanted[start : start + MOST_IN_QUERY]
        query = select(planner_links.c.planner_task_id).where(planner_links.c.planner_task_id.in_(some))
        known.update(connection.execute(query).scalars())
    return frozenset(known)


def known_in_plan(connection: Connection, plan_id: str, *states: LinkState) -> dict[str, KnownTask]:
    """By Planner task id, all that a poll needs to know of what stays as it is."""
    c = planner_links.c
    query = select(c.planner_task_id, c.link_id, c.task_etag, c.newest_etag, c.newest_at, c.revision)
    query = query.where(c.plan_id == plan_id, c.state.in_(states), c.planner_task_id.is_not(None))
    return {planner_task_id: KnownTask(*known) for planner_task_id, *known in connection.execute(query)}


def by_ids(connection: Connection, link_ids: Iterable[str]) -> list[PlannerLink]:
    """These links, in no order."""
    wanted = list(link_ids)
    found: list[PlannerLink] = []
    for start in range(0, len(wanted), MOST_IN_QUERY):
        query = _LINKS.where(planner_links.c.link_id.in_(wanted[start : start + MOST_IN_QUERY]))
        found += [_link(row) for row in connection.execute(query).mappings()]
    return found


def _link(row: RowMapping) -> PlannerLink:
    return PlannerLink(
        row["link_id"],
        row["task_id"],
        row["unit"],
        row["stay"],
        row["plan_id"],
        row["planner_task_id"],
        LinkState(row["state"]),
        row["attempted_at"],
        row["task_etag"],
        row["base"],
        row["service_block"],
        row["links_shown"],
        row["last_seen"],
        row["newest_etag"],
        row["newest_at"],
        row["revision"],
    )
