"""All that a board shows of a task: the record, its escalations, its remarks, the board, and the link between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from planner_sync import conflicts, description
from planner_sync.boards import BoardPlan, board_of, board_of_plan
from planner_sync.whereabouts import journey_lines, meeting_line
from store import decisions, meetings, planner_links, remarks, tasks
from store.planner_links import LinkState, PlannerLink
from store.remarks import Remark
from store.task_trail import Moved, trail_of
from tasking.decision import Decision
from tasking.escalation import Escalation
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.standing import boards_of, own_board
from tasking.task import Task


@dataclass(frozen=True, slots=True)
class Shown:
    """One task on one board. `boards` are where it stands by the record, its own first; `elsewhere` the links of those
    others where it is shown now. `before` is what people had written on it when it was deleted here or moved away,
    empty where it was not. `decision` is the newest about it; `trail` where it has been, once it has climbed;
    `cancelled` the references of meetings that do not take place.
    """

    task: Task
    escalations: tuple[Escalation, ...]
    remarks: tuple[Remark, ...]
    board: BoardPlan
    link: PlannerLink
    boards: tuple[str, ...]
    elsewhere: tuple[PlannerLink, ...]
    before: Mapping[str, Any]
    decision: Decision | None
    trail: tuple[Moved, ...]
    cancelled: frozenset[str]

    @property
    def is_twin(self) -> bool:
        """Whether this board is not the task's own."""
        return self.link.unit != self.boards[0]

    @property
    def has_left(self) -> bool:
        """Whether the task does not stand here any more: its Planner task waits to be closed."""
        return self.link.unit not in self.boards

    def block(self, force: Force, now: datetime) -> str:
        """The service's block of the description, as it is at `now` (UTC)."""
        hidden = is_restricted(force, self.task)
        remarks = [conflicts.without_words(each.subject, each.text) if hidden else each.text for each in self.remarks]
        meeting = meeting_line(self.task, force, self.escalations, now, self.cancelled)
        lines = (*([meeting] if meeting else []), *journey_lines(self.task, force, self.trail))
        return description.service_block(self.task, force, self.escalations, remarks, self.decision, lines)

    def record_links(self, force: Force, task_url: str) -> dict[str, str]:
        """Addresses of the same task on its other boards, with their words. `task_url` is the settings' template."""
        if self.has_left:
            return {}
        return {
            task_url.format(plan_id=link.plan_id, task_id=link.planner_task_id): (
                f"{self.task.reference} on the board of {force.board_name(link.unit)}"
            )
            for link in self.elsewhere
        }


def wanted(connection: Connection, force: Force, task: Task, unit: str | None) -> Shown:
    """The task on the board of this code (None: its own), with a link that stands or is wanted from now on."""
    board = board_of(connection, unit or own_board(force, task))
    link = planner_links.want(connection, task.task_id, board.unit, board.plan_id)
    stands_there = link.plan_id == board.plan_id
    board = board if stands_there else board_of_plan(connection, link.unit, link.plan_id)
    return _shown(connection, force, task, link, board)


def of_link(connection: Connection, force: Force, link: PlannerLink) -> Shown:
    """What this link's board shows, by the record as it is now."""
    board = board_of_plan(connection, link.unit, link.plan_id)
    return _shown(connection, force, tasks.read_task(connection, link.task_id), link, board)


def _shown(connection: Connection, force: Force, task: Task, link: PlannerLink, board: BoardPlan) -> Shown:
    taken = planner_links.taken_before(connection, link)
    boards = boards_of(force, task)
    others = set(boards) - {link.unit}
    active = planner_links.of_task(connection, task.task_id, LinkState.ACTIVE) if others else []
    escalations = tasks.read_escalations(connection, task.task_id)
    return Shown(
        task,
        escalations,
        remarks.remarks_on(connection, task.task_id),
        board,
        link,
        boards,
        tuple(other for other in active if other.unit in others),
        _people_s(taken) if taken else {},
        decisions.newest_of_task(connection, task.task_id),
        trail_of(connection, task.reference) if escalations else (),
        meetings.cancelled(connection),
    )


def _people_s(taken: PlannerLink) -> dict[str, Any]:
    """What was last seen of a task that was taken off, without the links that the service itself had put there."""
    seen = dict(taken.last_seen or {})
    ours = taken.links_shown or {}
    return {**seen, "links": {url: words for url, words in seen.get("links", {}).items() if url not in ours}}


def changed_links(there: Mapping[str, str] | None, wanted: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Links to put on the task, and those of ours to take off it."""
    shown = there or {}
    return {url: words for url, words in wanted.items() if url not in shown}, tuple(shown.keys() - wanted.keys())
