"""No order breaks the control area: over all its routes, whatever is sent is done or is a 400 that names the field."""

import asyncio
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_values import ODD, changed_at
from starlette.applications import Starlette
from starlette.routing import Route

from m365_emulator.control.openapi import BASE, Lever, levers
from m365_emulator.registry import control_routes
from m365_emulator.server import build_app

SEED = Path(__file__).resolve().parents[2] / "m365_emulator" / "seeds" / "small.yaml"
KEY, OTHER_KEY = "r" + "1" * 32, "r" + "2" * 32
ADA = "ada@peakshire.example"
QUESTIONS = [
    {"key": KEY, "title": "What?", "type": "text", "required": False, "subtitle": "In words", "stop_value": "No"},
    {
        "key": OTHER_KEY,
        "title": "Where?",
        "type": "choice",
        "choices": ["School"],
        "show_if": {"key": KEY, "value": "Yes"},
        "stop_message": "Stop",
    },
]
LIST = {"site_id": "{site}", "list_id": "Intake", "columns": {"form_id": "FormId"}}
FLOW = {"mode": "list", "list": LIST, "copies": 1, "delay_seconds": 0, "retry_seconds": 0.1}
AIM = {"method": "GET", "path": "/none", "workload": "planner", "times": 1, "seconds": 1}
STEP = {
    "match": {"method": "GET", "path": "/none", "workload": "planner"},
    "count": 1,
    "probability": 0.5,
    "then": {"status": 503, "code": "c", "message": "m", "retry_after": "date", "seconds": 1, "delay_seconds": 0},
}
SOUND: dict[str, dict[str, Any]] = {
    "seed": {
        "people": [{"upn": "new@x.example", "display_name": "N", "id": "new-1", "enabled": True, "job_title": "J"}],
        "groups": [{"mail_nickname": "new", "display_name": "N", "members": [ADA], "owners": [ADA], "team": True}],
    },
    "members": {"group": "northfell", "upns": [ADA], "remove": []},
    "clock": {"frozen": True, "now": "2026-12-01T10:00:00Z", "advance_seconds": -5.5},
    "switches": {"planner_page_size": 7, "planner_stale_list_seconds": 0.5, "batch_shuffle": False},
    "consent": {"app": "a", "grant": ["Tasks.Read.All"], "revoke": ["Tasks.Read.All"]},
    "tokens": {"user": ADA, "scopes": ["Tasks.ReadWrite"], "roles": ["x"], "app": "a", "expires_in": 60},
    "faults/throttle": AIM | {"retry_after": "date", "value": 1},
    "faults/fail_next": AIM | {"status": 503, "code": "c", "message": "m"},
    "faults/lose_next_answer": AIM | {"as": "504"},
    "faults/delay": AIM,
    "faults/plan": {"steps": [STEP, {"then": {"lose": "504"}}, {"then": {"reset": True}}], "seed": 3},
    "faults/latency": {"fixed_ms": 0, "jitter_ms": 0},
    "seed/all": {
        "people": [{"upn": ADA, "display_name": "Ada", "enabled": True, "user_type": "Member"}],
        "groups": [{"mail_nickname": "south", "members": [ADA], "channels": ["Daily"]}],
        "plans": [
            {
                "title": "P",
                "group": "south",
                "labels": {"1": "High"},
                "buckets": ["One"],
                "tasks": [
                    {
                        "title": "T",
                        "bucket": "One",
                        "assignees": [ADA],
                        "due": "2026-12-01",
                        "due_in_days": 3,
                        "priority": "urgent",
                        "progress": "in progress",
                        "labels": ["High"],
                        "description": "x",
                        "checklist": ["a", {"title": "b", "done": True}],
                        "references": {"https://x.example": "X"},
                    }
                ],
            }
        ],
        "lists": [{"name": "Second", "group": "south", "columns": ["A"], "items": [{"A": "x"}]}],
        "forms": [{"slug": "second", "title": "S", "mail_nickname": "south", "questions": QUESTIONS}],
        "webhooks": [{"name": "W", "group": "south", "channel": "Daily"}],
    },
    "apps": {
        "client_id": "a",
        "display_name": "A",
        "public": False,
        "secrets": ["s", {"value": "s", "expires_at": "2030-01-01T00:00:00Z"}],
        "certificates": [],
        "redirect_uris": ["http://localhost"],
        "identifier_uris": ["api://a"],
        "scopes": ["read"],
        "app_roles": ["Reader"],
        "id_token_from_authorize": False,
        "permissions": {"application": ["Tasks.Read.All"], "delegated": ["Tasks.Read"]},
    },
    "apps/{client_id}/roles": {"user": ADA, "roles": []},
    "sign_in/rotate_key": {"forget_old": False},
    "sign_in/revoke": {"user": ADA},
    "people/{person}": {"enabled": True},
    "planner/tasks/{task_id}/recurrence": {"type": "daily", "interval": 2, "starts_at": "2026-12-01T10:00:00Z"},
    "planner/tasks/{task_id}/copy": {
        "by": ADA,
        "plan": "{plan}",
        "bucket": "{bucket}",
        "title": "T",
        "include": ["dates", "labels"],
    },
    "planner/tasks/{task_id}/force": {"by": ADA, "title": "T", "priority": 3, "description": "x"},
    "forms": {
        "form_id": "raise",
        "slug": "raise",
        "title": "Raise",
        "description": "D",
        "mail_nickname": "northfell",
        "timezone": "Europe/London",
        "questions": QUESTIONS,
        "anonymous": False,
        "workbook": {"path": "Raise.xlsx"},
        "flow": FLOW,
    },
    "forms/{slug}/flow": FLOW | {"http": {"url": "http://127.0.0.1:9/", "key_header": "x-key", "key": "k"}},
    "forms/{slug}/workbook": {"paused": False},
    "forms/{slug}/responses": {
        "responder": ADA,
        "answers": {KEY: "x"},
        "submitted_at": "2026-12-01T10:00:00Z",
        "wait": True,
    },
    "forms/{slug}/deliveries": {"next": 1, "drop": True, "copies": 1, "delay_seconds": 0},
    "delta/expire": {"of": "drives"},
    "sites/grants": {"group": "northfell", "app": "a", "roles": ["read"]},
    "subscriptions/lifecycle": {"id": "{subscription}", "event": "missed"},
    "teams/apps": {"user": ADA, "app": "a", "installed": True},
    "teams/{team}/channels/{channel}/migration": {"app": "a", "on": True},
    "workflows": {"name": "W", "team_id": "{group}", "channel_id": "{channel}"},
    "workflows/{workflow_id}/mode": {"mode": "late", "seconds": 1, "status": 503},
}
ORDERS = {lever.path.removeprefix(BASE): lever for lever in levers(control_routes()) if lever.order}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


class Control:
    """The control area of a tenant with one of everything; an error that no handler meant surfaces as itself."""

    def __init__(self, runner: asyncio.Runner, app: Starlette) -> None:
        self.runner = runner
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://emulator")
        tenant = app.state.tenant
        tenant.reset()
        seed = yaml.safe_load(SEED.read_text("utf-8"))
        self.call("POST", "/_emulator/seed/all", json=seed).raise_for_status()
        token = self.call("POST", "/_emulator/tokens", json={"roles": ["Sites.Read.All"]}).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        plan, group = next(iter(tenant.planner.plans.values())), next(iter(tenant.directory.groups))
        channel, workflow = next(iter(tenant.teams.teams[group].channels)), next(iter(tenant.workflows.workflows))
        self.known = {
            "task_id": next(t.task.id for t in tenant.planner.tasks.values() if t.task.values["percentComplete"] < 100),
            "plan": plan.plan.id,
            "bucket": tenant.planner.buckets_of_plan(plan.plan.id)[0].id,
            "group": group,
            "team": group,
            "channel": channel,
            "site": self.call("GET", f"/v1.0/groups/{group}/sites/root", headers=self.headers).json()["id"],
            "workflow_id": workflow,
            "client_id": tenant.options.app_id,
            "person": ADA,
            "slug": "raise",
            "name": "n",
            "response_id": "1",
            "subscription": "none",
        }

    def call(self, method: str, url: str, **more: Any) -> httpx.Response:
        """One call in this process."""
        return self.runner.run(self.client.request(method, url, **more))

    def filled(self, value: Any) -> Any:
        """Known ids in the place of their names."""
        if isinstance(value, dict):
            return {key: self.filled(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.filled(part) for part in value]
        if isinstance(value, str) and value.startswith("{"):
            return self.known.get(value.strip("{}"), value)
        return value

    def post(self, path: str, body: Any) -> tuple[int, str]:
        """Status and, of a refusal, its text; a refusal is a 400 that says why."""
        raw = json.dumps(self.filled(body))
        reply = self.call("POST", BASE + path.format(**self.known), content=raw)
        if reply.status_code < 300:
            return reply.status_code, ""
        assert reply.status_code == 400, (path, body, reply.text)
        assert reply.json()["error"]
        return 400, reply.text.lower()


@pytest.fixture(scope="module")
def app() -> Starlette:
    return build_app()


@pytest.fixture
def control(app: Starlette) -> Iterator[Control]:
    with asyncio.Runner() as runner:
        yield Control(runner, app)


def test_every_lever_that_takes_an_order_is_tried_here() -> None:
    assert set(SOUND) == set(ORDERS)


@pytest.mark.parametrize("path", sorted(ORDERS))
def test_a_sound_order_has_just_fields_that_are_described(path: str) -> None:
    lever: Lever = ORDERS[path]
    described = {field.name for field in lever.fields}
    sent = set(SOUND[path]) - ({"title", "priority", "description"} if path.endswith("/force") else set())
    assert sent <= described
    assert all(field.schema for field in lever.fields)


@pytest.mark.parametrize("path", sorted(set(SOUND) - {"subscriptions/lifecycle"}))
def test_a_sound_order_is_done(control: Control, path: str) -> None:
    assert control.post(path, SOUND[path])[0] < 300


@pytest.mark.parametrize("path", sorted(SOUND))
def test_an_order_with_one_odd_value_is_done_or_refused_with_the_fields_name(control: Control, path: str) -> None:
    fields = {step.lower() for place, _ in changed_at(SOUND[path]) for step in place if isinstance(step, str)}
    step = 7 if path == "seed/all" else 1  # a whole tenant takes its time
    for place, body in islice(changed_at(SOUND[path]), 0, None, step):
        status, text = control.post(path, body)
        if status == 400:
            assert fields & _words(text), (path, place, body, text)
    for page in ("/_emulator/state", "/_emulator/forms", "/_emulator/workflows", "/control", "/boards", "/"):
        assert control.call("GET", page).status_code == 200


@pytest.mark.parametrize("path", sorted(set(SOUND) - {"switches"}))
def test_a_field_too_many_is_refused_by_name(control: Control, path: str) -> None:
    status, text = control.post(path, SOUND[path] | {"zebra": 1})
    assert (status, "zebra" in text) == (400, True)


@pytest.mark.parametrize("path", sorted(SOUND))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_body_at_all_is_done_or_refused(control: Control, path: str, data: st.DataObject) -> None:
    named = st.dictionaries(st.sampled_from([*SOUND[path], "zebra"]), JSON | st.sampled_from(ODD), max_size=4)
    control.post(path, data.draw(named | JSON))


RAW = (b"{", b"[]", b"null", b'"x"', b"[" * 3000, b'{"a":' * 3000, b"\xff\xfe{", b'{"user": NaN}', b'{"times": 1e999}')


@pytest.mark.parametrize("raw", [*RAW, b'{"group": "\\ud800"}'], ids=range(10))
def test_a_body_that_cannot_be_read_is_a_400_on_every_lever(control: Control, raw: bytes) -> None:
    for path in SOUND:
        reply = control.call("POST", BASE + path.format(**control.known), content=raw)
        assert reply.status_code == 400, (path, raw)


def test_every_other_route_of_the_area_answers_below_500_whatever_its_places_are(control: Control) -> None:
    for route in control_routes():
        assert isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for odd in ("none", "²", "..", "\x00", "a" * 300):
                path = route.path.replace(":int", "")
                for name in control.known:
                    path = path.replace(f"{{{name}}}", quote(odd, safe=""))
                if path == "/_emulator/reset":
                    continue
                reply = control.call(method, path, content=b"{}" if method == "POST" else b"x")
                assert reply.status_code < 500, (method, path)


def _words(text: str) -> set[str]:
    return {word for word in "".join(c if c.isalnum() or c == "_" else " " for c in text).split() if word}
