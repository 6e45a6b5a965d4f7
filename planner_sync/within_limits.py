"""Sends a write, and where Planner names a limit sends it without what was too much, with a sentence on the task."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from graph_client.errors import Rejected
from graph_client.planner import DetailsChanges, NewTask, TaskChanges
from planner_sync import description, limits
from planner_sync.shown import Shown
from store import remarks
from store.unit_of_work import Store
from tasking.events import TaskChanged
from tasking.task import Task

log = logging.getLogger(__name__)

Change = TypeVar("Change", NewTask, TaskChanges, DetailsChanges)
Answer = TypeVar("Answer")

LIMIT = "limit: "
MOST_LIMITS = 4
"""Parts that may be left out of one write before it is given up."""


@dataclass(frozen=True, slots=True)
class Sent(Generic[Change, Answer]):
    """What went through, and Planner's answer; no answer where nothing was left to send."""

    change: Change
    answer: Answer | None


class WithinLimits:
    """Sends writes. Limits are read from Planner's refusal, never counted."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def sending(
        self, seen: Shown, change: Change, send: Callable[[Change], Awaitable[Answer]]
    ) -> Sent[Change, Answer]:
        """Sends `change`. Raises GraphError as Graph has it; Rejected where nothing can be left out."""
        for _ in range(MOST_LIMITS):
            try:
                sent = Sent(change, await send(change))
            except Rejected as refused:
                smaller = limits.without(change, refused.limit) if refused.limit else None
                if refused.limit and (smaller is not None or limits.is_told(refused.limit)):
                    self._tell(seen.task, refused.limit)
                if refused.limit is None or smaller is None:
                    raise
                change = _with_lines(smaller, limits.left_out(change, refused.limit))
                if not change.as_json():
                    return Sent(change, None)
            else:
                self._settle(seen, sent.change)
                return sent
        return Sent(change, await send(change))

    def _settle(self, seen: Shown, change: Change) -> None:
        """What had been too much has gone through now: the sentence about it, where one stood before, goes."""
        task, told = seen.task, [remark.subject for remark in seen.remarks]
        over = [each for each in told if each.startswith(LIMIT) and limits.without(change, each[len(LIMIT) :])]
        for subject in over:
            with self._store.act("service", "planner", "limit") as uow:
                remarks.settle_remark(uow.connection, task.task_id, subject, uow.now())
                uow.emit(TaskChanged(task.task_id))

    def _tell(self, task: Task, code: str) -> None:
        """Puts the limit's sentence on the task, to be shown with the next change of its description."""
        subject, now = limits.subject(code), self._store.clock.now()
        with self._store.act("service", "planner", "limit") as uow:
            if remarks.raise_remark(uow.connection, task.task_id, subject, limits.sentence(code), now):
                uow.emit(TaskChanged(task.task_id))
        log.warning("Planner's limit reached", extra={"reference": task.reference, "limit": code})


def _with_lines(change: Change, lines: tuple[str, ...]) -> Change:
    """Lines that the checklist cannot take go into the description that is sent with it."""
    if not lines or not isinstance(change, DetailsChanges) or not isinstance(change.description, str):
        return change
    return replace(change, description=description.with_lines(change.description, lines))
