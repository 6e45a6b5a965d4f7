"""Record to board: create once, then send our changes with If-Match. Nothing is held open while Graph is asked."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from graph_client.errors import Gone, GraphError, RetryLater
from graph_client.planner import (
    ChecklistChange,
    DetailsChanges,
    PlannerClient,
    PlannerTask,
    ReferenceChange,
    order_hint,
)
from planner_sync import description, field_map
from planner_sync.boards import BoardPlan, board_of
from planner_sync.field_map import NOT_SENT_TO_TWINS, BoardState, state_of_record
from planner_sync.three_way import merge
from store import planner_links, tasks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.escalation import Escalation
from tasking.force import Force
from tasking.task import Task

log = logging.getLogger(__name__)

MOST_REFERENCES = 8


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
            self._change(shown.link, state=LinkState.ACTIVE, task_etag=planner_task.etag)
            log.info("task is on the board", extra={"reference": shown.task.reference, "unit": shown.link.unit})
        return shown.link

    async def update_link(self, link_id: str, task_id: str, unit: str) -> None:
        """Sends what one board lacks. Raises Conflict where people changed the same thing since the last pull."""
        shown = self._wanted(task_id, unit)
        link = shown.link
        if link.link_id != link_id or link.state is not LinkState.ACTIVE or not link.planner_task_id:
            return
        base = field_map.from_json(link.base or {})
        not_sent = NOT_SENT_TO_TWINS if shown.is_twin else frozenset()
        send = merge(base, state_of_record(shown.task), base, not_sent).send
        await self._send_fields(shown, base, send)
        await self._send_details(shown, base, send)

    async def close_link(self, task_id: str, unit: str) -> None:
        """Takes the task's twin off a board's open work: complete, marked Returned, with the last word on it."""
        shown = self._wanted(task_id, unit)
        link = shown.link
        if link.state is not LinkState.ACTIVE or not link.planner_task_id:
            return
        base = field_map.from_json(link.base or {})
        closing = {"progress": 100, "service_labels": frozenset({"RETURNED"})}
        await self._send_fields(shown, base, closing)
        await self._send_details(shown, base, {})
        self._change(link, state=LinkState.CLOSED)

    def _wanted(self, task_id: str, unit: str | None) -> Shown:
        with self._store.open() as connection:
            task = tasks.read_task(connection, task_id)
            board = board_of(connection, unit or task.unit)
            link = planner_links.want(connection, task_id, board.unit, board.plan_id)
            return Shown(task, tasks.read_escalations(connection, task_id), board, link)

    async def _found_or_created(self, shown: Shown) -> PlannerTask:
        link = shown.link
        if link.planner_task_id:
            try:
                return await self._planner.task(link.planner_task_id)
            except Gone:
                self._change(link, state=LinkState.WANTED, planner_task_id=None)
                shown = replace(shown, link=replace(link, state=LinkState.WANTED))
        if shown.link.state is LinkState.CREATING and (found := await self._our_mark(shown)):
            log.warning("an earlier create had got through", extra={"reference": shown.task.reference})
            self._change(link, planner_task_id=found.task_id)
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
        ours = [each for each in listed if each.task_id not in known and field_map.has_mark(each, shown.task)]
        oldest = sorted(ours, key=lambda each: (each.created_by_user_id is not None, each.created_at, each.task_id))
        return oldest[0] if oldest else None

    async def _create(self, shown: Shown) -> PlannerTask:
        sent = replace(state_of_record(shown.task), ticks=frozenset())
        base = replace(sent, owner_ids=frozenset()) if shown.is_twin else sent
        now = self._store.clock.now()
        self._change(shown.link, state=LinkState.CREATING, attempted_at=now, base=field_map.to_json(base))
        new = field_map.new_planner_task(shown.task, shown.board, self._force, shown.is_twin)
        try:
            made = await self._planner.create_task(new)
        except GraphError as error:
            if not error.uncertain:
                self._change(shown.link, state=LinkState.WANTED)
            raise
        self._change(shown.link, planner_task_id=made.task_id)
        return made

    async def _fill_details(self, shown: Shown, planner_task: PlannerTask) -> None:
        """Description, checklist and links of a new Planner task, once: what is there already is left alone."""
        try:
            there = await self._planner.details(planner_task.task_id)
        except Gone as error:
            sentence = "the new task's details are not there yet"
            raise RetryLater("read details", after_seconds=2, sentence=sentence) from error
        if description.LINE in there.description:
            return
        block, hint, lines = self._block(shown), "", []
        for line in shown.task.checklist:
            hint = order_hint(after=hint)
            lines.append(ChecklistChange(line.line_id, line.text, False, hint))
        changes = DetailsChanges(
            description=description.first_description(shown.task, block),
            preview_type="description",
            checklist=tuple(lines),
            references=tuple(
                ReferenceChange(link.url, link.title, "Other") for link in shown.task.links[:MOST_REFERENCES]
            ),
        )
        await self._planner.update_details(planner_task.task_id, changes, there.etag)
        self._change(shown.link, service_block=block)

    async def _send_fields(self, shown: Shown, base: BoardState, send: Mapping[str, Any]) -> None:
        fields = {name: value for name, value in send.items() if name != "ticks"}
        changes = field_map.planner_changes(shown.task, fields, base, shown.board, self._force)
        if not changes.as_json():
            return
        assert shown.link.planner_task_id is not None
        now = await self._planner.update_task(shown.link.planner_task_id, changes, shown.link.task_etag or "")
        agreed = replace(base, **fields)
        self._change(shown.link, base=field_map.to_json(agreed), task_etag=now.etag)

    async def _send_details(self, shown: Shown, base: BoardState, send: Mapping[str, Any]) -> None:
        block, ticks = self._block(shown), send.get("ticks")
        if block == shown.link.service_block and ticks is None:
            return
        task_id = shown.link.planner_task_id
        assert task_id is not None
        there = await self._planner.details(task_id)
        lines = {line.item_id for line in there.checklist}
        moved = sorted((ticks ^ base.ticks) & lines) if ticks is not None else []
        changes = DetailsChanges(
            description=description.with_block(there.description, block),
            checklist=tuple(ChecklistChange(line, is_checked=line in (ticks or ())) for line in moved),
        )
        await self._planner.update_details(task_id, changes, there.etag)
        self._change(shown.link, service_block=block)
        if ticks is not None:
            with self._store.open() as connection:
                link = planner_links.current(connection, shown.task.task_id, shown.link.unit)
            assert link is not None
            latest = field_map.from_json(link.base or {})
            self._change(link, base=field_map.to_json(replace(latest, ticks=ticks)))

    def _block(self, shown: Shown) -> str:
        return description.service_block(shown.task, self._force, shown.escalations)

    def _change(self, link: PlannerLink, **values: object) -> None:
        with self._store.open() as connection:
            planner_links.change(connection, link.link_id, **values)
