"""What Graph puts around every answer: error envelope, standard headers, context, $select, pages.

Wire shapes: concepts/errors.md and concepts/paging.md of Microsoft's Graph documentation.
"""

import base64
import binascii
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

Json = dict[str, Any]
T = TypeVar("T")

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
SERVER_INFO = {
    "ServerInfo": {
        "DataCenter": "UK South",
        "Slice": "E",
        "Ring": "4",
        "ScaleUnit": "001",
        "RoleInstance": "LO2PEPF00000001",
    }
}
MANY = 10**18
_DIAGNOSTIC = json.dumps(SERVER_INFO, separators=(",", ":"))


class GraphFault(Exception):
    """A refusal with a Graph error body. `inner` joins innerError; `headers` join the reply's."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        inner: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner or {}
        self.headers = headers or {}


def error_body(fault: GraphFault, ids: Mapping[str, str], now: datetime) -> Json:
    """The error envelope; its date carries no zone mark, and its ids match the reply's headers."""
    inner = fault.inner | {
        "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": ids["request-id"],
        "client-request-id": ids["client-request-id"],
    }
    return {"error": {"code": fault.code, "message": fault.message, "innerError": inner}}


def standard_headers(client_request_id: str | None) -> dict[str, str]:
    """The headers that every Graph reply carries; `Date` is added by the web server."""
    request_id = str(uuid.uuid4())
    return {
        "Cache-Control": "no-cache",
        # Age 0, not Graph's year: a browser would hold every program on localhost to https.
        "Strict-Transport-Security": "max-age=0",
        "request-id": request_id,
        "client-request-id": client_request_id or request_id,
        "x-ms-ags-diagnostic": _DIAGNOSTIC,
    }


def whole_number(text: str) -> int | None:
    """The number that these ASCII digits are, however many; None for any other text."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) < len(str(MANY)) else MANY


def finite_number(text: str) -> float:
    """For json.loads: the number; ValueError for one that is too large for any, such as 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def no_number(text: str) -> float:
    """For json.loads: ValueError, since NaN and Infinity are no JSON."""
    raise ValueError(f"{text} is no JSON")


def with_context(base_url: str, context: str, body: Json) -> Json:
    """`body` led by its @odata.context, e.g. context 'planner/tasks/$entity'."""
    return {"@odata.context": f"{base_url}/v1.0/$metadata#{context}", **body}


def select(row: Json, wanted: str | None) -> Json:
    """Keep the properties that $select names (case does not matter), and all annotations."""
    if not wanted:
        return row
    names = {name.strip().lower() for name in wanted.split(",") if name.strip()}
    return {k: v for k, v in row.items() if k.startswith("@") or k.lower() in names}


def page(rows: Sequence[Json], query: Mapping[str, str], page_url: str, size: int, *, count: bool = False) -> Json:
    """One page of `rows` as value, with an opaque @odata.nextLink while more follow; as `cut` cuts it."""
    found, link = cut(rows, query, page_url, size, lambda row: str(row.get("id", "")))
    return page_body(found, link, len(rows) if count else None)


def page_body(rows: list[Json], link: str | None, count: int | None) -> Json:
    """The body of a page: its count and link where there are any, then its rows."""
    body: Json = {} if count is None else {"@odata.count": count}
    if link is not None:
        body["@odata.nextLink"] = link
    body["value"] = rows
    return body


def cut(
    rows: Sequence[T], query: Mapping[str, str], page_url: str, size: int, id_of: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """(the rows of the page that the query asks for, the link to the next page or None).

    The link keeps every other option of the query. It remembers the id of the last row given, so rows that
    go away between pages do not push others out. A garbled $skiptoken is a 400.
    """
    start = _start(rows, query.get("$skiptoken"), id_of)
    end = start + size
    if end >= len(rows):
        return list(rows[start:end]), None
    token = _token(end, id_of(rows[end - 1]))
    options = {k: v for k, v in query.items() if k.lower() != "$skiptoken"} | {"$skiptoken": token}
    return list(rows[start:end]), f"{page_url}?{urlencode(options, safe='$', quote_via=quote)}"


def _token(index: int, last_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([index, last_id]).encode()).decode().rstrip("=")


def _start(rows: Sequence[T], token: str | None, id_of: Callable[[T], str]) -> int:
    if token is None:
        return 0
    try:
        index, last_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        index = int(index)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as fault:
        raise GraphFault(400, "BadRequest", "Skip token is not valid.") from fault
    after = next((i + 1 for i, row in enumerate(rows) if id_of(row) == last_id), None)
    return after if after is not None else index
