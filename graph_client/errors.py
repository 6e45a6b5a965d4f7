"""What can go wrong with a Graph call, grouped by what to do next.

STATUS_MEANINGS says which status is which. No error text ever holds a body, a token or a person's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from graph_client.retry_after import retry_after_seconds


class GraphError(Exception):
    """A Graph call that did not do what was asked.

    `status` is the HTTP status, None where no answer came. `code` is Graph's error code ("" for most Planner
    errors, which is why callers branch on the class and never on the code). `request_id` is what Microsoft's
    support asks for. `uncertain` is True where a write may have happened all the same.
    """

    sentence: ClassVar[str] = "Graph could not do this"

    def __init__(
        self,
        operation: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        uncertain: bool = False,
        sentence: str = "",
    ) -> None:
        self.operation = operation
        self.status = status
        self.code = _plain_word(code)
        self.request_id = _plain_word(request_id)
        self.uncertain = uncertain
        facts = {
            "status": str(status) if status is not None else "",
            "code": self.code,
            "request": self.request_id,
            "": "it may have happened all the same" if uncertain else "",
        }
        told = ", ".join(f"{name} {value}".strip() for name, value in facts.items() if value)
        super().__init__(f"{operation}: {sentence or self.sentence}" + (f" ({told})" if told else ""))


class RetryLater(GraphError):
    """Throttled, unreachable or broken for now. `after_seconds` is Graph's wish, None where it named none."""

    sentence = "Graph cannot do this now"

    def __init__(self, operation: str, *, after_seconds: float | None = None, **facts: Any) -> None:
        super().__init__(operation, **facts)
        self.after_seconds = after_seconds


class Conflict(GraphError):
    """Someone else changed it: read again, merge, write again. `stale_version` is True for a refused etag (412)."""

    sentence = "it has changed since it was read"

    @property
    def stale_version(self) -> bool:
        """True where the If-Match header itself was refused, False where the changes clash (409)."""
        return self.status == 412


class Gone(GraphError):
    """It is not there, or not there for us."""

    sentence = "it does not exist"


class ResyncRequired(Gone):
    """The delta link is too old: read everything again, from `location` where Graph names one."""

    sentence = "the delta link is too old; everything must be read again"

    def __init__(self, operation: str, *, location: str | None = None, **facts: Any) -> None:
        super().__init__(operation, **facts)
        self.location = location


class NotPermitted(GraphError):
    """No token could be had, or it does not permit this: stop this route and tell an operator."""

    sentence = "this identity is not permitted to do this"


class Rejected(GraphError):
    """The request will never be accepted as it is. `limit` names the Planner limit that was reached, if any."""

    sentence = "Graph refused the request"

    @property
    def limit(self) -> str | None:
        """The name of the service limit that was reached, such as MaximumTasksInProject."""
        return self.code if is_limit_code(self.code) else None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status means for us, and whether a write that was answered so may have happened."""

    error: type[GraphError]
    may_have_happened: bool = False


# 403 has two meanings (see meaning_of); a gateway's 5xx can follow a write that got through.
STATUS_MEANINGS: Mapping[int, Meaning] = {
    401: Meaning(NotPermitted),
    403: Meaning(NotPermitted),
    404: Meaning(Gone),
    408: Meaning(RetryLater, may_have_happened=True),
    409: Meaning(Conflict),
    410: Meaning(ResyncRequired),
    412: Meaning(Conflict),
    423: Meaning(RetryLater),
    424: Meaning(RetryLater),
    429: Meaning(RetryLater),
    500: Meaning(RetryLater, may_have_happened=True),
    501: Meaning(Rejected),
    502: Meaning(RetryLater, may_have_happened=True),
    503: Meaning(RetryLater, may_have_happened=True),
    504: Meaning(RetryLater, may_have_happened=True),
    507: Meaning(Rejected),
    509: Meaning(RetryLater),
}
OTHER_SERVER_FAULT = Meaning(RetryLater, may_have_happened=True)
ANYTHING_ELSE = Meaning(Rejected)


def is_limit_code(code: str) -> bool:
    """Planner names its limits Maximum…; a 403 with such a code is a full plan, not a missing permission.

    Source: learn.microsoft.com/graph/api/resources/planner-overview, "Planner service limits error codes".
    """
    return code.startswith("Maximum")


def meaning_of(status: int, code: str) -> Meaning:
    """What an answer with this status and error code means."""
    if status == 403 and is_limit_code(code):
        return Meaning(Rejected)
    return STATUS_MEANINGS.get(status, OTHER_SERVER_FAULT if status >= 500 else ANYTHING_ELSE)


def error_from_answer(
    operation: str, *, status: int, headers: Mapping[str, str], body: object, is_write: bool
) -> GraphError:
    """The error for an answer that is no success.

    `headers` has lower-case names. `body` is the parsed JSON, anything else is taken as a body without a code.
    """
    code = error_code(body)
    meaning = meaning_of(status, code)
    facts: dict[str, Any] = {
        "status": status,
        "code": code,
        "request_id": headers.get("request-id") or headers.get("client-request-id") or "",
        "uncertain": is_write and meaning.may_have_happened,
    }
    if meaning.error is RetryLater:
        facts["after_seconds"] = retry_after_seconds(headers)
    if meaning.error is ResyncRequired:
        facts["location"] = headers.get("location")
    return meaning.error(operation, **facts)


def error_code(body: object) -> str:
    """The code of Graph's error envelope; "" where there is none."""
    envelope = body.get("error") if isinstance(body, Mapping) else None
    code = envelope.get("code") if isinstance(envelope, Mapping) else None
    return code if isinstance(code, str) else ""


def _plain_word(text: str) -> str:
    """The text if it is a code or an id, else "": whatever a server puts there must not reach a log."""
    return text if re.fullmatch(r"[A-Za-z0-9_.\-]{1,80}", text) else ""
