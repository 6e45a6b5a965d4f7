"""How a task climbs and comes back: the steps of one escalation, whoever takes them. Decisions call these.

Each step changes the escalation by the table in tasking/escalation.py, keeps the task's boards and labels true to it,
audits, and says what happened.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tasking.errors import RuleBroken
from tasking.escalation import AWAITING_DECISION, Escalation, EscalationStatus, Hop, escalation_may_become
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
from tasking.saving import save
from tasking.task import Task

UNDECIDED = AWAITING_DECISION | {EscalationStatus.PROPOSED}
"""Somebody has still to decide: the unit that holds the task, or the level above."""
DECIDE_WITHIN = timedelta(hours=24)
"""How long a role has that is asked after a meeting did not decide: until the next daily meeting."""


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
    if earlier := accepted_by_asking_further(case, proposal):
        uow.put_escalation(replace(earlier, status=EscalationStatus.ACCEPTED))
    escalation = _new(uow, case, proposal)
    if escalation.status is EscalationStatus.PROPOSED:
        uow.put_escalation(escalation)
        changed = replace(task, labels=task.labels - {ASK_LABEL}, decision_needed=True)
        save(uow, f"escalation proposed: {proposal.trigger}", task, changed)
        uow.emit(EscalationProposed(task_id, escalation.escalation_id))
        return escalation
    return _show_above(uow, force, task, escalation, f"escalated: {proposal.trigger}")


def endorse(uow: UnitOfWork, force: Force, task: Task, escalation: Escalation, by: str) -> Escalation:
    """A person of the sending unit agrees: it goes before the higher level. Says TaskEscalated."""
    endorsed = step(escalation, EscalationStatus.REQUESTED, endorsed_by=by, endorsed_at=uow.now())
    if escalation.decide_by and not escalation.forum:  # the higher level's time begins now
        waited = uow.now() - escalation.requested_at
        endorsed = replace(endorsed, decide_by=escalation.decide_by + waited)
    return _show_above(uow, force, task, endorsed, "escalation endorsed")


def accept(uow: UnitOfWork, task: Task, escalation: Escalation, **decided: Any) -> Escalation:
    """The higher level takes it on. The owner below stays accountable until it allocates on its own board."""
    accepted = step(escalation, EscalationStatus.ACCEPTED, **decided)
    return _stays_above(uow, task, accepted, "escalation accepted")


def send_to_meeting(
    uow: UnitOfWork, task: Task, escalation: Escalation, meeting_ref: str, decide_by: datetime, **decided: Any
) -> Escalation:
    """The higher level leaves it to a meeting; it stays undecided until then."""
    if escalation.status is EscalationStatus.TO_MEETING:  # from one meeting to the next
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
    """The higher level declines, asks for more, or gives back with conditions. Says TaskReturned."""
    back = step(escalation, status, returned_at=uow.now(), **decided)
    uow.put_escalation(back)
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
    """The senders take back what is not decided yet. Says TaskReturned where it was already shown above."""
    was_above = escalation.is_standing
    gone = step(escalation, EscalationStatus.WITHDRAWN, returned_at=uow.now(), **decided)
    uow.put_escalation(gone)
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
    once when nobody is left to ask."""
    task = uow.task(escalation.task_id)
    roles = roles_to_ask(force, escalation.to_unit)
    asked = {hop.role for hop in escalation.hops}
    following = next((role for role in roles if role not in asked), None)
    if following is None:
        return overrun(uow, escalation)
    last = escalation.hops[-1] if escalation.hops else None
    limit = last.decide_by - last.asked_at if last else DECIDE_WITHIN
    chased = replace(escalation, hops=(*escalation.hops, Hop(following, uow.now(), uow.now() + limit)))
    uow.put_escalation(chased)
    uow.audit("escalation passed on", task.reference, {"asked": (last.role if last else None, following)})
    uow.emit(EscalationChased(task.task_id, chased.escalation_id, str(len(chased.hops) - 1)))
    return chased


def overrun(uow: UnitOfWork, escalation: Escalation) -> Escalation:
    """It stays undecided for too long: chair and action manager are told, once. Says EscalationOverrun."""
    if escalation.alerted_at is not None:
        return escalation
    task = uow.task(escalation.task_id)
    alerted = replace(escalation, alerted_at=uow.now())
    uow.put_escalation(alerted)
    uow.audit("escalation undecided too long", task.reference, {"alerted": (None, uow.now())})
    uow.emit(EscalationOverrun(task.task_id, alerted.escalation_id))
    return alerted


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
        action_so_far=proposal.action_so_far,
        resources_requested=proposal.resources_requested,
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


def _stays_above(uow: UnitOfWork, task: Task, escalation: Escalation, action: str) -> Escalation:
    """Saves the task even where none of its own fields change: of two who decide at once only one gets through."""
    uow.put_escalation(escalation)
    changed = replace(task, decision_needed=_anything_undecided(uow, task))
    save(uow, action, task, changed)
    uow.emit(TaskChanged(task.task_id))
    return escalation


def _anything_undecided(uow: UnitOfWork, task: Task) -> bool:
    return any(each.status in UNDECIDED for each in uow.escalations(task.task_id))
