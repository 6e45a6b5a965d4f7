"""Cards that tell and ask for no answer in the channel: decided, chased, pack ready, digest, channel check.

As with all cards: no names, nothing that a person typed, and of a restricted task the reference alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from escalation.card_parts import (
    GREEN,
    PLAIN,
    RED,
    Card,
    CardLinks,
    Mark,
    band_words,
    due_words,
    fact_set,
    framed,
    headline_of,
    owner_words,
    text,
    unit_words,
)
from escalation.cards import forum_words
from tasking.authority import OWNER
from tasking.cadence import Keeping, gap_words
from tasking.clocks import clock_text, local_day
from tasking.control_strategy import date_words
from tasking.cycle_report import COUNT_WORDS, CycleCounts, CycleReport
from tasking.decision import Capacity, Decision
from tasking.escalation import TRIGGER_WORDS
from tasking.force import Force, TaskingMeeting
from tasking.meetings import AgendaSection
from tasking.recording import WORDS
from tasking.resources import granted_words
from tasking.restricted import is_restricted
from tasking.strategy import ControlStrategy
from tasking.task import Classification, Task
from tasking.triggers import CHASES

MOST_REFERENCES = 5
MOST_COUNTS = 6
CYCLE_COUNTS = ("raised", "completed", "carried", "overdue", "left")
"""What a card says of a cycle; the report says the rest."""
PACK_PARTS = ("items", "decisions")
"""What is counted of each section of a pack."""

CAPACITY_WORDS: Mapping[Capacity, str] = {
    Capacity.CHAIR: "in the chair",
    Capacity.DEPUTY: "deputising",
    Capacity.DUTY: "on duty",
    Capacity.UNIT: "for the unit",
    Capacity.FORM: "by form",
}


class _Chase(NamedTuple):
    """What a chaser says first, and what to do about it."""

    banner: str
    to_do: str


_LOOK_NOW = "It was assessed again and has risen to this. Open the task now and decide what follows."

CHASE_WORDS: Mapping[str, _Chase] = {
    "NOT_ACCEPTED": _Chase("NOT TAKEN UP in time", "Assign an owner on the board, and start it."),
    "OVERDUE": _Chase("OVERDUE", "Finish it, or have a new due time decided."),
    "STALLED": _Chase("NO PROGRESS", "Move it on, or mark it Blocked and say on the task what it waits for."),
    "MISSING_HIGH": _Chase("HIGH-RISK MISSING PERSON on a task you have", _LOOK_NOW),
    "CRITICAL_INCIDENT": _Chase("CRITICAL INCIDENT declared on a task you have", _LOOK_NOW),
}
OF_A_RESTRICTED_TASK = _Chase("TO BE KNOWN AT ONCE", "Open the task now, on the record.")

SECTION_WORDS: Mapping[AgendaSection, str] = {
    AgendaSection.ATTENDANCE: "Attendance",
    AgendaSection.ACTIONS_OUTSTANDING: "Actions outstanding",
    AgendaSection.OVERNIGHT: "Overnight",
    AgendaSection.LAST_24_HOURS: "Last 24 hours",
    AgendaSection.NEXT_24_HOURS: "Next 24 hours",
    AgendaSection.LOCAL_PRIORITIES: "Local priorities",
    AgendaSection.PARTNER_TASKS: "Partner tasks",
    AgendaSection.CONTROL_STRATEGY: "Control strategy",
    AgendaSection.INTELLIGENCE: "Intelligence",
    AgendaSection.RISK_GRADING: "How risk was graded",
    AgendaSection.MISSING: "Missing people",
    AgendaSection.DUE_AND_OVERDUE: "Due and overdue",
    AgendaSection.ESCALATIONS: "Escalations",
    AgendaSection.NEW_TASKS: "New tasks",
    AgendaSection.RESOURCES: "Resources",
    AgendaSection.RESULTS: "Results",
    AgendaSection.DE_ESCALATIONS: "Returns",
    AgendaSection.DECISIONS: "Decisions",
}


@dataclass(frozen=True, slots=True)
class Digest:
    """What waits at one unit. `counts` are in the order shown; `look_first` references, the most pressing first.

    `since` (UTC) is the digest before; `came_in` and `completed` count since then.
    """

    unit: str
    counts: Mapping[str, int]
    look_first: tuple[str, ...]
    since: datetime
    came_in: int
    completed: int
    classification: Classification = Classification.OFFICIAL

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not any(self.counts.values()) and not self.came_in and not self.completed


@dataclass(frozen=True, slots=True)
class PackFacts:
    """What a card says of a frozen pack: counts by the name of their agenda section."""

    meeting: TaskingMeeting
    meeting_ref: str
    frozen_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interim:
    """What a review between two meetings looks at, in numbers."""

    keeping: Keeping
    counts: Mapping[str, int]


def decided_card(force: Force, task: Task, decision: Decision, links: CardLinks, mark: Mark) -> Card:
    """The card for the unit that decided: what, by which role, when it is looked at again. The rationale is a link."""
    words = WORDS[decision.decision_type]
    held_at = forum_words(force, decision.meeting_ref) if decision.meeting_ref else "Between meetings"
    shown = [
        ("Decision", decision.decision_ref),
        ("Decided by", _by(force, decision)),
        ("Where", held_at),
        ("Decided at", clock_text(decision.decided_at)),
        ("Review", clock_text(decision.review_at) if decision.review_at else "No review set"),
        ("Owner", owner_words(task)),
    ]
    corrects = f"This corrects decision {decision.supersedes}. " if decision.supersedes else ""
    granted = decision.allocation if not is_restricted(force, task) else None
    told = f"{granted_words(granted)} " if granted else ""
    body = [fact_set(shown), text(f"{corrects}{told}Rationale and details are on the record, not here.")]
    plain = (
        f"Decided for {force.units[decision.unit].name}: {task.reference}, {words}. Decision {decision.decision_ref}."
    )
    banner = f"DECIDED: {words}"
    return framed(mark, links, banner, GREEN, headline_of(force, task), body, plain)


def chased_card(force: Force, task: Task, trigger: str, links: CardLinks, mark: Mark, unit: str = "") -> Card:
    """For the action manager of the task's own unit, or of `unit` where it stands: what is late and what to do."""
    manager = force.action_manager_at(unit or task.unit)
    words = CHASE_WORDS.get(trigger) or _Chase(f"LATE: {TRIGGER_WORDS.get(trigger, 'see the task')}", "Open the task.")
    if is_restricted(force, task) and trigger not in CHASES:
        words = OF_A_RESTRICTED_TASK
    shown = [
        *([("For", manager)] if manager else []),
        *([] if is_restricted(force, task) else [("Risk", band_words(task))]),
        ("Unit", unit_words(force, task.unit)),
        ("Owner", owner_words(task, "Nobody yet: assign an owner")),
        ("Due", due_words(task)),
        ("Raised", clock_text(task.raised_at)),
    ]
    plain = f"{words.banner}: {task.reference}. {words.to_do}"
    body = [text(words.to_do), fact_set(shown)]
    return framed(mark, links, words.banner, RED, headline_of(force, task), body, plain)


def pack_card(force: Force, facts: PackFacts, links: CardLinks, mark: Mark) -> Card:
    """The card that says that a meeting's pack can be read: how much there is, and the link."""
    counts = _known_counts(facts.counts)
    shown = counts[:MOST_COUNTS]
    name = forum_words(force, facts.meeting_ref)
    body = [
        *([fact_set([(title, str(number)) for title, number in shown])] if shown else []),
        text(f"As it stood at {clock_text(facts.frozen_at)}. What changes later is on the live board."),
    ]
    told = ", ".join(f"{title.lower()} {number}" for title, number in shown)
    headline = f"For {facts.meeting.chair_role}"
    plain = f"Pack ready for {name}" + (f": {told}." if told else ".")
    return framed(mark, links, f"PACK READY: {name}", PLAIN, headline, body, plain)


def pack_counts(document: Mapping[str, Any]) -> dict[str, int]:
    """How much each section of a frozen pack holds, by its code. A pack of another shape has no counts."""
    told = document.get("counts")
    if isinstance(told, Mapping):
        return {str(name): number for name, number in told.items() if isinstance(number, int)}
    sections = document.get("sections")
    if not isinstance(sections, Sequence) or not all(isinstance(each, Mapping) for each in sections):
        return {}
    return {str(each.get("code")): sum(len(each.get(part) or ()) for part in PACK_PARTS) for each in sections}


def digest_card(force: Force, digest: Digest, slot: str, links: CardLinks, mark: Mark) -> Card:
    """The shift's digest for one unit: what waits, where to look first, and what moved since the last one."""
    name, clock = force.units[digest.unit].name, slot.rpartition(" ")[2]
    waiting = [(title, str(number)) for title, number in digest.counts.items() if number]
    moved = f"Since {clock_text(digest.since)}: {digest.came_in} came in, {digest.completed} completed."
    body = [
        *([fact_set(waiting)] if waiting else []),
        *([text(f"Look first at: {', '.join(digest.look_first)}")] if digest.look_first else []),
        text(moved),
    ]
    told = ", ".join(f"{title.lower()} {number}" for title, number in waiting)
    headline = "What waits for somebody" if waiting else "Nothing waits"
    plain = f"Digest {clock} for {name}: {told or 'nothing waits'}."
    return framed(mark, links, f"DIGEST {clock}: {name}", PLAIN, headline, body, plain)


def cycle_card(force: Force, report: CycleReport, unit: str, counts: CycleCounts, links: CardLinks, mark: Mark) -> Card:
    """The card that says once that a tasking cycle has ended: numbers of this unit and those below it, no task."""
    name = force.units[unit].name
    shown = [
        ("Cycle", f"{date_words(report.starts)} to {date_words(report.ends)}"),
        *((COUNT_WORDS[each], str(getattr(counts, each))) for each in CYCLE_COUNTS),
    ]
    to_do = "Keep, close or escalate each that carries over: tasking cycle show. Nothing is closed by itself."
    banner = f"CYCLE ENDED: {report.cycle}"
    plain = f"{banner}, {name}: {counts.carried} tasks carry over."
    return framed(mark, links, banner, PLAIN, f"{name}, with the units below", [fact_set(shown), text(to_do)], plain)


def interim_card(force: Force, interim: Interim, links: CardLinks, mark: Mark) -> Card:
    """The reminder that a rare meeting's matters are to be looked at before its next: numbers and days alone."""
    keeping, meeting = interim.keeping, interim.keeping.meeting
    kind, upcoming = force.kind_of(meeting), keeping.upcoming
    shown = [
        *([("Next meeting", date_words(local_day(upcoming.starts_at)))] if upcoming else []),
        *([("Policy allows", gap_words(kind.longest_gap))] if kind and kind.longest_gap else []),
        *((title, str(number)) for title, number in interim.counts.items()),
    ]
    body = [fact_set(shown), text("Its next meeting is further off than its policy allows: look at how things stand.")]
    banner = f"INTERIM REVIEW: {meeting.name}"
    headline = f"For {meeting.chair_role}"
    plain = f"{banner}. Before its next meeting, look at how things stand."
    return framed(mark, links, banner, PLAIN, headline, body, plain)


def strategy_card(strategy: ControlStrategy, links: CardLinks, mark: Mark) -> Card:
    """The card that says once that a version of the control strategy is there, with the intelligence requirement that
    belongs to it. It points to both; what they say is read there."""
    shown = [
        ("Version", str(strategy.version)),
        ("In force from", date_words(strategy.in_force_from)),
        ("Priorities", ", ".join(strategy.priority_codes[:MOST_COUNTS])),
        ("Intelligence gaps", str(len(strategy.gaps))),
        ("Set by decision", strategy.decision_ref),
    ]
    body = [fact_set(shown), text("Priorities, owners, plans and the intelligence requirement: tasking strategy show.")]
    banner = f"CONTROL STRATEGY: version {strategy.version} is published"
    plain = f"{banner}, in force from {date_words(strategy.in_force_from)}."
    return framed(mark, links, banner, PLAIN, "With the strategic intelligence requirement", body, plain)


def check_card(meeting: TaskingMeeting, mark: Mark) -> Card:
    """The daily try of a channel: that it shows is all it says."""
    body = [
        text("Cards reach this channel. This one comes every morning: if it is missing, tell whoever runs the service.")
    ]
    plain = f"Channel check for {meeting.name}: nothing to do."
    return framed(mark, CardLinks(), "CHANNEL CHECK: nothing to do", PLAIN, meeting.channel, body, plain)


def _by(force: Force, decision: Decision) -> str:
    """Role and capacity. A role that config does not know was typed by somebody, and is left out."""
    capacity = CAPACITY_WORDS[decision.capacity]
    known = decision.role in _roles(force) or decision.role == OWNER
    return f"{decision.role}, {capacity}" if known else capacity[0].upper() + capacity[1:]


def _roles(force: Force) -> set[str]:
    chairs = {role for meeting in force.meetings for role in (meeting.chair_role, *meeting.deputy_roles)}
    duty = {role for level in force.levels for role in (*level.duty_roles, level.action_manager_role)}
    managers = {meeting.action_manager_role for meeting in force.meetings}
    return {role for role in chairs | duty | managers if role}


def _known_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Those of agenda sections that have anything, in the agenda's usual order."""
    found = [(SECTION_WORDS[section], counts.get(section.value, 0)) for section in AgendaSection]
    return [(title, number) for title, number in found if number]
