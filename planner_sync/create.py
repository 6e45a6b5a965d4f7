"""Record to board, the first time: one Planner task for each stay on a board, whatever fails between.

What is about to be made is noted before it is sent; after a lost answer our mark is looked for before it is sent again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from graph_client.errors import Gone, GraphError, Rejected, RetryLater
from graph_client.planner import (
    PlannerClient,
    PlannerTask,
)
from planner_sync import description, field_map, shown
from planner_sync.boards import board_of_plan
from planner_sync.first_details import first_details
from planner_sync.limits import PLAN_FULL
from planner_sync.mend import Mend
from planner_sync.roll_over import RollOver
from planner_sync.shown import Shown
from planner_sync.within_limits import WithinLimits
from store import planner_links, remarks, tasks
from store.outbox import LONGEST_DELIVERY
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.force import Force
from tasking.task import Task

log = logging.getLogger(__name__)

BAD_REQUEST = 400


class NotSettled(Exception):
    """An earlier create may still be on its way: look again in `after_seconds`."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__("an earlier create may still be on its way")
        self.after_seconds = after_seconds


@dataclass(frozen=True, slots=True)
class Placed:
    """A link whose task is on its board. `is_in_step` where nothing has changed since what was just made there."""

    link: PlannerLink
    is_in_step: bool


class Create:
    """Puts tasks on boards. `settle_for` is how long a create may stay unseen in Graph's lists."""

    def __init__(
        self, store: Store, planner: PlannerClient, force: Force, mend: Mend, settle_for: timedelta, task_url: str
    ) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._settle_for = settle_for
        self._task_url = task_url
        self._mend = mend
        self._roll_over = RollOver(store, planner, force)
        self._within_limits = WithinLimits(store)

    async def ensure_on_board(
        self, task_id: str, unit: str | None = None, only_if: Callable[[Task], bool] = lambda task: True
    ) -> Placed | None:
        """One Planner task on the board of `unit` (None: the task's own) whatever earlier tries have done.

        None, and nothing done, where the task as it stands is none for which `only_if` holds.
        Raises NotSettled while an earlier create may still be on its way, and GraphError as Graph has it.
        """
        begun = await self._store.together(lambda connection: self._begun(connection, task_id, unit, only_if))
        if begun is None:
            return None
        seen, is_new = begun
        if seen.link.state is LinkState.ACTIVE:
            return Placed(seen.link, is_in_step=False)
        planner_task = await (self._create_somewhere(seen) if is_new else self._found_or_created(seen))
        filled = await self._fill_details(seen, planner_task)
        is_same = await self._store.together(lambda connection: _placed(connection, seen, filled))
        log.info("task is on the board", extra={"reference": seen.task.reference, "unit": seen.link.unit})
        return Placed(seen.link, is_in_step=is_new and is_same and bool(filled))

    async def found(self, link: PlannerLink) -> PlannerLink | None:
        """The link of a create that was begun, with the task if it got through; None where nothing came of it.

        Nothing is created. Raises NotSettled while it may still be on its way, and GraphError as Graph has it.
        """
        with self._store.open() as connection:
            seen = shown.of_link(connection, self._force, link)
        self._wait_until_settled(link)
        if link.planner_task_id is None:
            task = await self._our_mark(seen)
            if task is None:
                return None
            link = replace(link, planner_task_id=task.task_id)
        link = replace(link, state=LinkState.ACTIVE, task_etag=None)
        noted = {"state": link.state, "planner_task_id": link.planner_task_id, "task_etag": None}
        self._change(link, **noted)
        return link

    def _begun(
        self, connection: Connection, task_id: str, unit: str | None, only_if: Callable[[Task], bool]
    ) -> tuple[Shown, bool] | None:
        """What the board is to show, and whether nothing was sent to it yet; if so, the create is claimed here."""
        task = tasks.read_task(connection, task_id)
        if not only_if(task):
            return None
        seen = shown.wanted(connection, self._force, task, unit)
        is_new = seen.link.state is LinkState.WANTED and seen.link.planner_task_id is None
        if is_new:
            self._claim(connection, seen)
        return seen, is_new

    async def _found_or_created(self, seen: Shown) -> PlannerTask:
        link = seen.link
        if link.planner_task_id:
            try:
                return await self._planner.task(link.planner_task_id)
            except Gone:
                fresh: dict[str, Any] = {"state": LinkState.WANTED, "planner_task_id": None, "task_etag": None}
                self._change(link, **fresh)
                seen = replace(seen, link=replace(link, **fresh))
        if seen.link.state is LinkState.CREATING and (found := await self._our_mark(seen)):
            log.warning("an earlier create had got through", extra={"reference": seen.task.reference})
            # Without an etag: people may have changed it since it was made, so it has to be read before it is sent.
            self._change(link, planner_task_id=found.task_id, task_etag=None)
            return found
        with self._store.open() as connection:
            self._claim(connection, seen)
        return await self._create_somewhere(seen)

    async def _our_mark(self, seen: Shown) -> PlannerTask | None:
        """The Planner task of an earlier try whose answer was lost. A person's copy of it is never preferred."""
        self._wait_until_settled(seen.link)
        listed = await self._planner.tasks(seen.link.plan_id)
        with self._store.open() as connection:
            known = planner_links.known_planner_ids(connection, (each.task_id for each in listed))
            under_way = planner_links.of_plan(connection, seen.link.plan_id, LinkState.CREATING)
        strangers = [each for each in listed if each.task_id not in known]
        ours = [each for each in strangers if field_map.has_mark(each, seen.task)]
        oldest = sorted(ours, key=lambda each: (each.created_by_user_id is not None, each.created_at, each.task_id))
        if oldest and oldest[0].created_by_user_id is None:
            return oldest[0]
        renamed = [each for each in strangers if self._is_renamed(each, seen)]
        if len(renamed) == 1 and sum(link.planner_task_id is None for link in under_way) == 1:
            return renamed[0]
        return oldest[0] if oldest else None

    def _wait_until_settled(self, link: PlannerLink) -> None:
        since = self._store.clock.now() - (link.attempted_at or self._store.clock.now())
        if since < self._settle_for:
            raise NotSettled((self._settle_for - since).total_seconds())

    def _is_renamed(self, stranger: PlannerTask, seen: Shown) -> bool:
        base = field_map.from_json(seen.link.base or {})
        return field_map.might_be_renamed(stranger, seen.task, base, seen.board, self._force)

    async def _create_somewhere(self, seen: Shown) -> PlannerTask:
        """Creates it; in the next plan where this one is full, and once more on a board that had to be mended."""
        try:
            return await self._create(seen)
        except Rejected as refused:
            if refused.limit in PLAN_FULL:
                board = await self._roll_over.next_plan(seen.board)
            elif refused.status == BAD_REQUEST and await self._mend.mend(seen.board):
                board = seen.board
            else:
                raise
        with self._store.open() as connection:
            board = board_of_plan(connection, seen.link.unit, board.plan_id)
            link = replace(seen.link, plan_id=board.plan_id, state=LinkState.WANTED)
            seen = replace(seen, board=board, link=link)
            self._claim(connection, seen)
        return await self._create(seen)

    async def _create(self, seen: Shown) -> PlannerTask:
        """Sends the create that is noted."""
        new = field_map.new_planner_task(seen.task, seen.board, self._force, seen.is_twin)
        try:
            sent = await self._within_limits.sending(seen, new, self._planner.create_task)
        except GraphError as error:
            if error.uncertain:
                self._change(seen.link, attempted_at=self._store.clock.now())
            else:
                self._change(seen.link, state=LinkState.WANTED)
            raise
        except asyncio.CancelledError:  # out of time: it may have been sent just now
            self._change(seen.link, attempted_at=self._store.clock.now())
            raise
        made, noted = sent.answer, dict[str, object]()
        assert made is not None
        if sent.change != new:  # a limit kept people out of it: nobody has taken them off
            base = field_map.state_when_made(seen.task, seen.board, self._force, seen.is_twin)
            noted["base"] = field_map.to_json(replace(base, owner_ids=frozenset(sent.change.assignee_ids)))
        noted |= {"task_etag": made.etag, "newest_etag": made.etag, "newest_at": self._store.clock.now()}
        noted["planner_task_id"] = made.task_id
        await self._store.together(lambda connection: planner_links.change(connection, seen.link.link_id, **noted))
        return made

    def _claim(self, connection: Connection, seen: Shown) -> None:
        """Notes the create before it is sent. Raises NotSettled where another worker was quicker to begin one.

        It may wait for its turn at Graph: until it has ended, the latest moment counts at which it may be sent.
        """
        base = field_map.to_json(field_map.state_when_made(seen.task, seen.board, self._force, seen.is_twin))
        latest = self._store.clock.now() + LONGEST_DELIVERY
        if not planner_links.claim_create(connection, seen.link, latest, base):
            raise NotSettled(self._settle_for.total_seconds())

    async def _fill_details(self, seen: Shown, planner_task: PlannerTask) -> dict[str, object]:
        """Description, checklist and links of a new Planner task, once: what is there already is left alone.

        Returns what to note of it on the link; nothing where an earlier try had filled them.
        """
        try:
            there = await self._planner.details(planner_task.task_id)
        except Gone as error:
            sentence = "the new task's details are not there yet"
            raise RetryLater("read details", after_seconds=2, sentence=sentence) from error
        if description.has_block(there.description):
            return {}
        block, links = seen.block(self._force, self._store.clock.now()), seen.record_links(self._force, self._task_url)
        changes = first_details(seen, self._force, there, block, links)
        await self._within_limits.sending(
            seen, changes, lambda each: self._planner.update_details(planner_task.task_id, each, there.etag)
        )
        return {"service_block": block, "links_shown": links}

    def _change(self, link: PlannerLink, **values: object) -> None:
        with self._store.open() as connection:
            planner_links.change(connection, link.link_id, **values)


def _placed(connection: Connection, seen: Shown, filled: Mapping[str, object]) -> bool:
    """Notes that the task is on its board; returns whether the record is still as it was when that began."""
    planner_links.change(connection, seen.link.link_id, state=LinkState.ACTIVE, **filled)
    said = remarks.remarks_on(connection, seen.task.task_id)
    return (tasks.version_of(connection, seen.task.task_id), said) == (seen.task.version, seen.remarks)
