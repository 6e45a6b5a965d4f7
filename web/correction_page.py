"""/tasks/{reference}/decisions/{decision_ref}/correct: a new decision that supersedes one; nothing is edited."""

from dataclasses import replace

from starlette.responses import Response

from store import decisions
from store.tasks import read_escalations
from tasking.authority import between_meetings
from tasking.deciding import RULES
from tasking.decision import Decision
from tasking.errors import UnknownDecision
from tasking.open_decisions import OpenDecision, Post, posts_for
from tasking.rights import Right
from tasking.task import Task
from web.deciding import DecisionForm, form_for, take
from web.decision_fields import ACTS
from web.decision_page import TOO_LATE, typed_again
from web.visit import NotAllowed, Page, Visit, choices

TAKES_THE_PLACE = (
    "A new decision takes the place of {}, which stays readable and is marked as superseded; whoever is told of "
    "decisions is told of this one."
)
TOLD_BEFORE = "{} was superseded already: correct the one that did."
RECORD_ALONE = "What it did to the task stays as it is: the record alone is put right."
ANEW = "What it does to the task is done as the new one says."


async def correction_page(visit: Visit) -> Response:
    """Shows the form of the same decision, or takes what was sent in place of the earlier one."""
    task = visit.task(str(visit.request.path_params["reference"]))
    wrong = _decision(visit, task)
    form = _form(visit, task, wrong)
    if visit.request.method == "POST" and take(visit, form):
        return visit.go(f"/tasks/{task.reference}", "corrected")
    status = 422 if visit.given else TOO_LATE if form.closed else 200
    return visit.page(
        "correction.html",
        mark=task.classification,
        status=status,
        task=task,
        wrong=wrong,
        decision=form,
        action=f"/tasks/{task.reference}/decisions/{wrong.decision_ref}/correct",
        back=f"/tasks/{task.reference}",
        choices=choices,
        **typed_again(visit),
    )


def posts_to_correct(visit: Visit, task: Task, wrong: Decision) -> tuple[Post, ...]:
    """The posts in which the person may put this decision right: those that may make one like it for that unit."""
    return posts_for(visit.person, visit.force, task, _offer(visit, wrong))


def _offer(visit: Visit, wrong: Decision) -> OpenDecision:
    is_below = RULES[wrong.decision_type].side == "BELOW"
    roles = between_meetings(visit.force, wrong.unit, own_unit=is_below)
    return OpenDecision(wrong.decision_type, wrong.unit, None, roles)


def _decision(visit: Visit, task: Task) -> Decision:
    wanted = str(visit.request.path_params["decision_ref"])
    with visit.reading() as connection:
        found = [each for each in decisions.of_task(connection, task.task_id) if each.decision_ref == wanted]
    if not found or found[0].decision_type not in ACTS:
        raise UnknownDecision(f"{task.reference} has no decision with this reference.")
    return found[0]


def _form(visit: Visit, task: Task, wrong: Decision) -> DecisionForm:
    posts = posts_to_correct(visit, task, wrong)
    if not posts:
        unit = visit.force.units[wrong.unit].name
        raise NotAllowed(f"{wrong.decision_ref} was decided for {unit}: who decides there puts it right.")
    with visit.reading() as connection:
        steps = read_escalations(connection, task.task_id)
        superseded = decisions.superseded(connection, task.task_id)
    step = next((each for each in steps if each.escalation_id == wrong.escalation_id), None)
    form = form_for(visit, task, replace(_offer(visit, wrong), step=step), posts)
    closed = TOLD_BEFORE.format(wrong.decision_ref) if wrong.decision_ref in superseded else ""
    does = RECORD_ALONE if RULES[wrong.decision_type].changes_a_step else ANEW
    words = f"{TAKES_THE_PLACE.format(wrong.decision_ref)} {does}"
    act = replace(form.act, words="Supersede it", does=words, is_warning=True)
    return replace(form, act=act, supersedes=wrong.decision_ref, closed=closed)


PAGES = (
    Page("/tasks/{reference}/decisions/{decision_ref}/correct", Right.ASK_UP, correction_page, methods=("GET", "POST")),
)
