"""$batch: parts go through the same door as single calls (facts §11, points 45 to 47)."""

from typing import Any

import pytest
from emulator_server import RunningEmulator

JSON = {"Content-Type": "application/json"}


def part(number: int | str, url: str = "/groups", **more: Any) -> dict[str, Any]:
    """One GET part."""
    return {"id": str(number), "method": "GET", "url": url, **more}


def answers(board: Any, *parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Send parts; their answers by id."""
    reply = board.app.post("/$batch", json={"requests": list(parts)})
    assert reply.status_code == 200, reply.text
    return {a["id"]: a for a in reply.json()["responses"]}


@pytest.mark.usefixtures("malformed")
def test_point_45_twenty_parts_are_answered_and_twenty_one_refused(board: Any) -> None:
    assert len(answers(board, *(part(n) for n in range(20)))) == 20
    too_many = board.app.post("/$batch", json={"requests": [part(n) for n in range(21)]})
    assert too_many.status_code == 400


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part("a"), part("A")],
        [{"id": "1", "method": "GET"}],
        [part(1, "https://graph.microsoft.com/v1.0/groups")],
        [{"id": "1", "method": "POST", "url": "/planner/tasks", "body": {}}],
        ["text"],
        [part(1) | {"headers": "none"}],
    ],
)
def test_point_45_a_malformed_batch_is_refused_whole(board: Any, parts: list[Any]) -> None:
    assert board.app.post("/$batch", json={"requests": parts}).status_code == 400


def test_point_45_answers_come_in_another_order(board: Any) -> None:
    orders = set()
    for _ in range(5):
        reply = board.app.post("/$batch", json={"requests": [part(n) for n in range(10)]})
        orders.add(tuple(a["id"] for a in reply.json()["responses"]))
    assert orders != {tuple(str(n) for n in range(10))}


def test_point_45_parts_have_their_own_status_and_headers(board: Any) -> None:
    task = board.new_task()
    body = {"title": "Batched"}
    headers = JSON | {"If-Match": task["@odata.etag"]}
    got = answers(
        board,
        {"id": "p", "method": "PATCH", "url": f"planner/tasks/{task['id']}", "headers": headers, "body": body},
        part("lost", "/users/nobody@peakshire.example"),
        part("fine", "groups?$select=id"),
    )
    assert {key: a["status"] for key, a in got.items()} == {"p": 204, "lost": 404, "fine": 200}
    assert "body" not in got["p"]
    assert got["fine"]["headers"]["request-id"]
    assert board.task(task["id"])["title"] == "Batched"


def test_point_46_a_failed_dependency_is_424(board: Any) -> None:
    got = answers(
        board,
        part(1, "/users/nobody@peakshire.example"),
        part(2, dependsOn=["1"]),
        part(3, dependsOn=["2"]),
        part(4),
    )
    assert {key: a["status"] for key, a in got.items()} == {"1": 404, "2": 424, "3": 424, "4": 200}


@pytest.mark.parametrize("needed", ["2", "9"])
def test_point_46_a_dependency_on_a_later_or_unknown_part_is_refused(board: Any, needed: str) -> None:
    parts = [part(1, dependsOn=[needed]), part(2)]
    reply = board.app.post("/$batch", json={"requests": parts})
    assert reply.status_code == 400
    assert "Invalid dependency for request Id 1" in reply.json()["error"]["message"]


def test_point_47_a_throttled_part_has_its_own_429_in_a_200_envelope(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("faults/throttle", {"workload": "planner", "times": 1, "value": 7})
    got = answers(
        board, part(1, f"/planner/plans/{board.plan_id}"), part(2), part(3, f"/planner/plans/{board.plan_id}")
    )
    assert {key: a["status"] for key, a in got.items()} == {"1": 429, "2": 200, "3": 200}
    assert got["1"]["headers"]["Retry-After"] == "7"


def test_a_lost_answer_in_a_batch_is_504_for_its_part_and_the_change_is_made(
    board: Any, emulator: RunningEmulator
) -> None:
    emulator.control("faults/lose_next_answer", {"method": "POST", "path": "/planner/tasks$"})
    body = {"planId": board.plan_id, "title": "Made all the same"}
    got = answers(board, {"id": "1", "method": "POST", "url": "/planner/tasks", "headers": JSON, "body": body})
    assert got["1"]["status"] == 504
    titles = [t["title"] for t in emulator.control("planner/tasks", method="GET")["value"]]
    assert titles == ["Made all the same"]


def test_a_batch_needs_a_token_and_checks_permissions_per_part(board: Any, emulator: RunningEmulator) -> None:
    with emulator.client("garbled") as nobody:
        assert nobody.post("/$batch", json={"requests": [part(1)]}).status_code == 401
    with emulator.client(emulator.app_token("Group.Read.All")) as reader:
        requests = [part(1), part(2, f"/planner/plans/{board.plan_id}")]
        got = reader.post("/$batch", json={"requests": requests}).json()["responses"]
    assert {a["id"]: a["status"] for a in got} == {"1": 200, "2": 403}
