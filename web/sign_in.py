"""In and out: by the browser (code flow with PKCE), silently inside Teams (the tab's token), and signing out.

A form that was sent when its session was over is kept through the sign-in, and shown to the same person afterwards.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from store import web_sessions
from store.web_sessions import SIGNED_IN, SIGNING_IN, WebSession
from tasking.rights import Person
from web import sessions
from web.entra import CodeFlow
from web.forms import FormRefused, checked, read_body
from web.people import person_in
from web.rendering import THEMES, render
from web.tab import Tab
from web.tokens import IssuerUnreachable, TokenRefused, TokenVerifier

LONGEST_ADDRESS = 500
BY_BROWSER, BY_TEAMS = "in a browser", "through Teams"


class SignIn:
    """The pages of signing in and out."""

    def __init__(self, tab: Tab, flow: CodeFlow, verifier: TokenVerifier) -> None:
        self._tab = tab
        self._flow = flow
        self._verifier = verifier

    async def ask(self, request: Request) -> Response:
        """What somebody gets who is not signed in. A browser's own window goes straight on to Microsoft's sign-in; in a
        frame, where that is not allowed to be shown, the page asks Teams for a token."""
        if request.method == "POST":
            return await self._keep_form(request)
        if request.headers.get("sec-fetch-dest") == "document":
            return RedirectResponse(self._address("/sign-in/start", next=self._wanted(request)), 303)
        return self._page(request, self._wanted(request))

    async def show(self, request: Request) -> Response:
        """GET /sign-in: the page with its button."""
        return self._page(request, _next(request), 200)

    async def start(self, request: Request) -> Response:
        """GET /sign-in/start: off to Microsoft's sign-in."""
        flow = await self._flow.begin()
        answer = RedirectResponse(str(flow["auth_uri"]), 303)
        document = {"flow": flow, "next": _next(request), "theme": _theme(request), **self._kept(request)}
        sessions.begin_sign_in(self._tab, answer, document)
        return answer

    async def come_back(self, request: Request) -> Response:
        """GET /signed-in: Microsoft has sent the browser back. Opens a session under a new key."""
        row = sessions.row_of(self._tab, request)
        if row is None or row.kind != SIGNING_IN or sessions.is_over(self._tab, row) or "flow" not in row.document:
            raise TokenRefused("The sign-in was begun somewhere else, or too long ago.")
        with self._tab.store.open() as connection:  # whatever comes of it, a sign-in is answered once
            web_sessions.end(connection, row)
        token = await self._flow.finish(row.document["flow"], dict(request.query_params))
        person = person_in(self._tab, await self._verifier.of_a_sign_in(token))
        kept = _kept_for(person, row)
        answer = RedirectResponse(self._address("/kept" if kept else row.document["next"]), 303)
        more = {"theme": row.document.get("theme", ""), **kept}
        sessions.open_session(self._tab, answer, person, BY_BROWSER, more)
        return answer

    async def through_teams(self, request: Request) -> Response:
        """POST /sso with the tab's token as a bearer. 200 with where to go, 401 with a sentence, 503 to try again."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if kind.lower() != "bearer" or not token:
                raise TokenRefused("There is no token.")
            person = person_in(self._tab, await self._verifier.of_the_tab(token.strip()))
        except TokenRefused as error:
            return JSONResponse({"title": str(error)}, 401)
        except IssuerUnreachable as error:
            return JSONResponse({"title": str(error)}, 503)
        row = sessions.row_of(self._tab, request)
        kept = _kept_for(person, row) if row is not None and row.kind == SIGNING_IN else {}
        answer = JSONResponse({"next": self._address("/kept") if kept else ""})
        sessions.open_session(self._tab, answer, person, BY_TEAMS, {"theme": _theme(request), **kept})
        return answer

    async def leave(self, request: Request) -> Response:
        """POST /sign-out, with the session's csrf."""
        answer = RedirectResponse(self._address("/signed-out"), 303)
        session = sessions.session_of(self._tab, request)
        if session is not None:
            checked(await read_body(request), session.csrf)
            sessions.close_session(self._tab, answer, session)
        return answer

    async def left(self, request: Request) -> Response:
        """GET /signed-out: with a link for those who want to leave Microsoft's sign-in too."""
        back = {"post_logout_redirect_uri": f"{self._tab.settings.url}/sign-in"}
        whole = f"{await self._verifier.end_session_address()}?{urlencode(back)}"
        return render(self._tab, request, "signed_out.html", {"whole": whole})

    async def _keep_form(self, request: Request) -> Response:
        """Somebody sent a form and is no longer signed in: what they typed waits until they are."""
        row = sessions.row_of(self._tab, request)
        if row is None or row.kind != SIGNED_IN:
            raise FormRefused("no session")
        form = checked(await read_body(request), sessions.signed_in(row).csrf)
        path = request.url.path.removeprefix(self._tab.settings.path)
        kept = {"path": path, "values": dict(form.values), "user_id": row.document["user_id"]}
        answer = self._page(request, "/", 401, is_kept=True)
        sessions.begin_sign_in(self._tab, answer, {"kept": kept})
        return answer

    def _kept(self, request: Request) -> Mapping[str, Any]:
        row = sessions.row_of(self._tab, request)
        if row is None or row.kind != SIGNING_IN or "kept" not in row.document:
            return {}
        return {"kept": row.document["kept"]}

    def _page(self, request: Request, wanted: str, status: int = 401, is_kept: bool = False) -> Response:
        values = {"start": f"/sign-in/start?next={quote(wanted, safe='')}", "is_kept": is_kept}
        return render(self._tab, request, "sign_in.html", values, status=status)

    def _wanted(self, request: Request) -> str:
        path = request.url.path.removeprefix(self._tab.settings.path) or "/"
        return f"{path}?{request.url.query}" if request.url.query else path

    def _address(self, path: str, **query: str) -> str:
        return f"{self._tab.settings.path}{path}" + (f"?{urlencode(query)}" if query else "")


def _kept_for(person: Person, row: WebSession) -> Mapping[str, Any]:
    """A kept form, for the person who typed it and for nobody else."""
    kept = row.document.get("kept")
    return {"kept": kept} if kept and kept["user_id"] == person.user_id else {}


def _next(request: Request) -> str:
    """Where to go afterwards: a page of the tab. The tab's own path goes before it, so it leads nowhere else."""
    told = request.query_params.get("next", "/")
    return told if told.startswith("/") and told.isprintable() and len(told) <= LONGEST_ADDRESS else "/"


def _theme(request: Request) -> str:
    return THEMES.get(request.query_params.get("theme", ""), "")
