"""All that a board shows of a task: the record, its escalations, its remarks, the board, and the link between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from planner_sync import description
from planner_sync.boards import BoardPlan, board_of, board_of_plan
from store import decisions, planner_links, remarks, tasks
from store.planner_links import LinkState, PlannerLink
from tasking.decision import Decision
from tasking.escalation import Escalation
from tasking.force import Force
from tasking.task import Task


@dataclass(frozen=True, slots=True)
class Shown:
    """One task on one board. `elsewhere` are the links of the other boards where it stands now; `before` is what people
    had written on it when it was deleted here, empty where it was not. `decision` is the newest about it.
    """

    task: Task
    escalations: tuple[Escalation, ...]
    remarks: tuple[str, ...]
    board: BoardPlan
    link: PlannerLink
    elsewhere: tuple[PlannerLink, ...]
    before: Mapping[str, Any]
    decision: Decision | None

    @property
    def is_twin(self) -> bool:
        """Whether this board is not the task's own."""
        return self.link.unit != self.task.unit

    @property
    def has_left(self) -> bool:
        """Whether the task does not stand here any more: its Planner task waits to be closed."""
        return self.link.unit not in self.task.stands_on

    def block(self, force: Force) -> str:
        """The service's block of the description."""
        return description.service_block(self.task, force, self.escalations, self.remarks, self.decision)

    def record_links(self, force: Force, task_url: str) -> dict[str, str]:
        """Addresses of the same task on its other boards, with their words. `task_url` is the settings' template."""
        if self.has_left:
            return {}
        return {
            task_url.format(plan_id=link.plan_id, task_id=link.planner_task_id): (
                f"{self.task.reference} on the board of {force.units[link.unit].name}"
            )
            for link in self.elsewhere
        }


def wanted(connection: Connection, task_id: str, unit: str | None) -> Shown:
    """The task on the board of `unit` (None: its own), with a link that stands or is wanted from now on."""
    task = tasks.read_task(connection, task_id)
    unit = unit or task.unit
    link = planner_links.want(connection, task_id, unit, board_of(connection, unit).plan_id)
    return of_link(connection, link)


def of_link(connection: Connection, link: PlannerLink) -> Shown:
    """What this link's board shows, by the record as it is now."""
    task = tasks.read_task(connection, link.task_id)
    deleted = planner_links.deleted_before(connection, link)
    active = planner_links.of_task(connection, link.task_id, LinkState.ACTIVE)
    return Shown(
        task,
        tasks.read_escalations(connection, link.task_id),
        tuple(remark.text for remark in remarks.remarks_on(connection, link.task_id)),
        board_of_plan(connection, link.unit, link.plan_id),
        link,
        tuple(other for other in active if other.unit != link.unit and other.unit in task.stands_on),
        _people_s(deleted) if deleted else {},
        decisions.newest_of_task(connection, link.task_id),
    )


def _people_s(deleted: PlannerLink) -> dict[str, Any]:
    """What was last seen of a deleted task, without the links that the service itself had put there."""
    seen = dict(deleted.last_seen or {})
    ours = deleted.links_shown or {}
    return {**seen, "links": {url: words for url, words in seen.get("links", {}).items() if url not in ours}}


def changed_links(there: Mapping[str, str] | None, wanted: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Links to put on the task, and those of ours to take off it."""
    shown = there or {}
    return {url: words for url, words in wanted.items() if url not in shown}, tuple(shown.keys() - wanted.keys())
