"""/tasks/{reference}/note: a note on the task, or the wish for another owner. Nothing else changes."""

from starlette.responses import Response

from tasking.errors import RuleBroken
from tasking.note import NOTE_WORDS, NoteKind
from tasking.noting import LONGEST_NOTE, note_on_task
from tasking.rights import Right
from tasking.task import Task
from web.decision_page import typed_again
from web.visit import Page, Visit, choices

KINDS = {kind.value: words for kind, words in NOTE_WORDS.items()}


async def note_page(visit: Visit) -> Response:
    """Shows the form, or keeps the note."""
    task = visit.task(str(visit.request.path_params["reference"]), Right.NOTE)
    if visit.request.method == "POST" and _keep(visit, task):
        return visit.go(f"/tasks/{task.reference}", "noted")
    return visit.page(
        "note.html",
        mark=task.classification,
        status=422 if visit.given else 200,
        task=task,
        kinds=choices(KINDS),
        most=LONGEST_NOTE,
        **typed_again(visit),
    )


def _keep(visit: Visit, task: Task) -> bool:
    """Whether the note was kept; else the faults are on the form."""
    kind = visit.form.choice("kind", "What is it", KINDS)
    text = visit.form.text("text", "Note", needed=True, most=LONGEST_NOTE)
    if visit.form.faults:
        return False
    try:
        with visit.acting() as uow:
            note_on_task(uow, task.reference, NoteKind(kind), text)
    except RuleBroken as error:
        visit.form.fault("text", str(error))
    return not visit.form.faults


PAGES = (Page("/tasks/{reference}/note", Right.NOTE, note_page, methods=("GET", "POST")),)
