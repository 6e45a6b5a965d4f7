"""What people's doing on a board means for the record: changes, deletion, and tasks that they made there themselves."""

from dataclasses import replace
from datetime import datetime

from tasking.actions import INCOMPLETE
from tasking.audit import AuditKind
from tasking.errors import RuleBroken
from tasking.escalation import EscalationStatus
from tasking.escalation_policy import ASK_LABEL
from tasking.events import TaskChanged, TaskDeletedOnBoard, TaskRaised, TaskWithdrawn
from tasking.force import TRIAGE, Force
from tasking.handling import held, title_on_boards
from tasking.ports import UnitOfWork
from tasking.requests import AdoptRequest, BoardChanges, Unset
from tasking.restricted import is_restricted
from tasking.saving import save
from tasking.standing import boards_of, own_board, unit_on
from tasking.task import Classification, Status, Task, TaskText, may_become
from tasking.thrive import PriorityBand
from tasking.time_limits import with_limits

MADE_ON_BOARD = "planner board"
"""What stands in `form` of a task that no form made."""


def record_board_changes(uow: UnitOfWork, force: Force, task_id: str, board: str, changes: BoardChanges) -> Task:
    """Takes what people changed on this board into the record; they win. Says TaskChanged if anything did."""
    task = uow.task(task_id)
    now = uow.now()
    simple = {
        name: value
        for name in ("title", "owner_ids", "pillar", "start_at", "due_at", "labels", "progress")
        if not isinstance(value := getattr(changes, name), Unset)
    }
    changed = held(force, task, replace(task, **simple))
    if changed.pillar != task.pillar:
        changed = with_limits(force, changed)
    if changed.is_held and changed.title != task.title:
        titles = tuple(dict.fromkeys((*task.board_titles, changed.title)))
        changed = replace(changed, title=task.title, board_titles=titles)
    if changes.ticks:
        lines = (replace(line, is_done=changes.ticks.get(line.line_id, line.is_done)) for line in task.checklist)
        changed = replace(changed, checklist=tuple(lines))
    if not isinstance(changes.priority, Unset):
        asked = band_for_priority(changes.priority)
        changed = replace(changed, band_override=None if asked is task.band else asked)
    if ASK_LABEL in changed.labels and ASK_LABEL not in task.labels:
        changed = replace(changed, asked_up_at=now, asked_up_from=unit_on(force, task, board))
    changed = with_progress(task, changed, now)
    if replace(changed, is_held=task.is_held) == task:
        return task
    saved = save(uow, f"changed on the board of {board}", task, replace(changed, moved_at=now))
    uow.emit(TaskChanged(task.task_id))
    return saved


def record_deleted_on_board(
    uow: UnitOfWork, force: Force, task_id: str, board: str, *, with_its_bucket: bool = False
) -> Task:
    """A person deleted the task from this board. By the force's policy it is shown again or withdrawn; nothing
    follows where the record does not have it stand there.

    Planner deletes the tasks of a bucket together with it: whoever tidied a bucket away has decided nothing about
    its tasks, so with `with_its_bucket` it is shown again whatever the policy.
    """
    task = uow.task(task_id)
    action = "deleted on the board with its bucket" if with_its_bucket else "deleted on the board"
    uow.audit(action, task.reference, {"unit": (board, None)})
    if not task.is_open or board not in boards_of(force, task):
        return task
    if force.deleted_task_policy == "accept" and board == own_board(force, task) and not with_its_bucket:
        return withdraw(uow, task_id, f"Its people deleted it from the board of {force.board_name(board)}.")
    uow.emit(TaskDeletedOnBoard(task.task_id, board))
    return task


def withdraw(uow: UnitOfWork, task_id: str, reason: str) -> Task:
    """Ends an open task that is not wanted any more, on every board it stands on; says TaskWithdrawn.

    `reason` is a sentence. Raises RuleBroken for a task that is not open.
    """
    task = uow.task(task_id)
    if not task.is_open:
        raise RuleBroken(f"{task.reference} is not open, so it cannot be withdrawn.")
    for step in uow.escalations(task_id):
        if step.is_standing or step.status is EscalationStatus.PROPOSED:
            uow.put_escalation(replace(step, status=EscalationStatus.WITHDRAWN))
    changed = replace(
        task,
        status=Status.WITHDRAWN,
        stands_on=(task.unit,),
        decision_needed=False,
        was_returned=False,
        ended_reason=reason,
    )
    saved = save(uow, "withdrawn", task, changed)
    uow.emit(TaskWithdrawn(task_id))
    return saved


def adopt_task(uow: UnitOfWork, force: Force, request: AdoptRequest) -> Task:
    """Makes a record of a task that people made on a board. It stays where and as they put it; says TaskRaised.

    It has no THRIVE assessment, and says so until somebody makes one.
    """
    now = uow.now()
    reference = uow.next_reference()
    asked = band_for_priority(request.priority)
    began = Task(
        task_id=uow.new_id(),
        reference=reference,
        title=request.title,
        unit=request.unit,
        pillar=request.pillar,
        status=Status.SUBMITTED if request.pillar == TRIAGE else Status.TRIAGED,
        classification=Classification.OFFICIAL,
        text=TaskText(),
        wanted="",
        stands_on=(request.unit,),
        faults=(f"{INCOMPLETE}: it was made on the board. Assess its risk with the form, under {reference}.",),
        band=None,
        score=None,
        band_override=None if asked is PriorityBand.SCHEDULED else asked,
        flags=frozenset(),
        labels=request.labels,
        owner_ids=(),
        progress=0,
        checklist=(),
        links=(),
        form=MADE_ON_BOARD,
        response_id=request.planner_task_id,
        submitted_by=request.made_by,
        submitted_at=request.made_at or now,
        raised_at=now,
        start_at=request.start_at,
        due_at=request.due_at,
    )
    asks = ASK_LABEL in request.labels and request.copied_from is None
    shown = replace(
        began,
        owner_ids=request.owner_ids,
        progress=request.progress,
        asked_up_at=now if asks else None,
        asked_up_from=request.unit if asks else None,
    )
    task = with_progress(began, shown, now)
    if request.is_restricted or is_restricted(force, task):
        task = _kept_to_its_board(force, task)
    task = with_limits(force, task)
    uow.add_task(task)
    facts = {"unit": (None, task.unit), "pillar": (None, task.pillar), "copied_from": (None, request.copied_from)}
    uow.audit("adopted from the board", task.reference, facts, AuditKind.COLLECTION)
    uow.emit(TaskRaised(task.task_id))
    return task


def _kept_to_its_board(force: Force, task: Task) -> Task:
    """What people wrote of a task that is restricted from the start stays on the board where they wrote it."""
    return replace(task, is_held=True, title=title_on_boards(force, task), board_titles=(task.title,))


def band_for_priority(priority: int) -> PriorityBand:
    """The band that a Planner priority stands for. Planner reads 0-1, 2-4, 5-7 and 8-10 as four steps.

    Source: api-reference/v1.0/resources/plannertask.md of Microsoft's Graph documentation.
    """
    limits = ((1, PriorityBand.IMMEDIATE), (4, PriorityBand.PRIORITY), (7, PriorityBand.SCHEDULED))
    return next((band for limit, band in limits if priority <= limit), PriorityBand.ROUTINE)


def with_progress(task: Task, changed: Task, now: datetime) -> Task:
    """The status and times that follow from owner, progress, bucket and ticks on the board."""
    ticked = changed.checklist != task.checklist
    started = changed.progress > 0 or ticked
    timed = replace(
        changed,
        allocated_at=changed.allocated_at or (now if changed.owner_ids else None),
        accepted_at=changed.accepted_at or (now if started else None),
    )
    status = _status_shown(timed)
    if not may_become(task.status, status):
        status = task.status
    return replace(
        timed,
        status=status,
        completed_at=(timed.completed_at or now) if status is Status.COMPLETED else None,
    )


def _status_shown(task: Task) -> Status:
    if task.progress >= 100:
        return Status.COMPLETED
    if task.progress > 0:
        return Status.IN_PROGRESS
    if task.owner_ids:
        return Status.ACCEPTED if task.accepted_at else Status.ALLOCATED
    return Status.SUBMITTED if task.pillar == TRIAGE and task.status is Status.SUBMITTED else Status.TRIAGED
