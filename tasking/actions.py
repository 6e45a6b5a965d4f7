"""Everything that can be done to a task. Rules only: change the record, audit it, say what happened."""

from dataclasses import replace

from tasking import climbing
from tasking.audit import AuditKind
from tasking.decision import Capacity, Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import Escalation, EscalationStatus
from tasking.escalation_policy import Proposal
from tasking.events import TaskRaised, TaskReassessed
from tasking.force import TRIAGE, Force
from tasking.handling import held
from tasking.ports import UnitOfWork
from tasking.recording import WORDS, record, snapshot_of
from tasking.requests import ReassessRequest, ReturnRequest, TaskRequest
from tasking.saving import differences
from tasking.task import ChecklistLine, Status, Task
from tasking.thrive import BANDS, AssessedRisk, score
from tasking.time_limits import with_limits

INCOMPLETE = "Assessment incomplete"
"""How the fault of an unanswered THRIVE level begins; a whole assessment takes such faults off the task."""
SAID_OF_A_RETURN = {
    "reason": "why the risk is lower",
    "conditions": "on what conditions",
    "residual_risk": "what risk remains",
    "receiver": "who takes it over below",
}
"""What a return has to say, by the request's names (policing notes, section 4.5)."""


def raise_task(uow: UnitOfWork, force: Force, request: TaskRequest) -> Task:
    """Makes a task of a valid request and says TaskRaised.

    A request with faults, or with a THRIVE level missing, goes to the Triage bucket with the faults on it.
    """
    now = uow.now()
    risk = _assess(uow, request, "INITIAL")
    gaps = tuple(f"{INCOMPLETE}: {name} was not answered." for name in request.assessment.missing())
    faults = request.faults + gaps + request.assessment.faults()
    pillar = TRIAGE if faults else request.pillar
    band = risk.result.band if risk.result else None
    default_due = now + BANDS[band].default_due if band else None
    task = Task(
        task_id=uow.new_id(),
        reference=request.reference,
        title=request.title,
        unit=request.unit,
        pillar=pillar,
        status=Status.SUBMITTED if pillar == TRIAGE else Status.TRIAGED,
        classification=request.classification,
        text=request.text,
        wanted=request.wanted,
        stands_on=(request.unit,),
        faults=faults,
        band=band,
        score=risk.result.score if risk.result else None,
        band_override=None,
        flags=request.context.flags,
        labels=frozenset(),
        owner_ids=(),
        progress=0,
        checklist=tuple(ChecklistLine(uow.new_id(), line) for line in request.checklist),
        links=request.links,
        form=request.form,
        response_id=request.response_id,
        submitted_by=request.submitted_by,
        submitted_at=request.submitted_at,
        raised_at=now,
        due_at=request.needed_by or default_due,
        default_due_at=default_due,
        control_priority=request.control_priority,
        control_version=request.control_version,
        nim_level=request.nim_level,
        intelligence_gap=request.intelligence_gap,
        confidence=request.confidence,
        external_references=request.external_references,
    )
    task = with_limits(force, held(force, replace(task, pillar=request.pillar), task))
    uow.add_task(task, risk)
    shown = {
        "pillar": (None, pillar),
        "unit": (None, task.unit),
        "band": (None, band),
        "score": (None, task.score),
    }
    uow.audit("task raised", task.reference, shown, AuditKind.COLLECTION)
    uow.emit(TaskRaised(task.task_id))
    return task


def reassess(uow: UnitOfWork, force: Force, request: ReassessRequest) -> Task:
    """Adds a THRIVE assessment on changed facts and says TaskReassessed.

    Raises RuleBroken for a task not open, and without a reason, which only a first whole assessment needs not
    (requirement 117).
    A band that a person had set gives way to a higher computed one: risk that has risen must not stay hidden.
    """
    task = uow.task_by_reference(request.reference)
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so its risk cannot be assessed again.")
    if problems := request.assessment.missing() + request.assessment.faults():
        raise RuleBroken(f"The assessment of {task.reference} is incomplete: {', '.join(problems)}.")
    if request.is_review:
        _check_second_assessor(uow, task, request)
    elif not request.reason.strip() and any(each.result for each in uow.assessments(task.task_id)):
        raise RuleBroken(f"Say why {task.reference} is assessed again: a new score is kept with its reason.")
    kind = "REVIEW" if request.is_review else "RE_THRIVE"
    risk = _assess(uow, request, kind, request.reason)
    assert risk.result is not None
    band = risk.result.band
    outranked = task.band_override is not None and BANDS[band].rank > BANDS[task.band_override].rank
    default_due = uow.now() + BANDS[band].default_due
    changed = replace(
        task,
        band=band,
        score=risk.result.score,
        flags=request.context.flags,
        band_override=None if outranked else task.band_override,
        due_at=task.due_at or default_due,
        default_due_at=task.default_due_at or default_due,
        faults=tuple(fault for fault in task.faults if not fault.startswith(INCOMPLETE)),
        moved_at=uow.now(),
        re_thrive_due=False,
        confidence=request.confidence,
    )
    changed = with_limits(force, changed) if task.due_at is None else changed
    uow.add_assessment(task.task_id, risk)
    saved = uow.save_task(changed)
    told = {"assessment": (None, risk.assessment_id), "why_assessed_again": (None, request.reason)}
    uow.audit("risk assessed again", task.reference, {**differences(task, changed), **told})
    uow.emit(TaskReassessed(task.task_id))
    return saved


def escalate(uow: UnitOfWork, force: Force, task_id: str, proposal: Proposal) -> Escalation:
    """Begins an escalation as the policy wants it: climbing.propose_to_climb says how. Raises RuleBroken."""
    return climbing.propose_to_climb(uow, force, task_id, proposal)


def de_escalate(uow: UnitOfWork, force: Force, request: ReturnRequest) -> Escalation:
    """The highest level gives the task back with conditions, by the form; says TaskReturned and DecisionRecorded.

    Raises RuleBroken when no escalation stands, or the reason, the conditions, what risk remains or the receiver is
    blank: going down is recorded with the same care as going up.
    """
    task = uow.task_by_reference(request.reference)
    standing = [each for each in uow.escalations(task.task_id) if each.is_standing and each.to_unit == task.top_unit]
    if not standing:
        raise RuleBroken(f"{task.reference} has not been escalated, so it cannot be returned.")
    if missing := [words for name, words in SAID_OF_A_RETURN.items() if not getattr(request, name).strip()]:
        raise RuleBroken(f"To return {task.reference}, say {' and '.join(missing)}.")
    decision = _decision_by_form(uow, task, standing[-1], request)
    returned = climbing.send_back(
        uow,
        task,
        standing[-1],
        EscalationStatus.DE_ESCALATED,
        "returned with conditions",
        returned_by=request.submitted_by,
        return_reason=request.reason,
        conditions=request.conditions,
        residual_risk=request.residual_risk,
        receiver=request.receiver.strip(),
        review_at=request.review_at,
        decided_by=request.submitted_by,
        decided_at=request.submitted_at,
        decision_ref=decision.decision_ref,
        rationale=request.reason,
    )
    record(uow, decision)
    return returned


def _decision_by_form(uow: UnitOfWork, task: Task, escalation: Escalation, request: ReturnRequest) -> Decision:
    return Decision(
        decision_id=uow.new_id(),
        decision_ref=uow.next_decision_reference(),
        task_id=task.task_id,
        task_reference=task.reference,
        escalation_id=escalation.escalation_id,
        decision_type=DecisionType.DE_ESCALATE,
        unit=escalation.to_unit,
        meeting_ref="",
        classification=task.classification,
        text=f"{WORDS[DecisionType.DE_ESCALATE]}: {request.conditions}",
        rationale=request.reason,
        options=(),
        information="",
        threat_assessment="",
        powers_policy="",
        dissent="",
        decided_by=request.submitted_by,
        role="",
        capacity=Capacity.FORM,
        decided_at=request.submitted_at,
        recorded_by=uow.actor,
        recorded_at=uow.now(),
        policy_version=escalation.policy_version,
        snapshot=snapshot_of(uow, task),
        review_at=request.review_at,
        given={name: getattr(request, name).strip() for name in ("conditions", "residual_risk", "receiver")},
    )


def _check_second_assessor(uow: UnitOfWork, task: Task, request: ReassessRequest) -> None:
    scored = uow.assessments(task.task_id)
    if scored and scored[-1].assessed_by.casefold() == request.submitted_by.casefold():
        raise RuleBroken(f"{task.reference} was scored by the same person last: a review needs a second assessor.")
    if not request.reason.strip():
        raise RuleBroken(f"Say why the score of {task.reference} is reviewed.")


def _assess(uow: UnitOfWork, request: TaskRequest | ReassessRequest, trigger: str, reason: str = "") -> AssessedRisk:
    return AssessedRisk(
        assessment_id=uow.new_id(),
        assessment=request.assessment,
        context=request.context,
        trigger=trigger,
        assessed_at=uow.now(),
        result=score(request.assessment, request.context),
        assessed_by=request.submitted_by,
        reason=reason,
        confidence=request.confidence,
        source=request.source,
    )
