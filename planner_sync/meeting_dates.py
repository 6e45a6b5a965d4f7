"""Boards whose next meeting has changed: those that show a date which has passed, was cancelled or moved."""

import logging

from planner_sync.whereabouts import meeting_line
from store import meetings, planner_links, tasks
from store.planner_links import LinkState
from store.unit_of_work import Store
from tasking.events import TaskChanged
from tasking.force import Force

log = logging.getLogger(__name__)


class MeetingDates:
    """Finds what shows another next meeting than the calendar has, and promises its boards anew."""

    def __init__(self, store: Store, force: Force) -> None:
        self._store = store
        self._force = force

    def run(self) -> int:
        """Returns of how many tasks. A task that is told by a rhythm is not among them when a meeting passes."""
        now = self._store.clock.now()
        with self._store.open() as connection:
            shown = planner_links.blocks_of_open_tasks(connection, LinkState.ACTIVE)
            cancelled = meetings.cancelled(connection)
            histories = tasks.read_histories(connection)
            late = []
            for task in tasks.read_open_tasks(connection):
                line = meeting_line(task, self._force, histories.get(task.task_id, ((), ()))[1], now, cancelled)
                if any(line not in block for block in shown.get(task.task_id, ())):
                    late.append(task.task_id)
        if late:
            with self._store.act("service", "meeting-dates", self._store.new_delivery_id()) as uow:
                for task_id in late:
                    uow.emit(TaskChanged(task_id))
            log.info("boards show another next meeting", extra={"tasks": len(late)})
        return len(late)
