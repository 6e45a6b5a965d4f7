"""Takes what one board shows of one task into the record, in one commit: the three-way merge put to use."""

import logging
from dataclasses import dataclass, replace

from graph_client.planner import PlannerTask, TaskDetails
from planner_sync import conflicts, description, field_map
from planner_sync.boards import BoardPlan
from planner_sync.field_map import NOT_SENT_TO_TWINS, state_of_planner, state_of_record
from planner_sync.last_seen import LEAVING, last_seen
from planner_sync.moved import note_moved
from planner_sync.retention import note_left
from planner_sync.three_way import Merge, landed, merge
from store import planner_links, remarks
from store.planner_links import LinkState, PlannerLink
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import board_actions
from tasking.errors import StaleTask
from tasking.events import TaskChanged, TaskDeletedOnBoard
from tasking.force import Force
from tasking.standing import boards_of, may_be_on
from tasking.task import Task

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """One link with what Planner shows for it now."""

    link: PlannerLink
    task: PlannerTask
    details: TaskDetails


class Taking:
    """Merges reads into the record."""

    def __init__(self, store: Store, force: Force) -> None:
        self._store = store
        self._force = force

    def take(self, board: BoardPlan, read: Read, lost_buckets: frozenset[str], is_promised: bool) -> None:
        """Merges one task. What the board lacks is put in the outbox unless it is promised already.

        Raises StaleTask when the record keeps changing meanwhile.
        """
        for _ in range(3):
            try:
                with self._store.act(_who(read), "planner", f"pull-{read.link.link_id[:8]}") as uow:
                    return self._merge(uow, board, read, lost_buckets, is_promised)
            except StaleTask:
                log.info("record changed while its board was read: merging again")
        raise StaleTask("the record kept changing while its board was read")

    def take_deleted(self, link: PlannerLink, *, with_its_bucket: bool) -> None:
        """A person deleted the task from this board."""
        with self._store.act(f"board of {link.unit}", "planner", f"pull-{link.link_id[:8]}") as uow:
            planner_links.change(uow.connection, link.link_id, plan_id=link.plan_id)
            now = planner_links.current(uow.connection, link.task_id, link.unit)
            if now is None or now.link_id != link.link_id or now.state is not LinkState.ACTIVE:
                return
            if (now.last_seen or {}).get(LEAVING):
                note_left(uow, now)
                return
            if not may_be_on(self._force, uow.task(link.task_id), link.unit):
                note_moved(uow, now)
                return
            planner_links.change(uow.connection, link.link_id, state=LinkState.GONE)
            board_actions.record_deleted_on_board(
                uow, self._force, link.task_id, link.unit, with_its_bucket=with_its_bucket
            )
        log.warning("a task was deleted on a board", extra={"unit": link.unit})

    def _merge(
        self, uow: SqlUnitOfWork, board: BoardPlan, read: Read, lost_buckets: frozenset[str], is_promised: bool
    ) -> None:
        link = planner_links.current(uow.connection, read.link.task_id, read.link.unit)
        if link is None or link.link_id != read.link.link_id or link.state is not LinkState.ACTIVE:
            return
        if link.revision != read.link.revision:
            return  # sent or read by another worker meanwhile; the etag still differs, so it is read again
        task = uow.task(link.task_id)
        base = field_map.from_json(link.base or {})
        planner = state_of_planner(read.task, read.details, board, self._force, task, base, lost_buckets)
        sent, sent_at = field_map.sent_from_json(link.base or {}), field_map.sent_at_from_json(link.base or {})
        if sent is not None:
            base = landed(base, sent, planner)
        # Only whoever sends knows that nothing is on its way any more.
        still_out = None if is_promised or base == sent else sent
        is_damaged = sent is None and _block_is_damaged(link, read.details)
        planner_links.change(
            uow.connection,
            link.link_id,
            base=field_map.to_json(planner, still_out, sent_at if still_out is not None else None),
            task_etag=read.task.etag,
            newest_etag=read.task.etag,
            newest_at=uow.now(),
            last_seen=last_seen(read.task, read.details),
            service_block=None if is_damaged else link.service_block,
        )
        boards = boards_of(self._force, task)
        has_left = link.unit not in boards
        # One that waits to be closed: that it is complete there, and whose it is, says nothing of the record.
        if has_left and may_be_on(self._force, task, link.unit):
            planner = replace(planner, progress=base.progress, owner_ids=base.owner_ids)
        not_sent = NOT_SENT_TO_TWINS if link.unit != boards[0] else frozenset()
        merged = merge(base, state_of_record(task, self._force, base), planner, not_sent)
        has_news = self._tell_of_conflicts(uow, task, link.unit, merged)
        if merged.take:
            changes = field_map.board_changes(merged.take, read.task, task)
            now = board_actions.record_board_changes(uow, self._force, task.task_id, link.unit, changes)
            if now.is_open and not task.is_open:
                _show_again(uow, self._force, now)
        if (merged.send or is_damaged or has_news) and not (has_left or is_promised or uow.promised):
            uow.emit(TaskChanged(task.task_id))

    def _tell_of_conflicts(self, uow: SqlUnitOfWork, task: Task, unit: str, merged: Merge) -> bool:
        """Both values go into the audit and on the task; a field that moves again without a clash is settled.

        True where what the task says about it has changed.
        """
        if merged.conflicts:
            action = "changed on the board and on the record: the board's value stands"
            uow.audit(action, task.reference, merged.conflicts)
        has_news = False
        for name, (ours, theirs) in merged.conflicts.items():
            words = conflicts.sentence(name, ours, theirs, unit, self._force)
            subject = conflicts.subject(name)
            has_news |= remarks.raise_remark(uow.connection, task.task_id, subject, words, uow.now())
        for name in merged.take.keys() - merged.conflicts.keys():
            has_news |= remarks.settle_remark(uow.connection, task.task_id, conflicts.subject(name), uow.now())
        return has_news


def _show_again(uow: SqlUnitOfWork, force: Force, task: Task) -> None:
    """A task that was opened again comes back to those of its boards that it had left while it was complete."""
    for unit in boards_of(force, task):
        link = planner_links.current(uow.connection, task.task_id, unit)
        if link is not None and link.state in planner_links.ENDED:
            uow.emit(TaskDeletedOnBoard(task.task_id, unit))


def _block_is_damaged(link: PlannerLink, details: TaskDetails) -> bool:
    """Whether somebody changed the service's own lines of the description since they were sent."""
    return link.service_block is not None and not description.shows_block(details.description, link.service_block)


def _who(read: Read) -> str:
    """Who changed it, where Graph says so: only for a completion not read before; else the people of that board."""
    was_complete = (read.link.base or {}).get("progress") == 100
    person = read.task.completed_by_user_id if read.task.percent_complete >= 100 and not was_complete else None
    return person or f"board of {read.link.unit}"
