"""Whether those who are assigned on a board can do the work: known, enabled, and members of the board's group.

Planner takes anybody as an assignee; who is not a member sees little of the task. The people of the task are asked.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from graph_client.directory import DirectoryClient, User
from graph_client.errors import GraphError
from planner_sync.board_reading import BoardReading
from planner_sync.boards import BoardPlan
from store import planner_links, remarks
from store.planner_links import KnownTask
from store.unit_of_work import Store
from tasking.events import TaskChanged

log = logging.getLogger(__name__)

MEMBERS_STAND_FOR = timedelta(hours=1)
"""How long a list of members is believed; somebody not on it has the list read again at once."""

QUESTIONS = {
    "unknown": "Somebody assigned to it has no account any more. Who is to do it now?",
    "disabled": "Somebody assigned to it has an account that is switched off. Who is to do it now?",
    "not a member": (
        "Somebody assigned to it is not a member of this board's group and sees little of it. Add them to the group, "
        "or assign somebody who is."
    ),
}
"""What is asked, gravest first. Nobody is named: the board shows who is assigned."""


@dataclass(frozen=True, slots=True)
class Members:
    """Who of a group is able to work, what others who are assigned there raise, and when that was read (UTC)."""

    able: frozenset[str]
    doubts: Mapping[str, str]
    read_at: datetime


class Owners:
    """Asks about owners. Who is fine is remembered in this process for an hour."""

    def __init__(self, store: Store, directory: DirectoryClient) -> None:
        self._store = store
        self._directory = directory
        self._members: dict[str, Members] = {}
        self._is_blind = False

    async def look(
        self, board: BoardPlan, reading: BoardReading, known: Mapping[str, KnownTask], is_whole: bool
    ) -> None:
        """Raises or settles the question on each of our tasks on this board.

        Costs a read of the group's members an hour where anybody is assigned, and one more when a stranger is. A
        directory that cannot be read leaves the questions as they are: the boards are no worse for it.
        """
        assigned = {
            link.link_id: frozenset(reading.tasks[planner_task_id].assignee_ids)
            for planner_task_id, link in known.items()
            if planner_task_id in reading.tasks and reading.tasks[planner_task_id].percent_complete < 100
        }
        everybody = frozenset(user_id for people in assigned.values() for user_id in people)
        try:
            doubts = await self._doubts(board, everybody, is_whole)
        except GraphError as error:
            if not self._is_blind:
                log.warning("owners cannot be checked", extra={"error": type(error).__name__})
            self._is_blind = True
            return
        self._is_blind = False
        self._ask(board, assigned, doubts)

    async def _doubts(self, board: BoardPlan, everybody: frozenset[str], is_whole: bool) -> Mapping[str, str]:
        """The question that each of these people raises, who are not able members. Asks Graph only where it must."""
        if not everybody or not board.group_id:
            return {}
        there, now = self._members.get(board.plan_id), self._store.clock.now()
        is_old = there is None or now - there.read_at >= MEMBERS_STAND_FOR
        if there is None or is_old or not everybody <= there.able | there.doubts.keys() or (is_whole and there.doubts):
            there = await self._read(board.group_id, everybody, now)
            self._members[board.plan_id] = there
        return there.doubts

    async def _read(self, group_id: str, everybody: frozenset[str], now: datetime) -> Members:
        found = await self._directory.members(group_id)
        # `enabled` is None where this identity may not see it: then nobody is called switched off.
        able = frozenset(user.user_id for user in found if user.enabled is not False)
        others = await self._directory.users_by_id(sorted(everybody - able)) if everybody - able else {}
        return Members(able, {user_id: _question(user) for user_id, user in others.items()}, now)

    def _ask(self, board: BoardPlan, assigned: Mapping[str, frozenset[str]], doubts: Mapping[str, str]) -> None:
        """Puts the question on the tasks that raise one, and takes it off those that do not any more."""
        subject = f"owner: {board.unit}"
        raised = {
            link_id: kinds for link_id, ids in assigned.items() if (kinds := {doubts[i] for i in ids & doubts.keys()})
        }
        with self._store.open() as connection:
            asked = {
                remark.task_id
                for remark in remarks.open_about(connection, subject)
                if (link := planner_links.current(connection, remark.task_id, board.unit)) is None
                or link.plan_id == board.plan_id
            }
            of_task = {link.task_id: raised[link.link_id] for link in planner_links.by_ids(connection, raised)}
        for task_id in asked | of_task.keys():
            question = next((words for kind, words in QUESTIONS.items() if kind in of_task.get(task_id, ())), None)
            with self._store.act("service", "planner", f"owner-{task_id[:8]}") as uow:
                if question is None:
                    changed = remarks.settle_remark(uow.connection, task_id, subject, uow.now())
                else:
                    changed = remarks.raise_remark(uow.connection, task_id, subject, question, uow.now())
                if changed:
                    uow.emit(TaskChanged(task_id))


def _question(user: User | None) -> str:
    if user is None:
        return "unknown"
    return "disabled" if user.enabled is False else "not a member"
