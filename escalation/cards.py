"""Cards about one escalation: proposed, up, passed on, overrun, and back down. No names, nothing that a person typed.

They say who is asked, by when and where to decide; what was written about it is read on the task.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from escalation.card_parts import (
    GREEN,
    PLAIN,
    RED,
    Card,
    CardLinks,
    Mark,
    due_words,
    fact_set,
    framed,
    headline_of,
    owner_words,
    text,
    unit_words,
    unsure_words,
)
from tasking.calendar import sitting_of
from tasking.climbing import unit_that_answers
from tasking.clocks import clock_text
from tasking.escalation import TRIGGER_WORDS, Escalation, EscalationStatus
from tasking.force import Force
from tasking.resources import figures
from tasking.restricted import is_restricted
from tasking.task import Task
from tasking.time_to_decide import agree_by

RULES_ACTOR = "rule:"
"""How the record names a rule that asked. Only a rule's reason is the service's own words; a person's is typed."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card may say of an escalated task. `as_at` is UTC; `sent_again` says that a copy may be above."""

    task: Task
    escalation: Escalation
    links: CardLinks
    as_at: datetime
    sent_again: bool

    @property
    def mark(self) -> Mark:
        """What its frame says."""
        return Mark(self.task.classification, self.as_at, self.sent_again)


def proposed_card(force: Force, facts: CardFacts) -> Card:
    """The card for the sending unit: it goes up when somebody of this unit agrees, and by when they have to answer."""
    task, step = facts.task, facts.escalation
    here, above, by = force.units[step.from_unit].name, force.units[step.to_unit].name, clock_text(agree_by(step))
    asked = f"somebody of {here} has to agree or withdraw it by {by}"
    shown = [
        *_about(force, facts),
        ("Would go up to", unit_words(force, step.to_unit)),
        *_place(force, facts),
        ("Owner", owner_words(task)),
        ("Due", due_words(task)),
    ]
    body = [
        *([text(f"Why now: {step.reason}", maxLines=3)] if _has_own_words(force, facts) else []),
        fact_set(shown),
        text(f"{above} hears of it when somebody of {here} has agreed."),
    ]
    plain = f"Proposed to go up to {above}: {task.reference}. {_trigger(force, facts)} - {asked}."
    return framed(facts.mark, facts.links, f"PROPOSED to go up: {asked}", RED, headline_of(force, task), body, plain)


def escalated_card(force: Force, facts: CardFacts) -> Card:
    """The card for the higher level: who is asked, for what, why now, by when."""
    task, step = facts.task, facts.escalation
    to_name = force.units[step.to_unit].name
    decide = f" - decision needed by {clock_text(step.decide_by)}" if step.decide_by else " - for decision"
    shown = [
        *_about(force, facts),
        ("From", unit_words(force, step.from_unit)),
        *_place(force, facts),
        ("Owner", owner_words(task, somebody="Assigned, still accountable")),
        ("Who decides", who_decides(force, step)),
    ]
    body = [
        *([text(f"Why now: {step.reason}", maxLines=3)] if _has_own_words(force, facts) else []),
        fact_set(shown),
        *([] if is_restricted(force, task) else [text(_so_far(task))]),
        text(f"{_bid(force, facts)}{_what_was_said(step)}"),
    ]
    plain = f"Escalated to {to_name}: {task.reference}. {_trigger(force, facts)}{decide}."
    return framed(
        facts.mark, facts.links, f"ESCALATED to {to_name}{decide}", RED, headline_of(force, task), body, plain
    )


def passed_on_card(force: Force, facts: CardFacts, hop: int) -> Card:
    """The card that asks the next role: nobody decided in the time given. `hop` is its number in the escalation."""
    task, step = facts.task, facts.escalation
    asked = step.hops[hop]
    before = [each.role for each in step.hops[:hop]]
    by = clock_text(asked.decide_by)
    shown = [
        *_about(force, facts),
        ("From", unit_words(force, step.from_unit)),
        ("Waiting since", clock_text(_asked_at(step))),
        ("Asked before", ", then ".join(before) if before else who_was_to_decide(force, step)),
        ("Who decides", f"{asked.role}, by {by}"),
    ]
    body = [fact_set(shown), text(f"Nobody decided in the time given. {_to_do(facts)}")]
    name = force.units[unit_that_answers(step)].name
    plain = f"Still undecided at {name}: {task.reference}. Now asking {asked.role}, by {by}."
    banner = f"STILL UNDECIDED: now asking {asked.role} - decide by {by}"
    return framed(facts.mark, facts.links, banner, RED, headline_of(force, task), body, plain)


def overrun_card(force: Force, facts: CardFacts) -> Card:
    """The card for chair and action manager of the unit that has to answer: undecided for too long."""
    task, step = facts.task, facts.escalation
    unit = unit_that_answers(step)
    meeting = force.meeting_of(unit)
    chair = meeting.chair_role if meeting else force.units[unit].name
    manager = force.action_manager_at(unit)
    who = f"{chair} and {manager}" if manager else chair
    shown = [
        *_about(force, facts),
        ("From", unit_words(force, step.from_unit)),
        ("Waiting since", clock_text(_asked_at(step))),
        ("Asked so far", ", ".join(hop.role for hop in step.hops) or who_was_to_decide(force, step)),
        ("Now for", who),
    ]
    rule = f"An escalation may not go undecided past two daily meetings. {_to_do(facts, 'Decide it today.')}"
    plain = f"Red. {task.reference} is undecided for too long at {force.units[unit].name}: for {who}."
    banner = f"RED - UNDECIDED TOO LONG: {who} to decide today"
    return framed(facts.mark, facts.links, banner, RED, headline_of(force, task), [fact_set(shown), text(rule)], plain)


class _Way(NamedTuple):
    """How an escalation ended: banner, colour, who did it, what to do now and the sentence for those who only hear it.

    {above}, {below} and {reference} are filled in.
    """

    banner: str
    color: str
    by: tuple[str, str]
    now: str
    heard: str


_GIVEN_BACK = _Way(
    "RETURNED to {below} with conditions",
    GREEN,
    ("Returned by", "{above}"),
    "Conditions, remaining risk and who takes it over are on the task. The receiver has to accept it there.",
    "Returned to {below}: {reference}. Conditions are on the task.",
)
WAYS_BACK: Mapping[EscalationStatus, _Way] = {
    EscalationStatus.DE_ESCALATED: _GIVEN_BACK,
    EscalationStatus.DECLINED: _Way(
        "DECLINED by {above} - stays with {below}",
        PLAIN,
        ("Declined by", "{above}"),
        "The reason is on the task. The work goes on here; ask again when something has changed.",
        "Declined by {above}: {reference} stays with {below}. The reason is on the task.",
    ),
    EscalationStatus.RETURNED: _Way(
        "MORE INFORMATION WANTED by {above} - back with {below}",
        RED,
        ("Asked by", "{above}"),
        "What is missing is on the task. Add it, then ask again.",
        "More information wanted by {above}: {reference} is back with {below}. What is missing is on the task.",
    ),
    EscalationStatus.WITHDRAWN: _Way(
        "WITHDRAWN by {below} - nothing to decide at {above}",
        PLAIN,
        ("Withdrawn by", "{below}"),
        "The unit that asked has taken its request back. The reason is on the task.",
        "Withdrawn by {below}: nothing to decide about {reference} at {above}.",
    ),
}


def returned_card(force: Force, facts: CardFacts) -> Card:
    """The card that ends an escalation: declined, more wanted, given back with conditions, or withdrawn."""
    task, step = facts.task, facts.escalation
    names = {
        "above": force.units[step.to_unit].name,
        "below": force.units[step.from_unit].name,
        "reference": task.reference,
    }
    way = WAYS_BACK.get(step.status, _GIVEN_BACK)
    banner, heard = way.banner.format(**names), way.heard.format(**names)
    decision = f" Decision {step.decision_ref}." if step.decision_ref else ""
    shown = [
        (way.by[0], way.by[1].format(**names)),
        ("Held by", names["below"]),
        ("Owner", owner_words(task, "Nobody yet: assign an owner")),
        *([] if is_restricted(force, task) else [("Risk", _risk(facts))]),
        ("Due", due_words(task)),
        *([("Review", clock_text(step.review_at))] if step.review_at else []),
    ]
    body = [text(f"{way.now}{decision}"), fact_set(shown)]
    return framed(facts.mark, facts.links, banner, way.color, headline_of(force, task), body, heard)


def who_decides(force: Force, step: Escalation) -> str:
    """The role that is asked now with its time, or the meeting that is to decide with its own."""
    if step.forum or not step.hops:
        return who_was_to_decide(force, step)
    newest = step.hops[-1]
    return f"{newest.role}, by {clock_text(newest.decide_by)}"


def who_was_to_decide(force: Force, step: Escalation) -> str:
    """The meeting that an escalation was left to, else the meeting of the unit that has to answer."""
    if step.forum and step.status is not EscalationStatus.PROPOSED:
        return forum_words(force, step.forum)
    unit = unit_that_answers(step)
    meeting = force.meeting_of(unit)
    return meeting.name if meeting else force.units[unit].name


def forum_words(force: Force, meeting_ref: str) -> str:
    """A meeting by its name and time: `Northfell daily tasking, Mon 4 Jan 08:15`. Without a calendar, by its day."""
    sitting = sitting_of(force, meeting_ref)
    if sitting is not None:
        return f"{sitting.meeting.name}, {clock_text(sitting.starts_at)}"
    code, _, day = meeting_ref.partition(" ")
    name = next((meeting.name for meeting in force.meetings if meeting.code == code), code)
    return f"{name}, {day}" if day else name


def _about(force: Force, facts: CardFacts) -> list[tuple[str, str]]:
    """Risk and reason, which of a restricted task no channel reads."""
    return [] if is_restricted(force, facts.task) else [("Risk", _risk(facts)), ("Reason", _trigger(force, facts))]


def _bid(force: Force, facts: CardFacts) -> str:
    """The figures of the people or equipment that are asked for, which of a restricted task no channel reads."""
    bid = facts.escalation.bid
    return f"People or equipment: {figures(bid)}. " if bid and not is_restricted(force, facts.task) else ""


def _to_do(facts: CardFacts, decide: str = "Decide now, or say which meeting will.") -> str:
    """What is wanted of whoever has to answer."""
    if facts.escalation.status is not EscalationStatus.PROPOSED:
        return decide
    if not facts.task.is_open:
        return "It is only proposed to go up, and the work is done: withdraw it."
    return "It is only proposed to go up: agree to it, or withdraw it."


def _place(force: Force, facts: CardFacts) -> list[tuple[str, str]]:
    task = facts.task
    elsewhere = task.unit != facts.escalation.from_unit and not is_restricted(force, task)
    return [("Place", force.units[task.unit].name)] if elsewhere else []


def _trigger(force: Force, facts: CardFacts) -> str:
    """Why it climbs. Of a restricted task, where that may be read."""
    if is_restricted(force, facts.task):
        return "The reason is on the record"
    return TRIGGER_WORDS.get(facts.escalation.trigger, "The reason is on the task")


def _asked_at(step: Escalation) -> datetime:
    """Since when the higher level has it before it."""
    return step.endorsed_at or step.requested_at


def _has_own_words(force: Force, facts: CardFacts) -> bool:
    return facts.escalation.requested_by.startswith(RULES_ACTOR) and not is_restricted(force, facts.task)


def _risk(facts: CardFacts) -> str:
    step, band = facts.escalation, facts.task.working_band
    if band is None:
        return "Not yet assessed"
    if step.score_then is None:
        return f"{band.value} (set by a person; not yet assessed)"
    was = f", was {step.score_before}" if step.score_before not in (None, step.score_then) else ""
    return f"{band.value} (score {step.score_then} of 100{was}){unsure_words(facts.task)}"


def _what_was_said(step: Escalation) -> str:
    """That it was said what is wanted, and what was tried; the words themselves are on the task."""
    said = ("What is asked for and what was tried so far are", "What is asked for is")
    return f"{said[not step.action_so_far]} on the task."


def _so_far(task: Task) -> str:
    done = sum(line.is_done for line in task.checklist)
    started = "Work has started." if task.accepted_at else "Nobody has started on it."
    return f"So far: {started} Actions done: {done} of {len(task.checklist)}."
