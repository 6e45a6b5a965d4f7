"""The traffic log is HAR 1.2 with bodies, tokens and batches."""

import json
from typing import Any

import httpx
from emulator_server import RunningEmulator, running_emulator

from m365_emulator.tenant import TenantOptions


def test_every_exchange_is_kept_with_its_bodies_and_token(board: Any, emulator: RunningEmulator) -> None:
    before = len(emulator.tenant.traffic.entries)
    task = board.new_task()
    board.app.post("/$batch", json={"requests": [{"id": "1", "method": "GET", "url": "/groups?$top=5"}]})
    log = emulator.control("traffic.har", method="GET")["log"]
    assert log["version"] == "1.2"
    created, batch = log["entries"][before:]
    assert created["request"]["url"] == f"{emulator.graph_url}/planner/tasks"
    assert json.loads(created["request"]["postData"]["text"])["title"] == "Patrol plan"
    assert json.loads(created["response"]["content"]["text"])["id"] == task["id"]
    names = {h["name"].lower(): h["value"] for h in created["request"]["headers"]}
    assert names["authorization"].startswith("Bearer ey")
    assert batch["request"]["url"].endswith("/v1.0/$batch")
    assert json.loads(batch["response"]["content"]["text"])["responses"][0]["status"] == 200


def test_query_strings_are_kept(emulator: RunningEmulator) -> None:
    with emulator.client() as app:
        app.get("/groups?$select=id&$top=1")
    entry = emulator.tenant.traffic.entries[-1]["request"]
    assert entry["queryString"] == [{"name": "$select", "value": "id"}, {"name": "$top", "value": "1"}]


def test_control_calls_are_not_traffic(emulator: RunningEmulator) -> None:
    emulator.control("health", method="GET")
    assert emulator.control("state", method="GET")["exchanges"] == 0


def test_only_the_latest_exchanges_are_kept_and_all_are_counted() -> None:
    with running_emulator(TenantOptions(traffic_keep=3)) as running, running.client() as app:
        for number in range(5):
            app.get(f"/groups?$top={number + 1}")
        log = running.control("traffic.har", method="GET")["log"]
        assert [entry["request"]["queryString"][0]["value"] for entry in log["entries"]] == ["3", "4", "5"]
        state = running.control("state", method="GET")
        assert (state["exchanges"], state["requests"]) == (3, 5)
        running.control("reset")
        for _ in range(4):
            app.get("/groups")
        assert running.control("state", method="GET")["exchanges"] == 3


def test_a_tenant_that_keeps_no_traffic_answers_all_the_same() -> None:
    with running_emulator(TenantOptions(traffic_keep=0)) as running, running.client() as app:
        assert app.get("/groups").status_code == 200
        parts = [{"id": str(number), "method": "GET", "url": "/groups"} for number in range(3)]
        assert app.post("/$batch", json={"requests": parts}).status_code == 200
        state = running.control("state", method="GET")
        assert (state["exchanges"], state["requests"], state["calls"]) == (0, 2, 4)
        assert httpx.get(f"{running.url}/traffic").status_code == 200
        assert httpx.get(f"{running.url}/traffic/1").status_code == 404
