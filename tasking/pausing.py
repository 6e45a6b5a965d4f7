"""Stopping a task's clock for a reason, and letting it run again. Each is a decision with its rationale.

While the clock stands the task is not late; its risk is still assessed, and its escalations still have their limits.
"""

from dataclasses import replace
from datetime import datetime

from tasking.errors import RuleBroken
from tasking.task import Pause, Task
from tasking.thrive import PriorityBand
from tasking.time_limits import is_due_by_service


def paused(task: Task, at: datetime, review_at: datetime, now: datetime) -> Task:
    """The task with its clock stopped from `at` (UTC), to be looked at again at `review_at`.

    Of one that is paused already only the review changes. Raises RuleBroken for an Immediate task, and for a review
    that is not to come.
    """
    if task.working_band is PriorityBand.IMMEDIATE:
        raise RuleBroken(f"{task.reference} is Immediate: its clock is not stopped. Decide about it, or re-assess it.")
    if review_at <= now:
        raise RuleBroken("A pause has to be looked at again at a time to come.")
    if task.pause is not None:
        return replace(task, pauses=(*task.pauses[:-1], replace(task.pause, review_at=review_at)))
    begins = max([task.raised_at, at, *(each.until for each in task.pauses if each.until is not None)])
    return replace(task, pauses=(*task.pauses, Pause(begins, review_at)))


def resumed(task: Task, at: datetime) -> Task:
    """The task with its clock running again from `at` (UTC). A due time that the service set moves by as long as it
    stood; one that a person set stays. Raises RuleBroken for a task that is not paused."""
    if task.pause is None:
        raise RuleBroken(f"{task.reference} is not paused.")
    over = replace(task.pause, until=max(at, task.pause.since))
    changed = replace(task, pauses=(*task.pauses[:-1], over))
    assert over.until is not None
    if task.due_at is None or not is_due_by_service(task) or task.due_at <= over.since:
        return changed
    due = task.due_at + (over.until - over.since)
    return replace(changed, due_at=due, default_due_at=due)
