"""/tasks/{reference}/reassess: the risk assessed again, by the questions of the form, in its words."""

from collections.abc import Mapping

from starlette.responses import Response

from store.tasks import read_assessments
from tasking.actions import reassess
from tasking.errors import RuleBroken, StaleTask
from tasking.requests import ReassessRequest
from tasking.rights import Right
from tasking.task import Task
from tasking.thrive import (
    HIGHEST_LEVEL,
    Alignment,
    AssessedRisk,
    AssessmentSource,
    Confidence,
    RiskContext,
    ThriveAssessment,
)
from web.deciding import CHANGED
from web.decision_page import typed_again
from web.visit import Page, Visit, choices

MOST_REPEATS = 999
AGAIN: Mapping[str, str] = {
    "CHANGED": "The facts have changed",
    "REVIEW": "I look at the same facts as a second assessor",
}


async def reassess_page(visit: Visit) -> Response:
    """Shows the questions with the last answers, or keeps the new assessment."""
    task = visit.task(str(visit.request.path_params["reference"]), Right.REASSESS)
    if visit.request.method == "POST" and _assess(visit, task):
        return visit.go(f"/tasks/{task.reference}", "assessed")
    with visit.reading() as connection:
        risks = read_assessments(connection, task.task_id)
    last = risks[-1] if risks else None
    return visit.page(
        "reassess.html",
        mark=task.classification,
        status=422 if visit.given else 200,
        task=task,
        questions=visit.tab.risk_questions,
        last=_answers(last),
        flags=_flags(visit, last),
        again=choices(_occasions(visit)),
        blind_at=visit.link_to(f"/tasks/{task.reference}/second-score") if _is_blind(visit) else "",
        choices=choices,
        **typed_again(visit),
    )


def _assess(visit: Visit, task: Task) -> bool:
    """Whether the assessment was kept; else the faults are on the form."""
    again = visit.form.choice("again", "Why is it assessed again?", _occasions(visit))
    request = read_assessment(visit, task, is_review=again == "REVIEW")
    if request is None:
        return False
    try:
        with visit.acting() as uow:
            if visit.form.text("version") != str(uow.task(task.task_id).version):
                raise StaleTask(task.reference)
            reassess(uow, visit.force, request)
            return True
    except RuleBroken as error:
        visit.form.fault("reason", str(error))
    except StaleTask:
        visit.form.fault("reason", CHANGED)
    return False


def read_assessment(visit: Visit, task: Task, *, is_review: bool) -> ReassessRequest | None:
    """What was answered; None where something is at fault, which is noted on the form."""
    form = visit.form
    asked = {question.field: question for question in visit.tab.risk_questions}
    levels = {name: form.choice(name, asked[name].title, asked[name].answers) for name in HIGHEST_LEVEL}
    alignment = form.choice("alignment", asked["alignment"].title, asked["alignment"].answers)
    repeats = form.text("repeats_28d")
    if repeats and not (repeats.isascii() and repeats.isdigit() and int(repeats) <= MOST_REPEATS):
        form.fault("repeats_28d", f"{asked['repeats_28d'].title} Write a whole number, at most {MOST_REPEATS}.")
    flags = frozenset(form.all("flags"))
    if not flags <= asked["flags"].answers.keys():
        form.fault("flags", f"{asked['flags'].title} Choose among the answers.")
    reason = form.text("reason", "Why", needed=True, most=500)
    sure, source = (_optional(visit, name) for name in ("confidence", "assessment_source"))
    if form.faults:
        return None
    thrive = ThriveAssessment(**{name: int(level) for name, level in levels.items()})
    context = RiskContext(Alignment(alignment), int(repeats or 0), flags)
    return ReassessRequest(
        reference=task.reference,
        assessment=thrive,
        context=context,
        submitted_by=visit.person.upn,
        submitted_at=visit.now,
        reason=reason,
        is_review=is_review,
        confidence=Confidence(sure) if sure else None,
        source=AssessmentSource(source) if source else None,
    )


def _optional(visit: Visit, name: str) -> str:
    """The answer to a question that the form asks and nobody has to answer; empty where the form has none."""
    asked = next((each for each in visit.tab.risk_questions if each.field == name), None)
    return visit.form.choice(name, asked.title, asked.answers, needed=False) if asked else ""


def _occasions(visit: Visit) -> Mapping[str, str]:
    """Why somebody may assess again here. A blind second score is not among them: this page shows the last answers."""
    return {code: words for code, words in AGAIN.items() if code != "REVIEW" or not _is_blind(visit)}


def _is_blind(visit: Visit) -> bool:
    return visit.force.quality.blind_second_score


def _answers(last: AssessedRisk | None) -> dict[str, str]:
    """The last answers by field, as the form has them."""
    if last is None:
        return {}
    levels = {name: getattr(last.assessment, name) for name in HIGHEST_LEVEL}
    told = {name: str(level) for name, level in levels.items() if level is not None}
    repeats = str(last.context.repeats_28d or "")
    return {**told, "alignment": last.context.alignment.value, "repeats_28d": repeats}


def _flags(visit: Visit, last: AssessedRisk | None) -> frozenset[str]:
    """The flags that are ticked."""
    if visit.given is not None:
        return frozenset(visit.form.all("flags"))
    return last.context.flags if last else frozenset()


PAGES = (Page("/tasks/{reference}/reassess", Right.REASSESS, reassess_page, methods=("GET", "POST")),)
