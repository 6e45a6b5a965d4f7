"""The permission tables, our own, agree with Microsoft's; each workload refuses in its own words."""

import json
from pathlib import Path
from typing import Any

import pytest
from emulator_server import RunningEmulator

from m365_emulator.registry import graph_routes, permission_check

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "graph" / "permissions.json"
NOT_PUBLISHED = {
    "PUT /groups/{id}/team",
    "POST /groups/{id}/members",
    "DELETE /groups/{id}/owners/{id}",
    "GET /me/planner/tasks",
    "GET /me/planner/plans",
    "POST /me/planner/tasks",
    "GET /users/{id}/planner/plans",
    "GET /subscriptions",
    "POST /subscriptions",
    "GET /subscriptions/{id}",
    "PATCH /subscriptions/{id}",
    "DELETE /subscriptions/{id}",
    "POST /subscriptions/{id}/reauthorize",
    "POST /users/{id}/teamwork/sendActivityNotification",
    "POST /teams/{id}/sendActivityNotification",
    "POST /teamwork/sendActivityNotificationToRecipients",
    "GET /workbook",
    "POST /workbook",
}
"""Graph operations of ours that the published extract leaves out; documented on Microsoft's pages for each."""


@pytest.mark.shared
def test_our_table_says_what_microsofts_says() -> None:
    if not PUBLISHED.is_file():
        pytest.skip("../shared is not beside the project")
    published = json.loads(PUBLISHED.read_text("utf-8"))["operations"]
    check = permission_check()
    ours = [op for op in check.operations() if op in published and op not in NOT_PUBLISHED]
    assert len(ours) > 60
    for operation in ours:
        for scheme, app_only in (("Application", True), ("DelegatedWork", False)):
            entry = published[operation].get(scheme, {})
            theirs = {*entry.get("least", []), *entry.get("also", [])}
            assert check.accepted(operation, app_only=app_only) == theirs, (operation, scheme)


@pytest.mark.shared
def test_every_planner_directory_and_teams_route_is_a_published_operation() -> None:
    if not PUBLISHED.is_file():
        pytest.skip("../shared is not beside the project")
    published = json.loads(PUBLISHED.read_text("utf-8"))["operations"]
    ours = {r.permission_key for r in graph_routes() if not r.template.startswith(("/sites", "/drives"))}
    left = {key for key in ours - set(published) - NOT_PUBLISHED if "/drive" not in key and "/sites" not in key}
    assert left == set()


def test_every_route_has_a_line_in_the_table() -> None:
    known = set(permission_check().operations())
    assert {route.permission_key for route in graph_routes()} <= known


@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [
        ("GET", "/planner/tasks/" + "A" * 28, ""),
        ("GET", "/users", "Authorization_RequestDenied"),
        ("GET", "/teams/x/channels", "Forbidden"),
        ("GET", "/sites/x", "accessDenied"),
    ],
)
def test_point_4_each_workload_refuses_in_its_own_words(
    emulator: RunningEmulator, verb: str, path: str, code: str
) -> None:
    with emulator.client(emulator.app_token("Mail.Read")) as app:
        reply = app.request(verb, path)
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, code)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([], [403, 403, 403, 403]),
        (["read"], [200, 200, 403, 403]),
        (["write"], [200, 200, 201, 403]),
        (["manage"], [200, 200, 201, 201]),
    ],
)
def test_sites_selected_opens_the_sites_granted_and_no_more(
    emulator: RunningEmulator, people: dict[str, str], roles: list[str], expected: list[int]
) -> None:
    emulator.control("seed", {"groups": [{"mail_nickname": "bcu-south"}]})
    with emulator.client() as service:
        site = service.get(f"/groups/{people['group']}/sites/root").json()["id"]
        drive = service.get(f"/groups/{people['group']}/drive").json()["id"]
        intake = service.post(f"/sites/{site}/lists", json={"displayName": "Intake"}).json()["id"]
        other = service.get("/sites/peakshire.sharepoint.example:/sites/bcu-south").json()["id"]
    emulator.control("sites/grants", {"group": "bcu-north", "roles": roles})
    with emulator.client(emulator.app_token("Sites.Selected")) as app:
        replies = [
            app.get("/sites/peakshire.sharepoint.example:/sites/bcu-north"),
            app.get(f"/drives/{drive}/root/children"),
            app.post(f"/sites/{site}/lists/{intake}/items", json={"fields": {"Title": "x"}}),
            app.post(f"/sites/{site}/lists", json={"displayName": "Another"}),
        ]
        refused = [app.get(f"/sites/{other}"), app.get("/sites/unknown"), app.get("/users")]
    assert [reply.status_code for reply in replies] == expected
    assert [reply.status_code for reply in refused] == [403, 403, 403]


def test_sites_selected_opens_every_site_by_switch(emulator: RunningEmulator, people: dict[str, str]) -> None:
    emulator.control("switches", {"sites_selected": "every"})
    with emulator.client(emulator.app_token("Sites.Selected")) as app:
        assert app.get(f"/groups/{people['group']}/sites/root").status_code == 200
        assert app.get("/users").status_code == 403


def test_a_delegated_scope_does_not_serve_an_app(board: Any, emulator: RunningEmulator) -> None:
    with emulator.client(emulator.app_token("Tasks.ReadWrite")) as app:
        assert app.get(f"/planner/plans/{board.plan_id}").status_code == 403
