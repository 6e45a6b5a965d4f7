"""What Teams asks of an app: the page that sets up a channel's tab, and what the app says about itself."""

from starlette.responses import Response

from tasking.rights import Right
from web.visit import Page, Visit

IN_A_CHANNEL: tuple[tuple[str, str], ...] = (
    ("/", "My work"),
    ("/inbox", "Inbox"),
    ("/meetings", "Meetings"),
    ("/register", "Decision register"),
)
"""Pages that a channel may show, and what its tab is called. Each member sees there what their own role opens."""


async def configure(visit: Visit) -> Response:
    """The page in Teams' dialog: which page the channel's tab opens. Teams keeps the answer, not we."""
    opened = {page.path for page in visit.request.app.state.pages if visit.may(page.right)}
    offered = [{"value": path, "text": words} for path, words in IN_A_CHANNEL if path in opened]
    return visit.page("teams_configure.html", offered=offered, address=visit.tab.settings.url)


async def about(visit: Visit) -> Response:
    """What the tab keeps of somebody and who sees it; Teams links it as privacy statement and terms."""
    return visit.page("about.html")


PAGES = (
    Page("/teams/configure", Right.SEE_MY_WORK, configure),
    Page("/about", Right.SEE_MY_WORK, about),
)
