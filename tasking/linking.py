"""Tasks that belong to the same matter, linked by people: each knows the others and why."""

from dataclasses import replace

from tasking.audit import AuditKind
from tasking.errors import RuleBroken
from tasking.events import TaskChanged
from tasking.ports import UnitOfWork
from tasking.saving import differences
from tasking.task import Task

LONGEST_WHY = 500


def link_tasks(uow: UnitOfWork, reference: str, other: str, why: str) -> tuple[Task, Task]:
    """Links the two tasks of these references, whatever units they are of; says TaskChanged of each.

    Linking them again changes nothing. Raises RuleBroken for a task with itself, one that is not open, or without a
    reason; raises UnknownTask, StaleTask.
    """
    first, second = uow.task_by_reference(reference), uow.task_by_reference(other)
    if first.task_id == second.task_id:
        raise RuleBroken(f"{first.reference} cannot be linked with itself.")
    if not why.strip():
        raise RuleBroken(f"Say why {first.reference} and {second.reference} belong together.")
    if len(why) > LONGEST_WHY:
        raise RuleBroken(f"The reason is longer than {LONGEST_WHY} characters: shorten it.")
    if ended := [task.reference for task in (first, second) if not task.is_open]:
        raise RuleBroken(f"{' and '.join(ended)} is not open, so it cannot be linked.")
    if second.task_id in first.linked:
        return first, second
    return _linked(uow, first, second, why), _linked(uow, second, first, why)


def _linked(uow: UnitOfWork, task: Task, other: Task, why: str) -> Task:
    now = uow.now()
    reason = f"{other.reference}: {why.strip()}"
    changed = replace(
        task,
        linked=task.linked | {other.task_id},
        linked_at=now,
        link_reasons=(*task.link_reasons, reason),
        moved_at=now,
    )
    saved = uow.save_task(changed)
    shown = {name: values for name, values in differences(task, changed).items() if name != "link_reasons"}
    uow.audit("linked", task.reference, {**shown, "with": (None, other.reference)}, AuditKind.COMBINATION)
    uow.emit(TaskChanged(task.task_id))
    return saved
