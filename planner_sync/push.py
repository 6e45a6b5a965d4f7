"""Record to board: create once, then send our changes with If-Match. Nothing is held open while Graph is asked."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from graph_client.errors import Conflict, Gone, GraphError, RetryLater
from graph_client.planner import (
    UNSET,
    ChecklistChange,
    DetailsChanges,
    PlannerClient,
    PlannerTask,
    ReferenceChange,
    order_hint,
)
from planner_sync import description, field_map
from planner_sync.boards import BoardPlan, board_of
from planner_sync.field_map import MOST_REFERENCES, NOT_SENT_TO_TWINS, BoardState, state_of_record
from planner_sync.three_way import merge
from store import planner_links, tasks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.escalation import Escalation
from tasking.force import Force
from tasking.task import Task

log = logging.getLogger(__name__)


class NotSettled(Exception):
    """An earlier create may still be on its way: look again in `after_seconds`."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__("an earlier create may still be on its way")
        self.after_seconds = after_seconds


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a board shows of a task: the record, its escalations, the board, and the link between them."""

    task: Task
    escalations: tuple[Escalation, ...]
    board: BoardPlan
    link: PlannerLink

    @property
    def is_twin(self) -> bool:
        """Whether this board is not the task's own."""
        return self.link.unit != self.task.unit


class Push:
    """Brings boards in line with the record. `settle_for` is how long a create may stay unseen in Graph's lists."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force, settle_for: timedelta) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._settle_for = settle_for

    async def ensure_on_board(self, task_id: str, unit: str | None = None) -> PlannerLink:
        """One Planner task on the board of `unit` (None: the task's own) whatever earlier tries have done.

        Raises NotSettled while an earlier create may still be on its way, and GraphError as Graph has it.
        """
        shown = self._wanted(task_id, unit)
        if shown.link.state is not LinkState.ACTIVE:
            planner_task = await self._found_or_created(shown)
            await self._fill_details(shown, planner_task)
            self._change(shown.link, state=LinkState.ACTIVE)
            log.info("task is on the board", extra={"reference": shown.task.reference, "unit": shown.link.unit})
        return shown.link

    async def update_link(self, link: PlannerLink) -> None:
        """Sends what one board lacks. Raises Conflict where people changed the same thing since the last pull.

        A board that the task has left is not kept in step any more: it waits to be closed.
        """
        shown = self._standing(link)
        if shown is None or link.unit not in shown.task.stands_on:
            return
        base = field_map.from_json(shown.link.base or {})
        not_sent = NOT_SENT_TO_TWINS if shown.is_twin else frozenset()
        send = merge(base, state_of_record(shown.task), base, not_sent).send
        await self._send_fields(shown, base, send)
        await self._send_details(shown, base, send)

    async def close_link(self, link: PlannerLink) -> None:
        """Takes the task's twin off a board's open work: complete, marked Returned, with the last word on it."""
        shown = self._standing(link)
        if shown is None:
            return
        base = field_map.from_json(shown.link.base or {})
        closing = {"progress": 100, "service_labels": frozenset({"RETURNED"})}
        await self._send_fields(shown, base, closing)
        await self._send_details(shown, base, {})
        self._change(shown.link, state=LinkState.CLOSED)

    def _wanted(self, task_id: str, unit: str | None) -> Shown:
        with self._store.open() as connection:
            task = tasks.read_task(connection, task_id)
            board = board_of(connection, unit or task.unit)
            link = planner_links.want(connection, task_id, board.unit, board.plan_id)
            return Shown(task, tasks.read_escalations(connection, task_id), board, link)

    def _standing(self, link: PlannerLink) -> Shown | None:
        """What the board shows by this link as it is now; None when that stay has ended or not begun.

        Raises Conflict where the board has to be read before anything is sent to it.
        """
        with self._store.open() as connection:
            now = planner_links.current(connection, link.task_id, link.unit)
            if now is None or now.link_id != link.link_id or now.state is not LinkState.ACTIVE:
                return None
            if now.task_etag is None or field_map.sent_from_json(now.base or {}) is not None:
                raise Conflict("update task", sentence="what the board shows of it is not known")
            task = tasks.read_task(connection, link.task_id)
            return Shown(task, tasks.read_escalations(connection, link.task_id), board_of(connection, link.unit), now)

    async def _found_or_created(self, shown: Shown) -> PlannerTask:
        link = shown.link
        if link.planner_task_id:
            try:
                return await self._planner.task(link.planner_task_id)
            except Gone:
                fresh: dict[str, Any] = {"state": LinkState.WANTED, "planner_task_id": None, "task_etag": None}
                self._change(link, **fresh)
                shown = replace(shown, link=replace(link, **fresh))
        if shown.link.state is LinkState.CREATING and (found := await self._our_mark(shown)):
            log.warning("an earlier create had got through", extra={"reference": shown.task.reference})
            # Without an etag: people may have changed it since it was made, so it has to be read before it is sent.
            self._change(link, planner_task_id=found.task_id, task_etag=None)
            return found
        return await self._create(shown)

    async def _our_mark(self, shown: Shown) -> PlannerTask | None:
        """The Planner task of an earlier try whose answer was lost. A person's copy of it is never preferred."""
        since = self._store.clock.now() - (shown.link.attempted_at or self._store.clock.now())
        if timedelta(0) <= since < self._settle_for:
            raise NotSettled((self._settle_for - since).total_seconds())
        listed = await self._planner.tasks(shown.board.plan_id)
        with self._store.open() as connection:
            known = planner_links.known_planner_ids(connection, shown.board.plan_id)
            under_way = planner_links.of_plan(connection, shown.board.plan_id, LinkState.CREATING)
        strangers = [each for each in listed if each.task_id not in known]
        ours = [each for each in strangers if field_map.has_mark(each, shown.task)]
        oldest = sorted(ours, key=lambda each: (each.created_by_user_id is not None, each.created_at, each.task_id))
        if oldest and oldest[0].created_by_user_id is None:
            return oldest[0]
        renamed = [each for each in strangers if self._is_renamed(each, shown)]
        if len(renamed) == 1 and sum(link.planner_task_id is None for link in under_way) == 1:
            return renamed[0]
        return oldest[0] if oldest else None

    def _is_renamed(self, stranger: PlannerTask, shown: Shown) -> bool:
        base = field_map.from_json(shown.link.base or {})
        return field_map.might_be_renamed(stranger, shown.task, base, shown.board, self._force)

    async def _create(self, shown: Shown) -> PlannerTask:
        self._claim(shown)
        new = field_map.new_planner_task(shown.task, shown.board, self._force, shown.is_twin)
        try:
            made = await self._planner.create_task(new)
        except GraphError as error:
            if error.uncertain:
                self._change(shown.link, attempted_at=self._store.clock.now())
            else:
                self._change(shown.link, state=LinkState.WANTED)
            raise
        self._change(shown.link, planner_task_id=made.task_id, task_etag=made.etag)
        return made

    def _claim(self, shown: Shown) -> None:
        """Notes the create before it is sent. Raises NotSettled where another worker was quicker to begin one."""
        seen, now = shown.link, self._store.clock.now()
        base = field_map.state_when_made(shown.task, shown.board, shown.is_twin)
        with self._store.open() as connection:
            # A write first: it holds the row, so that of two workers one reads what the other has done.
            planner_links.change(connection, seen.link_id, plan_id=seen.plan_id)
            link = planner_links.current(connection, seen.task_id, seen.unit)
            if link is None or (link.link_id, link.state, link.attempted_at) != (
                seen.link_id,
                seen.state,
                seen.attempted_at,
            ):
                raise NotSettled(self._settle_for.total_seconds())
            planner_links.change(
                connection, seen.link_id, state=LinkState.CREATING, attempted_at=now, base=field_map.to_json(base)
            )

    async def _fill_details(self, shown: Shown, planner_task: PlannerTask) -> None:
        """Description, checklist and links of a new Planner task, once: what is there already is left alone."""
        try:
            there = await self._planner.details(planner_task.task_id)
        except Gone as error:
            sentence = "the new task's details are not there yet"
            raise RetryLater("read details", after_seconds=2, sentence=sentence) from error
        if description.has_block(there.description):
            return
        block, hint, lines = self._block(shown), "", []
        for line, words in field_map.checklist_of(shown.task):
            hint = order_hint(after=hint)
            lines.append(ChecklistChange(line.line_id, words, False, hint))
        overflow = field_map.overflow_of(shown.task)
        changes = DetailsChanges(
            description=description.first_description(shown.task, block, there.description, overflow),
            preview_type="description",
            checklist=tuple(lines),
            references=tuple(
                ReferenceChange(link.url, link.title, "Other") for link in shown.task.links[:MOST_REFERENCES]
            ),
        )
        await self._planner.update_details(planner_task.task_id, changes, there.etag)
        self._change(shown.link, service_block=block)

    async def _send_fields(self, shown: Shown, base: BoardState, send: Mapping[str, Any]) -> None:
        """Sends task fields with the etag of the last read, and keeps that etag.

        Planner takes a write with an older etag unless it clashes, so the etag that it answers with may cover
        changes of people that were never read. Source: api-reference/v1.0/resources/planner-overview.md.
        """
        fields = {name: value for name, value in send.items() if name != "ticks"}
        changes = field_map.planner_changes(shown.task, fields, base, shown.board, self._force)
        if not changes.as_json():
            return
        planner_task_id, etag = shown.link.planner_task_id, shown.link.task_etag
        assert planner_task_id is not None
        assert etag is not None
        send_it = partial(self._planner.update_task, planner_task_id, changes, etag)
        await self._sending(shown.link, send_it, lambda state: replace(state, **fields))

    async def _send_details(self, shown: Shown, base: BoardState, send: Mapping[str, Any]) -> None:
        block, ticks = self._block(shown), send.get("ticks", base.ticks)
        moved = ticks ^ base.ticks
        if block == shown.link.service_block and not moved:
            return
        task_id = shown.link.planner_task_id
        assert task_id is not None
        there = await self._planner.details(task_id)
        moved &= {line.item_id for line in there.checklist}
        text = description.with_block(there.description, block)
        changes = DetailsChanges(
            description=text if text != there.description else UNSET,
            checklist=tuple(ChecklistChange(line, is_checked=line in ticks) for line in sorted(moved)),
        )
        if changes.as_json():
            send_it = partial(self._planner.update_details, task_id, changes, there.etag)
            ticked = moved & ticks
            await self._sending(shown.link, send_it, lambda state: replace(state, ticks=(state.ticks - moved) | ticked))
        self._change(shown.link, service_block=block)

    def _block(self, shown: Shown) -> str:
        return description.service_block(shown.task, self._force, shown.escalations)

    async def _sending(
        self, link: PlannerLink, send: Callable[[], Awaitable[object]], change: Callable[[BoardState], BoardState]
    ) -> None:
        """Notes what is about to be sent, sends it, and notes that the board has taken it.

        Where no answer comes the note stays, and the next read tells whether it got through.
        """
        self._note_base(link, lambda base: field_map.to_json(base, change(base)))
        try:
            await send()
        except GraphError as error:
            if not error.uncertain:
                self._note_base(link, field_map.to_json)
            raise
        self._note_base(link, lambda base: field_map.to_json(change(base)))

    def _note_base(self, link: PlannerLink, write: Callable[[BoardState], dict[str, Any]]) -> None:
        """Writes the link's base anew, on top of whatever a pull has noted meanwhile."""
        with self._store.open() as connection:
            latest = planner_links.current(connection, link.task_id, link.unit)
            if latest is not None and latest.link_id == link.link_id:
                plain = write(field_map.from_json(latest.base or {}))
                planner_links.change(connection, link.link_id, base=plain)

    def _change(self, link: PlannerLink, **values: object) -> None:
        with self._store.open() as connection:
            planner_links.change(connection, link.link_id, **values)
