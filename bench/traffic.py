"""Pure: recorded exchanges to what they cost. What counts is an app's own call to Graph that is not about a site."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOT_COUNTED = re.compile(r"^/sites/")
"""Reading the intake list: one poll every half minute, whatever comes."""
LONGEST_NAME = 24
CALLS_PER_TASK = 3
"""POST, GET details, PATCH details: the details have an etag of their own, so that fewer cannot fill a new task."""
IN_BATCH = 20
"""Most calls in one $batch (learn.microsoft.com/graph/json-batching)."""
BATCH = "/$batch"


@dataclass(frozen=True, slots=True)
class Call:
    """One logical call: alone in a request, or an item of a batch. `path` is below /v1.0, without its query."""

    method: str
    path: str
    body: Any
    status: int
    answer: Any


@dataclass(frozen=True, slots=True)
class GraphCost:
    """HTTP requests and the logical calls in them; `operations` counts the calls by method and path."""

    http: int
    logical: int
    operations: Mapping[str, int]


def cost_of(entries: Sequence[Mapping[str, Any]]) -> GraphCost:
    """What these exchanges cost. A request whose calls are all about sites is none."""
    requests = [found for entry in entries if (found := list(counted_calls(entry)))]
    operations = Counter(f"{call.method} {operation(call.path)}" for calls in requests for call in calls)
    return GraphCost(len(requests), operations.total(), dict(operations.most_common()))


def counted_calls(entry: Mapping[str, Any]) -> Iterator[Call]:
    """The calls of one exchange that count: an app's, below /v1.0, not about a site."""
    return (call for call in _calls(entry) if _is_by_app(entry) and not NOT_COUNTED.match(call.path))


def made_tasks(entries: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    """For each task that was made: the body that created it and the body that filled its details."""
    calls = [call for entry in entries for call in counted_calls(entry) if 200 <= call.status < 300]
    filled = {call.path: call.body for call in calls if call.method == "PATCH"}
    made = [call for call in calls if (call.method, call.path) == ("POST", "/planner/tasks")]
    return [
        (call.body, filled[path]) for call in made if (path := f"/planner/tasks/{call.answer['id']}/details") in filled
    ]


def operation(path: str) -> str:
    """A path without its ids."""
    return "/".join("{id}" if _is_id(part) else part for part in path.split("/"))


def _is_id(part: str) -> bool:
    return len(part) >= LONGEST_NAME or bool(re.search(r"[\d@'!]", part))


def _calls(entry: Mapping[str, Any]) -> Iterator[Call]:
    request, response = entry["request"], entry["response"]
    path = _below(request["url"])
    body, answer = _json(request.get("postData", {}).get("text")), _json(response["content"]["text"])
    if path != BATCH:
        yield Call(request["method"], path, body, response["status"], answer)
        return
    answers = {str(each["id"]).lower(): each for each in (answer or {}).get("responses", [])}
    for item in body["requests"]:
        told = answers.get(str(item["id"]).lower(), {})
        path = "/" + item["url"].lstrip("/").partition("?")[0]
        yield Call(item["method"], path, item.get("body"), told.get("status", 0), told.get("body"))


def _below(url: str) -> str:
    return url.partition("/v1.0")[2].partition("?")[0]


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _is_by_app(entry: Mapping[str, Any]) -> bool:
    given = {each["name"].lower(): each["value"] for each in entry["request"]["headers"]}.get("authorization", "")
    parts = given.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return False
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return bool(claims.get("idtyp") == "app")
