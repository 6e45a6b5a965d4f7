"""Which stays of a task have to end because it may not be on that board any more, and what is noted when one has.

A task moves between its units' boards and the restricted board when it becomes restricted or is so no longer.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from store import planner_links, tasks
from store.planner_links import ENDED, NOT_ENDED, LinkState, PlannerLink
from store.unit_of_work import SqlUnitOfWork
from tasking.events import TaskChanged
from tasking.force import Force
from tasking.standing import boards_of, may_be_on
from tasking.task import Status, Task

MAY_BE_THERE = (*NOT_ENDED, LinkState.CLOSED)
"""States of a stay of which something may be on the board."""


def leaving(force: Force, task: Task, links: Iterable[PlannerLink]) -> list[PlannerLink]:
    """Those stays of a task, ended as complete or not, of which nothing may be left on their boards."""
    return [link for link in links if link.state in MAY_BE_THERE and not may_be_on(force, task, link.unit)]


def boards_to_show(force: Force, task: Task, links: Iterable[PlannerLink]) -> list[str]:
    """The boards that a task which has moved, or is about to, does not stand on yet; `links` are all its stays.

    None for one that has never moved: what is raised or climbs is shown by its own event. What is finished follows
    where it stood complete, and is not shown again after its retention; what is withdrawn is shown nowhere.
    """
    newest = {link.unit: link for link in sorted(links, key=lambda link: link.stay)}
    has_moved = any(link.state is LinkState.MOVED for link in newest.values())
    if task.status is Status.WITHDRAWN or not (has_moved or leaving(force, task, newest.values())):
        return []
    shown = {*ENDED, LinkState.ACTIVE} - {LinkState.MOVED, *({LinkState.GONE} if task.is_open else ())}
    return [board for board in boards_of(force, task) if board not in newest or newest[board].state not in shown]


def note_moved(uow: SqlUnitOfWork, link: PlannerLink) -> None:
    """The service has taken the task off this board, where it may not be; nobody deleted it. Noted once."""
    now = planner_links.current(uow.connection, link.task_id, link.unit)
    if now is None or now.link_id != link.link_id or now.state not in MAY_BE_THERE:
        return
    state = LinkState.RETIRED if now.state is LinkState.CLOSED else LinkState.MOVED
    planner_links.change(uow.connection, link.link_id, state=state)
    uow.audit("left the board: it may stand on other boards only", uow.task(link.task_id).reference, _facts(link))


def promise_moves(uow: SqlUnitOfWork, force: Force) -> int:
    """Promises the boards anew of every task that stands where it may not: config has changed. Returns how many."""
    late = misplaced(uow.connection, force)
    for task_id in late:
        uow.emit(TaskChanged(task_id))
    return len(late)


def misplaced(connection: Connection, force: Force) -> list[str]:
    """Ids of the tasks of which something stands on a board where it may not be."""
    stays: dict[str, list[PlannerLink]] = {}
    for link in planner_links.in_states(connection, *MAY_BE_THERE):
        stays.setdefault(link.task_id, []).append(link)
    return [each for each, links in stays.items() if leaving(force, tasks.read_task(connection, each), links)]


def _facts(link: PlannerLink) -> dict[str, tuple[object, object]]:
    return {"unit": (link.unit, None)}
