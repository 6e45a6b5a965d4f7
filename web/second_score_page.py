"""/tasks/{reference}/second-score: a second assessor gives their own score without having seen the first; then both
stand side by side."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from reporting.second_scores import check_blind
from store.tasks import read_assessments
from tasking.actions import reassess
from tasking.audit import BRIEF_SEEN, AuditKind
from tasking.errors import RuleBroken, StaleTask
from tasking.rights import Right
from tasking.task import Task
from tasking.thrive import AssessedRisk
from web.deciding import CHANGED
from web.decision_page import typed_again
from web.reassess_page import read_assessment
from web.tab import SOURCE
from web.visit import Page, Visit, choices

REVIEW = "REVIEW"
NOT_ANSWERED = "Not answered"


@dataclass(frozen=True, slots=True)
class Compared:
    """One question with both answers in the words of the form."""

    question: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether they are not the same."""
        return self.first != self.second


async def second_score_page(visit: Visit) -> Response:
    """Shows what is asked and the questions, keeps the score, or compares it with the first once it is given."""
    task = visit.task_unseen(str(visit.request.path_params["reference"]), Right.REASSESS)
    if not visit.force.quality.blind_second_score:
        return RedirectResponse(f"{visit.tab.settings.path}/tasks/{task.reference}/reassess", 303)
    with visit.reading() as connection:
        risks = read_assessments(connection, task.task_id)
    if visit.request.method == "GET" and _gave_the_last(visit, risks):
        return _compared(visit, task, risks)
    if closed := _why_closed(visit, task, risks):
        return _drawn(visit, task, 409, closed)
    if visit.request.method == "POST" and _keep(visit, task):
        return visit.go(f"/tasks/{task.reference}/second-score", "scored")
    return _drawn(visit, task, 422 if visit.given else 200, "")


def _gave_the_last(visit: Visit, risks: tuple[AssessedRisk, ...]) -> bool:
    last = risks[-1] if len(risks) > 1 else None
    return last is not None and last.trigger == REVIEW and last.assessed_by.casefold() == visit.person.upn


def _why_closed(visit: Visit, task: Task, risks: tuple[AssessedRisk, ...]) -> str:
    """Why this person cannot give a second score now; empty where they can."""
    if not task.is_open:
        return f"{task.reference} is not open, so its risk cannot be assessed again."
    if not risks or risks[-1].result is None:
        return f"{task.reference} has no whole first score yet."
    if risks[-1].assessed_by.casefold() == visit.person.upn:
        return f"You gave the last score of {task.reference}: a second one comes from somebody else."
    try:
        with visit.reading() as connection:
            check_blind(connection, visit.force, task, visit.person.upn)
    except RuleBroken as error:
        return str(error)
    return ""


def _keep(visit: Visit, task: Task) -> bool:
    """Whether the score was kept; else the faults are on the form."""
    request = read_assessment(visit, task, is_review=True)
    if request is None:
        return False
    try:
        with visit.acting() as uow:
            if visit.form.text("version") != str(uow.task(task.task_id).version):
                raise StaleTask(task.reference)
            check_blind(uow.connection, visit.force, task, visit.person.upn)
            reassess(uow, visit.force, request)
            return True
    except RuleBroken as error:
        visit.form.fault("reason", str(error))
    except StaleTask:
        visit.form.fault("reason", CHANGED)
    return False


def _drawn(visit: Visit, task: Task, status: int, closed: str) -> Response:
    """What a second assessor is shown: what is asked, and the questions without an answer. Audited as such."""
    with visit.tab.store.act(visit.person.upn, SOURCE, visit.correlation_id) as uow:
        uow.audit(BRIEF_SEEN, task.reference, {}, AuditKind.CONSULTATION)
    text = task.text
    asked = {"Ask": text.ask, "Why now": text.why_now, "Where": text.place, "Constraints": text.constraints}
    return visit.page(
        "second_score.html",
        mark=task.classification,
        status=status,
        task=task,
        asked=asked,
        closed=closed,
        compared=(),
        questions=visit.tab.risk_questions,
        flags=frozenset(visit.form.all("flags")) if visit.given else frozenset(),
        choices=choices,
        **typed_again(visit),
    )


def _compared(visit: Visit, task: Task, risks: tuple[AssessedRisk, ...]) -> Response:
    """Both scores side by side: from now on the person has seen the first."""
    visit.looked_at(task.reference)
    first, second = risks[-2:]
    return visit.page(
        "second_score.html",
        mark=task.classification,
        task=task,
        asked={},
        closed="",
        compared=[*_scores(first, second), *_answers(visit, first, second)],
    )


def _scores(first: AssessedRisk, second: AssessedRisk) -> list[Compared]:
    told = [
        (f"{each.result.score} of 100", each.result.band.capitalize()) if each.result else ("None", "None")
        for each in (first, second)
    ]
    return [Compared(name, told[0][at], told[1][at]) for at, name in enumerate(("Score", "Band"))]


def _answers(visit: Visit, first: AssessedRisk, second: AssessedRisk) -> list[Compared]:
    return [
        Compared(each.title, *(_words(each.field, each.answers, risk) for risk in (first, second)))
        for each in visit.tab.risk_questions
    ]


def _words(name: str, words: Mapping[str, str], risk: AssessedRisk) -> str:
    """What an assessment answered to one question, in the words of the form."""
    if name == "flags":
        return ", ".join(words.get(flag, flag) for flag in sorted(risk.context.flags)) or "None"
    holders = {"alignment": risk.context, "repeats_28d": risk.context, "confidence": risk}
    value = risk.source if name == "assessment_source" else getattr(holders.get(name, risk.assessment), name)
    return words.get(str(value), str(value)) if value is not None else NOT_ANSWERED


PAGES = (Page("/tasks/{reference}/second-score", Right.REASSESS, second_score_page, methods=("GET", "POST")),)
