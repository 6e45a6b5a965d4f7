"""Everything that can be done to a task. Rules only: change the record, audit it, say what happened."""

from dataclasses import replace

from tasking.errors import RuleBroken
from tasking.escalation import AWAITING_DECISION, Escalation, EscalationStatus
from tasking.escalation_policy import ASK_LABEL, Case, Proposal, accepted_by_asking_further, first_status
from tasking.events import TaskEscalated, TaskRaised, TaskReassessed, TaskReturned
from tasking.force import TRIAGE, Force
from tasking.ports import UnitOfWork
from tasking.requests import ReassessRequest, ReturnRequest, TaskRequest
from tasking.saving import save
from tasking.task import ChecklistLine, Status, Task
from tasking.thrive import BANDS, AssessedRisk, RiskContext, ThriveAssessment, score

INCOMPLETE = "Assessment incomplete"
"""How the fault of an unanswered THRIVE level begins; a whole assessment takes such faults off the task."""


def raise_task(uow: UnitOfWork, force: Force, request: TaskRequest) -> Task:
    """Makes a task of a valid request and says TaskRaised.

    A request with faults, or with a THRIVE level missing, goes to the Triage bucket with the faults on it.
    """
    now = uow.now()
    risk = _assess(uow, request.assessment, request.context, "INITIAL")
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
    )
    uow.add_task(task)
    uow.add_assessment(task.task_id, risk)
    shown = {
        "pillar": (None, pillar),
        "unit": (None, task.unit),
        "band": (None, band),
        "score": (None, task.score),
    }
    uow.audit("task raised", task.reference, shown)
    uow.emit(TaskRaised(task.task_id))
    return task


def reassess(uow: UnitOfWork, force: Force, request: ReassessRequest) -> Task:
    """Adds a THRIVE assessment on changed facts and says TaskReassessed. Raises RuleBroken for a task not open.

    A band that a person had set gives way to a higher computed one: risk that has risen must not stay hidden.
    """
    task = uow.task_by_reference(request.reference)
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so its risk cannot be assessed again.")
    if problems := request.assessment.missing() + request.assessment.faults():
        raise RuleBroken(f"The assessment of {task.reference} is incomplete: {', '.join(problems)}.")
    risk = _assess(uow, request.assessment, request.context, "RE_THRIVE")
    assert risk.result is not None
    band = risk.result.band
    outranked = task.band_override is not None and BANDS[band].rank > BANDS[task.band_override].rank
    changed = replace(
        task,
        band=band,
        score=risk.result.score,
        flags=request.context.flags,
        band_override=None if outranked else task.band_override,
        due_at=task.due_at or uow.now() + BANDS[band].default_due,
        faults=tuple(fault for fault in task.faults if not fault.startswith(INCOMPLETE)),
    )
    uow.add_assessment(task.task_id, risk)
    saved = save(uow, "risk assessed again", task, changed)
    uow.emit(TaskReassessed(task.task_id))
    return saved


def escalate(uow: UnitOfWork, force: Force, task_id: str, proposal: Proposal) -> Escalation:
    """Shows the task to a higher unit for a decision and says TaskEscalated. The owner below stays accountable.

    Raises RuleBroken when the task is not open or already stands there.
    """
    task = uow.task(task_id)
    if not task.is_open or proposal.to_unit in task.stands_on:
        raise RuleBroken(f"{task.reference} is not open or already stands with {proposal.to_unit}.")
    case = Case(task, uow.assessments(task_id), uow.escalations(task_id))
    scores = [each.result.score for each in case.assessments if each.result is not None]
    escalation = Escalation(
        escalation_id=uow.new_id(),
        task_id=task_id,
        trigger=proposal.trigger,
        fact=proposal.fact,
        from_unit=proposal.from_unit,
        to_unit=proposal.to_unit,
        status=first_status(proposal),
        reason=proposal.reason,
        requested_by=uow.actor,
        requested_at=uow.now(),
        decide_by=proposal.decide_by,
        policy_version=proposal.policy_version,
        score_then=scores[-1] if scores else None,
        score_before=scores[-2] if len(scores) > 1 else None,
        band_then=task.working_band,
    )
    if earlier := accepted_by_asking_further(case, proposal):
        uow.put_escalation(replace(earlier, status=EscalationStatus.ACCEPTED))
    uow.put_escalation(escalation)
    changed = replace(
        task,
        stands_on=(*task.stands_on, proposal.to_unit),
        labels=task.labels - {ASK_LABEL},
        decision_needed=True,
        was_returned=False,
    )
    save(uow, f"escalated: {proposal.trigger}", task, changed)
    uow.emit(TaskEscalated(task_id, escalation.escalation_id))
    return escalation


def de_escalate(uow: UnitOfWork, force: Force, request: ReturnRequest) -> Escalation:
    """The highest level gives the task back with conditions; says TaskReturned.

    Raises RuleBroken when no escalation stands, or the reason or conditions are blank: going down is recorded
    with the same care as going up.
    """
    task = uow.task_by_reference(request.reference)
    standing = [each for each in uow.escalations(task.task_id) if each.is_standing and each.to_unit == task.top_unit]
    if not standing:
        raise RuleBroken(f"{task.reference} has not been escalated, so it cannot be returned.")
    if not request.reason.strip() or not request.conditions.strip():
        raise RuleBroken(f"To return {task.reference}, say why the risk is lower and on what conditions.")
    returned = replace(
        standing[-1],
        status=EscalationStatus.RETURNED,
        returned_at=uow.now(),
        returned_by=request.submitted_by,
        return_reason=request.reason,
        conditions=request.conditions,
    )
    uow.put_escalation(returned)
    left = [
        each
        for each in uow.escalations(task.task_id)
        if each.status in AWAITING_DECISION and each.escalation_id != returned.escalation_id
    ]
    changed = replace(
        task,
        stands_on=task.stands_on[:-1],
        labels=task.labels - {ASK_LABEL},
        decision_needed=bool(left),
        was_returned=True,
    )
    save(uow, "returned with conditions", task, changed)
    uow.emit(TaskReturned(task.task_id, returned.escalation_id))
    return returned


def _assess(uow: UnitOfWork, thrive: ThriveAssessment, context: RiskContext, trigger: str) -> AssessedRisk:
    return AssessedRisk(uow.new_id(), thrive, context, trigger, uow.now(), score(thrive, context))
