"""/tasks/{reference}/reassign: who owns the task. The board in Planner follows."""

from collections.abc import Mapping

from starlette.responses import Response

from graph_client.errors import GraphError
from tasking.errors import RuleBroken
from tasking.reassigning import reassign
from tasking.rights import Right
from tasking.standing import own_board
from tasking.task import Task
from web.decision_page import typed_again
from web.visit import Page, Visit, choices

NOBODY = "nobody"
OUT_OF_REACH = "Microsoft 365 does not say now who is on the board. Try again in a minute, or set the owner in Planner."


async def reassign_page(visit: Visit) -> Response:
    """Shows the members of the task's own board, or gives the task to one of them."""
    task = visit.task(str(visit.request.path_params["reference"]), Right.ALLOCATE)
    people, trouble = await _people(visit, task)
    if visit.request.method == "POST" and _give(visit, task, people, trouble):
        return visit.go(f"/tasks/{task.reference}", "reassigned")
    return visit.page(
        "reassign.html",
        mark=task.classification,
        status=422 if visit.given else 200,
        task=task,
        people=choices(people),
        board=visit.force.board_name(own_board(visit.force, task)),
        out_of_reach=trouble,
        **typed_again(visit),
    )


async def _people(visit: Visit, task: Task) -> tuple[Mapping[str, str], str]:
    """The able members of the board's group by id, by name; or why they cannot be told."""
    try:
        found = await visit.tab.members(own_board(visit.force, task))
    except GraphError:
        return {}, OUT_OF_REACH
    able = {each.user_id: each.display_name or each.upn or each.user_id for each in found if each.enabled is not False}
    return dict(sorted(able.items(), key=lambda item: item[1].casefold())) | {NOBODY: "Nobody for now"}, ""


def _give(visit: Visit, task: Task, people: Mapping[str, str], trouble: str) -> bool:
    """Whether the task has another owner now; else the faults are on the form."""
    if trouble:
        visit.form.fault("owner", trouble)
        return False
    owner = visit.form.choice("owner", "New owner", people)
    if visit.form.faults:
        return False
    try:
        with visit.acting() as uow:
            reassign(uow, task.reference, "" if owner == NOBODY else owner)
    except RuleBroken as error:
        visit.form.fault("owner", str(error))
    return not visit.form.faults


PAGES = (Page("/tasks/{reference}/reassign", Right.ALLOCATE, reassign_page, methods=("GET", "POST")),)
