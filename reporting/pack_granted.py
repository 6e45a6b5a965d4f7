"""People and equipment that a unit has granted, or was granted by a unit above it, and that are not over yet."""

from reporting.pack_parts import PackDecision
from reporting.pack_view import View
from reporting.wording import is_decision_restricted, unit_name
from tasking.decision import Decision
from tasking.resources import Allocation, granted_words


def granted(view: View) -> tuple[PackDecision, ...]:
    """Each grant as a decision, the soonest to end first: its figures, and nothing that somebody typed."""
    here = [each for some in view.decided.values() for each in some]
    found = [
        (each, each.allocation)
        for each in (*here, *view.granted_here)
        if each.allocation and each.decision_ref not in view.superseded and not _is_over(each.allocation, view)
    ]
    found.sort(key=lambda pair: (pair[1].granted.ends_at or view.now, pair[0].decision_ref))
    return tuple(_in_pack(view, decision, allocation) for decision, allocation in found)


def _in_pack(view: View, decision: Decision, allocation: Allocation) -> PackDecision:
    force, task = view.force, view.tasks_by_id.get(decision.task_id)
    is_ours = allocation.from_unit == view.unit
    whose = f"for {unit_name(force, allocation.to_unit)}" if is_ours else f"by {unit_name(force, allocation.from_unit)}"
    return PackDecision(
        decision_ref=decision.decision_ref,
        task_id=decision.task_id,
        reference=decision.task_reference,
        classification=decision.classification,
        is_restricted=is_decision_restricted(force, decision, task),
        what=f"{whose}. {granted_words(allocation).rstrip('.')}",
        text="",
        rationale="",
        role=decision.role,
        meeting_ref=decision.meeting_ref,
        decided_at=decision.decided_at,
        recorded_at=decision.recorded_at,
    )


def _is_over(allocation: Allocation, view: View) -> bool:
    return allocation.granted.ends_at is not None and allocation.granted.ends_at <= view.now
