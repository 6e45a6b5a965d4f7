"""Push and pull together: a clash on the board is read, merged and sent again, a bounded number of times."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from graph_client.errors import Conflict, Gone, GraphError, RetryLater
from planner_sync.boards import NotProvisioned, all_boards, board_of_plan, noted_plan_ids
from planner_sync.create import Create
from planner_sync.lost_plans import tell_of_unknown_plans
from planner_sync.mend import Mend
from planner_sync.moving import Moving
from planner_sync.polling import Polling
from planner_sync.pull import Pull
from planner_sync.push import Push
from planner_sync.retention import Retention
from store import planner_links, tasks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.events import BoardDamaged, Event, TaskDeletedOnBoard
from tasking.force import Force
from tasking.standing import boards_of
from tasking.task import Status, Task

MOST_MERGES = 3


class InStep:
    """Keeps the boards of one task in step with its record."""

    def __init__(
        self,
        store: Store,
        force: Force,
        create: Create,
        push: Push,
        pull: Pull,
        polling: Polling,
        mend: Mend,
        retention: Retention,
        moving: Moving,
    ) -> None:
        self._store = store
        self._force = force
        self._moving = moving
        self._create = create
        self._push = push
        self._pull = pull
        self._polling = polling
        self._mend = mend
        self._retention = retention

    async def show_on_board(self, event: Event) -> None:
        """Puts the task on its own board, or back on the board it was deleted from if it still stands there."""
        task_id = event.payload()["task_id"]
        if isinstance(event, TaskDeletedOnBoard):
            unit = event.unit
            await self.show(task_id, unit, lambda task: task.is_open and self._stands_on(task, unit))
            if self._stands_elsewhere(task_id):
                await self.update_all(task_id)  # its other boards link to it
        else:
            await self._put_in_place(task_id)
            await self.show(task_id, None, lambda task: task.status is not Status.WITHDRAWN)

    def _stands_elsewhere(self, task_id: str) -> bool:
        with self._store.open() as connection:
            task = tasks.read_task(connection, task_id)
        return task.is_open and len(boards_of(self._force, task)) > 1

    async def _put_in_place(self, task_id: str) -> None:
        """Takes a task off the boards where it may not be, and shows it where it went."""
        for board in await self._moving.leave(task_id):
            await self.show(task_id, board, partial(self._stands_on, board=board))

    def _stands_on(self, task: Task, board: str) -> bool:
        return board in boards_of(self._force, task)

    async def show(self, task_id: str, unit: str | None, only_if: Callable[[Task], bool] = lambda task: True) -> None:
        """Puts the task on the board of `unit` (None: its own) and sends what changed while it was being made.

        Does nothing where the task as it stands is none for which `only_if` holds.
        """
        placed = await self._create.ensure_on_board(task_id, unit, only_if)
        if placed is not None and not placed.is_in_step:
            await self._put_in_place(task_id)  # it may have become restricted meanwhile
            await self.update_board(placed.link)

    async def update_boards(self, event: Event) -> None:
        """Sends what changed on the record to every board the task stands on."""
        await self.update_all(event.payload()["task_id"])

    async def update_all(self, task_id: str) -> None:
        """Sends what each board of a task lacks, first taking it off those where it may not be any more.

        A board that cannot be reached does not keep the change from the others; its error is raised in the end. One
        whose plan is not known is told to the operator and left to provisioning, which sends the record as it is then.
        """
        await self._put_in_place(task_id)
        with self._store.open() as connection:
            links = planner_links.of_task(connection, task_id, LinkState.ACTIVE)
        troubles: list[GraphError] = []
        for link in links:
            try:
                await self.update_board(link)
            except NotProvisioned:
                self._tell_of_unknown_plans()
            except GraphError as error:
                troubles.append(error)
        if troubles:
            raise troubles[0]

    async def update_board(self, link: PlannerLink) -> None:
        """Sends what one board lacks, merging first where people changed the same thing."""
        await self.merging(link, lambda: self._push.update_link(link))

    async def close_board(self, link: PlannerLink) -> None:
        """Ends the task's stay on one board.

        It is read once more after it was closed there: what people did just before is not to be lost with it.
        """
        await self.merging(link, lambda: self._push.close_link(link))
        with suppress(Gone):
            await self._pull.refresh(link)
        self._push.note_closed(link)

    async def merging(self, link: PlannerLink, send: Callable[[], Awaitable[None]]) -> None:
        """Sends; on a clash reads the task anew and sends again. Raises RetryLater when the clash does not end.

        A task that is not there is left to the next read of its board, which alone can tell a deletion from a bucket
        or a whole board that is gone.
        """
        for _ in range(MOST_MERGES):
            try:
                try:
                    return await send()
                except Conflict:
                    await self._pull.refresh(link)
            except Gone:
                self._polling.ask(link.unit, self._store.clock.now())
                return None
        raise RetryLater("update board", after_seconds=30, sentence="the task keeps changing on the board")

    async def mend_board(self, event: BoardDamaged) -> None:
        """Makes lost buckets again and names the force's labels; tasks that had lost theirs follow at the next read."""
        with self._store.open() as connection:
            if event.plan_id not in noted_plan_ids(connection):
                return  # it was deleted, and provisioning has put another in its place
            board = board_of_plan(connection, event.unit, event.plan_id)
        if await self._mend.mend(board):
            self._polling.ask(board.unit, self._store.clock.now())

    def _tell_of_unknown_plans(self) -> None:
        with self._store.open() as connection:
            tell_of_unknown_plans(connection, self._store.clock.now())

    async def pull_boards(self) -> int:
        """Reads every board; what one lacks of the record is promised in the outbox. Returns how many tasks moved."""
        return await self._pull.pull_all()

    async def pull_due_boards(self) -> int:
        """Reads the boards whose time has come; returns how many tasks moved."""
        return await self._pull.pull_due()

    async def believe_board(self, unit: str) -> int:
        """Takes it that people deleted what is missing from a unit's board, even all of it; returns how many tasks.

        Raises GraphError when the board cannot be read.
        """
        with self._store.open() as connection:
            boards = [board for board in all_boards(connection) if board.unit == unit]
        return sum([await self._pull.pull_board(board, is_believed=True) for board in boards])

    async def retire_boards(self) -> int:
        """Takes finished tasks off the boards after their retention; returns how many."""
        return await self._retention.retire()
