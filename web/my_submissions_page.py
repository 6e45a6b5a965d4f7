"""/mine: what I handed in and what became of it, and the tasks that are mine."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection
from starlette.responses import Response

from reporting.my_work import MySubmission, MyTask, my_submissions, my_tasks
from reporting.wording import highest
from store.tasks import read_tasks_by_references
from tasking.rights import Right
from tasking.task import Classification, Task
from web.visit import Page, Visit

LONGEST_KEY = 200


async def mine(visit: Visit) -> Response:
    """Both lists, each in pages of its own."""
    query = visit.request.query_params
    told = query.get("before", "")
    before = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None
    after = query.get("after", "")[:LONGEST_KEY] or None
    viewer = visit.viewer(Right.SEE_MY_WORK)
    with visit.reading() as connection:
        submissions = my_submissions(connection, visit.force, viewer, visit.now, before)
        tasks = my_tasks(connection, visit.force, viewer, visit.now, after)
        seen = may_open(connection, visit, _references(submissions.rows, tasks.rows))
    visit.looked_at("my submissions and tasks")
    return visit.page(
        "mine.html",
        mark=mark_of(seen),
        submissions=submissions,
        tasks=tasks,
        can_open=frozenset(seen),
        is_first=before is None and after is None,
    )


def _references(submissions: Iterable[MySubmission], tasks: Iterable[MyTask]) -> set[str]:
    return {each.reference for each in tasks} | {each.task.reference for each in submissions if each.task}


def may_open(connection: Connection, visit: Visit, references: set[str]) -> Mapping[str, Task]:
    """Those of these tasks whose page the person may open, by reference."""
    return {task.reference: task for task in read_tasks_by_references(connection, references) if visit.sees(task)}


def mark_of(seen: Mapping[str, Task]) -> Classification:
    """The mark of a page that lists these."""
    return highest(task.classification for task in seen.values())


PAGES = (
    Page("/mine", Right.SEE_MY_WORK, mine, nav="My submissions", words="What you handed in, and what became of it"),
)
