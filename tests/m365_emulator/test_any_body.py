"""No body, however odd, breaks a handler: every answer is a Graph answer, and a refusal changes nothing."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from m365_emulator.batch import answer_batch
from m365_emulator.graph import GraphApi, make_call
from m365_emulator.registry import graph_routes, permission_check
from m365_emulator.sign_in.tokens import Caller
from m365_emulator.tenant import Tenant

SCALARS = st.none() | st.booleans() | st.integers(-5, 500) | st.text(max_size=8) | st.floats(allow_nan=False)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = {
    "POST /planner/tasks": ("planId", "title", "bucketId", "assignments", "appliedCategories", "orderHint", "details"),
    "POST /planner/plans": ("title", "container", "owner"),
    "POST /planner/buckets": ("planId", "name", "orderHint"),
    "PATCH /planner/tasks/{task}": ("title", "dueDateTime", "priority", "percentComplete", "assignments"),
    "PATCH /planner/tasks/{task}/details": ("description", "checklist", "references", "previewType"),
    "PATCH /planner/plans/{plan}/details": ("categoryDescriptions", "sharedWith"),
    "PATCH /groups/{group}": ("displayName", "description", "visibility"),
    "POST /groups": ("displayName", "mailNickname", "groupTypes", "owners@odata.bind", "members@odata.bind"),
    "POST /groups/{group}/members/$ref": ("@odata.id",),
    "POST /teams/{group}/channels": ("displayName", "description", "membershipType"),
    "POST /teams/{group}/channels/{channel}/messages": ("body", "attachments", "mentions", "subject", "importance"),
    "POST /$batch": ("requests",),
}
NEEDED = {
    "POST /groups": {"mailEnabled": True, "securityEnabled": False},
    "POST /planner/tasks": {"title": "x"},
    "POST /teams/{group}/channels/{channel}/messages": {"body": {"content": "x"}},
}


class Place:
    """A tenant with one of everything, called in this process; an error that no handler meant surfaces as itself."""

    def __init__(self) -> None:
        self.tenant = Tenant()
        self.tenant.switches.set("teams_channel_per_second", 0)
        now = self.tenant.clock.now()
        directory = self.tenant.directory
        ann = directory.add_user("ann@peakshire.example", "Ann Example", now)
        group = directory.add_group("bcu-north", "BCU North", now)
        group.member_ids.append(ann.id)
        team = self.tenant.teams.add_team(group.id, now)
        scopes = ("Tasks.ReadWrite", "Group.ReadWrite.All", "ChannelMessage.Send", "Channel.Create")
        self.caller = Caller("app", ann.id, frozenset(scopes))
        self.api = GraphApi(self.tenant, graph_routes(), permission_check())
        container = {"containerId": group.id, "type": "group"}
        plan = self.call("POST", "/planner/plans", {"title": "Plan", "container": container})[1]["id"]
        task = self.call("POST", "/planner/tasks", {"planId": plan, "title": "Task"})[1]["id"]
        self.names = {"group": group.id, "plan": plan, "task": task, "channel": next(iter(team.channels))}

    def call(self, verb: str, path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """One call; status and answer."""
        sent = json.dumps(body).encode()
        call = make_call(self.tenant, verb, path, headers or {}, sent, "http://here", self.caller)
        batch = path == "/$batch"
        reply = asyncio.run(answer_batch(self.api, call)) if batch else self.api.answer_now(call)
        return reply.status, json.loads(json.dumps(reply.body))

    def send(self, operation: str, body: Any) -> tuple[int, Any]:
        """Do an operation with a body and the right etag; status and answer."""
        verb, template = operation.split(" ")
        path = template.format(**self.names)
        headers = {}
        if verb == "PATCH" and "planner" in path:
            headers["If-Match"] = self.call("GET", path, None)[1]["@odata.etag"]
        return self.call(verb, path, body, headers)


@pytest.fixture(scope="module")
def place() -> Place:
    """One tenant for all examples."""
    return Place()


@pytest.mark.parametrize("operation", sorted(NAMES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_odd_body_is_answered_as_graph_would(place: Place, operation: str, data: st.DataObject) -> None:
    values = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[operation], JSON)))
    planned = {"planId": place.names["plan"]} if operation == "POST /planner/tasks" else {}
    status, answer = place.send(operation, NEEDED.get(operation, {}) | planned | values)
    assert status < 500
    if status >= 400:
        assert set(answer["error"]) == {"code", "message", "innerError"}


@settings(max_examples=60, deadline=None)
@given(body=JSON)
def test_any_json_at_all_is_answered(place: Place, body: Any) -> None:
    for operation in ("POST /planner/tasks", "PATCH /planner/tasks/{task}", "POST /$batch", "POST /groups"):
        status, _ = place.send(operation, body)
        assert status < 500


@settings(max_examples=80, deadline=None)
@given(
    part=st.fixed_dictionaries({}, optional={n: JSON for n in ("id", "method", "url", "headers", "body", "dependsOn")})
)
def test_any_part_of_a_batch_is_answered(place: Place, part: dict[str, Any]) -> None:
    whole = {"id": "1", "method": "PATCH", "url": "/groups", "headers": {"Content-Type": "application/json"}}
    for sent in (part, whole | part):
        status, _ = place.send("POST /$batch", {"requests": [sent]})
        assert status in (200, 400)
