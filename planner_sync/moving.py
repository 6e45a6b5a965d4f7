"""Takes a task off the boards where it may not be any more and shows it on those where it may.

It leaves before it is shown: for a moment it stands nowhere rather than where it may not be. The record has it.
"""

import logging
from contextlib import suppress

from sqlalchemy import Connection

from graph_client.errors import Conflict, Gone, RetryLater
from graph_client.planner import PlannerClient
from planner_sync.create import Create
from planner_sync.last_seen import last_seen
from planner_sync.moved import boards_to_show, leaving, note_moved
from planner_sync.pull import Pull
from store import planner_links, tasks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.force import Force
from tasking.task import Task

log = logging.getLogger(__name__)

MOST_TRIES = 3


class Moving:
    """Moves tasks between their units' boards and the restricted one."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force, create: Create, pull: Pull) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._create = create
        self._pull = pull

    async def leave(self, task_id: str) -> tuple[str, ...]:
        """Takes the task off every board where it may not be; returns the boards where it is to be shown then.

        Asks Graph nothing where all is in place. Raises GraphError as Graph has it, NotSettled while a create may
        still be on its way, and RetryLater where people keep changing the task.
        """
        task, links = await self._store.together(lambda connection: _stays(connection, task_id))
        to_show = boards_to_show(self._force, task, links)
        for link in leaving(self._force, task, links):
            await self._take_off(link)
        return tuple(to_show)

    async def _take_off(self, link: PlannerLink) -> None:
        """Deletes it there, having read once more what people did; then notes that nobody deleted it."""
        there: PlannerLink | None = link
        if link.state is LinkState.CREATING:
            there = await self._create.found(link)
        if there is not None and there.planner_task_id is not None:
            await self._delete(there, there.planner_task_id)
        with self._store.act("service", "planner", f"move-{link.link_id[:8]}") as uow:
            note_moved(uow, link)
        log.info("task left a board where it may not be", extra={"unit": link.unit})

    async def _delete(self, link: PlannerLink, planner_task_id: str) -> None:
        for _ in range(MOST_TRIES):
            with suppress(Gone):
                etag = await self._last_look(link, planner_task_id)
                try:
                    await self._planner.delete_task(planner_task_id, etag)
                except Conflict:
                    continue
            return
        raise RetryLater("move task", after_seconds=30, sentence="the task keeps changing on the board")

    async def _last_look(self, link: PlannerLink, planner_task_id: str) -> str:
        """Takes what people did into the record, or of a stay that is over keeps it; the etag of what was read."""
        if link.state is not LinkState.CLOSED:
            await self._pull.refresh(link)
            with self._store.open() as connection:
                now = planner_links.current(connection, link.task_id, link.unit)
            if now is not None and now.link_id == link.link_id and now.task_etag is not None:
                return now.task_etag
        task = await self._planner.task(planner_task_id)
        seen = last_seen(task, await self._planner.details(planner_task_id))
        with self._store.open() as connection:
            planner_links.change(connection, link.link_id, last_seen=seen)
        return task.etag


def _stays(connection: Connection, task_id: str) -> tuple[Task, list[PlannerLink]]:
    """The task and all its stays on boards."""
    return tasks.read_task(connection, task_id), planner_links.of_task(connection, task_id, *LinkState)
