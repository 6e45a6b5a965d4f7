"""Which Planner task shows which record on which board, and what both last agreed on (the base)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from store.tables import planner_links


class LinkState(StrEnum):
    """WANTED: to be created. CREATING: a create was sent or about to be. ACTIVE: on the board.

    CLOSED: the task has left this board. GONE: a person deleted it there.
    """

    WANTED = "WANTED"
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"
    GONE = "GONE"


@dataclass(frozen=True, slots=True)
class PlannerLink:
    """One stay of a task on one board. `base` is what record and board agreed on at the last sync."""

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


def current(connection: Connection, task_id: str, unit: str) -> PlannerLink | None:
    """The newest stay of the task on this unit's board, in whatever state."""
    query = _links().where(planner_links.c.task_id == task_id, planner_links.c.unit == unit)
    row = connection.execute(query.order_by(planner_links.c.stay.desc()).limit(1)).mappings().first()
    return _link(row) if row else None


def want(connection: Connection, task_id: str, unit: str, plan_id: str) -> PlannerLink:
    """The standing stay on this board, or a new one where there is none or it has ended."""
    found = current(connection, task_id, unit)
    if found is not None and found.state not in (LinkState.CLOSED, LinkState.GONE):
        return found
    stay = connection.execute(
        select(func.coalesce(func.max(planner_links.c.stay), 0)).where(
            planner_links.c.task_id == task_id, planner_links.c.unit == unit
        )
    ).scalar_one()
    link = PlannerLink(
        secrets.token_hex(16), task_id, unit, stay + 1, plan_id, None, LinkState.WANTED, None, None, None, None
    )
    connection.execute(
        insert(planner_links).values(
            link_id=link.link_id, task_id=task_id, unit=unit, stay=link.stay, plan_id=plan_id, state=link.state
        )
    )
    return link


def change(connection: Connection, link_id: str, **values: object) -> None:
    """Sets columns of one link."""
    connection.execute(update(planner_links).where(planner_links.c.link_id == link_id).values(**values))


def of_task(connection: Connection, task_id: str, *states: LinkState) -> list[PlannerLink]:
    """The task's links in any of these states, by unit, and each unit's stays oldest first."""
    query = _links().where(planner_links.c.task_id == task_id, planner_links.c.state.in_(states))
    query = query.order_by(planner_links.c.unit, planner_links.c.stay)
    return [_link(row) for row in connection.execute(query).mappings()]


def of_plan(connection: Connection, plan_id: str, *states: LinkState) -> list[PlannerLink]:
    """The links of one plan in any of these states."""
    query = _links().where(planner_links.c.plan_id == plan_id, planner_links.c.state.in_(states))
    return [_link(row) for row in connection.execute(query).mappings()]


def known_planner_ids(connection: Connection, plan_id: str) -> frozenset[str]:
    """Ids of all Planner tasks of this plan that some link already stands for, ended stays included."""
    query = select(planner_links.c.planner_task_id).where(
        planner_links.c.plan_id == plan_id, planner_links.c.planner_task_id.is_not(None)
    )
    return frozenset(connection.execute(query).scalars())


def _links() -> Any:
    return select(planner_links)


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
    )
