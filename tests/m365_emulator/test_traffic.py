"""The traffic log is HAR 1.2 with bodies, tokens and batches."""

import json
from typing import Any

from emulator_server import RunningEmulator


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
