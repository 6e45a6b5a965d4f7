"""The page of one task: everything that a person may see of it, in one call and a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from reporting.board_dimensions import look_of
from reporting.board_rows import BoardRow, rows_of
from reporting.register import RegisterRow
from reporting.register_page import rows_about
from reporting.score_words import TRIGGER_WORDS as ASSESSED_BECAUSE
from reporting.score_words import level_words, score_reasons, set_by_a_person
from reporting.timeline import TimelineLine, timeline
from reporting.visible import visible
from reporting.wording import trigger_words, unit_name
from store import planner_links
from store.planner_links import LinkState
from store.remarks import remarks_on
from store.tab_tables import task_lines
from store.tables import tasks
from store.tasks import read_assessments, read_escalations, read_task
from tasking.board_filter import BoardFilter
from tasking.errors import UnknownTask
from tasking.escalation import Escalation, EscalationStatus
from tasking.force import Force
from tasking.task import ChecklistLine, EvidenceLink, Task, TaskText
from tasking.thrive import AssessedRisk
from tasking.viewing import Viewer

STEP_WORDS: Mapping[EscalationStatus, str] = {
    EscalationStatus.PROPOSED: "Proposed, to be endorsed",
    EscalationStatus.REQUESTED: "Asked, not yet decided",
    EscalationStatus.TO_MEETING: "Left to a meeting",
    EscalationStatus.ACCEPTED: "Accepted",
    EscalationStatus.DECLINED: "Declined",
    EscalationStatus.RETURNED: "Returned for information",
    EscalationStatus.DE_ESCALATION_PROPOSED: "Return proposed",
    EscalationStatus.RETAINED: "Kept at this level",
    EscalationStatus.DE_ESCALATED: "Given back with conditions",
    EscalationStatus.WITHDRAWN: "Withdrawn",
}
"""How an escalation stands, in words."""


@dataclass(frozen=True, slots=True)
class JourneyStop:
    """One level of the journey strip, the lowest first. Times are UTC, None where it did not happen.

    `is_there` while the task stands with that unit; `unit` is empty where it never came to that level.
    """

    level: str
    level_name: str
    unit: str
    unit_name: str
    arrived_at: datetime | None
    left_at: datetime | None
    is_there: bool
    is_next: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """One THRIVE assessment as people read it; `reasons` answer "why this score?". `at` is UTC."""

    at: datetime
    by: str
    why: str
    reason: str
    score: int | None
    band: str
    levels: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One escalation. Times are UTC. `is_undecided` where somebody has still to decide it."""

    escalation_id: str
    trigger_words: str
    from_unit: str
    to_unit: str
    status: EscalationStatus
    status_words: str
    reason: str
    requested_by: str
    requested_at: datetime
    decide_by: datetime | None
    decided_at: datetime | None
    returned_at: datetime | None
    decision_ref: str
    rationale: str
    conditions: str
    is_undecided: bool
    is_standing: bool


@dataclass(frozen=True, slots=True)
class Twin:
    """Its place on one board. The ids make the link into Planner; `state` is a LinkState."""

    unit: str
    unit_name: str
    plan_id: str
    planner_task_id: str
    state: LinkState


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Everything about one task. Of a partner's view assessments, steps, decisions, timeline, remarks and who handed
    it in are empty."""

    facts: BoardRow
    version: int
    text: TaskText
    submitted_by: str
    submitted_at: datetime
    start_at: datetime | None
    accepted_at: datetime | None
    owner_ids: tuple[str, ...]
    faults: tuple[str, ...]
    ended_reason: str
    journey: tuple[JourneyStop, ...]
    assessments: tuple[Assessment, ...]
    band_set_by_a_person: str
    steps: tuple[Step, ...]
    open_steps: tuple[Step, ...]
    decisions: tuple[RegisterRow, ...]
    twins: tuple[Twin, ...]
    links: tuple[EvidenceLink, ...]
    linked: tuple[BoardRow, ...]
    checklist: tuple[ChecklistLine, ...]
    remarks: tuple[str, ...]
    timeline: tuple[TimelineLine, ...]


def task_page(connection: Connection, force: Force, viewer: Viewer, reference: str, now: datetime) -> TaskPage:
    """The page of the task with this reference, in any case, at `now` (UTC).

    Raises UnknownTask in the same words for one that there is not and one that this viewer may not see.
    """
    look = look_of(force, viewer, BoardFilter(), now)
    seen = select(tasks, task_lines.c.alignment, task_lines.c.changed_at)
    seen = seen.join(task_lines, task_lines.c.task_id == tasks.c.task_id).where(visible(viewer, force))
    row = connection.execute(seen.where(tasks.c.reference == reference.strip().upper())).mappings().first()
    if row is None:
        raise UnknownTask("There is no task with that reference.")
    task = read_task(connection, row["task_id"])
    others = connection.execute(seen.where(tasks.c.task_id.in_(sorted(task.linked)))).mappings().all()
    facts, *linked = rows_of(connection, look, [row, *others])
    is_told = not viewer.is_partner
    risks = read_assessments(connection, task.task_id) if is_told else ()
    steps = read_escalations(connection, task.task_id)
    told_steps = tuple(_step(force, step) for step in steps) if is_told else ()
    return TaskPage(
        facts=facts,
        version=task.version,
        text=task.text,
        submitted_by=task.submitted_by if is_told else "",
        submitted_at=task.submitted_at,
        start_at=task.start_at,
        accepted_at=task.accepted_at,
        owner_ids=task.owner_ids if is_told else (),
        faults=task.faults if is_told else (),
        ended_reason=task.ended_reason,
        journey=_journey(force, task, steps),
        assessments=tuple(_assessment(risk) for risk in risks),
        band_set_by_a_person=set_by_a_person(task) if is_told else "",
        steps=told_steps,
        open_steps=tuple(step for step in told_steps if step.is_undecided),
        decisions=rows_about(connection, force, viewer, task) if is_told else (),
        twins=_twins(connection, force, viewer, task),
        links=task.links,
        linked=tuple(linked),
        checklist=task.checklist,
        remarks=tuple(each.text for each in remarks_on(connection, task.task_id)) if is_told else (),
        timeline=timeline(connection, force, task.reference) if is_told else (),
    )


def _journey(force: Force, task: Task, steps: Sequence[Escalation]) -> tuple[JourneyStop, ...]:
    """A stop for each level from the task's own up; the level above the highest that has it is the next."""
    own = force.level_of(task.unit)
    levels = sorted((level for level in force.levels if level.rank >= own.rank), key=lambda level: level.rank)
    visits = {task.unit: (task.raised_at, None)} | _visits(steps)
    at_level = {force.units[unit].level: unit for unit in visits if unit in force.units}
    top = max((force.level_of(unit).rank for unit in task.stands_on if unit in force.units), default=own.rank)
    after_top = min((level.rank for level in levels if level.rank > top), default=None)
    stops = []
    for level in levels:
        unit = at_level.get(level.code, "")
        came, left = visits.get(unit, (None, None))
        stands = unit in task.stands_on
        name = unit_name(force, unit) if unit else ""
        gone = None if stands else left
        stops.append(
            JourneyStop(
                level.code, level.name, unit, name, came, gone, stands, task.is_open and level.rank == after_top
            )
        )
    return tuple(stops)


def _visits(steps: Sequence[Escalation]) -> dict[str, tuple[datetime | None, datetime | None]]:
    """When the task first came to each higher unit and last left it again; what was only proposed never came."""
    found: dict[str, tuple[datetime | None, datetime | None]] = {}
    for step in steps:
        if step.status is EscalationStatus.PROPOSED or _was_only_proposed(step):
            continue
        came = found.get(step.to_unit, (step.endorsed_at or step.requested_at, None))[0]
        found[step.to_unit] = (came, None if step.is_standing else step.returned_at or step.decided_at)
    return found


def _was_only_proposed(step: Escalation) -> bool:
    return step.status is EscalationStatus.WITHDRAWN and not (step.endorsed_at or step.forum)


def _assessment(risk: AssessedRisk) -> Assessment:
    return Assessment(
        at=risk.assessed_at,
        by=risk.assessed_by,
        why=ASSESSED_BECAUSE.get(risk.trigger, risk.trigger),
        reason=risk.reason,
        score=risk.result.score if risk.result else None,
        band=risk.result.band if risk.result else "",
        levels=level_words(risk),
        reasons=score_reasons(risk),
    )


def _step(force: Force, step: Escalation) -> Step:
    return Step(
        escalation_id=step.escalation_id,
        trigger_words=trigger_words(step),
        from_unit=unit_name(force, step.from_unit),
        to_unit=unit_name(force, step.to_unit),
        status=step.status,
        status_words=STEP_WORDS[step.status],
        reason=step.reason,
        requested_by=step.requested_by,
        requested_at=step.requested_at,
        decide_by=step.decide_by,
        decided_at=step.decided_at,
        returned_at=step.returned_at,
        decision_ref=step.decision_ref or "",
        rationale=step.rationale or step.return_reason or "",
        conditions=step.conditions or "",
        is_undecided=step.awaits_decision or step.status is EscalationStatus.PROPOSED,
        is_standing=step.is_standing,
    )


def _twins(connection: Connection, force: Force, viewer: Viewer, task: Task) -> tuple[Twin, ...]:
    """Where it stands or has stood, and can be opened; a partner is given no board."""
    if viewer.is_partner:
        return ()
    found = planner_links.of_task(connection, task.task_id, LinkState.ACTIVE, LinkState.CLOSED)
    return tuple(
        Twin(link.unit, unit_name(force, link.unit), link.plan_id, link.planner_task_id, link.state)
        for link in found
        if link.planner_task_id
    )
