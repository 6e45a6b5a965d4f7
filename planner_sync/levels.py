"""The task's twin on another level's board: shown when it climbs, closed when it comes back or ends. One record."""

from graph_client.errors import GraphError
from planner_sync.boards import NotProvisioned
from planner_sync.create import Create
from planner_sync.in_step import InStep
from store import planner_links, tasks
from store.planner_links import ENDED, LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.events import TaskEscalated, TaskReturned, TaskWithdrawn
from tasking.force import Force
from tasking.standing import boards_of

UNFINISHED = (LinkState.WANTED, LinkState.CREATING)


class Levels:
    """Shows a task where its record says that it stands."""

    def __init__(self, store: Store, force: Force, create: Create, in_step: InStep) -> None:
        self._store = store
        self._force = force
        self._create = create
        self._in_step = in_step

    async def show_above(self, event: TaskEscalated) -> None:
        """Puts the twin on the higher board, unless the task has come back meanwhile."""
        with self._store.open() as connection:
            escalation = tasks.read_escalation(connection, event.escalation_id)
            task = tasks.read_task(connection, event.task_id)
        if escalation.to_unit in boards_of(self._force, task):
            await self._in_step.show(task.task_id, escalation.to_unit)
            await self._in_step.update_all(task.task_id)  # each board links to the others

    async def take_back(self, event: TaskReturned) -> None:
        """Closes the twin on the higher board. A twin that was never created is not wanted any more."""
        with self._store.open() as connection:
            escalation = tasks.read_escalation(connection, event.escalation_id)
            task = tasks.read_task(connection, event.task_id)
            link = planner_links.current(connection, event.task_id, escalation.to_unit)
        if link is not None and escalation.to_unit not in boards_of(self._force, task):
            await self._end(link)

    async def withdraw(self, event: TaskWithdrawn) -> None:
        """Ends the task's stay on every board."""
        with self._store.open() as connection:
            links = planner_links.of_task(connection, event.task_id, *UNFINISHED, LinkState.ACTIVE)
        troubles: list[GraphError | NotProvisioned] = []
        for link in links:
            try:
                await self._end(link)
            except (GraphError, NotProvisioned) as error:  # one board does not keep it open on the others
                troubles.append(error)
        if troubles:
            raise troubles[0]

    async def _end(self, link: PlannerLink) -> None:
        """Closes one stay; what was to be created is not wanted any more, unless a create may be on its way."""
        if link.state in ENDED:
            return
        if link.state is LinkState.WANTED:
            with self._store.open() as connection:
                planner_links.change(connection, link.link_id, state=LinkState.CLOSED)
            return
        if link.state is LinkState.CREATING:
            await self._create.ensure_on_board(link.task_id, link.unit)
        await self._in_step.close_board(link)
