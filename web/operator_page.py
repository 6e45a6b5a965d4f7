"""/operator: what is held, given up on or late, how boards and channels do; and putting back what was given up on."""

from datetime import datetime

from starlette.responses import Response

from reporting.operator_page import MOST_LISTED, operator_page
from reporting.wording import age_words
from tasking.errors import RuleBroken
from tasking.rights import Right
from web.visit import Page, Visit

CHANNEL_STATES = {
    "OK": ("Works", "green"),
    "FAILING": ("Does not work", "red"),
    "UNCHECKED": ("Not checked", "yellow"),
    "UNUSED": ("Not used yet", "grey"),
}
"""What the state of a channel is called, and the colour that helps to see it."""
DONE_MEANWHILE = "This was put back or delivered meanwhile. Load the operator page again to see what is left."
ALL = "all"


async def operator(visit: Visit) -> Response:
    """The page. Nothing of what people wrote stands on it."""
    with visit.reading() as connection:
        seen = operator_page(connection, visit.force, visit.tab.default_poster, visit.now)
    visit.looked_at("operator page")
    return visit.page(
        "operator.html",
        seen=seen,
        most=MOST_LISTED,
        states=CHANNEL_STATES,
        may_replay=visit.may(Right.REPLAY),
        all_of_them=ALL,
        ago=ago_words,
    )


def ago_words(at: datetime, now: datetime) -> str:
    """How long ago (both UTC): minutes below an hour, for what is to happen every few minutes."""
    minutes = int((now - at).total_seconds()) // 60
    if minutes >= 60:
        return f"{age_words(at, now)} ago"
    return "just now" if minutes < 1 else f"{minutes} minute{'s' if minutes > 1 else ''} ago"


async def replay(visit: Visit) -> Response:
    """Puts one dead letter back to be delivered, or all of them: as `tasking replay` does."""
    told = visit.form.text("which")
    if told != ALL and not (told.isascii() and told.isdigit() and len(told) < 10):
        raise RuleBroken("Say which delivery is to be put back: choose it on the operator page.")
    with visit.acting() as uow:
        if not uow.put_back(None if told == ALL else int(told)):
            raise RuleBroken(DONE_MEANWHILE)
    return visit.go("/operator", "put_back")


PAGES = (
    Page(
        "/operator", Right.SEE_OPERATIONS, operator, nav="Operator", words="How the service does, and what it gave up"
    ),
    Page("/operator/replay", Right.REPLAY, replay, methods=("POST",)),
)
