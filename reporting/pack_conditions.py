"""What may be true of a task that a meeting has to see: one function for each, giving the words that say it, or None.

The conditions follow the policing notes, sections 4.2 to 4.6; reporting/pack_reasons.py puts them in order.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from reporting.pack_view import Seen, View
from reporting.reviews import asked, review_words
from reporting.strategy import is_on_strategy
from reporting.wording import age_words, short_time, trigger_words, unit_name
from tasking.calendar import meeting_ref
from tasking.decision import Decision, DecisionType
from tasking.escalation import Escalation, EscalationStatus
from tasking.rag import BLOCKED_LABEL
from tasking.recording import WORDS
from tasking.restricted import is_restricted
from tasking.task import Status
from tasking.thrive import BANDS, Alignment, PriorityBand
from tasking.time_limits import accept_by, first_action_by, is_past_due
from tasking.viewing import PARTNER_LABEL, PARTNER_PILLARS

RE_THRIVE_AFTER = timedelta(hours=24)
"""How long a score of a live Immediate or Priority task is good for (requirement 6)."""
HIGH = frozenset({PriorityBand.IMMEDIATE, PriorityBand.PRIORITY})
LOCAL_PILLARS = frozenset({"ASB_NEIGHBOURHOOD"})
MISSING_PILLARS = frozenset({"MISSING_EXPLOITATION"})
FLAG_WORDS: Mapping[str, str] = {
    "CRITICAL_INCIDENT": "Critical incident",
    "MISSING_HIGH": "Missing person, high risk",
    "MISSING_MEDIUM": "Missing person, medium risk",
    "DA_HIGH_OUTSTANDING": "High-risk domestic abuse, suspect outstanding",
    "DA_HIGH": "High-risk domestic abuse",
}
"""Flags that a daily meeting looks at first."""

S, T = EscalationStatus, DecisionType
Condition = Callable[[Seen, View], str | None]


def is_undecided_past_limit(seen: Seen, now: datetime) -> bool:
    """Whether an escalation of it is undecided past its limit at `now` (UTC), or was said to be undecided too long."""
    return any(_is_past_limit(step, now) for step in seen.steps)


def wants_a_decision(seen: Seen) -> bool:
    """Whether work is left on it, or nobody has decided an escalation of it, as there may be of one that is done."""
    return seen.task.is_open or any(step.awaits_decision or step.status is S.PROPOSED for step in seen.steps)


def is_local(seen: Seen) -> bool:
    """Whether it is a local priority: by its pillar, or by what its newest assessment says (policing notes, 7.3)."""
    return seen.task.pillar in LOCAL_PILLARS or _alignment(seen) is Alignment.LOCAL_PRIORITY


def is_controlled(seen: Seen) -> bool:
    """Whether it is on the control strategy."""
    return is_on_strategy(seen.task, _alignment(seen))


def _is_past_limit(step: Escalation, now: datetime) -> bool:
    late = step.decide_by is not None and step.decide_by < now
    return step.awaits_decision and (late or step.alerted_at is not None)


def _alignment(seen: Seen) -> Alignment:
    return seen.risks[-1].context.alignment if seen.risks else Alignment.NONE


def _own(seen: Seen) -> bool:
    return seen.task.is_open and not seen.is_below


def _is_watched(seen: Seen) -> bool:
    """Of the units below, only what is Immediate or Priority is the meeting's business when it is late."""
    return seen.task.is_open and (not seen.is_below or seen.task.working_band in HIGH)


def _undecided_step(seen: Seen, view: View) -> Escalation | None:
    """The escalation of it that is undecided: before this unit, or between units below it."""
    waiting = [step for step in seen.steps if step.awaits_decision and (seen.is_below or step.to_unit == view.unit)]
    return waiting[-1] if waiting else None


def _standing_here(seen: Seen, view: View) -> Escalation | None:
    taken = [step for step in seen.steps if step.is_standing and step.to_unit == view.unit and not step.awaits_decision]
    return taken[-1] if taken and _own(seen) else None


def _for_what(seen: Seen, step: Escalation, view: View) -> str:
    """What an escalation is for; of a restricted task it is not said."""
    return "" if is_restricted(view.force, seen.task) else f": {trigger_words(step)}"


def waits(is_below: bool, is_late: bool) -> Condition:
    """An undecided escalation: before this unit or between units below it, past its limit or within."""

    def words(seen: Seen, view: View) -> str | None:
        step = _undecided_step(seen, view)
        if step is None or seen.is_below is not is_below or _is_past_limit(step, view.now) is not is_late:
            return None
        to = f" to {unit_name(view.force, step.to_unit)}" if is_below else ""
        limit = f", was to be decided by {short_time(step.decide_by)}" if step.decide_by else ""
        late = f". UNDECIDED past its limit{limit}" if is_late else _left_to(step, view)
        return f"Escalated by {unit_name(view.force, step.from_unit)}{to}{_for_what(seen, step, view)}{late}"

    return words


def _left_to(step: Escalation, view: View) -> str:
    """Which meeting it was left to, if any."""
    here = step.forum == meeting_ref(view.meeting, view.starts_at)
    return f". Left to {'this meeting' if here else step.forum}" if step.forum else ""


def immediate(seen: Seen, view: View) -> str | None:
    """It stands with the unit and is Immediate."""
    return "Immediate band" if _own(seen) and seen.task.working_band is PriorityBand.IMMEDIATE else None


def to_endorse(seen: Seen, view: View) -> str | None:
    """A rule wants it to go up, and somebody of the unit has to say so first."""
    step = _proposed(seen, view)
    if step is None:
        return None
    return f"Proposed to go up to {unit_name(view.force, step.to_unit)}{_for_what(seen, step, view)}"


def _proposed(seen: Seen, view: View) -> Escalation | None:
    found = [step for step in seen.steps if step.status is S.PROPOSED and step.from_unit == view.unit]
    return found[-1] if found and not seen.is_below else None


def overdue(seen: Seen, view: View) -> str | None:
    """Its due time has passed; of the units below only Immediate and Priority."""
    due = seen.task.due_at
    if due is None or not is_past_due(seen.task, view.now) or not _is_watched(seen):
        return None
    return f"OVERDUE by {age_words(due, view.now)}, was due {short_time(due)}"


def not_accepted(seen: Seen, view: View) -> str | None:
    """Nobody took it up in the time that its band allows; of the units below only Immediate and Priority."""
    limit = accept_by(seen.task)
    if not _is_watched(seen) or limit is None or seen.task.accepted_at is not None or seen.task.clock_stands:
        return None
    return f"NOT ACCEPTED, was to be by {short_time(limit)}" if limit < view.now else None


def not_begun(seen: Seen, view: View) -> str | None:
    """It was accepted, but nothing was done in the time that its band allows."""
    task, limit = seen.task, first_action_by(seen.task)
    begun = task.progress > 0 or any(line.is_done for line in task.checklist)
    if not _own(seen) or limit is None or begun or task.accepted_at is None or task.clock_stands:
        return None
    return f"Nothing done, was to be by {short_time(limit)}" if limit < view.now else None


def re_thrive(seen: Seen, view: View) -> str | None:
    """Its score is older than a day, and it is Immediate or Priority."""
    if not _own(seen) or seen.task.working_band not in HIGH or not seen.risks:
        return None
    assessed = seen.risks[-1].assessed_at
    if view.now - assessed <= RE_THRIVE_AFTER and not seen.task.re_thrive_due:
        return None
    return f"re-THRIVE due: the score is {age_words(assessed, view.now)} old"


def flagged(seen: Seen, view: View) -> str | None:
    """It carries one of the flags that a daily meeting looks at first."""
    return _flag_words(seen, view) if _own(seen) else None


def _flag_words(seen: Seen, view: View) -> str | None:
    found = [words for flag, words in FLAG_WORDS.items() if flag in seen.task.flags]
    if not found:
        return None
    return "Flagged: the task says why" if is_restricted(view.force, seen.task) else ", ".join(found)


def stands_here(seen: Seen, view: View) -> str | None:
    """This level took it on from below, and it is Immediate or Priority."""
    step = _standing_here(seen, view)
    if step is None or seen.task.working_band not in HIGH or step.status is S.DE_ESCALATION_PROPOSED:
        return None
    return f"Taken on from {unit_name(view.force, step.from_unit)}{_for_what(seen, step, view)}"


def sent_up(seen: Seen, view: View) -> str | None:
    """The unit asked the level above, which has not decided."""
    waiting = [step for step in seen.steps if step.awaits_decision and step.from_unit == view.unit]
    if not waiting or seen.is_below:
        return None
    step = waiting[-1]
    late = "UNDECIDED past its limit" if _is_past_limit(step, view.now) else "not decided yet"
    by = f", to be decided by {short_time(step.decide_by)}" if step.decide_by else ""
    return f"Asked of {unit_name(view.force, step.to_unit)}, {late}{by}"


def return_proposed(seen: Seen, view: View) -> str | None:
    """Somebody proposed that this level gives it back."""
    step = _standing_here(seen, view)
    if step is None or step.status is not S.DE_ESCALATION_PROPOSED:
        return None
    return f"Return to {unit_name(view.force, step.from_unit)} is proposed"


def review_due(seen: Seen, view: View) -> str | None:
    """A decision about it was to be looked at again before the meeting begins, by the unit or by one that gave it
    back to it."""
    review = _review(seen, view, view.starts_at)
    return f"Review due: {review_words(review)}" if review else None


def review_soon(seen: Seen, view: View) -> str | None:
    """A decision about it is to be looked at again in the next 24 hours."""
    review = None if _review(seen, view, view.starts_at) else _review(seen, view, view.window_until)
    return f"To be looked at again by {review_words(review)}" if review else None


def _review(seen: Seen, view: View, until: datetime) -> Decision | None:
    """The first review that is asked of the unit by then."""
    wanted = (each for each in view.reviews.get(seen.task.task_id, ()) if view.unit in asked(each, seen.task))
    return next((each for each in wanted if each.review_at and each.review_at <= until), None)


def band_fell(seen: Seen, view: View) -> str | None:
    """Two assessments at least a day apart, the band lower at the second (policing notes, section 4.5)."""
    scored = [risk for risk in seen.risks if risk.result is not None]
    if _standing_here(seen, view) is None or len(scored) < 2:
        return None
    before, after = scored[-2], scored[-1]
    assert before.result is not None
    assert after.result is not None
    fell = BANDS[after.result.band].rank < BANDS[before.result.band].rank
    if not fell or after.assessed_at - before.assessed_at < RE_THRIVE_AFTER:
        return None
    return f"Risk has fallen: {before.result.band.capitalize()} to {after.result.band.capitalize()}"


def not_received(seen: Seen, view: View) -> str | None:
    """It was given back, and its receiver has not accepted it."""
    waiting = [step for step in seen.steps if step.awaits_receipt and view.unit in (step.from_unit, step.to_unit)]
    if not waiting or not seen.task.is_open:
        return None
    step = waiting[-1]
    return f"Given back to {unit_name(view.force, step.from_unit)}, not yet accepted there"


def risk_rose(seen: Seen, view: View) -> str | None:
    """Its score rose in the last 24 hours."""
    scored = [risk for risk in seen.risks if risk.result is not None]
    if not _own(seen) or len(scored) < 2 or scored[-1].assessed_at < view.window_from:
        return None
    before, after = scored[-2].result, scored[-1].result
    assert before is not None
    assert after is not None
    return f"Risk has risen: score {before.score} to {after.score}" if after.score > before.score else None


def unowned(seen: Seen, view: View) -> str | None:
    """Nobody owns it."""
    return "Nobody owns it" if _own(seen) and not seen.task.owner_ids else None


def unscored(seen: Seen, view: View) -> str | None:
    """It has no band yet."""
    return "Not yet assessed" if _own(seen) and seen.task.working_band is None else None


def blocked(seen: Seen, view: View) -> str | None:
    """Its people say that it cannot go on."""
    return "Blocked: its people say that it cannot go on" if _own(seen) and BLOCKED_LABEL in seen.task.labels else None


def paused(seen: Seen, view: View) -> str | None:
    """Its clock is stopped."""
    pause = seen.task.pause
    if pause is None or not _own(seen):
        return None
    return f"Clock stopped since {short_time(pause.since)}, to be looked at {short_time(pause.review_at)}"


def due_soon(seen: Seen, view: View) -> str | None:
    """It falls due by the end of the next 24 hours."""
    due = seen.task.due_at
    if due is None or not _own(seen) or seen.task.clock_stands or not view.now <= due <= view.window_until:
        return None
    return f"Due {short_time(due)}"


def starts_soon(seen: Seen, view: View) -> str | None:
    """It starts in the next 24 hours."""
    start = seen.task.start_at
    if start is None or not _own(seen) or not view.now <= start <= view.window_until:
        return None
    return f"Starts {short_time(start)}"


def new_here(seen: Seen, view: View) -> str | None:
    """It was raised for this unit since the last meeting began."""
    task = seen.task
    return f"New since the last meeting: raised {short_time(task.raised_at)}" if _is_new(seen, view) else None


def _is_new(seen: Seen, view: View) -> bool:
    return _own(seen) and seen.task.unit == view.unit and seen.task.raised_at >= view.since


def local(seen: Seen, view: View) -> str | None:
    """It is a local priority."""
    return "Local priority" if _own(seen) and is_local(seen) else None


def controlled(seen: Seen, view: View) -> str | None:
    """It is on the control strategy."""
    if not is_controlled(seen) or not _own(seen):
        return None
    priority = seen.task.control_priority
    return f"On the control strategy{f', {priority}' if priority else ''}"


def partners(seen: Seen, view: View) -> str | None:
    """A partner leads, is asked, or does not act."""
    if not _own(seen):
        return None
    if any(step.trigger == "PARTNER_BLOCKED" and step.is_standing for step in seen.steps):
        return "A partner cannot or does not act"
    if PARTNER_LABEL in seen.task.labels:
        return "A partner leads"
    return "Asked by or of partners" if seen.task.pillar in PARTNER_PILLARS else None


def missing(seen: Seen, view: View) -> str | None:
    """It concerns a missing person or exploitation, in the unit or any below it: these are looked at as a whole."""
    is_flagged = any(flag.startswith("MISSING") for flag in seen.task.flags)
    if not seen.task.is_open or not (is_flagged or seen.task.pillar in MISSING_PILLARS):
        return None
    return _flag_words(seen, view) or "For this meeting by its pillar"


def decided_before(seen: Seen, view: View) -> str | None:
    """The newest decision about an open task that this unit made before, and that no later one has put right."""
    if not _own(seen):
        return None
    about = view.decided.get(seen.task.task_id, ())
    made = [each for each in about if each.decision_ref not in view.superseded]
    if not made:
        return None
    last = made[-1]
    return f"Decided {short_time(last.decided_at)} ({last.decision_ref}): {WORDS[last.decision_type]}. Not done yet"


def completed(seen: Seen, view: View) -> str | None:
    """It was done since the last meeting began."""
    task = seen.task
    if task.status is not Status.COMPLETED or task.completed_at is None or task.completed_at < view.since:
        return None
    return f"Done {short_time(task.completed_at)}, result and review to come"


def decision_due(seen: Seen, view: View) -> datetime | None:
    """Until when the escalation of it has to be decided."""
    step = _undecided_step(seen, view)
    return step.decide_by if step else None


def proposal_due(seen: Seen, view: View) -> datetime | None:
    """Until when the proposal has to be decided."""
    step = _proposed(seen, view)
    return step.decide_by if step else None
