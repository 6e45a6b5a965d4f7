"""The tab as one ASGI application: every page behind the same gate, everything under the same headers."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from store import web_sessions
from tasking import rights
from web import sessions
from web.entra import CodeFlow
from web.errors import guarded
from web.forms import checked, read_body
from web.pages import PAGES
from web.rendering import HERE, THEMES
from web.safety import SafeHeaders
from web.sign_in import SignIn
from web.tab import Tab
from web.tokens import TokenVerifier
from web.visit import NotAllowed, Page, Visit

Endpoint = Callable[[Request], Awaitable[Response]]


def build_tab(tab: Tab, pages: Sequence[Page] = PAGES) -> ASGIApp:
    """The application, served below the path of the tab's address."""
    told = tab.settings
    verifier = TokenVerifier(told.authority, told.client_id, told.api_uri, told.ca_file)
    sign_in = SignIn(tab, CodeFlow(told), verifier)
    below = [
        *_routes_of_sign_in(tab, sign_in),
        *(Route(page.path, _gate(tab, sign_in, page), methods=list(page.methods)) for page in pages),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        Route("/{rest:path}", _open(tab, "no page", _no_page)),
    ]
    routes = [Route(told.path, _to_the_beginning(tab)), Mount(told.path, routes=below)]
    application = Starlette(routes=routes, exception_handlers={HTTPException: _outside(tab)})
    application.state.pages = tuple(pages)
    return SafeHeaders(application, told)


def _routes_of_sign_in(tab: Tab, sign_in: SignIn) -> list[Route]:
    table: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/sign-in", sign_in.show),
        ("GET", "/sign-in/start", sign_in.start),
        ("GET", "/signed-in", sign_in.come_back),
        ("POST", "/sso", sign_in.through_teams),
        ("POST", "/sign-out", sign_in.leave),
        ("GET", "/signed-out", sign_in.left),
    )
    return [Route(path, _open(tab, path, serve), methods=[method]) for method, path, serve in table]


def _open(tab: Tab, name: str, serve: Endpoint) -> Endpoint:
    """A page that nobody has to be signed in for."""

    async def endpoint(request: Request) -> Response:
        return await guarded(tab, request, name, None, lambda: serve(request))

    return endpoint


def _gate(tab: Tab, sign_in: SignIn, page: Page) -> Endpoint:
    """The way to a page: session, right, the form's own safety; then the page."""

    async def endpoint(request: Request) -> Response:
        session = sessions.session_of(tab, request)
        if session is None:
            return await guarded(tab, request, page.path, None, lambda: sign_in.ask(request))

        async def visiting() -> Response:
            if not rights.may(session.person, page.right):
                raise NotAllowed("Your role does not open this page.")
            visit = Visit(tab, request, session)
            if request.method == "POST":
                visit.given = checked(await read_body(request), session.csrf)
            answer = await page.handler(visit)
            _remember(tab, visit, answer)
            return answer

        return await guarded(tab, request, page.path, session, visiting)

    return endpoint


def _remember(tab: Tab, visit: Visit, answer: Response) -> None:
    """Keeps the theme that Teams named, and lets go of a kept form once it was sent."""
    before = dict(visit.session.row.document)
    theme = THEMES.get(visit.request.query_params.get("theme", ""), before.get("theme", ""))
    after = {**before, "theme": theme}
    if visit.given is not None and answer.status_code < 400:
        after.pop("kept", None)
    if after != before:
        with tab.store.open() as connection:
            web_sessions.change(connection, visit.session.row, document=after)


def _to_the_beginning(tab: Tab) -> Endpoint:
    """The address without a slash leads to the one with it, and keeps what was asked."""

    async def endpoint(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{tab.settings.path}/{query}", 307)

    return endpoint


async def _no_page(request: Request) -> Response:
    raise HTTPException(404)


def _outside(tab: Tab) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What Starlette itself refuses, such as a method that a page does not take."""

    async def answer(request: Request, error: Exception) -> Response:
        async def refuse() -> Response:
            raise error

        return await guarded(tab, request, "outside", None, refuse)

    return answer
