"""One call to Graph and what came of it, the same whether it went alone or as an item of a batch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from graph_client.errors import GraphError, RetryLater, error_from_answer
from graph_client.retry_after import retry_after_seconds

JSON_TYPE = "application/json"
# A 429 that names no wait still asks everybody to hold back.
UNNAMED_WAIT_SECONDS = 1.0
THROTTLED, UNAVAILABLE = 429, 503


@dataclass(frozen=True, slots=True)
class Call:
    """A call, ready to be sent. `url` is whole; `operation` says what is asked without ids or names;
    `request_id` is its client-request-id; `content` is the body as it is sent."""

    method: str
    url: str
    operation: str
    request_id: str
    urgency: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    content_type: str = JSON_TYPE

    @property
    def is_write(self) -> bool:
        """True for everything but a GET."""
        return self.method != "GET"

    @property
    def changed_resource(self) -> str | None:
        """The resource that the call changes or removes; None for a read, and for a POST, which adds one."""
        return None if self.method in ("GET", "POST") else self.url.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Graph answered. Header names are found in lower case; `body` is parsed JSON, None where it is none;
    `is_empty` is True where there was no body at all."""

    status: int
    headers: Mapping[str, str]
    body: Any
    is_empty: bool

    @classmethod
    def read(cls, response: httpx.Response) -> "Answer":
        """From an HTTP answer."""
        try:
            body = json.loads(response.content) if response.content else None
        except ValueError:
            body = None
        return cls(response.status_code, response.headers, body, not response.content)

    @property
    def wait_seconds(self) -> float | None:
        """How long Graph asks everybody to wait: 429, and 503 with a Retry-After. None where it does not."""
        if self.status not in (THROTTLED, UNAVAILABLE):
            return None
        named = retry_after_seconds(self.headers)
        return UNNAMED_WAIT_SECONDS if named is None and self.status == THROTTLED else named

    def raise_error(self, call: Call) -> None:
        """Raise what this answer means for the call, unless it is a success."""
        if not 200 <= self.status < 300:
            raise error_from_answer(
                call.operation, status=self.status, headers=self.headers, body=self.body, is_write=call.is_write
            )

    def json_for(self, call: Call) -> dict[str, Any]:
        """The JSON object. Raises the error; RetryLater where a success carries no object."""
        self.raise_error(call)
        if isinstance(self.body, dict):
            return self.body
        sentence = "Graph's answer could not be read"
        raise RetryLater(call.operation, status=self.status, uncertain=call.is_write, sentence=sentence)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why a call has no answer of its own. `was_sent` is True where Graph may have had it all the same."""

    kind: type[GraphError]
    sentence: str
    was_sent: bool
    cause: Exception | None = None
    status: int | None = None
    after_seconds: float | None = None

    def error_for(self, call: Call) -> GraphError:
        """The call's error."""
        return self.error(call.operation, request_id=call.request_id, uncertain=self.was_sent and call.is_write)

    def error(self, operation: str, **facts: Any) -> GraphError:
        """The error of an operation, with further facts of GraphError."""
        if self.after_seconds is not None:
            facts["after_seconds"] = self.after_seconds
        error = self.kind(operation, status=self.status, sentence=self.sentence, **facts)
        error.__cause__ = self.cause
        return error


def as_json(body: Mapping[str, Any]) -> bytes:
    """A body as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
