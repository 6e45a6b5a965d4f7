"""GET /: where everybody begins. What the person's roles open, and the tasks that they raised or own."""

from starlette.responses import Response

from reporting.my_tasks import tasks_of_person
from reporting.wording import STATUS_WORDS, highest
from tasking.errors import UnknownTask
from tasking.rights import Right
from web.visit import Page, Visit


async def my_work(visit: Visit) -> Response:
    """The landing page. A reference in `?find=` goes straight to its task."""
    wanted = visit.request.query_params.get("find", "").strip()
    missing = ""
    if wanted and visit.may(Right.SEE_TASKS):
        try:
            return visit.go(f"/tasks/{visit.task(wanted).reference}")
        except UnknownTask as error:
            missing = str(error)
    with visit.reading() as connection:
        mine = tasks_of_person(connection, visit.person.upn, visit.person.user_id, visit.now)
    tasks = [task for task in mine if visit.sees(task)]
    visit.looked_at("my work")
    pages = [page for page in visit.request.app.state.pages if page.nav and page.words and visit.may(page.right)]
    mark = highest(task.classification for task in tasks)
    return visit.page("my_work.html", mark=mark, pages=pages, tasks=tasks, missing=missing, status_words=STATUS_WORDS)


PAGES = (Page("/", Right.SEE_MY_WORK, my_work, nav="My work"),)
