"""Commissioned analysis: asked for with terms of reference and a due time, and answered with a product or with none.

A decision commissions it (APP: a tactical meeting commissions further analysis). A board can say that the work is
done; it counts as answered only once somebody has said which product came of it, or that none did and why.
"""

from dataclasses import replace
from datetime import datetime

from tasking.deciding import decide
from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation_policy import EscalationPolicy
from tasking.events import TaskChanged
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.saving import save
from tasking.task import NO_PRODUCT, Status, Task

LONGEST_TERMS = 2000
LONGEST_PRODUCT = 500


def commission(
    uow: UnitOfWork, force: Force, policy: EscalationPolicy, request: DecisionRequest, due_at: datetime
) -> Task:
    """Makes an open task a commissioned analysis, with a decision whose text is the terms of reference.

    Says DecisionRecorded and TaskChanged. `due_at` is UTC. Raises RuleBroken without terms, for a due time that has
    passed, where it was commissioned before, or where the person may not decide it.
    """
    terms = request.text.strip()
    task = uow.task_by_reference(request.reference)
    if not terms or len(terms) > LONGEST_TERMS:
        raise RuleBroken(f"Say the terms of reference, in at most {LONGEST_TERMS} characters.")
    if due_at <= uow.now():
        raise RuleBroken("The time when the analysis is due has already passed.")
    if task.terms_of_reference:
        raise RuleBroken(f"{task.reference} has been commissioned already.")
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so no analysis can be commissioned with it.")
    decide(uow, force, policy, replace(request, decision_type=DecisionType.ANALYSIS_COMMISSION))
    decided = uow.task(task.task_id)
    saved = save(uow, "analysis commissioned", decided, replace(decided, terms_of_reference=terms, due_at=due_at))
    uow.emit(TaskChanged(task.task_id))
    return saved


def answer(uow: UnitOfWork, reference: str, product: str, why: str = "") -> Task:
    """Notes the product that came of an analysis: a link or reference, or the word none with the reason.

    An open task is then complete. Says TaskChanged. Raises RuleBroken where nothing was commissioned, it was answered
    already, or neither product nor none is said.
    """
    task, told = uow.task_by_reference(reference), product.strip()
    if not task.terms_of_reference or task.status is Status.WITHDRAWN:
        raise RuleBroken(f"{task.reference} is no commissioned analysis that waits for an answer.")
    if task.product:
        raise RuleBroken(f"{task.reference} has been answered already.")
    is_none = told.casefold() == NO_PRODUCT
    if not told or (is_none and not why.strip()):
        raise RuleBroken(f"Say which product came of {task.reference}, as a link or reference, or none and why.")
    if max(len(told), len(why)) > LONGEST_PRODUCT:
        raise RuleBroken(f"Product and reason have at most {LONGEST_PRODUCT} characters each: shorten them.")
    now = uow.now()
    answered = replace(task, product=NO_PRODUCT if is_none else told, product_why=why.strip(), moved_at=now)
    if task.is_open:
        answered = replace(answered, status=Status.COMPLETED, progress=100, completed_at=now)
    saved = save(uow, "analysis answered", task, answered)
    uow.emit(TaskChanged(task.task_id))
    return saved
