"""People and equipment are granted: what was granted of what was asked, and the task of providing it.

Where the unit that grants is another than the one that asked, its own board gets a task for it.
"""

from collections.abc import Sequence
from dataclasses import replace

from tasking.actions import raise_task
from tasking.asking import bid_in
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import Escalation
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.requests import TaskRequest
from tasking.resources import Allocation, ResourceBid, figures
from tasking.restricted import is_restricted
from tasking.saving import save
from tasking.task import Task, TaskText
from tasking.thrive import RiskContext, ThriveAssessment

GRANTS = frozenset({DecisionType.RESOURCE, DecisionType.ESCALATION_ACCEPT})
LONGEST_WHAT = 60
"""How much of what was granted fits into a title."""


def allocation_of(
    steps: Sequence[Escalation],
    task: Task,
    unit: str,
    request: DecisionRequest,
    about: Escalation | None,
    corrected: Decision | None,
) -> Allocation | None:
    """What this decision of `unit` grants; None where it grants nothing. What it does not say is as in the decision
    that it corrects, else as it was asked.

    `about` is the escalation that it decides, `steps` all of the task. Raises RuleBroken where the time is not known.
    """
    if request.decision_type not in GRANTS:
        return None
    step = about or step_to(steps, unit)
    asked, said = step.bid if step else None, bid_in(request)
    before = corrected.allocation.granted if corrected and corrected.allocation else asked
    if before is None and said is None:
        return None
    granted = _granted(before, said)
    if request.decision_type is DecisionType.RESOURCE and not (granted.starts_at and granted.ends_at):
        raise RuleBroken("To grant people or equipment, also say from when and until when.")
    if granted.starts_at and granted.ends_at and granted.ends_at <= granted.starts_at:
        raise RuleBroken("The time until which people or equipment are granted comes after the time from which.")
    return Allocation(granted, unit, step.from_unit if step else task.unit, asked)


def step_to(steps: Sequence[Escalation], unit: str) -> Escalation | None:
    """The newest escalation to a unit that stands."""
    return next((each for each in reversed(steps) if each.is_standing and each.to_unit == unit), None)


def provide(
    uow: UnitOfWork,
    force: Force,
    task: Task,
    allocation: Allocation,
    request: DecisionRequest,
    reference: str,
    corrected: Decision | None,
) -> Allocation:
    """The allocation with the task that provides it, raised on the board of the unit that grants; says TaskRaised.

    None is raised where that is the unit that gets it, nor where the decision that this one corrects has raised one.
    `reference` is the decision's.
    """
    before = corrected.allocation if corrected else None
    if before is not None and before.provided_by:
        return replace(allocation, provided_by=before.provided_by)
    if allocation.from_unit == allocation.to_unit:
        return allocation
    made = raise_task(uow, force, _asking(uow, force, task, allocation, request, reference))
    alike = replace(
        made,
        band_override=None if made.working_band is task.working_band else task.working_band,
        is_held=made.is_held or is_restricted(force, task),
    )
    if alike != made:
        save(uow, "as pressing and as restricted as the task that it is for", made, alike)
    return replace(allocation, provided_by=made.reference)


def _granted(before: ResourceBid | None, said: ResourceBid | None) -> ResourceBid:
    wish, words = before or ResourceBid(""), said or ResourceBid("")
    return ResourceBid(
        what=words.what or wish.what,
        how_many=words.how_many or wish.how_many,
        hours=words.hours or wish.hours,
        starts_at=words.starts_at or wish.starts_at,
        ends_at=words.ends_at or wish.ends_at,
    )


def _asking(
    uow: UnitOfWork, force: Force, task: Task, allocation: Allocation, request: DecisionRequest, reference: str
) -> TaskRequest:
    """The providing task: as pressing as the one that it is for, due when it begins. Flags stay with that one, and so
    does what was typed of it where it is restricted."""
    granted, risks = allocation.granted, uow.assessments(task.task_id)
    is_told = bool(granted.what) and not is_restricted(force, task)
    what = " ".join(granted.what.split()) if is_told else "people or equipment"
    short = what if len(what) <= LONGEST_WHAT else f"{what[: LONGEST_WHAT - 1].rstrip()}…"
    to, context = force.units[allocation.to_unit].name, risks[-1].context if risks else RiskContext()
    is_ahead = granted.starts_at is not None and granted.starts_at > uow.now()
    return TaskRequest(
        reference=uow.next_reference(),
        title=f"{force.units[allocation.from_unit].name}: Provide {short} for {task.reference}",
        unit=allocation.from_unit,
        pillar=task.pillar,
        text=TaskText(
            ask=f"Provide {what} to {to}: {figures(granted)}.",
            why_now=f"Granted by decision {reference} for {task.reference}.",
        ),
        wanted="LOCAL",
        assessment=risks[-1].assessment if risks else ThriveAssessment(*[None] * 6),
        context=replace(context, flags=frozenset(), repeats_28d=0),
        form="decision",
        response_id=reference,
        submitted_by=request.decided_by,
        submitted_at=uow.now(),
        needed_by=granted.starts_at if is_ahead else None,
        classification=task.classification,
    )
