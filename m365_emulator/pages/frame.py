"""What every page shares: the templates, UK times, and the person that the visitor acts as (kept in a cookie)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from m365_emulator.control.orders import tenant_of
from m365_emulator.directory.state import User

HERE = Path(__file__).parents[1]
UK = ZoneInfo("Europe/London")
COOKIE = "acting_as"


def uk_moment(at: datetime) -> str:
    """'Sat 21 Nov 2026, 14:05' in UK time."""
    local = at.astimezone(UK)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def uk_clock(at: datetime) -> str:
    """'14:05:09' in UK time."""
    return f"{at.astimezone(UK):%H:%M:%S}"


def capfirst(text: str) -> str:
    """The text with a capital to begin with."""
    return text[:1].upper() + text[1:]


def plural(number: int, word: str) -> str:
    """'1 task', '2 tasks'."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, with everything escaped."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["moment"] = uk_moment
    found.filters |= {"plural": plural, "clock": uk_clock, "capfirst": capfirst}
    return found


def show(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """A page from a template; `now` is tenant time."""
    now = tenant_of(request).clock.now()
    html = environment().get_template(template).render({"now": now} | dict(values))
    return HTMLResponse(html, status)


def not_here(request: Request, what: str) -> Response:
    """A 404 page that says what is missing."""
    return show(request, "missing.html", {"what": what}, 404)


def acting_person(request: Request) -> User | None:
    """The person whom the visitor acts as, if one was chosen and is still there."""
    chosen = request.cookies.get(COOKIE)
    return tenant_of(request).directory.user(chosen) if chosen else None


async def act_as(request: Request) -> Response:
    """POST /acting-as: remember the person, and go back to where the visitor was."""
    async with request.form() as form:
        asked, chosen = urlsplit(str(form.get("next", "/"))), str(form.get("user", ""))
    own_path = asked.path if asked.path.startswith("/") and not asked.netloc else "/"
    answer = RedirectResponse(own_path + (f"?{asked.query}" if asked.query else ""), 303)
    user = tenant_of(request).directory.user(chosen)
    if user is not None:
        answer.set_cookie(COOKIE, user.id, httponly=True, samesite="lax")
    return answer
