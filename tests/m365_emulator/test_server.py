"""The transport around every answer: paths, headers, error bodies, contexts (facts §11, points 1, 2, 5 to 9)."""

import re
import uuid
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator, plain_client

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_point_1_segments_compare_without_case(board: Any) -> None:
    task = board.new_task()
    for path in (f"/Planner/TASKS/{task['id']}", f"/planner/tasks('{task['id']}')", f"/planner/tasks({task['id']})"):
        assert board.app.get(path).json()["id"] == task["id"]


def test_point_1_a_sign_in_name_may_stand_in_parentheses(board: Any) -> None:
    assert board.app.get("/users('ann@peakshire.example')").json()["id"] == board.users["ann"]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic abc"}])
def test_point_2_no_valid_token_is_401_with_a_challenge(emulator: RunningEmulator, header: dict[str, str]) -> None:
    with plain_client(emulator.graph_url) as client:
        reply = client.get("/groups", headers=header)
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert reply.headers["www-authenticate"].startswith("Bearer ")


def test_point_2_an_expired_token_is_refused(emulator: RunningEmulator) -> None:
    token = emulator.control("tokens", {"roles": ["Group.Read.All"], "expires_in": -5})["access_token"]
    with emulator.client(token) as client:
        reply = client.get("/groups")
    assert reply.status_code == 401
    assert "expired" in reply.json()["error"]["message"]


def test_point_5_me_needs_a_person(emulator: RunningEmulator, people: dict[str, str]) -> None:
    with emulator.client() as app:
        error = app.get("/me")
    assert error.status_code == 400
    assert error.json()["error"]["message"] == "/me request is only valid with delegated authentication flow."
    with emulator.client(emulator.person_token("ann@peakshire.example")) as ann:
        assert ann.get("/me").json()["id"] == people["ann"]


@pytest.mark.parametrize("path", ["/groups", "/groups/none", "/nonsense"])
def test_point_6_every_reply_carries_its_ids(emulator: RunningEmulator, path: str) -> None:
    mine = str(uuid.uuid4())
    with emulator.client() as app:
        named = app.get(path, headers={"client-request-id": mine})
        unnamed = app.get(path)
    assert GUID.fullmatch(named.headers["request-id"])
    assert named.headers["client-request-id"] == mine
    assert unnamed.headers["client-request-id"] == unnamed.headers["request-id"]
    for name in ("date", "cache-control", "x-ms-ags-diagnostic", "strict-transport-security"):
        assert named.headers[name]


def test_point_6_an_error_repeats_the_ids_and_dates_without_a_zone(emulator: RunningEmulator) -> None:
    with emulator.client() as app:
        reply = app.get("/users/nobody@peakshire.example")
    inner = reply.json()["error"]["innerError"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    assert inner["request-id"] == reply.headers["request-id"]
    assert inner["client-request-id"] == reply.headers["client-request-id"]


@pytest.mark.parametrize(
    ("path", "segment"), [("/nonsense", "nonsense"), ("/planner/cards/x", "cards"), ("/groups/x/plans", "plans")]
)
def test_point_8_an_unknown_segment_is_named(emulator: RunningEmulator, path: str, segment: str) -> None:
    with emulator.client() as app:
        reply = app.get(path)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["code"], error["message"]) == (
        "BadRequest",
        f"Resource not found for the segment '{segment}'.",
    )


@pytest.mark.parametrize(("verb", "path"), [("PUT", "/planner/tasks"), ("PATCH", "/users"), ("DELETE", "/me")])
def test_point_8_an_unsupported_verb_is_405(emulator: RunningEmulator, verb: str, path: str) -> None:
    with emulator.client() as app:
        assert app.request(verb, path).status_code == 405


def test_point_9_entities_and_collections_name_their_context(board: Any) -> None:
    base = str(board.app.base_url).rstrip("/")
    one = board.app.get(f"/planner/plans/{board.plan_id}").json()
    many = board.app.get("/groups").json()
    assert one["@odata.context"] == f"{base}/$metadata#planner/plans/$entity"
    assert many["@odata.context"] == f"{base}/$metadata#groups"


def test_point_9_every_planner_entity_carries_its_etag_in_lists_too(board: Any) -> None:
    board.new_task()
    lists = (
        f"/planner/plans/{board.plan_id}/tasks",
        f"/planner/plans/{board.plan_id}/buckets",
        f"/groups/{board.group_id}/planner/plans",
    )
    for path in lists:
        rows = board.app.get(f"{path}?$select=id").json()["value"]
        assert rows
        assert all(row["@odata.etag"].startswith('W/"') for row in rows)


def test_select_keeps_only_what_was_asked(board: Any) -> None:
    row = board.app.get(f"/planner/plans/{board.plan_id}?$select=Title").json()
    assert set(row) == {"@odata.context", "@odata.etag", "title"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"'])
def test_a_body_that_is_no_json_object_is_refused(board: Any, body: bytes) -> None:
    assert board.app.post("/planner/tasks", content=body).status_code == 400


@pytest.mark.usefixtures("malformed")
def test_beta_is_not_modelled(emulator: RunningEmulator) -> None:
    with plain_client(emulator.url) as client:
        reply = client.get("/beta/planner/tasks")
    assert reply.status_code == 404
    assert "beta is not modelled" in reply.json()["error"]["message"]


def test_a_garbled_skip_token_is_refused(board: Any) -> None:
    assert board.app.get("/groups?$skiptoken=zzz").status_code == 400


def test_point_64_control_is_no_graph_path(board: Any) -> None:
    assert board.app.get("/_emulator/health").status_code == 400
    assert isinstance(board.app, httpx.Client)
