"""Every exchange kept as HAR 1.2, bodies and bearer tokens included, so that it can be held against the metadata.

The tokens are the emulator's own; they open nothing else.
"""

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from m365_emulator.clock import timestamp

MAX_ENTRIES = 50_000
MAX_BYTES = 256 * 1024 * 1024
_TEXT = ("application/json", "text/", "application/x-www-form-urlencoded", "application/xml", "application/problem")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what was answered; `status` 0 means that the answer was lost on the way."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    seconds: float
    note: str = ""


@dataclass(slots=True)
class Traffic:
    """The latest exchanges: at most `keep`, and at most MAX_BYTES of bodies. With 0 they are counted alone.

    They are kept as they passed and become HAR entries when somebody looks, since most of them nobody ever does.
    """

    keep: int = MAX_ENTRIES
    exchanges: deque[tuple[int, datetime, Exchange]] = field(default_factory=deque)
    """(number from 1, tenant time, exchange), oldest first."""
    passed: int = 0
    """How many there have been in all."""
    calls: int = 0
    """How many calls of Graph: each part of a batch is one, the batch itself is none."""
    held_bytes: int = 0

    def add(self, exchange: Exchange, now: datetime) -> None:
        """Keep one exchange, stamped with tenant time; the oldest go where there is no room."""
        self.passed += 1
        if not self.keep:
            return
        self.exchanges.append((self.passed, now, exchange))
        self.held_bytes += _size(exchange)
        while len(self.exchanges) > self.keep or (self.held_bytes > MAX_BYTES and len(self.exchanges) > 1):
            self.held_bytes -= _size(self.exchanges.popleft()[2])

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Every kept exchange as a HAR entry, oldest first."""
        return [_entry(exchange, now) for _, now, exchange in self.exchanges]

    def newest_first(self) -> Iterator[tuple[int, datetime, Exchange]]:
        """(number, tenant time, exchange) of each kept exchange."""
        return reversed(self.exchanges)

    def numbered(self, number: int) -> tuple[datetime, Exchange] | None:
        """The exchange of this number, if it is still kept."""
        first = self.passed - len(self.exchanges) + 1
        if not first <= number <= self.passed:
            return None
        _, now, exchange = self.exchanges[number - first]
        return now, exchange

    def har(self) -> dict[str, Any]:
        """The whole log."""
        creator = {"name": "m365_emulator", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": self.entries}}

    def har_text(self) -> str:
        """The whole log as JSON text."""
        return json.dumps(self.har(), indent=1)


class Stopwatch:
    """Seconds of real time since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def seconds(self) -> float:
        """How long it has run."""
        return time.perf_counter() - self._began


def _entry(exchange: Exchange, now: datetime) -> dict[str, Any]:
    millis = round(exchange.seconds * 1000, 3)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.request_headers),
        "queryString": _pairs(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(exchange.request_body),
    }
    if exchange.request_body:
        kind = _kind(exchange.request_headers)
        request["postData"] = {"mimeType": kind, "params": [], "text": _text(kind, exchange.request_body)}
    kind = _kind(exchange.response_headers)
    content = {
        "size": len(exchange.response_body),
        "mimeType": kind,
        "text": _text(kind, exchange.response_body),
    }
    response = {
        "status": exchange.status,
        "statusText": exchange.note,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.response_headers),
        "content": content,
        "redirectURL": dict(exchange.response_headers).get("Location", "") if exchange.status == 302 else "",
        "headersSize": -1,
        "bodySize": len(exchange.response_body),
    }
    return {
        "startedDateTime": timestamp(now),
        "time": millis,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": millis, "receive": 0},
    }


def _size(exchange: Exchange) -> int:
    return len(exchange.request_body) + len(exchange.response_body)


def _pairs(items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]


def _kind(headers: tuple[tuple[str, str], ...]) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _text(kind: str, body: bytes) -> str:
    if kind.startswith(_TEXT) or not kind:
        return body.decode("utf-8", errors="replace")
    return f"({len(body)} bytes)"
