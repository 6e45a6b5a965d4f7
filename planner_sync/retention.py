"""Finished tasks leave their boards after the force's retention; the record keeps what people had written on them."""

import asyncio
import logging
from datetime import timedelta

from graph_client.errors import Conflict, Gone, GraphError
from graph_client.planner import PlannerClient, PlannerTask, TaskDetails
from planner_sync.boards import BoardPlan, all_boards
from planner_sync.last_seen import LEAVING, last_seen
from store import planner_links, tasks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import SqlUnitOfWork, Store
from tasking.force import Force

log = logging.getLogger(__name__)

COMPLETE = 100
MAY_LEAVE = (LinkState.ACTIVE, LinkState.CLOSED)


class Retention:
    """Takes finished tasks off the boards. Planner counts complete tasks against a plan's limit."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force) -> None:
        self._store = store
        self._planner = planner
        self._force = force

    async def retire(self) -> int:
        """Looks at every board; returns how many tasks have left one.

        A board that cannot be read, or a task that people are changing just now, is left for the next time.
        """
        with self._store.open() as connection:
            boards = all_boards(connection)
        left = 0
        for board in boards:
            try:
                left += await self._retire_from(board)
            except GraphError as error:
                facts = {"unit": board.unit, "error": type(error).__name__}
                log.warning("finished tasks stay on a board for now", extra=facts)
        return left

    async def _retire_from(self, board: BoardPlan) -> int:
        limit = self._store.clock.now() - timedelta(days=self._force.completed_stay_days)
        old = {
            task.task_id: task
            for task in await self._planner.tasks(board.plan_id)
            if task.percent_complete >= COMPLETE and task.completed_at is not None and task.completed_at < limit
        }
        with self._store.open() as connection:
            known = planner_links.known_in_plan(connection, board.plan_id, *MAY_LEAVE)
            links = planner_links.by_ids(connection, (known[each].link_id for each in old if each in known))
            leaving = [
                link
                for link in links
                if link.state is not LinkState.ACTIVE or not tasks.read_task(connection, link.task_id).is_open
            ]
        details, _ = await self._planner.details_of(link.planner_task_id or "" for link in leaving)
        readable = [link for link in leaving if link.planner_task_id in details]
        took = [self._take_off(link, old, details[link.planner_task_id or ""]) for link in readable]
        return sum(await asyncio.gather(*took))

    async def _take_off(self, link: PlannerLink, old: dict[str, PlannerTask], details: TaskDetails) -> bool:
        """Keeps what the board shows, deletes it there, and notes that it has left; in this order.

        Until then it is read as before: somebody may open it again, or the delete may not get through.
        """
        planner = old[details.task_id]
        with self._store.open() as connection:
            seen = {**last_seen(planner, details), LEAVING: True}
            planner_links.change(connection, link.link_id, last_seen=seen)
        try:
            await self._planner.delete_task(planner.task_id, planner.etag)
        except Conflict:
            return False  # somebody is at it: the next time
        except Gone:
            pass
        with self._store.act("service", "planner", f"retire-{link.link_id[:8]}") as uow:
            note_left(uow, link)
        return True


def note_left(uow: SqlUnitOfWork, link: PlannerLink) -> None:
    """The task has left this board after its retention: nobody deleted it."""
    planner_links.change(uow.connection, link.link_id, state=LinkState.RETIRED)
    reference = uow.task(link.task_id).reference
    uow.audit("left the board after its retention", reference, {"unit": (link.unit, None)})
