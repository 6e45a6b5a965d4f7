"""The route table: every Graph route is one `Route`, and dispatch, 405, permissions and coverage all read it.

Segments compare without case, ids with it; keys may stand in parentheses, as in /users('x').
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from m365_emulator.odata import GraphFault, Json, finite_number, no_number
from m365_emulator.sign_in.tokens import Caller
from m365_emulator.words import Family

if TYPE_CHECKING:
    from m365_emulator.tenant import Tenant

_PLACE = re.compile(r"\{(\w+)(\*?)\}")
_TO_NORMALISE = re.compile(r"[%(]|microsoft\.graph\.", re.IGNORECASE)
_KEY = re.compile(r"/([A-Za-z_][\w.$]*)\((?:'([^'/]*)'|([^'/=()]*))\)")


@dataclass(slots=True)
class Call:
    """One call to Graph, alone or as a part of a batch. Header names and query names are in lower case."""

    tenant: "Tenant"
    method: str
    path: str
    """Below /v1.0, still percent-encoded, with a leading slash."""
    query: dict[str, str]
    headers: Mapping[str, str]
    sent: bytes | Json
    """The body as it came, or read already where it was a part of a batch."""
    base_url: str
    """Where this emulator is reached, e.g. http://127.0.0.1:8365, for links and contexts."""
    caller: Caller | None = None
    params: dict[str, str] = field(default_factory=dict)
    """What the template's {places} matched, percent-decoded."""

    @property
    def who(self) -> Caller:
        """The caller, known once the token was read."""
        if self.caller is None:
            raise GraphFault(401, "InvalidAuthenticationToken", "Access token is empty.")
        return self.caller

    @property
    def url(self) -> str:
        """The address of this call without its query, for next links."""
        return f"{self.base_url}/v1.0{self.path}"

    @property
    def body(self) -> bytes:
        """The body as bytes."""
        return json.dumps(self.sent).encode() if isinstance(self.sent, dict) else self.sent

    def json(self) -> Json:
        """The body as a JSON object; 400 when it is not one."""
        if isinstance(self.sent, dict):
            return self.sent
        try:
            body: Any = json.loads(self.sent, parse_constant=no_number, parse_float=finite_number)
            if b"\\u" in self.sent:
                json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError) as fault:
            raise GraphFault(400, "BadRequest", "Unable to read JSON request payload.") from fault
        if not isinstance(body, dict):
            raise GraphFault(400, "BadRequest", "Empty Payload. JSON content expected.")
        return body


@dataclass(slots=True)
class Reply:
    """What a handler answers: JSON (`body` a dict), bytes, or nothing."""

    status: int = 200
    body: Json | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str | None = None
    encoded: bytes | None = None
    """The body as JSON, where it is at hand already."""
    lost_as: str | None = None
    """Set by the fault 'lose the next answer': 'disconnect', so that the caller never sees this reply."""


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One verb on one path template such as /planner/tasks/{task_id}; {path*} spans several segments.

    `permission` is the key into the permission table where it differs from the template's own. `before` is awaited
    between the permission check and the handler, for what has to wait for somebody else. `family` says what is
    modelled, assumed and refused of it.
    """

    method: str
    template: str
    handler: Handler
    permission: str = ""
    before: Callable[[Call], Awaitable[None]] | None = None
    family: Family | None = None

    @property
    def permission_key(self) -> str:
        """Key of the permission table, e.g. 'GET /planner/tasks/{id}'."""
        return self.permission or f"{self.method} {_PLACE.sub('{id}', self.template)}"


def of_family(family: Family, routes: Iterable[Route]) -> tuple[Route, ...]:
    """The routes, each with the words of the family that it belongs to."""
    return tuple(replace(route, family=family) for route in routes)


@dataclass(frozen=True, slots=True)
class _Compiled:
    pattern: re.Pattern[str]
    weight: int
    segments: tuple[str, ...]
    handlers: dict[str, tuple[Route, list[str]]]
    """By verb: the route, and the names of its places."""

    @property
    def fixed_length(self) -> int | None:
        """How many segments a path has that fits; None where one place spans several."""
        spans = any("*}" in segment for segment in self.segments)
        return None if spans else len(self.segments)


class RouteTable:
    """Finds the route of a call. The template with the most literal text wins."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        by_template: dict[str, dict[str, Route]] = {}
        for route in routes:
            handlers = by_template.setdefault(_PLACE.sub("{}", route.template).lower(), {})
            if route.method in handlers:
                raise ValueError(f"{route.method} {route.template} is declared twice")
            handlers[route.method] = route
        compiled = [_compile(handlers) for handlers in by_template.values()]
        self._by_head: dict[str, list[_Compiled]] = {}
        for entry in sorted(compiled, key=lambda c: -c.weight):
            self._by_head.setdefault(entry.segments[0], []).append(entry)
        self._by_length: dict[tuple[str, int], list[_Compiled]] = {}

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and its places for a path below /v1.0; 405 for another verb, 400 for an unknown path."""
        path = normalise(path)
        segments = path.strip("/").split("/")
        head, known = segments[0].lower(), False
        for entry in self._candidates(head, len(segments)):
            match = entry.pattern.fullmatch(path)
            if match is None:
                continue
            known = True
            found = entry.handlers.get(method)
            if found is not None:
                return found[0], dict(zip(found[1], map(unquote, match.groups()), strict=True))
        if known:
            raise GraphFault(405, "Request_BadRequest", f"Specified HTTP method {method} is not allowed here.")
        missing = _unknown(path, self._by_head.get(head, []))
        raise GraphFault(400, "BadRequest", f"Resource not found for the segment '{missing}'.")

    def _candidates(self, head: str, length: int) -> list[_Compiled]:
        """The templates that a path of so many segments can fit, most literal text first."""
        entries = self._by_head.get(head)
        if entries is None:
            return []
        found = self._by_length.get((head, length))
        if found is None:
            found = [entry for entry in entries if entry.fixed_length in (None, length)]
            self._by_length[head, length] = found
        return found


def normalise(path: str) -> str:
    """Keys out of their parentheses, a function's empty parentheses and its namespace away, no last slash.

    What stands between two ':/' is the name of a file or site, where parentheses are ordinary characters.
    """
    if not _TO_NORMALISE.search(path):
        return path.rstrip("/") or "/"
    path = path.replace("%28", "(").replace("%29", ")").replace("%27", "'")
    pieces = path.split(":/")
    pieces[::2] = [_KEY.sub(_key_as_segment, piece) for piece in pieces[::2]]
    path = re.sub(r"/microsoft\.graph\.(delta)\b", r"/\1", ":/".join(pieces), flags=re.IGNORECASE)
    return path.rstrip("/") or "/"


def _key_as_segment(found: re.Match[str]) -> str:
    key = found[2] or found[3]
    return f"/{found[1]}/{key}" if key else f"/{found[1]}"


def _compile(handlers: dict[str, Route]) -> _Compiled:
    template = next(iter(handlers.values())).template
    parts, last = [], 0
    for place in _PLACE.finditer(template):
        parts.append(re.escape(template[last : place.start()]))
        parts.append(r"(.+?)" if place[2] else r"([^/]*[^/:])")
        last = place.end()
    parts.append(re.escape(template[last:]))
    segments = tuple(s.lower() for s in template.strip("/").split("/"))
    weight = len(_PLACE.sub("", template))
    named = {verb: (route, [name for name, _ in _PLACE.findall(route.template)]) for verb, route in handlers.items()}
    return _Compiled(re.compile("".join(parts), re.IGNORECASE), weight, segments, named)


def _unknown(path: str, candidates: list[_Compiled]) -> str:
    given = path.strip("/").split("/")
    reached = 0
    for entry in candidates:
        length = 0
        for mine, theirs in zip(given, entry.segments, strict=False):
            if mine.lower() != theirs and not theirs.startswith("{"):
                break
            length += 1
        reached = max(reached, length)
    return unquote(given[min(reached, len(given) - 1)])
