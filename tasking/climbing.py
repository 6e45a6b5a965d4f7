"""How a task climbs and comes back: the steps of one escalation, whoever takes them. Decisions call these.

Each step changes the escalation by the table in tasking/escalation.py, keeps the task's boards and labels true to it,
audits, and says what happened.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from tasking.decision import Capacity, Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import UNDECIDED, Escalation, EscalationStatus, Hop, escalation_may_become
from tasking.escalation_policy import ASK_LABEL, Case, Proposal, accepted_by_asking_further, first_status
from tasking.events import (
    EscalationChased,
    EscalationOverrun,
    EscalationProposed,
    TaskChanged,
    TaskEscalated,
    TaskReturned,
)
from tasking.force import Force, TaskingLevel
from tasking.ports import UnitOfWork
from tasking.recording import WORDS, record, snapshot_of
from tasking.saving import save
from tasking.task import Task
from tasking.time_to_decide import check_not_too_far, counted_from_now, first_limit


def propose_to_climb(uow: UnitOfWork, force: Force, task_id: str, proposal: Proposal) -> Escalation:
    """Begins an escalation: before the higher level at once, or first before the people of its own unit.

    Says TaskEscalated or EscalationProposed. Raises RuleBroken when the task is not open, already stands there, or
    the same step is already proposed.
    """
    task = uow.task(task_id)
    if not task.is_open or proposal.to_unit in task.stands_on:
        raise RuleBroken(f"{task.reference} is not open or already stands with {proposal.to_unit}.")
    case = Case(task, uow.assessments(task_id), uow.escalations(task_id))
    if any(each.status is EscalationStatus.PROPOSED for each in case.escalations):
        raise RuleBroken(f"It is already proposed that {task.reference} goes up: endorse or withdraw that first.")
    escalation = _new(uow, case, proposal)
    if escalation.status is EscalationStatus.PROPOSED:
        uow.put_escalation(escalation)
        changed = replace(task, labels=task.labels - {ASK_LABEL}, decision_needed=True)
        save(uow, f"escalation proposed: {proposal.trigger}", task, changed)
        uow.emit(EscalationProposed(task_id, escalation.escalation_id))
        return escalation
    if earlier := accepted_by_asking_further(case, proposal):
        _take_on_by_asking_further(uow, force, task, earlier, proposal.asked_by, proposal.asked_role)
    return _show_above(uow, force, task, escalation, f"escalated: {proposal.trigger}")


def endorse(uow: UnitOfWork, force: Force, task: Task, escalation: Escalation, by: str) -> Escalation:
    """A person of the sending unit agrees: it goes before the higher level, whose time begins now. Says TaskEscalated.

    Raises RuleBroken when the task is not open, or stands with another unit by now than the one that wanted it up.
    """
    endorsed = step(escalation, EscalationStatus.REQUESTED, endorsed_by=by, endorsed_at=uow.now())
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so it cannot go up: withdraw the proposal.")
    if escalation.from_unit != task.top_unit:
        names = force.units[escalation.from_unit].name, force.units[task.top_unit].name
        raise RuleBroken(
            f"{task.reference} was to go up from {names[0]} and stands with {names[1]} now: withdraw the proposal."
        )
    endorsed = replace(counted_from_now(uow, force, endorsed), hops=(), alerted_at=None)
    case = Case(task, (), uow.escalations(task.task_id))
    if earlier := accepted_by_asking_further(case, endorsed):
        _take_on_by_asking_further(uow, force, task, earlier, by)
    return _show_above(uow, force, task, endorsed, "escalation endorsed")


def accept(uow: UnitOfWork, task: Task, escalation: Escalation, **decided: Any) -> Escalation:
    """The higher level takes it on. The owner below stays accountable until it allocates on its own board."""
    accepted = step(escalation, EscalationStatus.ACCEPTED, **decided)
    return _stays_above(uow, task, accepted, "escalation accepted")


def send_to_meeting(
    uow: UnitOfWork,
    task: Task,
    escalation: Escalation,
    meeting_ref: str,
    decide_by: datetime,
    force: Force | None = None,
    **decided: Any,
) -> Escalation:
    """The higher level leaves it to a meeting; it stays undecided until then. What is only proposed stays so.

    Raises RuleBroken where somebody (`decided`) leaves it to a meeting more than 28 days ahead or, in the two highest
    bands, to one after the second daily meeting of the calendar that `force` has.
    """
    if decided:
        check_not_too_far(uow, task, escalation, decide_by, force)
    if escalation.status in (EscalationStatus.TO_MEETING, EscalationStatus.PROPOSED):  # from one meeting to the next
        waiting = replace(escalation, forum=meeting_ref, decide_by=decide_by, **decided)
    else:
        waiting = step(escalation, EscalationStatus.TO_MEETING, forum=meeting_ref, decide_by=decide_by, **decided)
    return _stays_above(uow, task, waiting, "escalation sent to a meeting")


def propose_return(uow: UnitOfWork, task: Task, escalation: Escalation, **decided: Any) -> Escalation:
    """Somebody proposes that the task goes back down; the higher chair decides."""
    proposed = step(escalation, EscalationStatus.DE_ESCALATION_PROPOSED, **decided)
    return _stays_above(uow, task, proposed, "de-escalation proposed")


def retain(uow: UnitOfWork, task: Task, escalation: Escalation, **decided: Any) -> Escalation:
    """The higher level keeps it although its return was proposed."""
    return _stays_above(uow, task, step(escalation, EscalationStatus.RETAINED, **decided), "retained")


def send_back(
    uow: UnitOfWork, task: Task, escalation: Escalation, status: EscalationStatus, action: str, **decided: Any
) -> Escalation:
    """The higher level declines, asks for more, or gives back with conditions. Says TaskReturned.

    What was only proposed there to go further up goes with it.
    """
    back = step(escalation, status, returned_at=uow.now(), **decided)
    uow.put_escalation(back)
    _drop_proposals_of(uow, task, escalation.to_unit)
    changed = replace(
        task,
        stands_on=task.stands_on[:-1],
        labels=task.labels - {ASK_LABEL},
        decision_needed=_anything_undecided(uow, task),
        was_returned=True,
    )
    save(uow, action, task, changed)
    uow.emit(TaskReturned(task.task_id, back.escalation_id))
    return back


def withdraw_escalation(uow: UnitOfWork, task: Task, escalation: Escalation, **decided: Any) -> Escalation:
    """The senders take back what is not decided yet. Says TaskReturned where it was already shown above.

    What was only proposed there to go further up goes with it.
    """
    was_above = escalation.is_standing
    gone = step(escalation, EscalationStatus.WITHDRAWN, returned_at=uow.now(), **decided)
    uow.put_escalation(gone)
    if was_above:
        _drop_proposals_of(uow, task, escalation.to_unit)
    stands_on = task.stands_on[:-1] if was_above else task.stands_on
    changed = replace(task, stands_on=stands_on, decision_needed=_anything_undecided(uow, task))
    save(uow, "escalation withdrawn", task, changed)
    uow.emit(TaskReturned(task.task_id, gone.escalation_id) if was_above else TaskChanged(task.task_id))
    return gone


def receive(uow: UnitOfWork, task: Task, escalation: Escalation, by: str) -> Escalation:
    """The named receiver takes over what was given back. Raises RuleBroken where nothing waits for that."""
    if not escalation.awaits_receipt:
        raise RuleBroken(f"Nothing about {task.reference} waits for somebody below to accept it.")
    received = replace(escalation, received_by=by, received_at=uow.now())
    return _stays_above(uow, task, received, "return accepted by its receiver")


def chase(uow: UnitOfWork, force: Force, escalation: Escalation) -> Escalation:
    """Asks the next role: deputy, then next rank, then the level above. Says EscalationChased, or EscalationOverrun
    when nobody is left to ask.

    What is only proposed is asked of the roles of its own unit's level. Raises RuleBroken where it has been decided.
    """
    task, current = as_it_stands(uow, escalation)
    _check_undecided(current)
    asked = {hop.role for hop in current.hops}
    following = next((role for role in roles_that_answer(force, current) if role not in asked), None)
    if following is None:
        return overrun(uow, current)
    last = current.hops[-1] if current.hops else None
    limit = last.decide_by - last.asked_at if last else first_limit(current)
    chased = replace(current, hops=(*current.hops, Hop(following, uow.now(), uow.now() + limit)))
    uow.put_escalation(chased)
    uow.audit("escalation passed on", task.reference, {"asked": (last.role if last else None, following)})
    uow.save_task(task)
    hop = str(len(chased.hops) - 1)
    uow.emit(EscalationChased(task.task_id, chased.escalation_id, hop, unit_that_answers(chased)))
    return chased


def overrun(uow: UnitOfWork, escalation: Escalation) -> Escalation:
    """It stays undecided for too long: chair and action manager are told. Says EscalationOverrun.

    Raises RuleBroken where it has been decided.
    """
    task, current = as_it_stands(uow, escalation)
    _check_undecided(current)
    alerted = replace(current, alerted_at=uow.now())
    uow.put_escalation(alerted)
    uow.audit("escalation undecided too long", task.reference, {"alerted": (current.alerted_at, uow.now())})
    uow.save_task(task)
    uow.emit(EscalationOverrun(task.task_id, alerted.escalation_id, unit_that_answers(alerted)))
    return alerted


def as_it_stands(uow: UnitOfWork, escalation: Escalation) -> tuple[Task, Escalation]:
    """The task and then the escalation, as they are on record now.

    In this order, whoever decides between the two reads makes the save of the task fail instead of being undone.
    """
    task = uow.task(escalation.task_id)
    found = uow.escalations(escalation.task_id)
    return task, next(each for each in found if each.escalation_id == escalation.escalation_id)


def unit_that_answers(escalation: Escalation) -> str:
    """The unit whose people have to answer next: the senders' while it is only proposed, else the higher one."""
    is_proposed = escalation.status is EscalationStatus.PROPOSED
    return escalation.from_unit if is_proposed else escalation.to_unit


def roles_that_answer(force: Force, escalation: Escalation) -> tuple[str, ...]:
    """Who is asked between meetings, in order. The level above hears of what is only proposed when it is endorsed."""
    if escalation.status is EscalationStatus.PROPOSED:
        return force.level_of(escalation.from_unit).duty_roles
    return roles_to_ask(force, escalation.to_unit)


def roles_to_ask(force: Force, unit: str) -> tuple[str, ...]:
    """Who decides for a unit between meetings, in order: its level's duty roles, then those of each level above."""
    found: list[str] = []
    level: TaskingLevel | None = force.level_of(unit)
    while level is not None:
        found += [role for role in level.duty_roles if role not in found]
        level = force.above(level)
    return tuple(found)


def step(escalation: Escalation, status: EscalationStatus, **changes: Any) -> Escalation:
    """The escalation in another status. Raises RuleBroken where the table does not allow that."""
    if not escalation_may_become(escalation.status, status):
        by = f" by {escalation.decided_role}" if escalation.decided_role else ""
        was = in_plain_words(escalation.status)
        raise RuleBroken(f"This escalation is already {was}{by}, so it cannot become {in_plain_words(status)}.")
    return replace(escalation, status=status, **changes)


def in_plain_words(status: EscalationStatus) -> str:
    """A status as people say it."""
    return PLAIN[status]


PLAIN = {
    EscalationStatus.PROPOSED: "proposed",
    EscalationStatus.REQUESTED: "requested",
    EscalationStatus.TO_MEETING: "left to a meeting",
    EscalationStatus.ACCEPTED: "accepted",
    EscalationStatus.DECLINED: "declined",
    EscalationStatus.RETURNED: "returned for information",
    EscalationStatus.DE_ESCALATION_PROPOSED: "proposed for return",
    EscalationStatus.RETAINED: "kept at the higher level",
    EscalationStatus.DE_ESCALATED: "given back with conditions",
    EscalationStatus.WITHDRAWN: "withdrawn",
}


def _new(uow: UnitOfWork, case: Case, proposal: Proposal) -> Escalation:
    scores = [each.result.score for each in case.assessments if each.result is not None]
    return Escalation(
        escalation_id=uow.new_id(),
        task_id=case.task.task_id,
        trigger=proposal.trigger,
        fact=proposal.fact,
        from_unit=proposal.from_unit,
        to_unit=proposal.to_unit,
        status=first_status(proposal, case.task.working_band),
        reason=proposal.reason,
        requested_by=uow.actor,
        requested_at=uow.now(),
        decide_by=proposal.decide_by,
        policy_version=proposal.policy_version,
        score_then=scores[-1] if scores else None,
        score_before=scores[-2] if len(scores) > 1 else None,
        band_then=case.task.working_band,
        asked=proposal.asked,
        action_so_far=proposal.action_so_far,
        resources_requested=proposal.resources_requested,
        bid=proposal.bid,
        forum=proposal.forum,
    )


def _show_above(uow: UnitOfWork, force: Force, task: Task, escalation: Escalation, action: str) -> Escalation:
    roles = roles_to_ask(force, escalation.to_unit)
    if not escalation.forum and escalation.decide_by is not None and roles:
        escalation = replace(escalation, hops=(Hop(roles[0], uow.now(), escalation.decide_by),))
    uow.put_escalation(escalation)
    changed = replace(
        task,
        stands_on=(*task.stands_on, escalation.to_unit),
        labels=task.labels - {ASK_LABEL},
        decision_needed=True,
        was_returned=False,
    )
    save(uow, action, task, changed)
    uow.emit(TaskEscalated(task.task_id, escalation.escalation_id))
    return escalation


def _take_on_by_asking_further(
    uow: UnitOfWork, force: Force, task: Task, earlier: Escalation, asked_by: str = "", asked_role: str = ""
) -> None:
    """The unit that was to decide asks further up instead: that it has taken the task on is a decision of its own.

    On a board nobody knows who set the label: then the board is who decided.
    """
    name = force.units[earlier.to_unit].name
    decided_by, rationale = asked_by or f"board of {name}", f"By asking further, {name} has taken it on."
    made = Decision(
        decision_id=uow.new_id(),
        decision_ref=uow.next_decision_reference(),
        task_id=task.task_id,
        task_reference=task.reference,
        escalation_id=earlier.escalation_id,
        decision_type=DecisionType.ESCALATION_ACCEPT,
        unit=earlier.to_unit,
        meeting_ref="",
        classification=task.classification,
        text=WORDS[DecisionType.ESCALATION_ACCEPT],
        rationale=rationale,
        options=(),
        information="",
        threat_assessment="",
        powers_policy="",
        dissent="",
        decided_by=decided_by,
        role=asked_role,
        capacity=Capacity.UNIT,
        decided_at=uow.now(),
        recorded_by=uow.actor,
        recorded_at=uow.now(),
        policy_version=earlier.policy_version,
        snapshot=snapshot_of(uow, task),
    )
    accepted = step(
        earlier,
        EscalationStatus.ACCEPTED,
        decided_by=decided_by,
        decided_role=asked_role or None,
        decided_at=made.decided_at,
        decision_ref=made.decision_ref,
        rationale=rationale,
    )
    uow.put_escalation(accepted)
    record(uow, made)


def _check_undecided(escalation: Escalation) -> None:
    if escalation.status not in UNDECIDED:
        raise RuleBroken(f"This escalation is already {in_plain_words(escalation.status)}, so nobody else is asked.")


def _drop_proposals_of(uow: UnitOfWork, task: Task, unit: str) -> None:
    """Takes back what was proposed to go up from a unit that the task leaves: nobody there could agree any more."""
    for each in uow.escalations(task.task_id):
        if each.status is EscalationStatus.PROPOSED and each.from_unit == unit:
            uow.put_escalation(step(each, EscalationStatus.WITHDRAWN, returned_at=uow.now()))


def _stays_above(uow: UnitOfWork, task: Task, escalation: Escalation, action: str) -> Escalation:
    """Saves the task even where none of its own fields change: of two who decide at once only one gets through."""
    uow.put_escalation(escalation)
    changed = replace(task, decision_needed=_anything_undecided(uow, task))
    save(uow, action, task, changed)
    uow.emit(TaskChanged(task.task_id))
    return escalation


def _anything_undecided(uow: UnitOfWork, task: Task) -> bool:
    return any(each.status in UNDECIDED for each in uow.escalations(task.task_id))
