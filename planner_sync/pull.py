"""Board to record: who owns it, how far it is, where it was moved, what was deleted. Changes are found by etag.

A plan that suddenly reads empty, or cannot be read, changes nothing on the record: an operator is told instead.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from graph_client.errors import Gone, GraphError, RetryLater
from graph_client.planner import Bucket, PlannerClient
from graph_client.urgency import IN_THE_BACKGROUND, calls_of_urgency
from planner_sync.board_reading import BoardReading, what_changed
from planner_sync.boards import PLAN, BoardPlan, NotProvisioned, board_of_plan, in_words, noted_plan_ids
from planner_sync.lost_plans import tell_of_unknown_plans
from planner_sync.mend import damage
from planner_sync.owners import Owners
from planner_sync.polling import Polling
from planner_sync.strangers import Strangers
from planner_sync.taking import Read, Taking
from store import notebook, outbox, planner_links, tasks
from store.planner_links import ENDED, KnownTask, LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.errors import StaleTask
from tasking.events import BoardDamaged
from tasking.force import Force
from tasking.thrive import PriorityBand

log = logging.getLogger(__name__)

FEWEST_TO_DOUBT = 2
"""A board that lost this many tasks at once, all it had, is not believed."""
BOARDS_AT_ONCE = 8
THROTTLED = 429
LONGEST_UNTOLD = timedelta(minutes=10)
"""Graph's asking to wait is told to the operator when it has gone on for so long."""
IF_DELETED = ". If its plan was deleted, run `tasking provision`: it makes another and shows its tasks again."


class Pull:
    """Reads boards and takes what people changed into the record."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force, polling: Polling, owners: Owners) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._polling = polling
        self._owners = owners
        self._strangers = Strangers(store, planner, force)
        self._taking = Taking(store, force)
        self._people_s_buckets: dict[str, frozenset[str]] = {}
        self._waiting_since: datetime | None = None

    async def pull_all(self) -> int:
        """Reads every board, with its buckets and labels; returns how many tasks had changed on one.

        A board that cannot be read is left for the next time and does not stop the others; being throttled stops
        the round. Raises NotProvisioned when there is no board at all.
        """
        self._check_plans()
        return await self._round(self._polling.every(self._store.clock.now()))

    async def pull_due(self) -> int:
        """Reads the boards whose time has come; as pull_all otherwise."""
        self._check_plans()
        return await self._round(self._polling.due(self._store.clock.now()))

    def _check_plans(self) -> None:
        with self._store.open() as connection:
            if not notebook.provisioned_rows(connection, PLAN):
                raise NotProvisioned("No board has been made yet: run `tasking provision`.")
            tell_of_unknown_plans(connection, self._store.clock.now())

    async def _round(self, boards: Sequence[BoardPlan]) -> int:
        gate = asyncio.Semaphore(BOARDS_AT_ONCE)

        async def one(board: BoardPlan) -> int:
            async with gate:
                return await self._told(board, self._polling.wants_whole_look(board, self._store.clock.now()))

        with calls_of_urgency(IN_THE_BACKGROUND):
            return sum(await asyncio.gather(*(one(board) for board in boards)))

    async def _told(self, board: BoardPlan, is_whole: bool) -> int:
        """Reads one board, and tells the operator once when it cannot be read and once when it can again."""
        subject = in_words(board)
        try:
            moved = await self.pull_board(board, is_whole)
        except (GraphError, StaleTask) as error:
            wait = error.after_seconds if isinstance(error, RetryLater) else None
            if not self._is_asked_to_wait(error) and self._is_known(board):
                what_now = IF_DELETED if isinstance(error, Gone) else ""
                self._tell(subject, f"The board of {board.unit} cannot be read: {error}{what_now}")
            self._polling.failed(board, wait, self._store.clock.now())
            return 0
        self._waiting_since = None
        self._clear(subject)
        with self._store.open() as connection:
            urgent = tasks.stands_with_band(connection, board.plan_id, PriorityBand.IMMEDIATE)
        self._polling.read(board, moved, urgent, is_whole, self._store.clock.now())
        return moved

    def _is_known(self, board: BoardPlan) -> bool:
        """False where provisioning has given the plan up while it was read: nobody would clear its notice."""
        with self._store.open() as connection:
            return board.plan_id in noted_plan_ids(connection)

    def _is_asked_to_wait(self, error: Exception) -> bool:
        """Whether Graph has asked the service to wait, which is no trouble until it has lasted."""
        if not isinstance(error, RetryLater) or error.status != THROTTLED:
            return False
        now = self._store.clock.now()
        self._waiting_since = self._waiting_since or now
        return now - self._waiting_since < LONGEST_UNTOLD

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
                f"{in_words(board)} empty",
                f"The board of {board.unit} reads empty though {len(known)} tasks stand on it. Nothing was changed; "
                "check the plan and the service's permission. Where people did delete them all, say so by "
                f"`tasking believe-board {board.unit}`.",
            )
            return 0
        self._clear(f"{in_words(board)} empty")
        if reading.buckets is None and (missing or self._has_strange_bucket(board, reading, known)):
            reading = replace(reading, buckets=await self._planner.buckets(board.plan_id))
        reading = await self._with_lagging_buckets(board, reading)
        self._note_people_s_buckets(board, reading)
        self._promise_mending(board, reading)
        lost = reading.lost_buckets(board)
        changed = what_changed(reading, known, lost, self._store.clock.now())
        with self._store.open() as connection:
            looked_for = [known[each].link_id for each in (*missing, *changed)]
            links = [link for link in planner_links.by_ids(connection, looked_for) if _is_as_it_was(link, known)]
        gone = [link for link in links if link.planner_task_id in missing]
        await asyncio.gather(*(self._confirm_deleted(link, board, reading.buckets or ()) for link in gone))
        still_here = [link for link in links if link.planner_task_id in reading.tasks]
        for read in await self._details_of(board, still_here, reading):
            self._taking.take(board, read, lost, is_promised=False)
        await self._strangers.look(board, reading, known.keys())
        await self._owners.look(board, reading, known, is_whole)
        return len(links)

    async def refresh(self, link: PlannerLink) -> None:
        """Reads one task anew, after a clash: what the board lacks is the caller's to send. Raises GraphError."""
        with self._store.open() as connection:
            now = planner_links.current(connection, link.task_id, link.unit)
            if now is None or now.link_id != link.link_id or now.planner_task_id is None or now.state in ENDED:
                return
            board = board_of_plan(connection, link.unit, now.plan_id)
        task = await self._planner.task(now.planner_task_id)
        details = await self._planner.details(now.planner_task_id)
        self._taking.take(board, Read(now, task, details), frozenset(), is_promised=True)

    async def _read(self, board: BoardPlan, is_whole: bool) -> BoardReading:
        if not is_whole:
            return BoardReading({task.task_id: task for task in await self._planner.tasks(board.plan_id)})
        # The tasks first: a bucket that is made meanwhile must not look like one that is gone.
        listed = await self._planner.tasks(board.plan_id)
        buckets, labels = await asyncio.gather(
            self._planner.buckets(board.plan_id), self._planner.plan_details(board.plan_id)
        )
        return BoardReading({task.task_id: task for task in listed}, buckets, labels)

    async def _details_of(self, board: BoardPlan, links: Sequence[PlannerLink], reading: BoardReading) -> list[Read]:
        """What can be read; a task whose details cannot is left for the next time, and does not stop the others."""
        ids = [link.planner_task_id for link in links if link.planner_task_id]
        found, troubles = await self._planner.details_of(ids) if ids else ({}, [])
        subject = f"{in_words(board)}: details"
        if troubles and not self._is_asked_to_wait(troubles[0]):
            self._tell(subject, f"{len(troubles)} tasks on the board of {board.unit} cannot be read: {troubles[0]}")
        elif not troubles:
            self._clear(subject)
        return [
            Read(link, reading.tasks[link.planner_task_id], details)
            for link in links
            if link.planner_task_id and (details := found.get(link.planner_task_id))
        ]

    async def _with_lagging_buckets(self, board: BoardPlan, reading: BoardReading) -> BoardReading:
        """The reading with those buckets that only the list lacked: a bucket is lost when asking by its id says so."""
        doubted = sorted(reading.lost_buckets(board))
        found = await asyncio.gather(*(self._planner.bucket_if_there(each) for each in doubted))
        there = tuple(bucket for bucket in found if bucket is not None)
        return replace(reading, buckets=(*(reading.buckets or ()), *there)) if there else reading

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

    async def _confirm_deleted(self, link: PlannerLink, board: BoardPlan, buckets: Sequence[Bucket]) -> None:
        """A task absent from the whole list is deleted only when asking for it by id says so too.

        `buckets` are those of its plan that are there now.
        """
        assert link.planner_task_id is not None
        try:
            await self._planner.task(link.planner_task_id)
        except Gone:
            self._taking.take_deleted(link, with_its_bucket=_is_of_lost_bucket(link, board, buckets))

    def _tell(self, subject: str, text: str) -> None:
        with self._store.open() as connection:
            if notebook.raise_notice(connection, subject, text, self._store.clock.now()):
                log.error("%s: trouble", subject)

    def _clear(self, subject: str) -> None:
        with self._store.open() as connection:
            if notebook.clear_notice(connection, subject, self._store.clock.now()):
                log.info("%s: well again", subject)


def _is_of_lost_bucket(link: PlannerLink, board: BoardPlan, buckets: Sequence[Bucket]) -> bool:
    """Whether the task stood in a bucket that is not there any more, when it was last read."""
    base = link.base or {}
    bucket_id = base.get("bucket_id") or board.bucket_of_pillar.get(base.get("pillar") or "")
    return bucket_id is not None and bucket_id not in {bucket.bucket_id for bucket in buckets}


def _is_as_it_was(link: PlannerLink, known: Mapping[str, KnownTask]) -> bool:
    """Whether nothing was sent by this link since before the board was read; else the next poll looks again."""
    seen = known.get(link.planner_task_id or "")
    return seen is not None and seen.revision == link.revision
