"""Why a task is before a meeting: one table of reasons, the most pressing first, each with what is asked for it.

The order is that of the policing notes, sections 4.6 and 5.3: what cannot wait, what needs a decision, what is late.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from reporting import pack_conditions as conditions
from reporting.pack_asking import wants_resources
from reporting.pack_conditions import Condition
from reporting.pack_view import Seen, View

Found = Mapping[str, str]
"""The codes of the reasons that hold, the most pressing first, each with its words."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: `words` says it of a task, or None where it does not hold; `asks` is what the meeting does about it,
    `decide_by` until when (UTC) where there is a limit.

    An exception puts a task before a daily meeting; the others only place it under a point of an agenda.
    """

    code: str
    words: Condition
    asks: str = ""
    is_exception: bool = True
    decide_by: Callable[[Seen, View], datetime | None] = lambda seen, view: None


def reasons_of(seen: Seen, view: View) -> Found:
    """Every reason that holds for a task, the most pressing first."""
    return {reason.code: words for reason in REASONS if (words := reason.words(seen, view))}


def added(seen: Seen, view: View) -> str | None:
    """Somebody put it on the agenda by hand."""
    return "Added to the agenda by hand" if seen.task.reference in view.agenda.added_tasks else None


ADDED = "ADDED"
DECIDE = "Accept, decline, return for more, or leave to a meeting"
SEE_TO_IT = "See that the level it is before decides"
REVIEW = "Say whether what was decided still fits: decide anew, or give it another review time"

REASONS: tuple[Reason, ...] = (
    Reason("IMMEDIATE", conditions.immediate, "Confirm that it is in hand, or say what it needs"),
    Reason("PAST_LIMIT", conditions.waits(False, True), DECIDE, decide_by=conditions.decision_due),
    Reason("UNDECIDED", conditions.waits(False, False), DECIDE, decide_by=conditions.decision_due),
    Reason("PAST_LIMIT_BELOW", conditions.waits(True, True), SEE_TO_IT, decide_by=conditions.decision_due),
    Reason(
        "TO_ENDORSE",
        conditions.to_endorse,
        "Endorse that it goes up, or withdraw it",
        decide_by=conditions.proposal_due,
    ),
    Reason(
        "OVERDUE", conditions.overdue, "Finish it, give it another due time with the reason, or ask the level above"
    ),
    Reason("NOT_ACCEPTED", conditions.not_accepted, "Have it accepted, or name another owner"),
    Reason("NOT_BEGUN", conditions.not_begun, "Say when it begins, or name another owner"),
    Reason("RE_THRIVE", conditions.re_thrive, "Assess the risk again"),
    Reason("FLAGGED", conditions.flagged, "Review actions and next steps"),
    Reason("STANDS_HERE", conditions.stands_here, "Say what this level does, or give it back with conditions"),
    Reason("SENT_UP", conditions.sent_up, "For information: the level above decides, this unit stays accountable"),
    Reason("UNDECIDED_BELOW", conditions.waits(True, False), SEE_TO_IT, decide_by=conditions.decision_due),
    Reason("RETURN_PROPOSED", conditions.return_proposed, "Give it back with conditions, or keep it"),
    Reason("NOT_RECEIVED", conditions.not_received, "Have it accepted below, or name another receiver"),
    Reason("REVIEW_DUE", conditions.review_due, REVIEW),
    Reason("REVIEW_SOON", conditions.review_soon, REVIEW),
    Reason("RISK_ROSE", conditions.risk_rose, "Say whether the response still fits"),
    Reason("DUE_SOON", conditions.due_soon, "Confirm that it will be done in time"),
    Reason("STARTS_SOON", conditions.starts_soon, "Confirm people and resources"),
    Reason("NEW", conditions.new_here, "Confirm owner, tactic, due time and risk"),
    Reason("UNOWNED", conditions.unowned, "Name an owner"),
    Reason("UNSCORED", conditions.unscored, "Complete the assessment"),
    Reason("BLOCKED", conditions.blocked, "Clear what blocks it, or ask the level above"),
    Reason("PAUSED", conditions.paused, "Say whether its clock goes on standing", False),
    Reason("BAND_FELL", conditions.band_fell, "Give it back with conditions, or keep it", False),
    Reason("WANTS_RESOURCES", wants_resources, "Say what is given, how many hours, and why", False),
    Reason("DECIDED_BEFORE", conditions.decided_before, "Say how it stands", False),
    Reason("LOCAL", conditions.local, "Agree what is done next, by whom, by when", False),
    Reason("PARTNERS", conditions.partners, "Agree who leads, and what is done next", False),
    Reason("MISSING", conditions.missing, "Review actions and next steps", False),
    Reason("CONTROL", conditions.controlled, "Report by its owner: does the plan still meet its objective?", False),
    Reason("COMPLETED", conditions.completed, "Say what worked and what it cost", False),
    Reason(ADDED, added, "Agree what is done next, by whom, by when", False),
)
"""The most pressing first."""

FOR_DECISION = frozenset({"PAST_LIMIT", "UNDECIDED", "TO_ENDORSE", "RETURN_PROPOSED", "REVIEW_DUE", "BAND_FELL"})
"""Reasons for which the meeting itself has to decide."""
SAID_ANYWAY = frozenset({"IMMEDIATE", "UNOWNED", "UNSCORED", "DUE_SOON"})
"""Reasons that are plain from a task's risk, owner and due time; said only under a point of their own."""
BY_CODE: Mapping[str, Reason] = {reason.code: reason for reason in REASONS}
RANK: Mapping[str, int] = {reason.code: number for number, reason in enumerate(REASONS)}


def exceptions_among(found: Found) -> tuple[str, ...]:
    """Codes of those reasons that put a task before a daily meeting."""
    return tuple(code for code in found if BY_CODE[code].is_exception)
