"""The traffic page: what passed, newest first, to be narrowed by status, verb and path; bodies without their tokens."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from m365_emulator.control.orders import tenant_of
from m365_emulator.odata import Json, whole_number
from m365_emulator.pages.frame import not_here, show
from m365_emulator.traffic import Exchange

PER_PAGE = 100
LONGEST_BODY = 20_000
STATUSES = {
    "": "any",
    "2": "2xx done",
    "3": "3xx elsewhere",
    "4": "4xx refused",
    "5": "5xx failed",
    "0": "lost answers",
}
_SECRET_HEADERS = frozenset({"authorization", "x-identity-header", "x-functions-key", "cookie", "set-cookie"})
_SECRETS = re.compile(
    r"(?i)(\"(?:access_token|refresh_token|id_token|client_secret|client_assertion|assertion|authorization)\""
    r"\s*:\s*\")[^\"]*"
    r"|((?:^|[?&])(?:sig|tempauth|client_secret|refresh_token|assertion|client_assertion|code)=)[^&\s\"]*"
    r"|(\bBearer\s+)[\w~+/.=-]{20,}"
)
HIDDEN = "(hidden)"


async def traffic(request: Request) -> Response:
    """GET /traffic?status=4&method=PATCH&path=planner&before=N: what passed, the latest first"""
    asked = {name: request.query_params.get(name, "") for name in ("status", "method", "path", "before")}
    before = whole_number(asked["before"])
    rows: list[Json] = []
    more = False
    for number, at, exchange in tenant_of(request).traffic.newest_first():
        if (before is not None and number >= before) or not _fits(exchange, asked):
            continue
        if len(rows) == PER_PAGE:
            more = True
            break
        rows.append(_row(number, at, exchange))
    values = {
        "rows": rows,
        "asked": asked,
        "statuses": STATUSES,
        "more": more,
        "total": tenant_of(request).traffic.passed,
    }
    return show(request, "traffic.html", values)


async def exchange(request: Request) -> Response:
    """GET /traffic/{number}: one exchange with its headers and bodies"""
    number = request.path_params["number"]
    found = tenant_of(request).traffic.numbered(number)
    if found is None:
        return not_here(request, "That exchange is not kept (any more).")
    at, one = found
    values = {
        "row": _row(number, at, one),
        "url": hide(one.url),
        "sides": [
            {"name": "Request", "headers": _headers(one.request_headers), "body": _body(one.request_body)},
            {"name": "Answer", "headers": _headers(one.response_headers), "body": _body(one.response_body)},
        ],
        "note": one.note,
    }
    return show(request, "exchange.html", values)


def hide(text: str) -> str:
    """The text without the tokens, secrets and signatures that it carries."""
    return _SECRETS.sub(lambda match: f"{match[1] or match[2] or match[3]}{HIDDEN}", text)


def _fits(one: Exchange, asked: dict[str, str]) -> bool:
    if not str(one.status).startswith(asked["status"]):
        return False
    if asked["method"] and one.method != asked["method"].upper():
        return False
    return asked["path"].casefold() in one.url.casefold()


def _row(number: int, at: datetime, one: Exchange) -> Json:
    parts = urlsplit(one.url)
    return {
        "number": number,
        "at": at,
        "method": one.method,
        "address": hide(parts.path + (f"?{parts.query}" if parts.query else "")),
        "status": one.status,
        "words": "answer lost" if one.status == 0 else str(one.status),
        "bad": one.status == 0 or one.status >= 400,
        "milliseconds": round(one.seconds * 1000, 1),
    }


def _headers(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(name, HIDDEN if name.lower() in _SECRET_HEADERS else value) for name, value in headers]


def _body(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"({len(body)} bytes that are no text)"
    with suppress(ValueError):  # what is no JSON is shown as it came
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    text = hide(text)
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n… ({len(text)} characters in all)"


TRAFFIC_ROUTES = (Route("/traffic", traffic), Route("/traffic/{number:int}", exchange))
