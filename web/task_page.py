"""GET /tasks/{reference}: one task, to be read. What can be done to it hangs on this page as forms of other modules."""

from collections.abc import Sequence

from starlette.responses import Response

from reporting.task_story import BoardLink, story_of
from reporting.wording import STATUS_WORDS, band_words, unit_name
from store import notes
from store.tasks import read_escalations
from tasking.decision import Decision
from tasking.note import NOTE_WORDS
from tasking.restricted import is_restricted
from tasking.rights import Right
from tasking.task import Task
from web.acts import acts_on
from web.correction_page import posts_to_correct
from web.decision_fields import ACTS
from web.visit import Page, Visit


async def task_page(visit: Visit) -> Response:
    """The task with its journey, risk, decisions, boards and timeline."""
    task = visit.task(str(visit.request.path_params["reference"]))
    with visit.reading() as connection:
        story = story_of(connection, visit.force, task, visit.tab.thrive_words, with_views=visit.may(Right.SEE_LOG))
        steps, written = read_escalations(connection, task.task_id), notes.of_task(connection, task.task_id)
    pillar = visit.force.pillars.get(task.pillar)
    facts = [
        ("Status", STATUS_WORDS[task.status]),
        ("Priority", band_words(task)),
        ("Unit", unit_name(visit.force, task.unit)),
        ("Pillar", pillar.label if pillar else task.pillar),
        ("Where", task.text.place or "Not said"),
        ("Owner", _owner_words(visit, task.owner_ids)),
        ("Progress", f"{task.progress} of 100"),
    ]
    return visit.page(
        "task.html",
        mark=task.classification,
        task=task,
        story=story,
        facts=facts,
        acts=acts_on(visit, task, steps),
        notes=written,
        note_words=NOTE_WORDS,
        correctable=_correctable(visit, task, [decision for decision, _ in story.decisions]),
        restricted=is_restricted(visit.force, task),
        link=visit.link_to(f"/tasks/{task.reference}"),
        in_teams=bool(visit.tab.settings.teams_app_id),
        board_url=lambda board: _board_url(visit, board),
    )


def _correctable(visit: Visit, task: Task, made: Sequence[Decision]) -> frozenset[str]:
    """References of the decisions that this person may put right: those that stand and that are theirs to make."""
    gone = {decision.supersedes for decision in made}
    return frozenset(
        decision.decision_ref
        for decision in made
        if decision.decision_ref not in gone
        and decision.decision_type in ACTS
        and posts_to_correct(visit, task, decision)
    )


def _owner_words(visit: Visit, owner_ids: tuple[str, ...]) -> str:
    """How many own it, and whether the reader does. Names stand on the board, not here."""
    if not owner_ids:
        return "Nobody yet"
    others = len(set(owner_ids) - {visit.person.user_id})
    mine = visit.person.user_id in owner_ids
    if not mine:
        return "Assigned" if others == 1 else f"Assigned to {others} people"
    return "You" if not others else f"You and {others} more"


def _board_url(visit: Visit, board: BoardLink) -> str:
    return visit.tab.planner_task_url.format(plan_id=board.plan_id, task_id=board.planner_task_id)


PAGES = (Page("/tasks/{reference}", Right.SEE_TASKS, task_page),)
