"""What a person is told when a page cannot be shown: one table from error to a plain page; nothing leaks."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from store.web_sessions import AlreadySent
from tasking.clocks import clock_text
from tasking.errors import RuleBroken, StaleTask, UnknownDecision, UnknownMeeting, UnknownTask
from web.forms import FormRefused, FormTooLarge
from web.rendering import render
from web.sessions import SignedIn
from web.tab import Tab
from web.tokens import IssuerUnreachable, TokenRefused
from web.visit import NotAllowed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """A status, a heading, and what to do next. With `says` the error's own sentence comes first."""

    status: int
    title: str
    words: str
    says: bool = False


NOT_HERE = Told(404, "There is no such page", "Look whether the address is whole, or begin at My work.")
BROKEN = Told(
    500, "Something went wrong here", "Nothing was lost. Try again in a minute; if it stays so, tell the operator."
)

ANSWERS: Mapping[type[Exception], Told] = {
    NotAllowed: Told(403, "This is not yours to do", "If it should be, ask who gives out roles in your force.", True),
    FormRefused: Told(
        403,
        "This page was too old to be sent",
        "Nothing was done. Go back, load the page again and send it once more.",
    ),
    UnknownTask: Told(404, "Not found", "Look whether the reference is right. You may lack the role to see it.", True),
    UnknownDecision: Told(404, "Not found", "Look whether the reference is right.", True),
    UnknownMeeting: Told(
        404, "Not found", "Look whether the reference is right. You may lack the role to see it.", True
    ),
    StaleTask: Told(
        409,
        "Somebody else changed this meanwhile",
        "Nothing of yours was done. Go back, load the page again to see what changed, and send it once more.",
    ),
    AlreadySent: Told(409, "This was sent already", "It had its effect once and was not done again."),
    FormTooLarge: Told(413, "That was too much text", "Nothing was done. Go back and shorten it."),
    RuleBroken: Told(422, "This cannot be done so", "Nothing was done. Go back and mend it.", True),
    TokenRefused: Told(401, "You could not be signed in", "Begin again. If it stays so, tell the operator.", True),
    IssuerUnreachable: Told(503, "Sign-in does not answer", "Try again in a few minutes.", True),
}
BY_STATUS: Mapping[int, Told] = {
    404: NOT_HERE,
    405: Told(405, "A page cannot be opened in this way", "Begin at My work."),
}


async def guarded(
    tab: Tab, request: Request, name: str, session: SignedIn | None, call: Callable[[], Awaitable[Response]]
) -> Response:
    """The answer of `call`, or the page for what went wrong. Of an error that nobody thought of the log gets the kind
    alone: its text could hold what a person wrote."""
    try:
        return await call()
    except tuple(ANSWERS) as error:
        return error_page(tab, request, *_told(error), session)
    except HTTPException as error:
        return error_page(tab, request, BY_STATUS.get(error.status_code, NOT_HERE), "", session)
    except Exception as error:
        log.error("page failed", extra={"page": name, "error": type(error).__name__})
        return error_page(tab, request, BROKEN, "", session)


def error_page(tab: Tab, request: Request, told: Told, sentence: str, session: SignedIn | None) -> Response:
    """The plain page. Where even that cannot be drawn the error goes on to the host, which shows nothing."""
    values = {"title": told.title, "sentence": sentence, "words": told.words}
    return render(tab, request, "error.html", values, session=session, status=told.status)


def _told(error: Exception) -> tuple[Told, str]:
    told = next(told for kind, told in ANSWERS.items() if isinstance(error, kind))
    if isinstance(error, AlreadySent):
        return told, f"It came in on {clock_text(error.at)}."
    return told, str(error) if told.says else ""
