"""Decisions: may this person decide this, what does it do, and the record of it. `decide` is the one way in.

Who decides follows the policing notes, section 4.3; the record follows 1.6.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tasking import board_actions, climbing, control_strategy, pausing
from tasking.asking import check_asked
from tasking.authority import authority_words, canonical_meeting, capacity_of, check_authority
from tasking.calendar import next_meeting
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.decision_words import check_words, given_of
from tasking.errors import RuleBroken
from tasking.escalation import STANDING, Escalation, EscalationStatus
from tasking.escalation_policy import MANUAL, EscalationPolicy, asked_for
from tasking.events import TaskChanged
from tasking.force import Force
from tasking.granting import allocation_of, provide
from tasking.ports import UnitOfWork
from tasking.recording import WORDS, record, snapshot_of
from tasking.saving import save
from tasking.task import Task
from tasking.thrive import PriorityBand

T = DecisionType


@dataclass(frozen=True, slots=True)
class _Matter:
    """What is being decided, with everything that an effect may look at."""

    uow: UnitOfWork
    force: Force
    policy: EscalationPolicy
    task: Task
    request: DecisionRequest
    escalation: Escalation | None
    decided: Mapping[str, Any]

    @property
    def step(self) -> Escalation:
        """The escalation that it is about."""
        assert self.escalation is not None
        return self.escalation


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one type is decided: who may, about which escalation, what else has to be said, and what it does.

    `side` is the unit that decides: ABOVE the escalation's higher unit, BELOW its lower one, TOP the highest that the
    task stands with, HERE any of them. `statuses` are those that the escalation may have.
    """

    side: str
    statuses: frozenset[EscalationStatus]
    needs: tuple[str, ...]
    effect: Callable[[_Matter], Escalation | None]

    @property
    def changes_a_step(self) -> bool:
        """Whether it moves an escalation: that happens once, and a correction of it changes the record alone."""
        return bool(self.statuses) or self.effect is _ask_up


def decide(uow: UnitOfWork, force: Force, policy: EscalationPolicy, request: DecisionRequest) -> Decision:
    """Decides something about a task, does what follows, and records it; says DecisionRecorded.

    Raises RuleBroken, whose text says what to mend, when the rationale or another needed field is blank, the person
    may not decide this, or it has been decided already. Nothing is then changed. Raises UnknownTask, StaleTask.
    """
    rule = RULES[request.decision_type]
    check_words(request, rule.needs)
    request = replace(request, meeting_ref=canonical_meeting(uow, force, request.meeting_ref))
    task = uow.task_by_reference(request.reference)
    wrong = _superseded(uow, task, request)
    if wrong is not None and wrong.decision_type is request.decision_type and rule.changes_a_step:
        rule, escalation, unit = _CORRECTED, _step_of(uow, task, wrong), wrong.unit
    else:
        escalation = step_to_decide(task, uow.escalations(task.task_id), request.decision_type, request.unit)
        unit = _deciding_unit(force, task, request, rule, escalation)
    if wrong is not None and force.level_of(unit).rank < force.level_of(wrong.unit).rank:
        raise RuleBroken(
            f"{wrong.decision_ref} was decided by {force.units[wrong.unit].name}: no lower level corrects it."
        )
    capacity = capacity_of(uow, force, request, unit, own_unit=rule.side == "BELOW")
    if request.decision_type in LIMITED_DECISIONS:  # whoever asks for more than they may decide does what they ought to
        check_authority(force, request, task, unit, escalation)
    decided_at = _decided_at(uow, request, escalation)
    allocation = allocation_of(uow.escalations(task.task_id), task, unit, request, escalation, wrong)
    reference, snapshot = uow.next_decision_reference(), snapshot_of(uow, task)
    facts = {
        "decided_by": request.decided_by,
        "decided_role": request.role,
        "decided_at": decided_at,
        "decision_ref": reference,
        "rationale": request.rationale,
    }
    about = rule.effect(_Matter(uow, force, policy, task, request, escalation, facts))
    if allocation is not None:
        allocation = provide(uow, force, task, allocation, request, reference, wrong)
    decision = Decision(
        decision_id=uow.new_id(),
        decision_ref=reference,
        task_id=task.task_id,
        task_reference=task.reference,
        escalation_id=about.escalation_id if about else None,
        decision_type=request.decision_type,
        unit=unit,
        meeting_ref=request.meeting_ref,
        classification=task.classification,
        text=request.text.strip() or WORDS[request.decision_type],
        rationale=request.rationale.strip(),
        options=request.options,
        information=request.information,
        threat_assessment=request.threat_assessment,
        powers_policy=request.powers_policy,
        dissent=request.dissent,
        decided_by=request.decided_by,
        role=request.role,
        capacity=capacity,
        decided_at=decided_at,
        recorded_by=uow.actor,
        recorded_at=uow.now(),
        policy_version=policy.version,
        snapshot=snapshot,
        review_at=request.review_at,
        supersedes=request.supersedes,
        hours=request.hours,
        given=given_of(request),
        authority=authority_words(force, request.role),
        allocation=allocation,
    )
    record(uow, decision)
    return decision


def step_to_decide(task: Task, steps: Sequence[Escalation], kind: DecisionType, unit: str = "") -> Escalation | None:
    """The escalation of a task that a decision of this type would be about: the newest that it can be about. None
    where the type is about none. `unit` is the one that decides, where several could.

    Raises RuleBroken where there is nothing to decide, or somebody has decided it already: the text says who.
    """
    rule = RULES[kind]
    if not rule.statuses:
        return None
    waiting = [each for each in steps if each.awaits_receipt] if kind is T.RECEIVE else steps
    open_ones = [
        each for each in waiting if each.status in rule.statuses and each.to_unit in (*task.stands_on, *_to(each))
    ]
    side = {"ABOVE": "to_unit", "BELOW": "from_unit"}[rule.side]
    wanted = [each for each in open_ones if unit in ("", getattr(each, side))]
    if wanted:
        return wanted[-1]
    if not steps:
        raise RuleBroken(f"{task.reference} has no escalation to decide.")
    last = steps[-1]
    who = f" by {last.decided_role} ({last.decision_ref})" if last.decision_ref else ""
    raise RuleBroken(
        f"The escalation of {task.reference} is {climbing.in_plain_words(last.status)}{who}: "
        f"it cannot be {WORDS[kind].removeprefix('escalation ')} now."
    )


def _to(step: Escalation) -> tuple[str, ...]:
    """What is only proposed, or has been given back, is not above: it is found all the same."""
    return () if step.status in STANDING else (step.to_unit,)


def _deciding_unit(
    force: Force, task: Task, request: DecisionRequest, rule: _Rule, escalation: Escalation | None
) -> str:
    if escalation is not None and rule.side == "ABOVE":
        return escalation.to_unit
    if escalation is not None:
        return escalation.from_unit
    unit = request.unit or (_unit_of_meeting(force, request.meeting_ref) or task.top_unit)
    if unit not in task.stands_on:
        raise RuleBroken(f"{task.reference} does not stand with {unit}, so it cannot be decided there.")
    if rule.side == "TOP" and unit != task.top_unit:
        raise RuleBroken(f"{task.reference} is with {force.units[task.top_unit].name}, which decides this.")
    return unit


def _unit_of_meeting(force: Force, meeting_ref: str) -> str | None:
    code = meeting_ref.split(" ")[0]
    return next((meeting.unit for meeting in force.meetings if meeting.code == code), None)


def _decided_at(uow: UnitOfWork, request: DecisionRequest, escalation: Escalation | None) -> datetime:
    """Raises RuleBroken for a time to come, or one before it was asked."""
    at = request.decided_at or uow.now()
    if at > uow.now() + timedelta(minutes=5):
        raise RuleBroken("A decision cannot have been made at a time that has not come yet.")
    if escalation is not None and at < escalation.requested_at - timedelta(minutes=5):
        raise RuleBroken("An escalation cannot have been decided before it was asked for.")
    return at


def _superseded(uow: UnitOfWork, task: Task, request: DecisionRequest) -> Decision | None:
    """The decision that this one puts right. Raises RuleBroken where there is none, or that was done already."""
    if not request.supersedes:
        return None
    decisions = {each.decision_ref: each for each in uow.decisions(task.task_id)}
    if request.supersedes not in decisions:
        raise RuleBroken(f"{task.reference} has no decision {request.supersedes} that could be superseded.")
    if any(each.supersedes == request.supersedes for each in decisions.values()):
        raise RuleBroken(f"Decision {request.supersedes} has been superseded already: correct the one that did.")
    return decisions[request.supersedes]


def _step_of(uow: UnitOfWork, task: Task, decision: Decision) -> Escalation | None:
    return next((each for each in uow.escalations(task.task_id) if each.escalation_id == decision.escalation_id), None)


def _corrected(matter: _Matter) -> Escalation | None:
    """What was done stays done: the words about it change."""
    _only_recorded(matter)
    return matter.escalation


def _only_recorded(matter: _Matter) -> None:
    """Its words are the whole of it; the task is saved so that of two who decide at once only one gets through."""
    moved = replace(matter.task, moved_at=matter.uow.now())
    save(matter.uow, f"decided: {matter.request.decision_type.value}", matter.task, moved)
    matter.uow.emit(TaskChanged(matter.task.task_id))


def _set_strategy(matter: _Matter) -> None:
    control_strategy.adopt(matter.uow, matter.force, matter.request, matter.decided["decision_ref"])
    _only_recorded(matter)


def _no_tasking(matter: _Matter) -> None:
    board_actions.withdraw(matter.uow, matter.task.task_id, "It was decided that no tasking is needed.")


def _override(matter: _Matter) -> None:
    try:
        band = PriorityBand((matter.request.band or "").upper())
    except ValueError:
        raise RuleBroken(f"There is no band {matter.request.band}; there are {', '.join(PriorityBand)}.") from None
    changed = replace(matter.task, band_override=None if band is matter.task.band else band)
    _changed(matter, "band decided", changed)


def _extend(matter: _Matter) -> None:
    due_at = matter.request.due_at
    assert due_at is not None
    if due_at <= matter.uow.now():
        raise RuleBroken("The new due time has already passed.")
    _changed(matter, "due time decided", replace(matter.task, due_at=due_at))


def _pause(matter: _Matter) -> None:
    review_at = matter.request.review_at
    assert review_at is not None
    changed = pausing.paused(matter.task, matter.decided["decided_at"], review_at, matter.uow.now())
    _changed(matter, "clock stopped", changed)


def _resume(matter: _Matter) -> None:
    _changed(matter, "clock running again", pausing.resumed(matter.task, matter.decided["decided_at"]))


def _changed(matter: _Matter, action: str, changed: Task) -> None:
    if not matter.task.is_open:
        raise RuleBroken(f"{matter.task.reference} is not open, so this cannot be decided any more.")
    save(matter.uow, action, matter.task, replace(changed, moved_at=matter.uow.now()))
    matter.uow.emit(TaskChanged(matter.task.task_id))


def _ask_up(matter: _Matter) -> Escalation:
    request = matter.request
    if request.trigger not in MANUAL:
        raise RuleBroken(f"A person asks for one of these reasons: {', '.join(sorted(MANUAL))}.")
    check_asked(request)
    cancelled = matter.uow.cancelled_meetings()
    proposal = asked_for(matter.policy, matter.force, matter.task, request, matter.uow.now(), cancelled)
    return climbing.propose_to_climb(matter.uow, matter.force, matter.task.task_id, proposal)


def _endorse(matter: _Matter) -> Escalation:
    return climbing.endorse(matter.uow, matter.force, matter.task, matter.step, matter.request.decided_by)


def _accept(matter: _Matter) -> Escalation:
    review = {"review_at": matter.request.review_at} if matter.request.review_at else {}
    return climbing.accept(matter.uow, matter.task, matter.step, **matter.decided, **review)


def _decline(matter: _Matter) -> Escalation:
    return _back(matter, EscalationStatus.DECLINED, "escalation declined")


def _ask_for_more(matter: _Matter) -> Escalation:
    return _back(matter, EscalationStatus.RETURNED, "escalation returned for information")


def _de_escalate(matter: _Matter) -> Escalation:
    request = matter.request
    given = {
        "conditions": request.conditions,
        "residual_risk": request.residual_risk,
        "receiver": request.receiver,
        "review_at": request.review_at,
    }
    return _back(matter, EscalationStatus.DE_ESCALATED, "returned with conditions", **given)


def _back(matter: _Matter, status: EscalationStatus, action: str, **given: Any) -> Escalation:
    _check_top(matter)
    said = {"returned_by": matter.request.decided_by, "return_reason": matter.request.rationale}
    return climbing.send_back(matter.uow, matter.task, matter.step, status, action, **said, **given, **matter.decided)


def _withdraw(matter: _Matter) -> Escalation:
    if matter.step.is_standing:
        _check_top(matter)
    return climbing.withdraw_escalation(matter.uow, matter.task, matter.step, **matter.decided)


def _check_top(matter: _Matter) -> None:
    if matter.step.to_unit != matter.task.top_unit:
        name = matter.force.units[matter.task.top_unit].name
        raise RuleBroken(f"{matter.task.reference} has gone further up, to {name}: that level decides first.")


def _to_meeting(matter: _Matter) -> Escalation:
    uow, force, step = matter.uow, matter.force, matter.step
    found = next_meeting(
        force, step.to_unit, uow.now(), cancelled=uow.cancelled_meetings(), wanted=matter.request.to_meeting
    )
    if found is None:
        name = force.units[step.to_unit].name
        raise RuleBroken(f"The calendar has no such meeting of {name} to come: name another, or decide it now.")
    when = (found.meeting_ref, found.ends_at)
    return climbing.send_to_meeting(uow, matter.task, step, *when, force=force, **matter.decided)


def _propose_return(matter: _Matter) -> Escalation:
    return climbing.propose_return(matter.uow, matter.task, matter.step)


def _retain(matter: _Matter) -> Escalation:
    return climbing.retain(matter.uow, matter.task, matter.step, **matter.decided)


def _receive(matter: _Matter) -> Escalation:
    receiver = (matter.step.receiver or "").casefold()
    if receiver not in (matter.request.decided_by.casefold(), matter.request.role.casefold()):
        raise RuleBroken(f"{matter.task.reference} was given back to somebody else: its named receiver accepts it.")
    return climbing.receive(matter.uow, matter.task, matter.step, matter.request.decided_by)


S = EscalationStatus
_UNDECIDED = frozenset({S.REQUESTED, S.TO_MEETING})
_ABOVE = frozenset({S.ACCEPTED, S.RETAINED, S.DE_ESCALATION_PROPOSED})
_NONE: frozenset[EscalationStatus] = frozenset()

_CORRECTED = _Rule("HERE", _NONE, (), _corrected)

RULES: Mapping[DecisionType, _Rule] = {
    T.TASK_CREATE: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.ALLOCATE: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.RESOURCE: _Rule("HERE", _NONE, ("resources", "hours"), _only_recorded),
    T.RESOURCE_DECLINE: _Rule("HERE", _NONE, (), _only_recorded),
    T.PLAN_COMMISSION: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.ANALYSIS_COMMISSION: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.REVIEW_COMMISSION: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.TRANSFER_MAA: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.MERGE: _Rule("HERE", _NONE, ("text",), _only_recorded),
    T.CARRY_OVER: _Rule("TOP", _NONE, (), lambda matter: _changed(matter, "carried over", matter.task)),
    T.NO_TASKING: _Rule("TOP", _NONE, (), _no_tasking),
    T.PRIORITY_OVERRIDE: _Rule("TOP", _NONE, ("band",), _override),
    T.EXTEND: _Rule("TOP", _NONE, ("due_at",), _extend),
    T.PAUSE: _Rule("HERE", _NONE, ("review_at",), _pause),
    T.RESUME: _Rule("HERE", _NONE, (), _resume),
    T.ESCALATE: _Rule("BELOW", _NONE, ("trigger",), _ask_up),
    T.ENDORSE: _Rule("BELOW", frozenset({S.PROPOSED}), (), _endorse),
    T.ESCALATION_ACCEPT: _Rule("ABOVE", _UNDECIDED, (), _accept),
    T.ESCALATION_DECLINE: _Rule("ABOVE", _UNDECIDED, (), _decline),
    T.ESCALATION_RETURN: _Rule("ABOVE", _UNDECIDED, (), _ask_for_more),
    T.ESCALATION_TO_MEETING: _Rule("ABOVE", _UNDECIDED, (), _to_meeting),
    T.ESCALATION_WITHDRAW: _Rule("BELOW", _UNDECIDED | {S.PROPOSED}, (), _withdraw),
    T.DE_ESCALATION_PROPOSE: _Rule("BELOW", frozenset({S.ACCEPTED, S.RETAINED}), (), _propose_return),
    T.DE_ESCALATE: _Rule("ABOVE", _UNDECIDED | _ABOVE, ("conditions", "residual_risk", "receiver"), _de_escalate),
    T.RETAIN: _Rule("ABOVE", frozenset({S.DE_ESCALATION_PROPOSED}), (), _retain),
    T.CONTROL_STRATEGY_SET: _Rule("TOP", _NONE, (), _set_strategy),
    T.RECEIVE: _Rule("BELOW", frozenset({S.DE_ESCALATED}), (), _receive),
}

LIMITED_DECISIONS = frozenset(kind for kind, rule in RULES.items() if rule.side != "BELOW")
"""Decisions that authority limits: all but those by which people ask, agree, take back or take over."""
