"""How what the record holds is said to people: bands, triggers, marks, owners and times. Words, never colour alone.

Times shown are London's, with the day and the 24-hour clock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from tasking.clocks import LONDON, clock_text
from tasking.decision import Decision
from tasking.escalation import TRIGGER_WORDS, Escalation
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.standing import boards_of
from tasking.task import Classification, Status, Task
from tasking.thrive import LOW_CONFIDENCE

STATUS_WORDS: Mapping[Status, str] = {
    Status.SUBMITTED: "Awaiting triage",
    Status.TRIAGED: "Not yet allocated",
    Status.ALLOCATED: "Allocated",
    Status.ACCEPTED: "Accepted",
    Status.IN_PROGRESS: "In progress",
    Status.COMPLETED: "Done, result to come",
    Status.WITHDRAWN: "Withdrawn",
}
"""Statuses as people say them."""

OPEN_IT_THERE = "Restricted: read it on the record"
"""What is shown of a restricted task instead of what people wrote."""
READ_ON_RECORD = "Restricted: read it on the record"
"""What is shown of a decision about one instead of what people wrote."""


def is_decision_restricted(force: Force, decision: Decision, task: Task | None) -> bool:
    """Whether of a decision only its reference, its type and who made it may be shown: it, or its task, is restricted,
    or its task is not known. The one rule for packs, minutes and register."""
    sensitive = decision.classification is Classification.OFFICIAL_SENSITIVE
    return sensitive or task is None or is_restricted(force, task)


def mark_of_decision(decision: Decision, task: Task | None, is_told: bool = False) -> Classification:
    """The mark of what is shown of a decision; the higher one where words of a restricted matter are told with it."""
    told = [Classification.OFFICIAL_SENSITIVE] if is_told else []
    return highest([decision.classification, *([task.classification] if task else []), *told])


def highest(marks: Iterable[Classification]) -> Classification:
    """The mark of what holds all of these; OFFICIAL of nothing."""
    return max(marks, key=list(Classification).index, default=Classification.OFFICIAL)


def band_words(task: Task, with_score: bool = True) -> str:
    """Its band as people say it, with the score, with the computed band where a person set another, and with low
    confidence, which is never left out."""
    band, unsure = task.working_band, f", {LOW_CONFIDENCE}" if task.is_unsure else ""
    if band is None:
        return "Not yet assessed"
    if not with_score:
        return f"{band.capitalize()}{unsure}"
    if task.band_override is not None:
        computed = task.band.capitalize() if task.band else "not yet assessed"
        return f"{band.capitalize()}, set by a person (computed: {computed}){unsure}"
    return f"{band.capitalize()}, score {task.score} of 100{unsure}"


def trigger_words(escalation: Escalation) -> str:
    """What an escalation is for, in words of the service's own."""
    return TRIGGER_WORDS.get(escalation.trigger, "Escalated")


def owner_words(is_owned: bool) -> str:
    """Whether somebody owns it. Who that is stands on the board, not here."""
    return "Assigned" if is_owned else "Nobody yet"


def unit_name(force: Force, code: str) -> str:
    """The name of a unit, or of a board that is no unit's; its code where config has it no more."""
    return force.board_name(code)


def where_words(force: Force, task: Task) -> tuple[str, ...]:
    """The units that it stands with; after them the board that shows it, where that is none of theirs."""
    others = [board for board in boards_of(force, task) if board not in task.stands_on]
    units = tuple(unit_name(force, unit) for unit in task.stands_on)
    return (*units, *(f"on the board of {force.board_name(board)}" for board in others))


def references_in_words(force: Force, task: Task) -> tuple[str, ...]:
    """Its references in other systems, each with the name of its kind; the code where config has that no more."""
    names = {kind.code: kind.name for kind in force.reference_kinds}
    return tuple(f"{names.get(each.kind, each.kind)} {each.value}" for each in task.external_references)


def age_words(since: datetime, now: datetime) -> str:
    """How long ago a moment was, in whole hours below two days and whole days above."""
    hours = max(0, int((now - since).total_seconds() // 3600))
    return _count(hours, "hour") if hours < 48 else _count(hours // 24, "day")


def day_words(at: datetime) -> str:
    """The day in full: Monday 4 January 2027."""
    local = at.astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y}"


def time_words(at: datetime) -> str:
    """Day and time in full: Monday 4 January 2027, 09:15."""
    return f"{day_words(at)}, {at.astimezone(LONDON):%H:%M}"


def short_time(at: datetime | None) -> str:
    """Day and time for a table: Mon 4 Jan 09:15. Empty for no time."""
    return clock_text(at) if at else ""


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
