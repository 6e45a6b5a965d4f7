"""Decisions that were to be looked at again, and have not been. That the time passes ends nothing: somebody is asked.

Policing notes, section 4.5. Asked are the unit that decided, and where the task is not with it any more the highest
that has it.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection

from reporting.wording import short_time
from store import decisions
from tasking.decision import Decision, DecisionType
from tasking.recording import WORDS
from tasking.task import Task

IN_TIME = timedelta(hours=24)
"""A decision so long before the review time counts as the review, since packs ask for it that early; where the whole
time was less than twice that, one in its second half."""


PAUSES = frozenset({DecisionType.PAUSE, DecisionType.RESUME})
"""Whoever lets the clock run again, or has it stand on until another day, has looked at the pause."""


def outstanding(connection: Connection, opened: Iterable[Task]) -> dict[str, tuple[Decision, ...]]:
    """Decisions about these open tasks whose review time nobody has met yet, by task id, oldest first.

    A review is over when a later decision puts the first one right, or is made by a unit that was asked, at the review
    time or shortly before it. Accepting a return is not looking at it again.
    """
    tasks = {task.task_id: task for task in opened}
    about: dict[str, list[Decision]] = {}
    for decision in decisions.to_be_reviewed(connection):
        about.setdefault(decision.task_id, []).append(decision)
    left = {task_id: _left(made, tasks[task_id]) for task_id, made in about.items() if task_id in tasks}
    return {task_id: found for task_id, found in left.items() if found}


def asked(decision: Decision, task: Task) -> tuple[str, ...]:
    """Codes of the units that a review is asked of."""
    return (decision.unit,) if decision.unit in task.stands_on else (decision.unit, task.top_unit)


def review_words(decision: Decision) -> str:
    """By when, and which decision it is."""
    return f"{short_time(decision.review_at)} ({decision.decision_ref}, {WORDS[decision.decision_type]})"


def _left(made: list[Decision], task: Task) -> tuple[Decision, ...]:
    return tuple(
        decision
        for number, decision in enumerate(made, 1)
        if decision.review_at and not any(_is_the_review(later, decision, task) for later in made[number:])
    )


def _is_the_review(later: Decision, decision: Decision, task: Task) -> bool:
    if later.supersedes == decision.decision_ref:
        return True
    if decision.decision_type is DecisionType.PAUSE and later.decision_type in PAUSES:
        return True
    assert decision.review_at is not None
    early = min(IN_TIME, (decision.review_at - decision.decided_at) / 2)
    in_time = later.decided_at >= decision.review_at - early
    return in_time and later.unit in asked(decision, task) and later.decision_type is not DecisionType.RECEIVE
