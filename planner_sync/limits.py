"""TABLE: Planner's limits by the code it refuses with: what the service does then, and tells the task's people.

Codes are read, limits never counted: Microsoft moves the numbers without notice. Source of the codes:
learn.microsoft.com/graph/api/resources/planner-overview, "Planner service limits error codes".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from graph_client.planner import UNSET, DetailsChanges, NewTask, TaskChanges

Change = TypeVar("Change", NewTask, TaskChanges, DetailsChanges)


class Answer(StrEnum):
    """What the service does when a limit is reached."""

    ROLL_OVER = "go on in the board's next plan"
    LEAVE_OUT = "send the rest of the write without the part that is too much"
    TELL = "give up, and tell the operator"


class Part(StrEnum):
    """A part of a write that can be left out of it."""

    LINES = "new checklist lines"
    LINKS = "links"
    PEOPLE = "who is assigned"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. `sentence` is for the people of a task; it names nobody."""

    answer: Answer
    sentence: str
    part: Part | None = None


LIMITS: Mapping[str, Limit] = {
    "MaximumTasksInProject": Limit(
        Answer.ROLL_OVER, "The plan of this board holds as many tasks as Planner allows; new ones go to its next plan."
    ),
    "MaximumActiveTasksInProject": Limit(
        Answer.ROLL_OVER,
        "The plan of this board holds as many open tasks as Planner allows; new ones go to its next plan.",
    ),
    "MaximumChecklistItemsOnTask": Limit(
        Answer.LEAVE_OUT,
        "Planner takes no more lines on this checklist, so the new ones are in the description. Delete lines that are "
        "not needed before you add more.",
        Part.LINES,
    ),
    "MaximumReferencesOnTask": Limit(
        Answer.LEAVE_OUT,
        "Planner takes no more links on this task, so not all of them are shown as links. Delete links that are not "
        "needed before you add more.",
        Part.LINKS,
    ),
    "MaximumAssigneesInTasks": Limit(
        Answer.LEAVE_OUT,
        "Planner takes no more people on this task, so not all who own it are assigned here. Take off those who no "
        "longer work on it.",
        Part.PEOPLE,
    ),
    "MaximumTasksAssignedToUser": Limit(
        Answer.LEAVE_OUT,
        "Somebody who owns this task has as many tasks in Planner as it allows, so the task could not be assigned "
        "here as it should be. Finish or hand over tasks of theirs, or assign somebody else.",
        Part.PEOPLE,
    ),
    "MaximumTasksCreatedByUser": Limit(
        Answer.TELL,
        "The service has made as many tasks as Planner allows one account, so this task cannot be shown on a board. "
        "It is kept all the same; tell whoever looks after the service.",
    ),
    "MaximumBucketsInProject": Limit(
        Answer.TELL,
        "This board has as many buckets as Planner allows, so the task's own cannot be made. Delete buckets that "
        "nobody needs.",
    ),
    "MaximumPlannerPlans": Limit(
        Answer.TELL,
        "The board is full and its group has as many plans as Planner allows, so the task cannot be shown. It is "
        "kept all the same; tell whoever looks after the service.",
    ),
    "MaximumProjectsOwnedByUser": Limit(
        Answer.TELL,
        "The board is full and Planner allows its group no further plan, so the task cannot be shown. It is kept all "
        "the same; tell whoever looks after the service.",
    ),
}

PLAN_FULL = frozenset(code for code, limit in LIMITS.items() if limit.answer is Answer.ROLL_OVER)
"""The codes that say that a plan takes no more tasks."""


def sentence(code: str) -> str:
    """What the people of a task are told when Planner refuses something of it with this code."""
    known = LIMITS.get(code)
    return known.sentence if known else f"Planner refused a part of this task: a limit of its own is reached ({code})."


def subject(code: str) -> str:
    """The subject of the remark that carries the sentence."""
    return f"limit: {code}"[:80]  # as long as the store takes


def is_told(code: str) -> bool:
    """Whether the people of the task are told although nothing can be left out: nothing else is done about it."""
    return code not in LIMITS or LIMITS[code].answer is Answer.TELL


def without(change: Change, code: str) -> Change | None:
    """The write without what was too much; None where nothing can be left out of it, so that it cannot be done.

    What is left may be nothing at all, so that there is nothing to send. A new task keeps the first of its people, who
    is accountable, and is left without anybody only when refused once more.
    """
    known = LIMITS.get(code)
    smaller = _WITHOUT.get((known.part, type(change))) if known and known.part else None
    less: Change = smaller(change) if smaller else change
    return None if less == change else less


def left_out(change: NewTask | TaskChanges | DetailsChanges, code: str) -> tuple[str, ...]:
    """What `without` takes out of a task's details, as lines of text for its description, in the order of the task."""
    less = without(change, code) if isinstance(change, DetailsChanges) else None
    if less is None or not isinstance(change, DetailsChanges):
        return ()
    lines = [line.title for line in change.checklist if line not in less.checklist]
    links = [(link.alias, link.url) for link in change.references if link not in less.references]
    return (
        *(f"To do: {title}" for title in lines),
        *(f"Link: {url}" if alias is UNSET else f"Link: {alias} {url}" for alias, url in links),
    )


def _without_new_lines(change: DetailsChanges) -> DetailsChanges:
    """Ticks stay; a line that is sent with its words is a new one."""
    return replace(change, checklist=tuple(line for line in change.checklist if line.title is UNSET))


def _without_links(change: DetailsChanges) -> DetailsChanges:
    return replace(change, references=())


def _as_assigned(change: TaskChanges) -> TaskChanges:
    """Who is assigned stays as it is: taking the old owner off without putting the new one on would leave nobody."""
    return replace(change, assign=(), unassign=()) if change.assign else change


def _with_fewer_people(new: NewTask) -> NewTask:
    return replace(new, assignee_ids=new.assignee_ids[:1] if len(new.assignee_ids) > 1 else ())


_WITHOUT: Mapping[tuple[Part, type], Callable[[Any], Any]] = {
    (Part.LINES, DetailsChanges): _without_new_lines,
    (Part.LINKS, DetailsChanges): _without_links,
    (Part.PEOPLE, TaskChanges): _as_assigned,
    (Part.PEOPLE, NewTask): _with_fewer_people,
}
