"""Another owner for a task, given in the record by somebody who may: its board follows."""

from dataclasses import replace

from tasking.board_actions import with_progress
from tasking.errors import RuleBroken
from tasking.events import TaskChanged
from tasking.ports import UnitOfWork
from tasking.saving import save
from tasking.task import Task


def reassign(uow: UnitOfWork, reference: str, owner_id: str) -> Task:
    """Makes this person (a directory id) the one accountable owner; empty takes all owners off. Says TaskChanged.

    The board is given the new owner and loses the old ones in one change. Whom somebody has given the task to there
    meanwhile stays beside them (docs/architecture.md, who wins). Raises RuleBroken for a task that is not open
    or has that owner already; raises UnknownTask, StaleTask.
    """
    task = uow.task_by_reference(reference)
    owners = (owner_id,) if owner_id else ()
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so nobody can be given it.")
    if task.owner_ids == owners:
        has = "is theirs alone already" if owners else "has no owner"
        raise RuleBroken(f"{task.reference} {has}.")
    now = uow.now()
    changed = with_progress(task, replace(task, owner_ids=owners), now)
    saved = save(uow, "reassigned", task, replace(changed, moved_at=now))
    uow.emit(TaskChanged(task.task_id))
    return saved
