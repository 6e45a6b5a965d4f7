"""How a task stands, at a glance: RAG by the policing notes, section 3.4. Words go with it, never colour alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasking.task import Status, Task
from tasking.time_limits import accept_by, first_action_by, is_past_due

BLOCKED_LABEL = "BLOCKED"
"""Code of the label by which people say that a task cannot go on."""
MOST_OF_ITS_TIME = 0.75


class Rag(StrEnum):
    """RAG status of the work, not of the risk."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"
    BLUE = "BLUE"
    GREY = "GREY"


RAG_WORDS: Mapping[Rag, str] = {
    Rag.GREEN: "On track",
    Rag.AMBER: "Needs watching",
    Rag.RED: "Late",
    Rag.BLUE: "Completed",
    Rag.GREY: "Closed",
}
"""What is shown beside the colour, or instead of it."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """One thing that may be true of a task, as seen at a moment: task, now (UTC), escalation undecided past limit."""

    rag: Rag
    words: str
    holds: Callable[[Task, datetime, bool], bool]


def rag_of(task: Task, now: datetime, undecided: bool = False) -> Rag:
    """Its colour at `now` (UTC). `undecided` says that an escalation of it is undecided past its limit."""
    return _found(task, now, undecided).rag


def rag_reason(task: Task, now: datetime, undecided: bool = False) -> str:
    """Why it has that colour, in a few words."""
    return _found(task, now, undecided).words


def _found(task: Task, now: datetime, undecided: bool) -> _Finding:
    return next(each for each in _FINDINGS if each.holds(task, now, undecided))


def _is_started(task: Task) -> bool:
    return task.progress > 0 or any(line.is_done for line in task.checklist)


def _not_accepted(task: Task, now: datetime, undecided: bool) -> bool:
    limit = accept_by(task)
    return limit is not None and task.accepted_at is None and now > limit and not task.clock_stands


def _not_started(task: Task, now: datetime, undecided: bool) -> bool:
    limit = first_action_by(task)
    return limit is not None and not _is_started(task) and now > limit and not task.clock_stands


def _accepted_late(task: Task, now: datetime, undecided: bool) -> bool:
    """The record takes the first sign of work for acceptance, so a late beginning is a late acceptance too."""
    limit, at = accept_by(task), task.accepted_at
    return limit is not None and at is not None and at > limit


def _is_past_due(task: Task, now: datetime, undecided: bool) -> bool:
    return is_past_due(task, now)


def _is_nearly_due(task: Task, now: datetime, undecided: bool) -> bool:
    if task.due_at is None or task.clock_stands:
        return False
    return now - task.raised_at >= MOST_OF_ITS_TIME * (task.due_at - task.raised_at)


_FINDINGS: tuple[_Finding, ...] = (
    _Finding(Rag.GREY, "Withdrawn", lambda task, now, undecided: task.status is Status.WITHDRAWN),
    _Finding(Rag.BLUE, "Completed", lambda task, now, undecided: task.status is Status.COMPLETED),
    _Finding(Rag.RED, "Past its due time", _is_past_due),
    _Finding(Rag.RED, "Escalation not decided in time", lambda task, now, undecided: undecided),
    _Finding(Rag.RED, "Not accepted in time", _not_accepted),
    _Finding(Rag.RED, "Nothing done in time", _not_started),
    _Finding(Rag.AMBER, "Its clock is stopped", lambda task, now, undecided: task.clock_stands),
    _Finding(Rag.AMBER, "Blocked", lambda task, now, undecided: BLOCKED_LABEL in task.labels),
    _Finding(Rag.AMBER, "Accepted late", _accepted_late),
    _Finding(Rag.AMBER, "Three quarters of its time has gone", _is_nearly_due),
    _Finding(Rag.GREEN, "On track", lambda task, now, undecided: True),
)
"""The first that holds counts."""
