"""Handling: which tasks are kept to fewer people, what boards show of them, and how a mark is changed.

Sources: Government Security Classifications Policy; policing notes, IG-01, IG-02 and IG-04.
"""

from dataclasses import replace

from tasking.errors import RuleBroken
from tasking.events import TaskChanged
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.restricted import is_marked_now, is_restricted, open_pillars
from tasking.saving import save
from tasking.task import Classification, Task

SEE_THE_RECORD = "see the record"


def held(force: Force, before: Task, after: Task) -> Task:
    """`after`, which stays restricted where it was or has become so: no dragging on a board gives words away."""
    return replace(after, is_held=is_restricted(force, before) or _is_now(force, after))


def title_on_boards(force: Force, task: Task) -> str:
    """What stands for the title of a restricted task on boards: its pillar, and where the words are."""
    pillar = force.pillars.get(task.pillar)
    return f"{pillar.label}: {SEE_THE_RECORD}" if pillar else SEE_THE_RECORD.capitalize()


def channel_of_its_own(force: Force, task: Task) -> str | None:
    """The code of the channel that alone has the cards about a restricted task, where its pillar has one."""
    pillar = force.pillars.get(task.pillar)
    if pillar is None or not pillar.meeting or not is_restricted(force, task):
        return None
    return force.channel_code(force.meeting(pillar.meeting))


def set_handling(uow: UnitOfWork, force: Force, reference: str, mark: Classification, because: str) -> Task:
    """A person gives a task this mark, up or down; what follows for its boards is sent. Says TaskChanged.

    With OFFICIAL it is restricted no longer, unless its pillar or the label says so. Raises RuleBroken without a
    reason, and where nothing would change.
    """
    if not because.strip():
        raise RuleBroken("Say why the mark is changed.")
    task = uow.task_by_reference(reference)
    changed = replace(task, classification=mark, is_held=False)
    changed = replace(changed, is_held=_is_now(force, changed), board_titles=())
    if (changed.classification, changed.is_held) == (task.classification, is_restricted(force, task)):
        raise RuleBroken(f"{task.reference} is marked {mark} already{_still(force, changed)}.")
    saved = save(uow, "handling mark changed", task, changed)
    uow.audit("reason for the handling mark", task.reference, {"because": (None, because.strip())})
    uow.emit(TaskChanged(task.task_id))
    return saved


def _is_now(force: Force, task: Task) -> bool:
    return is_marked_now(task) or task.pillar not in open_pillars(force)


def _still(force: Force, task: Task) -> str:
    """Why it is restricted whatever its mark."""
    if task.classification is Classification.OFFICIAL_SENSITIVE or not task.is_held:
        return ""
    return "; its pillar or its label keeps it restricted"
