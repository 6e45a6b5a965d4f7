"""Plans that somebody deleted, with every task on them: what still stands there is shown again on the plan in use.

A plan is lost when Planner says so by its id, never because it cannot be read. Until provisioning has looked, stays on
a plan that is not known are told to the operator.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from graph_client.errors import RetryLater
from planner_sync.board_building import ASK_AGAIN_SECONDS
from planner_sync.boards import BoardPlan, all_boards, board_of, forget_board, in_words, note_board, noted_plan_ids
from store import notebook, planner_links, tasks
from store.planner_links import NOT_ENDED, LinkState, PlannerLink
from store.unit_of_work import SqlUnitOfWork
from tasking.events import TaskChanged, TaskDeletedOnBoard
from tasking.force import Force
from tasking.standing import boards_of
from tasking.task import Task

log = logging.getLogger(__name__)

NOT_KNOWN = ": a plan that is not known"
"""How the subject of a notice about such stays ends; before it stands which board it is."""
NOT_NUMBERED = 0
"""The number of a plan that only stays of tasks name: which of the board's plans it was is not known."""


def unknown_plans(connection: Connection) -> dict[tuple[str, str], int]:
    """By unit and plan id, how many stays have not ended on plans that are noted as nobody's."""
    known = noted_plan_ids(connection)
    stood_on = planner_links.plans_stood_on(connection)
    return {place: number for place, number in stood_on.items() if place[1] not in known}


def tell_of_unknown_plans(connection: Connection, now: datetime) -> None:
    """Tells the operator of each unit that has tasks on a plan that is not known, as long as it has."""
    stays: dict[str, int] = {}
    for (unit, _), number in unknown_plans(connection).items():
        stays[_subject(unit)] = stays.get(_subject(unit), 0) + number
    for subject, number in stays.items():
        text = (
            f"On the record {number} tasks stand on a plan of the {subject.removesuffix(NOT_KNOWN)} that is not known "
            "(any more), so no board shows them. Run `tasking provision`: it shows again what is still open."
        )
        if notebook.raise_notice(connection, subject, text, now):
            log.error("%s: tasks stand there", subject)
    for notice in notebook.open_notices(connection):
        if notice["subject"].endswith(NOT_KNOWN) and notice["subject"] not in stays:
            notebook.clear_notice(connection, notice["subject"], now)


def standing_on(connection: Connection, force: Force, plan_id: str) -> list[tuple[PlannerLink, Task]]:
    """The stays on a plan that have not ended, of tasks that are open and stand on that board by the record."""
    links = planner_links.of_plan(connection, plan_id, *NOT_ENDED)
    found = ((link, tasks.read_task(connection, link.task_id)) for link in links)
    return [(link, task) for link, task in found if task.is_open and link.unit in boards_of(force, task)]


def note_plan(
    uow: SqlUnitOfWork, force: Force, board: BoardPlan, buckets: Mapping[str, str], lost: BoardPlan | None = None
) -> int:
    """Notes a plan that has these bucket ids by pillar; `lost` is the one, deleted, in whose place it came.

    Returns how many tasks of the lost one are shown again. Raises RetryLater where the board has gone on in some
    other plan since it was looked at.
    """
    connection = uow.connection
    noted = {each.plan_id: each for each in all_boards(connection) if each.unit == board.unit}
    in_use = next((each.plan_id for each in noted.values() if each.is_current), None)
    if board.is_current and in_use not in (None, (lost or board).plan_id):
        sentence = "the board went on in another plan meanwhile; look at it again"
        raise RetryLater("note board", after_seconds=ASK_AGAIN_SECONDS, sentence=sentence)
    if board.is_current or board.plan_id in noted:
        note_board(connection, board, buckets, uow.now())
    else:
        _note_found_again(uow, force, board, buckets)
    return give_up_plan(uow, force, lost) if lost is not None else 0


def give_up_plan(uow: SqlUnitOfWork, force: Force, lost: BoardPlan) -> int:
    """Ends every stay on a plan that was deleted; how many tasks are shown again, on the plan that is in use now.

    Whatever the force's policy about deleted tasks: who tidies a plan away has decided nothing about its tasks.
    """
    connection, now_in_use = uow.connection, board_of(uow.connection, lost.unit)
    shown = standing_on(connection, force, lost.plan_id)
    for link in planner_links.of_plan(connection, lost.plan_id, *NOT_ENDED):
        planner_links.change(connection, link.link_id, state=LinkState.GONE)
    plans = (lost.plan_id, now_in_use.plan_id)
    for link, task in shown:
        uow.audit("its plan was deleted: shown again", task.reference, {f"plan of {link.unit}": plans})
        uow.emit(TaskDeletedOnBoard(link.task_id, link.unit))
    if not lost.is_current:
        forget_board(connection, lost)
    uow.audit("plan was deleted", lost.unit, {"plan": plans, "tasks shown again": (None, len(shown))})
    _clear_notices_of(connection, lost, uow.now())
    tell_of_unknown_plans(connection, uow.now())
    log.warning("a plan was deleted: its tasks are shown again", extra={"unit": lost.unit})
    return len(shown)


def _note_found_again(uow: SqlUnitOfWork, force: Force, board: BoardPlan, buckets: Mapping[str, str]) -> None:
    """Notes a plan that is there, and was not known, as the one before the plan in use. What it lacks is sent to it."""
    in_use = board_of(uow.connection, board.unit)
    note_board(uow.connection, replace(in_use, number=in_use.number + 1), in_use.bucket_of_pillar, uow.now())
    note_board(uow.connection, replace(board, number=in_use.number), buckets, uow.now())
    uow.audit("plan is known again", board.unit, {"plan": (None, board.plan_id)})
    for link, _ in standing_on(uow.connection, force, board.plan_id):
        uow.emit(TaskChanged(link.task_id))
    tell_of_unknown_plans(uow.connection, uow.now())


def _clear_notices_of(connection: Connection, lost: BoardPlan, now: datetime) -> None:
    """Whatever was wrong with a plan that is not there any more, nobody can mend it."""
    words = in_words(lost)
    for notice in notebook.open_notices(connection):
        if notice["subject"] == words or notice["subject"].startswith((f"{words}: ", f"{words} empty")):
            notebook.clear_notice(connection, notice["subject"], now)


def _subject(unit: str) -> str:
    return f"board of {unit}{NOT_KNOWN}"
