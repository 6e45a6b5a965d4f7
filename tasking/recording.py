"""The record of a decision: what each type is called, what was known when it was made, and how it is kept."""

from collections.abc import Mapping

from tasking.decision import Decision, DecisionType, Snapshot
from tasking.events import DecisionRecorded
from tasking.ports import UnitOfWork
from tasking.task import Task

T = DecisionType
_THRIVE = ("threat", "harm", "risk", "investigation", "vulnerability", "engagement")

WORDS: Mapping[DecisionType, str] = {
    T.TASK_CREATE: "a task is wanted",
    T.ALLOCATE: "allocated",
    T.RESOURCE: "resources",
    T.RESOURCE_DECLINE: "resources declined",
    T.PLAN_COMMISSION: "a plan is commissioned",
    T.ANALYSIS_COMMISSION: "analysis is commissioned",
    T.REVIEW_COMMISSION: "a review is commissioned",
    T.TRANSFER_MAA: "for the most appropriate agency",
    T.MERGE: "to be merged with another task",
    T.CARRY_OVER: "carried over into the next cycle",
    T.NO_TASKING: "no tasking",
    T.PRIORITY_OVERRIDE: "another priority band",
    T.EXTEND: "another due time",
    T.PAUSE: "clock stopped",
    T.RESUME: "clock running again",
    T.ESCALATE: "asked of the next level",
    T.ENDORSE: "escalation endorsed",
    T.ESCALATION_ACCEPT: "escalation accepted",
    T.ESCALATION_DECLINE: "escalation declined",
    T.ESCALATION_RETURN: "escalation returned for information",
    T.ESCALATION_TO_MEETING: "left to a meeting",
    T.ESCALATION_WITHDRAW: "escalation withdrawn",
    T.DE_ESCALATION_PROPOSE: "return proposed",
    T.DE_ESCALATE: "given back with conditions",
    T.RETAIN: "kept at this level",
    T.RECEIVE: "return accepted below",
    T.CONTROL_STRATEGY_SET: "control strategy set",
}


def record(uow: UnitOfWork, decision: Decision) -> None:
    """Appends a decision with its line in the audit log, and says DecisionRecorded."""
    uow.add_decision(decision)
    shown = {
        "decision": (None, decision.decision_ref),
        "type": (None, decision.decision_type.value),
        "capacity": (None, decision.capacity.value),
        "supersedes": (None, decision.supersedes),
    }
    uow.audit("decision recorded", decision.task_reference, shown, on_behalf_of=decision.decided_by)
    uow.emit(DecisionRecorded(decision.task_id, decision.decision_id))


def snapshot_of(uow: UnitOfWork, task: Task) -> Snapshot:
    """What is known of the task now: it stays with the decision."""
    assessments = uow.assessments(task.task_id)
    latest = assessments[-1] if assessments else None
    thrive = {name: getattr(latest.assessment, name) for name in _THRIVE} if latest else {}
    band = task.working_band
    facts = {
        "owners": len(task.owner_ids),
        "progress": task.progress,
        "due_at": task.due_at.isoformat() if task.due_at else None,
        "stands_on": list(task.stands_on),
        "done": sum(line.is_done for line in task.checklist),
        "lines": len(task.checklist),
        "assessment_id": latest.assessment_id if latest else None,
        "band_computed": task.band.value if task.band else None,
        "score_version": latest.result.version if latest and latest.result else None,
    }
    return Snapshot(task.score, band.value if band else None, thrive, task.status.value, facts)
