"""Draws pages: Jinja with everything escaped, and what every page needs: who, where to, how it stands."""

import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reporting.wording import day_words, short_time, time_words
from tasking import rights
from tasking.resources import figures, granted_words
from tasking.rights import Right
from tasking.task import Classification
from web.sessions import SignedIn
from web.tab import Tab

HERE = Path(__file__).parent
THEMES: Mapping[str, str] = {
    "default": "light",
    "light": "light",
    "dark": "dark",
    "glass": "dark",
    "contrast": "contrast",
}
"""Teams' names of its themes (learn.microsoft.com, tabs, access context) and ours. Without one the device decides."""
SAID: Mapping[str, str] = {
    "done": "Done. It stands on the record.",
    "sent": "Sent. It had its effect once.",
    "decided": "Decided. It stands in the register, and who has to know is told.",
    "corrected": "Put right. The new decision stands in the register; the earlier one is marked as superseded.",
    "cancelled": "The meeting is cancelled. What waited for it goes to the next daily meeting.",
    "assessed": "Assessed. The earlier assessment stays on the record.",
    "scored": "Your score is kept, and the first one with it. Below they stand side by side.",
    "reassigned": "Given. Its board in Planner shows it within a minute.",
    "noted": "Noted. It stands on the task.",
    "put_back": "Put back. It is delivered within minutes; what fails again comes back here with its reason.",
    "opened": "The meeting is open. Who is there is on the record.",
    "agenda": "The agenda is changed. Who did it stands in pack and minutes.",
    "kept": "The view is kept. It is yours alone.",
    "dropped": "The view is deleted. No task was touched.",
}
"""What a page may say after a form: only what stands here, so that no address can put words on a page."""


@cache
def environment() -> Environment:
    """The templates of this package. All of them escape what is put into them; a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=day_words, moment=time_words, short=short_time, figures=figures, granted=granted_words)
    return made


def render(
    tab: Tab,
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    session: SignedIn | None = None,
    mark: Classification | str = "",
    status: int = 200,
) -> Response:
    """The page of a template. `values` are its own; those of every page are in `_common`."""
    common = _common(tab, request, session, mark)
    return HTMLResponse(environment().get_template(template).render({**common, **values}), status)


def _common(tab: Tab, request: Request, session: SignedIn | None, mark: Classification | str) -> dict[str, Any]:
    told = request.query_params.get("theme", "")
    return {
        "force_name": tab.force.name,
        "mark": str(mark or Classification.OFFICIAL),
        "person": session.person if session else None,
        "csrf": session.csrf if session else "",
        "form_key": secrets.token_urlsafe(24),
        "theme": THEMES.get(told, session.theme if session else ""),
        "navigation": _navigation(request, session),
        "here": _path(tab, request),
        "url": lambda path: f"{tab.settings.path}{path}",
        "said": SAID.get(request.query_params.get("said", ""), ""),
        "trouble": _trouble(tab, session),
        "as_at": tab.now(),
        "faults": [],
        "typed": {},
    }


def _navigation(request: Request, session: SignedIn | None) -> list[Any]:
    """Pages for the navigation of this person, from the table that the application was made of."""
    if session is None:
        return []
    return [page for page in request.app.state.pages if page.nav and rights.may(session.person, page.right)]


def _path(tab: Tab, request: Request) -> str:
    return str(request.url.path).removeprefix(tab.settings.path) or "/"


def _trouble(tab: Tab, session: SignedIn | None) -> dict[str, Any] | None:
    """What the banner says while something is wrong; None when all is well, and to whom is not signed in."""
    if session is None:
        return None
    state = tab.state()
    is_operator = rights.may(session.person, Right.SEE_OPERATIONS)
    return {"words": state.banner, "is_operator": is_operator} if state.banner else None
