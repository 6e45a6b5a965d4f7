"""/tasks/{reference}/decide/{decision}: one decision about a task, with the fields that its rule needs."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tasking.decision import DecisionType
from tasking.open_decisions import right_for
from tasking.rights import Right
from web.deciding import DecisionForm, form_of, take
from web.decision_fields import SLUGS
from web.visit import Page, Visit, choices

TOO_LATE = 409


async def decision_page(visit: Visit) -> Response:
    """Shows the form, or takes what was sent."""
    kind = kind_asked(visit)
    task = visit.task(str(visit.request.path_params["reference"]), right_for(kind))
    form = form_of(visit, task, kind)
    if visit.request.method == "POST":
        if take(visit, form):
            return visit.go(f"/tasks/{task.reference}", "decided")
        return _drawn(visit, form, 422)
    return _drawn(visit, form, TOO_LATE if form.closed else 200)


def kind_asked(visit: Visit) -> DecisionType:
    """The decision that the address names. Raises HTTPException 404."""
    kind = SLUGS.get(str(visit.request.path_params["decision"]))
    if kind is None:
        raise HTTPException(404)
    return kind


def _drawn(visit: Visit, form: DecisionForm, status: int) -> Response:
    path = str(visit.request.url.path).removeprefix(visit.tab.settings.path)
    return visit.page(
        "decision.html",
        mark=form.task.classification,
        status=status,
        task=form.task,
        decision=form,
        action=path,
        back=f"/tasks/{form.task.reference}",
        choices=choices,
        **typed_again(visit),
    )


def typed_again(visit: Visit) -> dict[str, object]:
    """The faults and what was typed, for a form that is shown again."""
    return {"faults": visit.form.faults, "typed": typed_but_version(visit)} if visit.given else {}


def typed_but_version(visit: Visit) -> dict[str, str]:
    """What was typed; the version is that of the task as it is shown now."""
    return {name: value for name, value in visit.form.shown.items() if name != "version"}


PAGES = (Page("/tasks/{reference}/decide/{decision}", Right.ASK_UP, decision_page, methods=("GET", "POST")),)
