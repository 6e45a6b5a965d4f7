"""GET /: where everybody begins. What the person's roles open, and the first of the tasks that they raised or own."""

from starlette.responses import Response

from reporting.my_work import my_tasks
from tasking.errors import UnknownTask
from tasking.rights import Right
from web.landing import page_named
from web.my_submissions_page import mark_of, may_open
from web.visit import Page, Visit

FIRST = 10
"""So many tasks stand here; /mine has them all."""


async def my_work(visit: Visit) -> Response:
    """The landing page. A reference in `?find=` goes straight to its task, and a page in `?open=`, which Teams fills in
    from a deep link, straight to that page."""
    if landing := page_named(visit.request.query_params.get("open", ""), visit.request.app.state.pages):
        return visit.go(landing)
    wanted = visit.request.query_params.get("find", "").strip()
    missing = ""
    if wanted and visit.may(Right.SEE_TASKS):
        try:
            return visit.go(f"/tasks/{visit.task(wanted).reference}")
        except UnknownTask as error:
            missing = str(error)
    with visit.reading() as connection:
        tasks = my_tasks(connection, visit.force, visit.viewer(Right.SEE_MY_WORK), visit.now, size=FIRST)
        seen = may_open(connection, visit, {task.reference for task in tasks.rows})
    visit.looked_at("my work")
    pages = [page for page in visit.request.app.state.pages if page.nav and page.words and visit.may(page.right)]
    return visit.page(
        "my_work.html", mark=mark_of(seen), pages=pages, tasks=tasks, can_open=frozenset(seen), missing=missing
    )


PAGES = (Page("/", Right.SEE_MY_WORK, my_work, nav="My work"),)
