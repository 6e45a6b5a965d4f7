"""/search: by any reference of a task and by words of its title, place and actions, among what the person may see."""

from starlette.responses import Response

from reporting.search import MOST_FOUND, search
from reporting.wording import highest
from tasking.rights import Right
from web.visit import Page, Visit


async def search_page(visit: Visit) -> Response:
    """The field, and below it what was found for `?text=`. What was searched for goes into no log."""
    text = visit.request.query_params.get("text", "")
    with visit.reading() as connection:
        found = search(connection, visit.force, visit.viewer(Right.SEE_BOARD), text, visit.now)
    visit.looked_at("search")
    mark = highest(row.classification for row in found.rows)
    return visit.page("search.html", mark=mark, found=found, most=MOST_FOUND)


PAGES = (
    Page(
        "/search",
        Right.SEE_BOARD,
        search_page,
        nav="Search",
        words="A task by any reference, or by words of its title, place or actions",
    ),
)
