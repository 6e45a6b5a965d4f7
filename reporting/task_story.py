"""One task as a page tells it: where it stands on the ladder, why it has its score, what was decided, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from reporting.wording import STATUS_WORDS, short_time, trigger_words, unit_name
from store import decisions as decision_rows
from store import planner_links, remarks
from store.planner_links import LinkState
from store.tables import audit_log
from store.tasks import read_assessments, read_escalations
from tasking.audit import AuditKind
from tasking.decision import Decision, DecisionType
from tasking.escalation import TRIGGER_WORDS, Escalation, EscalationStatus
from tasking.force import Force
from tasking.recording import WORDS
from tasking.task import Status, Task
from tasking.thrive import HIGHEST_LEVEL, Alignment, AssessedRisk

_S = EscalationStatus
STEP_WORDS: Mapping[EscalationStatus, str] = {
    _S.PROPOSED: "proposed, for the unit to endorse",
    _S.REQUESTED: "asked, not decided yet",
    _S.TO_MEETING: "before a meeting, not decided yet",
    _S.ACCEPTED: "accepted",
    _S.RETAINED: "kept here",
    _S.DE_ESCALATION_PROPOSED: "accepted, return proposed",
    _S.DECLINED: "declined",
    _S.RETURNED: "sent back for information",
    _S.DE_ESCALATED: "given back with conditions",
    _S.WITHDRAWN: "withdrawn",
}
THRIVE_NAMES: Mapping[str, str] = {name: name.capitalize() for name in HIGHEST_LEVEL}
PART_WORDS: Mapping[str, str] = {
    "risk": "Harm × risk, three points each",
    "threat": "Threat, four points a level",
    "vulnerability": "Vulnerability, four points a level",
    "investigation": "Investigation, two points a level",
    "engagement": "Engagement, two points a level",
    "alignment": "Published priority",
    "repeats": "Repeats in 28 days, two points each, three at most",
}
"""The parts of the Tasking Priority Score (policing notes, section 3.5)."""
ALIGNMENT_WORDS: Mapping[Alignment, str] = {
    Alignment.NONE: "No published priority covers it",
    Alignment.LOCAL_PRIORITY: "A local priority covers it",
    Alignment.CONTROL_STRATEGY: "The control strategy covers it",
}
FLOOR_WORDS: Mapping[str, str] = {
    "MISSING_HIGH": "a high-risk missing person",
    "CRITICAL_INCIDENT": "a critical incident",
    "DA_HIGH_OUTSTANDING": "a high-risk domestic abuse suspect outstanding",
    "DA_HIGH": "high-risk domestic abuse",
    "MISSING_MEDIUM": "a medium-risk missing person",
    "CHILD_EXPLOITATION": "child exploitation",
    "HARM_4_THREAT_3": "life-threatening harm, likely within 24 hours",
    "HARM_4_THREAT_4_RISK_3": "life-threatening harm, happening now and likely",
}
FIELD_WORDS: Mapping[str, str] = {
    "status": "status",
    "owner_ids": "owners",
    "due_at": "due",
    "start_at": "start",
    "band": "band",
    "band_override": "band set by a person",
    "score": "score",
    "progress": "progress",
    "pillar": "pillar",
    "title": "title",
    "text": "what people wrote",
    "checklist": "checklist",
    "labels": "labels",
    "stands_on": "stands on the boards of",
    "decision_needed": "decision needed",
    "ended_reason": "why it ended",
    "unit": "unit",
    "type": "type",
    "decision": "decision",
    "asked": "asked",
    "with": "with",
}
"""What a line of the timeline says of a change; other fields are the service's own book-keeping and are left out."""
WHO_BY_START: Mapping[str, str] = {
    "job:": "the service",
    "door:": "the service",
    "service": "the service",
    "rule:": "a rule of the policy",
}
BY_NAME_ONLY = frozenset({"title", "text", "checklist", "owner_ids"})
"""Fields of which only that they changed is told: what people wrote stands in the log as a hash, owners as ids."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the journey strip. `state` is here, asked, was or none; `words` say the same."""

    level: str
    unit: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class RiskAnswer:
    """One THRIVE question: its name, the level of the scale, and what was answered in words."""

    name: str
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class WhyScore:
    """Why a score is what it is: parts with their points, what lifted the band, who assessed and when (UTC)."""

    parts: tuple[tuple[str, int], ...]
    total: int
    band: str
    lifted_by: tuple[str, ...]
    facts: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline. `at` is UTC; `is_view` marks who only looked."""

    at: datetime
    who: str
    what: str
    details: tuple[str, ...]
    is_view: bool


@dataclass(frozen=True, slots=True)
class BoardLink:
    """A board that the task stands on: the unit's name, and the ids that open it in Planner."""

    unit: str
    plan_id: str
    planner_task_id: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the task's page shows besides the task itself."""

    journey: tuple[Step, ...]
    steps: tuple[tuple[Escalation, str], ...]
    answers: tuple[RiskAnswer, ...]
    why: WhyScore | None
    assessed: AssessedRisk | None
    decisions: tuple[tuple[Decision, str], ...]
    boards: tuple[BoardLink, ...]
    remarks: tuple[str, ...]
    timeline: tuple[Line, ...]


def story_of(
    connection: Connection,
    force: Force,
    task: Task,
    thrive_words: Mapping[str, Mapping[int, str]],
    with_views: bool = False,
) -> Story:
    """The story of a task. `thrive_words` has the answers of the form by THRIVE name and level; `with_views` also tells
    who looked at it, which is for those who may read the log."""
    escalations = read_escalations(connection, task.task_id)
    risks = read_assessments(connection, task.task_id)
    newest = risks[-1] if risks else None
    made = decision_rows.of_task(connection, task.task_id)
    return Story(
        journey=_journey(force, task, escalations),
        steps=tuple((each, _step_words(force, each)) for each in reversed(escalations)),
        answers=_answers(newest, thrive_words),
        why=_why(newest),
        assessed=newest,
        decisions=tuple((each, WORDS[each.decision_type]) for each in reversed(made)),
        boards=_boards(connection, force, task),
        remarks=tuple(each.text for each in remarks.remarks_on(connection, task.task_id)),
        timeline=_timeline(connection, force, task, with_views),
    )


def _journey(force: Force, task: Task, escalations: Sequence[Escalation]) -> tuple[Step, ...]:
    """One step for the task's own unit and for each unit above it, the lowest first."""
    steps, code = [], task.unit if task.unit in force.units else None
    while code is not None:
        unit = force.units[code]
        to_it = [each for each in escalations if each.to_unit == code]
        newest = to_it[-1] if to_it else None
        steps.append(Step(force.level_of(code).name, unit.name, *_state_at(code, task, newest)))
        code = unit.parent
    return tuple(steps)


def _state_at(code: str, task: Task, newest: Escalation | None) -> tuple[str, str]:
    if code == task.unit:
        return "here", "Raised here" if task.is_open else STATUS_WORDS[task.status]
    if newest is None:
        return "none", "Not asked"
    words = f"{STEP_WORDS[newest.status].capitalize()}, {short_time(newest.decided_at or newest.requested_at)}"
    if code in task.stands_on:
        return ("asked" if newest.awaits_decision else "here"), words
    return ("asked" if newest.status is _S.PROPOSED else "was"), words


def _step_words(force: Force, each: Escalation) -> str:
    places = f"{unit_name(force, each.from_unit)} to {unit_name(force, each.to_unit)}"
    return f"{places}: {trigger_words(each)}; {STEP_WORDS[each.status]}"


def _answers(newest: AssessedRisk | None, words: Mapping[str, Mapping[int, str]]) -> tuple[RiskAnswer, ...]:
    if newest is None:
        return ()
    found = []
    for name, label in THRIVE_NAMES.items():
        level: int | None = getattr(newest.assessment, name)
        told = "Not answered" if level is None else words.get(name, {}).get(level, "")
        scale = "" if level is None else f"{level} of {HIGHEST_LEVEL[name]}"
        found.append(RiskAnswer(label, scale, told))
    return tuple(found)


def _why(newest: AssessedRisk | None) -> WhyScore | None:
    if newest is None or newest.result is None:
        return None
    result, context = newest.result, newest.context
    parts = tuple((PART_WORDS.get(name, name), points) for name, points in result.components.items())
    repeats = f"{context.repeats_28d} earlier report{'' if context.repeats_28d == 1 else 's'} in 28 days"
    lifted = tuple(FLOOR_WORDS.get(name, name) for name in result.floors)
    return WhyScore(
        parts,
        result.score,
        result.band.capitalize(),
        lifted,
        (ALIGNMENT_WORDS[context.alignment], repeats),
        result.version,
    )


def _boards(connection: Connection, force: Force, task: Task) -> tuple[BoardLink, ...]:
    links = planner_links.of_task(connection, task.task_id, LinkState.ACTIVE)
    return tuple(
        BoardLink(unit_name(force, link.unit), link.plan_id, link.planner_task_id)
        for link in links
        if link.planner_task_id
    )


def _timeline(connection: Connection, force: Force, task: Task, with_views: bool) -> tuple[Line, ...]:
    """Lines of the audit log about the task, the newest first."""
    query = select(audit_log).where(
        or_(audit_log.c.object_ref == task.reference, audit_log.c.object_ref == task.task_id)
    )
    rows = connection.execute(query.order_by(audit_log.c.number.desc())).mappings()
    lines = []
    for row in rows:
        is_view = row["kind"] == AuditKind.CONSULTATION.value
        if is_view and not with_views:
            continue
        who = row["on_behalf_of"] or row["actor"]
        what = "Looked at it" if is_view else str(row["action"])[:1].upper() + str(row["action"])[1:]
        lines.append(Line(row["at"], _who(force, who), _action(force, what), _details(force, row["changes"]), is_view))
    return tuple(lines)


def _who(force: Force, actor: str) -> str:
    if actor.startswith("board of "):
        return f"somebody on the board of {unit_name(force, actor.removeprefix('board of '))}"
    return next((words for start, words in WHO_BY_START.items() if actor.startswith(start)), actor)


def _action(force: Force, what: str) -> str:
    """An action of the log in words: units by name, codes of triggers and decisions as people say them."""
    head, mark, unit = what.partition("board of ")
    if mark:
        return f"{head}{mark}{unit_name(force, unit)}"
    head, mark, code = what.partition(": ")
    decided = WORDS[DecisionType(code)] if code in set(DecisionType) else code
    return f"{head}{mark}{TRIGGER_WORDS.get(code, decided)}"


def _details(force: Force, changes: Mapping[str, Any]) -> tuple[str, ...]:
    told = []
    for name, words in FIELD_WORDS.items():
        if name in changes:
            before, after = changes[name]
            told.append(f"{words} changed" if name in BY_NAME_ONLY else _change(force, name, words, before, after))
    return tuple(told)


def _change(force: Force, name: str, words: str, before: Any, after: Any) -> str:
    was, now = _value(force, name, before), _value(force, name, after)
    return f"{words}: {now}" if not was else f"{words}: {was} → {now or 'nothing'}"


def _value(force: Force, name: str, value: Any) -> str:
    """A value of the log in words: units and pillars by name, times in London, lists in a row."""
    if value in (None, "", [], ()):
        return ""
    if isinstance(value, list):
        return ", ".join(_value(force, name, each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_at"):
        return short_time(datetime.fromisoformat(str(value)))
    if name == "status" and value in set(Status):
        return STATUS_WORDS[Status(value)]
    if name == "pillar" and value in force.pillars:
        return force.pillars[value].label
    if name in ("band", "band_override"):
        return str(value).capitalize()
    return unit_name(force, str(value)) if name in ("unit", "stands_on") else str(value)
