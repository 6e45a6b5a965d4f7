"""Board to record: who owns it, how far it is, where it was moved, what was deleted. Changes are found by etag.

A plan that suddenly reads empty, or cannot be read, changes nothing on the record: an operator is told instead.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graph_client.errors import Gone, GraphError, RetryLater
from graph_client.planner import PlannerClient, PlannerTask, TaskDetails
from planner_sync import field_map
from planner_sync.boards import BoardPlan, NotProvisioned, all_boards, board_of
from planner_sync.field_map import NOT_SENT_TO_TWINS, state_of_planner, state_of_record
from planner_sync.three_way import landed, merge
from store import notebook, planner_links
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import actions
from tasking.errors import StaleTask
from tasking.events import TaskChanged
from tasking.force import Force

log = logging.getLogger(__name__)

THROTTLED = 429
FEWEST_TO_DOUBT = 2
"""A board that lost this many tasks at once, all it had, is not believed."""


@dataclass(frozen=True, slots=True)
class Read:
    """One link with what Planner shows for it now."""

    link: PlannerLink
    task: PlannerTask
    details: TaskDetails | None


class Pull:
    """Reads boards and takes what people changed into the record."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force) -> None:
        self._store = store
        self._planner = planner
        self._force = force

    async def pull_all(self) -> int:
        """Reads every board; returns how many tasks had changed on one.

        A board that cannot be read is left for the next time and does not stop the others; being throttled stops
        the round. Raises NotProvisioned when there is no board at all.
        """
        with self._store.open() as connection:
            boards = all_boards(connection)
        if not boards:
            raise NotProvisioned("No board has been made yet: run `tasking provision`.")
        moved = 0
        for board in boards:
            subject = f"board of {board.unit}"
            try:
                moved += await self.pull_board(board)
            except RetryLater as error:
                self._tell(subject, f"The board of {board.unit} cannot be read: {error}")
                if error.status == THROTTLED:
                    return moved  # Graph asks the whole service to wait, and counts calls made meanwhile
            except GraphError as error:
                self._tell(subject, f"The board of {board.unit} cannot be read: {error}")
            else:
                self._clear(subject)
        return moved

    async def pull_board(self, board: BoardPlan) -> int:
        """Reads one board; returns how many of its tasks had changed. Raises GraphError when it cannot be read."""
        # The links first: what is sent while the list is read must not be taken for what people did.
        with self._store.open() as connection:
            links = planner_links.of_plan(connection, board.plan_id, LinkState.ACTIVE)
        listed = {task.task_id: task for task in await self._planner.tasks(board.plan_id)}
        missing = [link for link in links if link.planner_task_id not in listed]
        if len(missing) == len(links) >= FEWEST_TO_DOUBT:
            self._tell(
                f"board of {board.unit} empty",
                f"The board of {board.unit} reads empty though {len(links)} tasks stand on it. Nothing was changed; "
                "check the plan and the service's permission.",
            )
            return 0
        self._clear(f"board of {board.unit} empty")
        for link in missing:
            await self._confirm_deleted(link)
        changed = [
            link for link in links if (task := listed.get(link.planner_task_id or "")) and task.etag != link.task_etag
        ]
        for read in await self._details_of(changed, listed):
            self._take(board, read, is_promised=False)
        return len(changed)

    async def refresh(self, link: PlannerLink) -> None:
        """Reads one task anew, after a clash: what the board lacks is the caller's to send."""
        with self._store.open() as connection:
            board = board_of(connection, link.unit)
            now = planner_links.current(connection, link.task_id, link.unit)
        if now is None or now.link_id != link.link_id or now.planner_task_id is None:
            return
        try:
            task = await self._planner.task(now.planner_task_id)
            details = await self._planner.details(now.planner_task_id)
        except Gone:
            await self._confirm_deleted(now)
            return
        self._take(board, Read(now, task, details), is_promised=True)

    async def _details_of(self, links: Sequence[PlannerLink], listed: Mapping[str, PlannerTask]) -> list[Read]:
        ids = [link.planner_task_id for link in links if link.planner_task_id]
        found = await self._planner.details_of(ids) if ids else {}
        return [
            Read(link, listed[link.planner_task_id], found[link.planner_task_id])
            for link in links
            if link.planner_task_id and found.get(link.planner_task_id)
        ]

    def _take(self, board: BoardPlan, read: Read, is_promised: bool) -> None:
        """Merges one task in one commit. What the board lacks is put in the outbox unless it is promised already."""
        for _ in range(3):
            try:
                with self._store.act(_who(read), "planner", f"pull-{read.link.link_id[:8]}") as uow:
                    return self._merge(uow, board, read, is_promised)
            except StaleTask:
                log.info("record changed while its board was read: merging again")
        raise StaleTask("the record kept changing while its board was read")

    def _merge(self, uow: SqlUnitOfWork, board: BoardPlan, read: Read, is_promised: bool) -> None:
        link = planner_links.current(uow.connection, read.link.task_id, read.link.unit)
        if link is None or link.link_id != read.link.link_id or link.state is not LinkState.ACTIVE:
            return
        if (link.base, link.task_etag) != (read.link.base, read.link.task_etag):
            return  # sent or read by another worker meanwhile; the etag still differs, so it is read again
        task = uow.task(link.task_id)
        base = field_map.from_json(link.base or {})
        planner = state_of_planner(read.task, read.details, board, self._force, task, base)
        sent = field_map.sent_from_json(link.base or {})
        if sent is not None:
            base = landed(base, sent, planner)
        # Only whoever sends knows that nothing is on its way any more.
        still_out = None if is_promised or base == sent else sent
        after = field_map.to_json(planner, still_out)
        planner_links.change(uow.connection, link.link_id, base=after, task_etag=read.task.etag)
        has_left = link.unit not in task.stands_on
        if has_left:  # waits to be closed: that it is complete there, and whose it is, says nothing of the record
            planner = replace(planner, progress=base.progress, owner_ids=base.owner_ids)
        not_sent = NOT_SENT_TO_TWINS if link.unit != task.unit else frozenset()
        merged = merge(base, state_of_record(task), planner, not_sent)
        if merged.conflicts:
            uow.audit(
                "changed on the board and on the record: the board's value stands", task.reference, merged.conflicts
            )
        if merged.take:
            changes = field_map.board_changes(merged.take, read.task, task)
            actions.record_board_changes(uow, self._force, task.task_id, link.unit, changes)
        if merged.send and not (has_left or is_promised or uow.promised):
            uow.emit(TaskChanged(task.task_id))

    async def _confirm_deleted(self, link: PlannerLink) -> None:
        """A task absent from the whole list is deleted only when asking for it by id says so too."""
        assert link.planner_task_id is not None
        try:
            await self._planner.task(link.planner_task_id)
        except Gone:
            self._take_deleted(link)

    def _take_deleted(self, link: PlannerLink) -> None:
        with self._store.act(f"board of {link.unit}", "planner", f"pull-{link.link_id[:8]}") as uow:
            planner_links.change(uow.connection, link.link_id, plan_id=link.plan_id)
            now = planner_links.current(uow.connection, link.task_id, link.unit)
            if now is None or now.link_id != link.link_id or now.state is not LinkState.ACTIVE:
                return
            planner_links.change(uow.connection, link.link_id, state=LinkState.GONE)
            actions.record_deleted_on_board(uow, self._force, link.task_id, link.unit)
        log.warning("a task was deleted on a board", extra={"unit": link.unit})

    def _tell(self, subject: str, text: str) -> None:
        with self._store.open() as connection:
            if notebook.raise_notice(connection, subject, text, self._store.clock.now()):
                log.error("%s: trouble", subject)

    def _clear(self, subject: str) -> None:
        with self._store.open() as connection:
            if notebook.clear_notice(connection, subject, self._store.clock.now()):
                log.info("%s: well again", subject)


def _who(read: Read) -> str:
    """Who changed it, where Graph says so: only for a completion not read before; else the people of that board."""
    was_complete = (read.link.base or {}).get("progress") == 100
    person = read.task.completed_by_user_id if read.task.percent_complete >= 100 and not was_complete else None
    return person or f"board of {read.link.unit}"
