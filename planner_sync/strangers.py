"""Tasks on a board that no record stands for: made by hand, copied there, or repeated by Planner.

By the force's policy they are adopted with a reference of their own, or left alone.
"""

import logging
import re
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from graph_client.errors import Gone
from graph_client.planner import PlannerClient, PlannerTask
from planner_sync import field_map
from planner_sync.board_reading import BoardReading
from planner_sync.boards import BoardPlan
from store import planner_links, remarks, tasks
from store.planner_links import LinkState
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import board_actions
from tasking.errors import UnknownTask
from tasking.events import TaskChanged
from tasking.force import RESTRICTED_BOARD, TRIAGE, Force
from tasking.requests import AdoptRequest
from tasking.standing import boards_of
from tasking.task import Task

log = logging.getLogger(__name__)

COMPLETE = 100


class Strangers:
    """Deals with what people made on boards themselves."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._of_a_reference = re.compile(rf"\s*({re.escape(force.reference_prefix)}-\d+)(?![\w-])\s*(.*)$", re.DOTALL)

    async def look(self, board: BoardPlan, reading: BoardReading, known: Collection[str]) -> int:
        """Adopts or leaves what is new on the board; returns how many tasks were adopted.

        A create of ours whose answer was lost looks like a stranger, so nothing is done while one is under way. What
        an app made is that app's, unless it bears a reference of ours: then Planner repeated it. What was complete
        when it was found is history.
        """
        candidates = [task for task in reading.tasks.values() if task.task_id not in known]
        if not candidates:
            return 0
        with self._store.open() as connection:
            ours = planner_links.known_planner_ids(connection, (task.task_id for task in candidates))
            under_way = planner_links.of_plan(connection, board.plan_id, LinkState.CREATING)
        if any(link.planner_task_id is None for link in under_way):
            return 0
        new = [task for task in candidates if task.task_id not in ours and self._is_people_s(task)]
        new = [task for task in new if task.percent_complete < COMPLETE]
        if self._force.hand_made_task_policy != "adopt":
            self._tell_of_copies(board, new)
            return 0
        return sum([await self._adopt_if_there(board, task) for task in new])

    async def _adopt_if_there(self, board: BoardPlan, planner: PlannerTask) -> bool:
        """Lists may still show what was deleted: what is adopted is read by its id first."""
        try:
            return self._adopt(board, await self._planner.task(planner.task_id))
        except Gone:
            return False

    def _is_people_s(self, planner: PlannerTask) -> bool:
        return planner.created_by_user_id is not None or self._reference_in(planner.title)[0] is not None

    def _adopt(self, board: BoardPlan, planner: PlannerTask) -> bool:
        """Makes a record of it in one commit with the link; the reference and our lines are sent by the outbox."""
        copied_from, words = self._reference_in(planner.title)
        if not words.strip():
            return False  # not named yet
        with self._store.act(
            planner.created_by_user_id or f"board of {board.unit}", "planner", f"adopt-{planner.task_id[:8]}"
        ) as uow:
            if planner_links.known_planner_ids(uow.connection, [planner.task_id]):
                return False  # another worker was quicker
            original = _task_of(uow.connection, copied_from)
            task = board_actions.adopt_task(uow, self._force, self._request(board, planner, words, original))
            self._link(uow, board, planner, task)
            if original is not None:
                words = f"It began as a copy or a repeat of {original.reference}, and is a task of its own."
                remarks.raise_remark(uow.connection, task.task_id, "origin", words, uow.now())
        log.info("adopted from the board", extra={"reference": task.reference, "unit": board.unit})
        return True

    def _request(self, board: BoardPlan, planner: PlannerTask, words: str, original: Task | None) -> AdoptRequest:
        labels = {label for name in planner.categories if (label := self._force.label_at(field_map.slot_of(name)))}
        return AdoptRequest(
            planner_task_id=planner.task_id,
            unit=self._unit_of(board),
            pillar=board.pillar_of_bucket.get(planner.bucket_id or "", TRIAGE),
            title=words,
            made_by=planner.created_by_user_id or "planner",
            made_at=planner.created_at,
            copied_from=original.reference if original else None,
            owner_ids=planner.assignee_ids,
            progress=planner.percent_complete,
            start_at=planner.start_at,
            due_at=planner.due_at,
            priority=planner.priority,
            labels=frozenset(label.code for label in labels if not label.kept_by_service),
            is_restricted=self._is_kept_apart(board, original),
        )

    def _unit_of(self, board: BoardPlan) -> str:
        """Whose task it is; somebody has to look at what is made on a board that config has no more."""
        known = self._force.every_board.get(board.unit)
        return known.unit if known else self._force.triage_unit

    def _is_kept_apart(self, board: BoardPlan, original: Task | None) -> bool:
        """Whether what was made here stays off ordinary boards: it, or what it copies, was on the restricted one."""
        is_copy = original is not None and boards_of(self._force, original) == (RESTRICTED_BOARD,)
        return board.unit == RESTRICTED_BOARD or is_copy

    def _link(self, uow: SqlUnitOfWork, board: BoardPlan, planner: PlannerTask, task: Task) -> None:
        """A link that stands already. Its base is what the board shows, so that only what is ours is sent."""
        link = planner_links.want(uow.connection, task.task_id, board.unit, board.plan_id)
        ours = field_map.state_of_record(task, self._force)
        there = field_map.state_of_planner(planner, None, board, self._force, task, ours)
        planner_links.change(
            uow.connection,
            link.link_id,
            state=LinkState.ACTIVE,
            planner_task_id=planner.task_id,
            task_etag=planner.etag,
            base=field_map.to_json(there),
        )

    def _tell_of_copies(self, board: BoardPlan, strangers: Sequence[PlannerTask]) -> None:
        """Where strangers are left alone: says on each original that its copy is not kept. Never touches a copy."""
        references = {reference for task in strangers if (reference := self._reference_in(task.title)[0])}
        subject, where = f"copy: {board.unit}", self._force.board_name(board.unit)
        with self._store.open() as connection:
            told = {remark.task_id for remark in remarks.open_about(connection, subject)} if references else set()
            found = [_task_of(connection, reference) for reference in sorted(references)]
        words = f"A copy of it stands on the board of {where}. What is done to the copy does not reach this task."
        for original in found:
            if original is not None and original.task_id not in told:
                with self._store.act("service", "planner", f"copy-{original.task_id[:8]}") as uow:
                    remarks.raise_remark(uow.connection, original.task_id, subject, words, uow.now())
                    uow.emit(TaskChanged(original.task_id))

    def _reference_in(self, title: str) -> tuple[str | None, str]:
        """The reference that a title begins with, if it does, and the words without it."""
        found = self._of_a_reference.match(title)
        return (found[1], found[2]) if found else (None, title)


def _task_of(connection: Connection, reference: str | None) -> Task | None:
    if reference is None:
        return None
    try:
        return tasks.read_task_by_reference(connection, reference)
    except UnknownTask:
        return None
