"""Finished tasks leave their boards after the force's retention; the record keeps what people had written on them."""

import logging
from datetime import timedelta

from graph_client.errors import Conflict, Gone, GraphError
from graph_client.planner import PlannerClient, PlannerTask, TaskDetails
from planner_sync.boards import BoardPlan, all_boards
from planner_sync.last_seen import last_seen
from store import planner_links, tasks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.force import Force

log = logging.getLogger(__name__)

COMPLETE = 100
MAY_LEAVE = (LinkState.ACTIVE, LinkState.CLOSED, LinkState.RETIRED)
"""A link that is RETIRED already may still stand on the board where the delete did not get through."""


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
        details = await self._planner.details_of(link.planner_task_id or "" for link in leaving)
        return sum([await self._take_off(link, old, details[link.planner_task_id or ""]) for link in leaving])

    async def _take_off(self, link: PlannerLink, old: dict[str, PlannerTask], details: TaskDetails | None) -> bool:
        """Keeps what the board shows, then deletes it there; in this order, so that nothing is lost between."""
        assert link.planner_task_id is not None
        planner = old[link.planner_task_id]
        if details is not None:
            self._keep(link, planner, details)
        try:
            await self._planner.delete_task(planner.task_id, planner.etag)
        except Conflict:
            return False  # somebody is at it: the next time
        except Gone:
            return False
        return True

    def _keep(self, link: PlannerLink, planner: PlannerTask, details: TaskDetails) -> None:
        with self._store.act("service", "planner", f"retire-{link.link_id[:8]}") as uow:
            values = {"state": LinkState.RETIRED, "last_seen": last_seen(planner, details)}
            planner_links.change(uow.connection, link.link_id, **values)
            if link.state is not LinkState.RETIRED:
                task = uow.task(link.task_id)
                uow.audit("left the board after its retention", task.reference, {"unit": (link.unit, None)})
