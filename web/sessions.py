"""Sessions: opened after a sign-in, short, kept in the record; the browser holds one cookie with a random key.

There is one cookie at most in an answer: Azure's way from ASGI to a function's answer keeps no second one.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from store import web_sessions
from store.web_sessions import SIGNED_IN, SIGNING_IN, WebSession
from tasking.audit import AuditKind
from tasking.rights import AppRole, Grant, Person
from web.tab import SOURCE, Tab

IDLE = timedelta(minutes=30)
"""So long without a page, and the session is over. What was typed is kept: see web/kept_forms.py."""
WHOLE = timedelta(hours=10)
"""A tour of duty; then roles are asked for anew, however busy the session was."""
TO_SIGN_IN = timedelta(minutes=15)
KEPT = timedelta(days=2)
TOUCHED_EVERY = timedelta(minutes=1)
WATCHING = "tab-watching"
"""Header of what a page asks by itself: nobody need be there, so it keeps no session in use."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the person it belongs to. `csrf` is what each of its forms has to carry."""

    row: WebSession
    person: Person
    csrf: str
    theme: str


def session_of(tab: Tab, request: Request) -> SignedIn | None:
    """Whoever is signed in here; None where nobody is, or is no longer. Notes that the session is in use,
    except where a page asked by itself."""
    row = row_of(tab, request)
    now = tab.now()
    if row is None or row.kind != SIGNED_IN or is_over(tab, row):
        return None
    if now - row.used_at >= TOUCHED_EVERY and WATCHING not in request.headers:
        with tab.store.open() as connection:
            web_sessions.change(connection, row, used_at=now)
    return signed_in(row)


def row_of(tab: Tab, request: Request) -> WebSession | None:
    """The row of the cookie's key, whatever its kind and time; None without one."""
    key = request.cookies.get(cookie_name(tab), "")
    if not key:
        return None
    with tab.store.open() as connection:
        return web_sessions.read(connection, key)


def is_over(tab: Tab, row: WebSession) -> bool:
    """Whether the session was left alone too long, or has lasted as long as any may."""
    now = tab.now()
    return now >= row.ends_at or (row.kind == SIGNED_IN and now - row.used_at >= IDLE)


def signed_in(row: WebSession) -> SignedIn:
    """What a session of the kind SIGNED_IN holds."""
    told = row.document
    grants = frozenset(Grant(AppRole(role), unit) for role, unit in told["grants"])
    person = Person(told["user_id"], told["upn"], told["name"], grants, frozenset(told["units"]))
    return SignedIn(row, person, told["csrf"], told.get("theme", ""))


def open_session(tab: Tab, answer: Response, person: Person, way: str, more: Mapping[str, Any]) -> None:
    """Opens a session for somebody whose token was verified, audits it, and sets the cookie. `way` is how they came."""
    now, key = tab.now(), secrets.token_urlsafe(32)
    document = {
        "user_id": person.user_id,
        "upn": person.upn,
        "name": person.name,
        "grants": sorted([grant.role.value, grant.unit] for grant in person.grants),
        "units": sorted(person.units),
        "csrf": secrets.token_urlsafe(32),
        **more,
    }
    with tab.store.act(person.upn, SOURCE, tab.store.new_delivery_id()) as uow:
        web_sessions.begin(uow.connection, key, SIGNED_IN, document, now, now + WHOLE)
        web_sessions.forget(uow.connection, now - KEPT)
        uow.audit(f"signed in {way}", person.user_id, {}, AuditKind.SIGN_IN)
    set_cookie(tab, answer, key)


def begin_sign_in(tab: Tab, answer: Response, document: Mapping[str, Any]) -> None:
    """Keeps what a sign-in needs until Entra sends the browser back."""
    now, key = tab.now(), secrets.token_urlsafe(32)
    with tab.store.open() as connection:
        web_sessions.begin(connection, key, SIGNING_IN, document, now, now + TO_SIGN_IN)
    set_cookie(tab, answer, key)


def close_session(tab: Tab, answer: Response, session: SignedIn) -> None:
    """Signs out: the row is gone, the cookie is taken back, and it is audited."""
    with tab.store.act(session.person.upn, SOURCE, tab.store.new_delivery_id()) as uow:
        web_sessions.end(uow.connection, session.row)
        uow.audit("signed out", session.person.user_id, {}, AuditKind.SIGN_IN)
    set_cookie(tab, answer, "")


def cookie_name(tab: Tab) -> str:
    """Over https the browser itself refuses the name without Secure."""
    return "__Secure-tasking" if tab.settings.is_secure else "tasking"


def set_cookie(tab: Tab, answer: Response, key: str) -> None:
    """Over https for frames of another site, as Teams needs it, and apart for each site that frames us (Partitioned);
    by http, which is this machine only, for our own site. An empty key takes it back."""
    rest = "; SameSite=None; Secure; Partitioned" if tab.settings.is_secure else "; SameSite=Lax"
    life = "" if key else "; Max-Age=0"
    answer.headers["set-cookie"] = f"{cookie_name(tab)}={key}; Path={tab.settings.path}; HttpOnly{life}{rest}"
