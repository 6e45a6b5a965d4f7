"""The task's twin on the board of another level: shown when it climbs, closed when it comes back. One record."""

from planner_sync.in_step import InStep
from planner_sync.push import Push
from store import planner_links, tasks
from store.planner_links import LinkState
from store.unit_of_work import Store
from tasking.events import TaskEscalated, TaskReturned


class Levels:
    """Shows a task where its record says that it stands."""

    def __init__(self, store: Store, push: Push, in_step: InStep) -> None:
        self._store = store
        self._push = push
        self._in_step = in_step

    async def show_above(self, event: TaskEscalated) -> None:
        """Puts the twin on the higher board, unless the task has come back meanwhile."""
        with self._store.open() as connection:
            escalation = tasks.read_escalation(connection, event.escalation_id)
            task = tasks.read_task(connection, event.task_id)
        if escalation.to_unit in task.stands_on:
            await self._in_step.show(task.task_id, escalation.to_unit)

    async def take_back(self, event: TaskReturned) -> None:
        """Closes the twin on the higher board. A twin that was never created is not wanted any more."""
        with self._store.open() as connection:
            escalation = tasks.read_escalation(connection, event.escalation_id)
            task = tasks.read_task(connection, event.task_id)
            link = planner_links.current(connection, event.task_id, escalation.to_unit)
        if link is None or escalation.to_unit in task.stands_on or link.state in (LinkState.CLOSED, LinkState.GONE):
            return
        if link.state is LinkState.WANTED:
            with self._store.open() as connection:
                planner_links.change(connection, link.link_id, state=LinkState.CLOSED)
            return
        if link.state is LinkState.CREATING:
            await self._push.ensure_on_board(task.task_id, escalation.to_unit)
        await self._in_step.close_board(link)
