"""Board to record: who owns it, how far it is, where it was moved, what was deleted. Changes are found by etag.

A plan that suddenly reads empty, or cannot be read, changes nothing on the record: an operator is told instead.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from graph_client.errors import Gone, GraphError, RetryLater
from graph_client.planner import PlannerClient
from graph_client.urgency import IN_THE_BACKGROUND, calls_of_urgency
from planner_sync.board_reading import BoardReading, what_changed
from planner_sync.boards import PLAN, BoardPlan, NotProvisioned, board_of_plan
from planner_sync.mend import damage
from planner_sync.owners import Owners
from planner_sync.polling import Polling
from planner_sync.strangers import Strangers
from planner_sync.taking import Read, Taking
from store import notebook, outbox, planner_links, tasks
from store.planner_links import KnownTask, LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.events import BoardDamaged
from tasking.force import Force
from tasking.thrive import PriorityBand

log = logging.getLogger(__name__)

FEWEST_TO_DOUBT = 2
"""A board that lost this many tasks at once, all it had, is not believed."""
BOARDS_AT_ONCE = 8


class Pull:
    """Reads boards and takes what people changed into the record."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force, polling: Polling, owners: Owners) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._polling = polling
        self._owners = owners
        self._strangers = Strangers(store, force)
        self._taking = Taking(store, force)
        self._people_s_buckets: dict[str, frozenset[str]] = {}

    async def pull_all(self) -> int:
        """Reads every board, with its buckets and labels; returns how many tasks had changed on one.

        A board that cannot be read is left for the next time and does not stop the others; being throttled stops
        the round. Raises NotProvisioned when there is no board at all.
        """
        self._check_provisioned()
        return await self._round(self._polling.every(self._store.clock.now()))

    async def pull_due(self) -> int:
        """Reads the boards whose time has come; as pull_all otherwise."""
        self._check_provisioned()
        return await self._round(self._polling.due(self._store.clock.now()))

    def _check_provisioned(self) -> None:
        with self._store.open() as connection:
            if not notebook.provisioned_rows(connection, PLAN):
                raise NotProvisioned("No board has been made yet: run `tasking provision`.")

    async def _round(self, boards: Sequence[BoardPlan]) -> int:
        gate = asyncio.Semaphore(BOARDS_AT_ONCE)

        async def one(board: BoardPlan) -> int:
            async with gate:
                return await self._told(board, self._polling.wants_whole_look(board, self._store.clock.now()))

        with calls_of_urgency(IN_THE_BACKGROUND):
            return sum(await asyncio.gather(*(one(board) for board in boards)))

    async def _told(self, board: BoardPlan, is_whole: bool) -> int:
        """Reads one board, and tells the operator once when it cannot be read and once when it can again."""
        subject = f"board of {board.unit}" if board.is_current else f"board of {board.unit}, plan {board.number}"
        try:
            moved = await self.pull_board(board, is_whole)
        except GraphError as error:
            self._tell(subject, f"The board of {board.unit} cannot be read: {error}")
            wait = error.after_seconds if isinstance(error, RetryLater) else None
            self._polling.failed(board, wait, self._store.clock.now())
            return 0
        self._clear(subject)
        with self._store.open() as connection:
            urgent = tasks.stands_with_band(connection, board.plan_id, PriorityBand.IMMEDIATE)
        self._polling.read(board, moved, urgent, is_whole, self._store.clock.now())
        return moved

    async def pull_board(self, board: BoardPlan, is_whole: bool = True, *, is_believed: bool = False) -> int:
        """Reads one board; returns how many of its tasks had changed. Raises GraphError when it cannot be read.

        With `is_believed` a board that reads empty is taken to be empty.
        """
        # The links first: what is sent while the list is read must not be taken for what people did.
        with self._store.open() as connection:
            known = planner_links.known_in_plan(connection, board.plan_id, LinkState.ACTIVE)
        reading = await self._read(board, is_whole)
        missing = [planner_task_id for planner_task_id in known if planner_task_id not in reading.tasks]
        if len(missing) == len(known) >= FEWEST_TO_DOUBT and not is_believed:
            self._tell(
                f"board of {board.unit} empty",
                f"The board of {board.unit} reads empty though {len(known)} tasks stand on it. Nothing was changed; "
                "check the plan and the service's permission. Where people did delete them all, say so by "
                f"`tasking believe-board {board.unit}`.",
            )
            return 0
        self._clear(f"board of {board.unit} empty")
        if reading.buckets is None and (missing or self._has_strange_bucket(board, reading, known)):
            reading = replace(reading, buckets=await self._planner.buckets(board.plan_id))
        self._note_people_s_buckets(board, reading)
        self._promise_mending(board, reading)
        lost = reading.lost_buckets(board)
        changed = what_changed(reading, known, lost, self._store.clock.now())
        with self._store.open() as connection:
            looked_for = [known[each].link_id for each in (*missing, *changed)]
            links = [link for link in planner_links.by_ids(connection, looked_for) if _is_as_it_was(link, known)]
        for link in links:
            if link.planner_task_id in missing:
                await self._confirm_deleted(link, board, lost)
        still_here = [link for link in links if link.planner_task_id in reading.tasks]
        for read in await self._details_of(still_here, reading):
            self._taking.take(board, read, lost, is_promised=False)
        self._strangers.take(board, reading, known.keys())
        await self._owners.look(board, reading, known, is_whole)
        return len(links)

    async def refresh(self, link: PlannerLink) -> None:
        """Reads one task anew, after a clash: what the board lacks is the caller's to send."""
        with self._store.open() as connection:
            now = planner_links.current(connection, link.task_id, link.unit)
            board = board_of_plan(connection, link.unit, now.plan_id if now else link.plan_id)
        if now is None or now.link_id != link.link_id or now.planner_task_id is None:
            return
        try:
            task = await self._planner.task(now.planner_task_id)
            details = await self._planner.details(now.planner_task_id)
        except Gone:
            await self._confirm_deleted(now, board, frozenset())
            return
        self._taking.take(board, Read(now, task, details), frozenset(), is_promised=True)

    async def _read(self, board: BoardPlan, is_whole: bool) -> BoardReading:
        if not is_whole:
            return BoardReading({task.task_id: task for task in await self._planner.tasks(board.plan_id)})
        listed, buckets, labels = await asyncio.gather(
            self._planner.tasks(board.plan_id),
            self._planner.buckets(board.plan_id),
            self._planner.plan_details(board.plan_id),
        )
        return BoardReading({task.task_id: task for task in listed}, buckets, labels)

    async def _details_of(self, links: Sequence[PlannerLink], reading: BoardReading) -> list[Read]:
        ids = [link.planner_task_id for link in links if link.planner_task_id]
        found = await self._planner.details_of(ids) if ids else {}
        return [
            Read(link, reading.tasks[link.planner_task_id], details)
            for link in links
            if link.planner_task_id and (details := found.get(link.planner_task_id))
        ]

    def _has_strange_bucket(self, board: BoardPlan, reading: BoardReading, known: Collection[str]) -> bool:
        """Whether a task of ours stands in a bucket that is neither a pillar's nor known to be people's own."""
        seen = self._people_s_buckets.get(board.plan_id, frozenset()) | board.pillar_of_bucket.keys()
        return any(each in reading.tasks and reading.tasks[each].bucket_id not in seen for each in known)

    def _note_people_s_buckets(self, board: BoardPlan, reading: BoardReading) -> None:
        if reading.buckets is not None:
            there = frozenset(bucket.bucket_id for bucket in reading.buckets)
            self._people_s_buckets[board.plan_id] = there - board.pillar_of_bucket.keys()

    def _promise_mending(self, board: BoardPlan, reading: BoardReading) -> None:
        """Puts the mending of what the board lacks in the outbox, unless it waits there already."""
        if not damage(board, reading.buckets, reading.labels, self._force):
            return
        event = BoardDamaged(board.unit, board.plan_id)
        with self._store.act("service", "planner", f"board-{board.unit}") as uow:
            if not outbox.is_promised(uow.connection, "planner.mend_board", event.payload()):
                uow.emit(event)

    async def _confirm_deleted(self, link: PlannerLink, board: BoardPlan, lost: frozenset[str]) -> None:
        """A task absent from the whole list is deleted only when asking for it by id says so too."""
        assert link.planner_task_id is not None
        try:
            await self._planner.task(link.planner_task_id)
        except Gone:
            self._taking.take_deleted(link, with_its_bucket=self._was_in(link, board, lost))

    def _was_in(self, link: PlannerLink, board: BoardPlan, lost: frozenset[str]) -> bool:
        """Whether the task stood in one of these buckets when it was last read."""
        return board.bucket_of_pillar.get((link.base or {}).get("pillar") or "") in lost

    def _tell(self, subject: str, text: str) -> None:
        with self._store.open() as connection:
            if notebook.raise_notice(connection, subject, text, self._store.clock.now()):
                log.error("%s: trouble", subject)

    def _clear(self, subject: str) -> None:
        with self._store.open() as connection:
            if notebook.clear_notice(connection, subject, self._store.clock.now()):
                log.info("%s: well again", subject)


def _is_as_it_was(link: PlannerLink, known: Mapping[str, KnownTask]) -> bool:
    """Whether nothing was sent by this link since before the board was read; else the next poll looks again."""
    seen = known.get(link.planner_task_id or "")
    return seen is not None and seen.revision == link.revision
