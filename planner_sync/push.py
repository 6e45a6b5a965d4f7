"""Record to board, from then on: our changes with If-Match and nothing else, and no transaction open meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from graph_client.errors import Conflict, GraphError, Rejected, RetryLater
from graph_client.planner import (
    UNSET,
    ChecklistChange,
    DetailsChanges,
    PlannerClient,
    PlannerTask,
    ReferenceChange,
    TaskChanges,
    TaskDetails,
)
from planner_sync import description, field_map, shown
from planner_sync.create import BAD_REQUEST
from planner_sync.field_map import DATES, NOT_SENT_TO_TWINS, BoardState, state_of_record
from planner_sync.mend import Mend
from planner_sync.own_words import own_links, own_text, renamed_lines
from planner_sync.shown import Shown, changed_links
from planner_sync.three_way import merge
from planner_sync.within_limits import WithinLimits
from store import planner_links
from store.outbox import LONGEST_DELIVERY
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import Store
from tasking.force import Force
from tasking.standing import kept_labels


class Push:
    """Brings boards in line with the record. `task_url` is the settings' template of a Planner task's address."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force, mend: Mend, task_url: str) -> None:
        self._store = store
        self._planner = planner
        self._force = force
        self._task_url = task_url
        self._mend = mend
        self._within_limits = WithinLimits(store)

    async def update_link(self, link: PlannerLink) -> None:
        """Sends what one board lacks. Raises Conflict where people changed the same thing since the last pull.

        A board that the task has left is not kept in step any more: it waits to be closed.
        """
        seen = self._standing(link)
        if seen is None or seen.has_left:
            return
        base = field_map.from_json(seen.link.base or {})
        not_sent = NOT_SENT_TO_TWINS if seen.is_twin else frozenset()
        send = merge(base, state_of_record(seen.task, self._force, base), base, not_sent).send
        await self._send_fields(seen, base, send)
        await self._send_details(seen, base, send)

    async def close_link(self, link: PlannerLink) -> None:
        """Takes the task off a board's open work: complete, with the last word on it.

        The board above that gave it back marks it Returned; a task that is withdrawn bears no label of the service.
        """
        seen = self._standing(link)
        if seen is None:
            return
        base = field_map.from_json(seen.link.base or {})
        labels = frozenset({"RETURNED"}) if seen.task.is_open else kept_labels(self._force, seen.task)
        closing = {"progress": 100, "service_labels": labels}
        differ = {name: value for name, value in closing.items() if getattr(base, name) != value}
        await self._send_fields(seen, base, differ)
        await self._send_details(seen, base, {})

    def note_closed(self, link: PlannerLink) -> None:
        """The stay has ended: what happens to the Planner task from now on changes nothing."""
        with self._store.open() as connection:
            now = planner_links.current(connection, link.task_id, link.unit)
            if now is not None and now.link_id == link.link_id and now.state is LinkState.ACTIVE:
                planner_links.change(connection, link.link_id, state=LinkState.CLOSED)

    def _standing(self, link: PlannerLink) -> Shown | None:
        """What the board shows by this link as it is now; None when that stay has ended or not begun.

        Raises Conflict where the board has to be read before anything is sent to it.
        """
        with self._store.open() as connection:
            now = planner_links.current(connection, link.task_id, link.unit)
            if now is None or now.link_id != link.link_id or now.state is not LinkState.ACTIVE:
                return None
            self._wait_for_others(now)
            if now.task_etag is None or field_map.sent_from_json(now.base or {}) is not None:
                raise Conflict("update task", sentence="what the board shows of it is not known")
            return shown.of_link(connection, self._force, now)

    def _wait_for_others(self, link: PlannerLink) -> None:
        """Raises RetryLater while another delivery's change of this task is still under way."""
        sent_at = field_map.sent_at_from_json(link.base or {})
        if sent_at is not None and self._store.clock.now() - sent_at < LONGEST_DELIVERY:
            raise RetryLater("update task", after_seconds=2, sentence="another change of it is under way")

    async def _send_fields(self, seen: Shown, base: BoardState, send: Mapping[str, Any]) -> None:
        """Sends task fields with the etag of the last read, and keeps that etag.

        Planner takes a write with an older etag unless it clashes, so the etag that it answers with may cover
        changes of people that were never read. Source: api-reference/v1.0/resources/planner-overview.md.
        """
        wanted = {name: value for name, value in send.items() if name != "ticks"}
        if wanted.get("pillar") not in seen.board.bucket_of_pillar:
            wanted.pop("pillar", None)  # nothing there to move it into
        fields = field_map.without_dates_planner_refuses(wanted, base)
        changes = field_map.planner_changes(seen.task, fields, base, seen.board, self._force)
        if not changes.as_json():
            return
        if changes.bucket_id is not UNSET:
            fields["bucket_id"] = changes.bucket_id
        send_it = partial(self._send_once, seen, changes, fields)
        try:
            await self._sending(seen.link, send_it, lambda state: replace(state, **fields))
        except Rejected as refused:
            await self._see_why(seen, fields, refused)
            raise

    async def _see_why(self, seen: Shown, fields: Mapping[str, Any], refused: Rejected) -> None:
        """Raises what is to be done instead, where Planner refused the fields for what people did meanwhile."""
        if refused.status != BAD_REQUEST:
            return
        if "pillar" in fields and await self._mend.mend(seen.board):
            sentence = "its board had to be mended first"
            raise RetryLater("update task", after_seconds=1, sentence=sentence) from refused
        assert seen.link.planner_task_id is not None
        if fields.keys() & DATES:  # one of ours does not go with one of theirs that was not read
            there = await self._planner.task(seen.link.planner_task_id)
            if there.etag != seen.link.task_etag:
                raise Conflict("update task", sentence="its dates have changed on the board") from refused

    async def _send_once(self, seen: Shown, changes: TaskChanges, fields: dict[str, Any]) -> None:
        """One PATCH. What a limit kept out of it is taken out of `fields` too: the board does not show it."""
        task_id, etag = seen.link.planner_task_id, seen.link.task_etag
        assert task_id is not None
        assert etag is not None

        async def send(each: TaskChanges) -> PlannerTask:
            return await self._planner.update_task(task_id, each, etag)

        sent = await self._within_limits.sending(seen, changes, send)
        if sent.change.assign != changes.assign:
            fields.pop("owner_ids", None)
        if sent.answer is None:
            return
        with self._store.open() as connection:
            seen_at = {"newest_etag": sent.answer.etag, "newest_at": self._store.clock.now()}
            planner_links.change(connection, seen.link.link_id, **seen_at)
        if not _is_assigned(sent.change, sent.answer):
            raise Conflict("update task", sentence="the owner on the board is not the one that was sent")

    async def _send_details(self, seen: Shown, base: BoardState, send: Mapping[str, Any]) -> None:
        block, ticks = seen.block(self._force, self._store.clock.now()), send.get("ticks", base.ticks)
        links = seen.record_links(self._force, self._task_url)
        new_links, old_links = changed_links(seen.link.links_shown, links)
        moved = ticks ^ base.ticks
        if block == seen.link.service_block and not (moved or new_links or old_links):
            return
        task_id = seen.link.planner_task_id
        assert task_id is not None
        there = await self._planner.details(task_id)
        moved &= {line.item_id for line in there.checklist}
        changes = self._details_to_send(seen, there, block, moved & ticks, moved - ticks)
        changes = replace(
            changes,
            references=tuple(ReferenceChange(url, words, "Other") for url, words in new_links.items()),
            remove_references=_links_there(there, (*old_links, *own_links(seen.task, self._force))),
        )
        if changes.as_json():
            ticked = moved & ticks
            send_it = partial(self._send_details_once, seen, changes, there)
            await self._sending(seen.link, send_it, lambda state: replace(state, ticks=(state.ticks - moved) | ticked))
        with self._store.open() as connection:
            planner_links.change(connection, seen.link.link_id, service_block=block, links_shown=links)

    def _details_to_send(
        self, seen: Shown, there: TaskDetails, block: str, ticked: frozenset[str], cleared: frozenset[str]
    ) -> DetailsChanges:
        """Description and checklist; links are the caller's."""
        text = description.fitted(own_text(seen.task, self._force, there.description), block)
        renamed = renamed_lines(seen.task, self._force, there)
        lines = (
            ChecklistChange(
                line,
                title=renamed.get(line, UNSET),
                is_checked=line in ticked if line in ticked | cleared else UNSET,
            )
            for line in sorted(ticked | cleared | renamed.keys())
        )
        return DetailsChanges(
            description=text if text is not None and text != there.description else UNSET, checklist=tuple(lines)
        )

    async def _send_details_once(self, seen: Shown, changes: DetailsChanges, there: TaskDetails) -> None:
        async def send(each: DetailsChanges) -> TaskDetails:
            return await self._planner.update_details(there.task_id, each, there.etag)

        await self._within_limits.sending(seen, changes, send)

    async def _sending(
        self, link: PlannerLink, send: Callable[[], Awaitable[object]], change: Callable[[BoardState], BoardState]
    ) -> None:
        """Notes what is about to be sent, sends it, and notes that the board has taken it.

        Where no answer comes the note stays, and the next read tells whether it got through.
        """
        now = self._store.clock.now()
        self._note_base(link, lambda base: field_map.to_json(base, change(base), now))
        try:
            await send()
        except GraphError as error:
            in_doubt = error.uncertain
            self._note_base(link, lambda base: field_map.to_json(base, change(base) if in_doubt else None))
            raise
        except asyncio.CancelledError:  # out of time: it may have been sent just now
            self._note_base(link, lambda base: field_map.to_json(base, change(base)))
            raise
        self._note_base(link, lambda base: field_map.to_json(change(base)))

    def _note_base(self, link: PlannerLink, write: Callable[[BoardState], dict[str, Any]]) -> None:
        """Writes the link's base anew, on top of whatever a pull has noted meanwhile."""
        with self._store.open() as connection:
            latest = planner_links.current(connection, link.task_id, link.unit)
            if latest is not None and latest.link_id == link.link_id:
                plain = write(field_map.from_json(latest.base or {}))
                planner_links.change(connection, link.link_id, base=plain)


def _links_there(there: TaskDetails, urls: Iterable[str]) -> tuple[str, ...]:
    """Those of the addresses that stand on the task."""
    on_task = {each.url for each in there.references}
    return tuple(url for url in urls if url in on_task)


def _is_assigned(changes: TaskChanges, after: PlannerTask) -> bool:
    """Whether the board shows the owners as they were sent, those given up included."""
    shown_now = set(after.assignee_ids)
    return shown_now >= set(changes.assign) and not shown_now & set(changes.unassign)
