"""A fault plan is one document: steps by route and count, taken from the top, one per call."""

import time
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator


def statuses(board: Any, number: int) -> list[int]:
    """What so many reads of the plan are answered."""
    return [board.app.get(f"/planner/plans/{board.plan_id}").status_code for _ in range(number)]


def test_steps_are_taken_from_the_top_as_often_as_they_say(emulator: RunningEmulator, board: Any) -> None:
    steps = [
        {"match": {"method": "GET", "path": "/planner/plans"}, "count": 1, "then": {}},
        {
            "match": {"workload": "planner"},
            "count": 2,
            "then": {"status": 429, "retry_after": "fractional", "seconds": 0.25},
        },
        {"match": {"path": "/planner/"}, "then": {"status": 503, "code": "serviceNotAvailable"}},
    ]
    emulator.control("faults/plan", {"steps": steps})
    assert statuses(board, 5) == [200, 429, 429, 503, 200]
    left = emulator.control("faults/plan", method="GET")["steps"]
    assert [step["left"] for step in left] == [0, 0, 0]


def test_a_step_without_a_count_strikes_once_and_one_with_null_until_it_is_cleared(
    emulator: RunningEmulator, board: Any
) -> None:
    emulator.control("faults/plan", {"steps": [{"then": {"status": 502}}, {"count": None, "then": {"status": 503}}]})
    assert statuses(board, 4) == [502, 503, 503, 503]
    emulator.control("faults", method="DELETE")
    assert statuses(board, 1) == [200]


def test_a_throttled_step_carries_its_retry_after_and_the_workloads_body(emulator: RunningEmulator, board: Any) -> None:
    then = {"status": 429, "retry_after": "fractional", "seconds": 0.25}
    emulator.control("faults/plan", {"steps": [{"then": then}]})
    answer = board.app.get(f"/planner/plans/{board.plan_id}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "0.250")
    assert answer.json()["error"]["code"] == "TooManyRequests"


@pytest.mark.parametrize("lose", ["504", "disconnect"])
def test_a_lost_answer_was_done_all_the_same(emulator: RunningEmulator, board: Any, lose: str) -> None:
    steps = [{"match": {"method": "POST", "path": "/planner/tasks$"}, "then": {"lose": lose}}]
    emulator.control("faults/plan", {"steps": steps})
    body = {"planId": board.plan_id, "title": "Lost"}
    if lose == "504":
        assert board.app.post("/planner/tasks", json=body).status_code == 504
    else:
        with pytest.raises(httpx.TransportError):
            board.app.post("/planner/tasks", json=body)
    assert emulator.control("state", method="GET")["tasks"] == 1


def test_parts_of_a_batch_suffer_the_plan_one_by_one(emulator: RunningEmulator, board: Any) -> None:
    steps = [{"match": {"path": "/planner/plans"}, "then": {"status": 503}}]
    emulator.control("faults/plan", {"steps": steps})
    parts = [{"id": str(n), "method": "GET", "url": f"/planner/plans/{board.plan_id}"} for n in range(2)]
    answers = board.app.post("/$batch", json={"requests": parts}).json()["responses"]
    assert sorted(answer["status"] for answer in answers) == [200, 503]


def test_latency_holds_every_call_until_it_is_taken_away(emulator: RunningEmulator, board: Any) -> None:
    emulator.control("faults/latency", {"fixed_ms": 80, "jitter_ms": 10})
    began = time.perf_counter()
    statuses(board, 1)
    assert time.perf_counter() - began >= 0.08
    emulator.control("faults", method="DELETE")
    assert emulator.tenant.fault_plan.latency.wait() == 0


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "steps"),
        ({"steps": [{"then": {"status": 200}}]}, "steps[0].then.status"),
        ({"steps": [{"then": {}}, {"count": 0}]}, "steps[1].count"),
        ({"steps": [{"match": {"path": "("}}]}, "steps[0].match.path"),
        ({"steps": [{"then": {"lose": "letter"}}]}, "lose"),
        ({"steps": [{"when": 1}]}, "when"),
        ({"steps": [{"probability": 1.5}]}, "steps[0].probability"),
        ({"steps": [], "seed": "x"}, "seed"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_name(
    emulator: RunningEmulator, document: dict[str, Any], named: str
) -> None:
    answer = httpx.post(f"{emulator.url}/_emulator/faults/plan", json=document)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert emulator.control("faults/plan", method="GET") == {"steps": []}


def test_webhook_posts_suffer_the_plan_too(emulator: RunningEmulator) -> None:
    flow = emulator.control("workflows", {"name": "Post"})
    emulator.control("faults/plan", {"steps": [{"match": {"path": "/workflows/"}, "then": {"status": 502}}]})
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}
    message = {"type": "message", "attachments": [card]}
    assert [httpx.post(flow["url"], json=message).status_code for _ in range(2)] == [502, 202]


def by_chance(emulator: RunningEmulator, board: Any, seed: int, *chances: tuple[float, int]) -> list[int]:
    """What 400 reads are answered, twenty to a batch, when each status strikes with its own chance."""
    emulator.control("switches", {"batch_shuffle": False})
    steps = [
        {
            "match": {"method": "GET", "path": "/planner/"},
            "count": None,
            "probability": chance,
            "then": {"status": status},
        }
        for chance, status in chances
    ]
    emulator.control("faults/plan", {"steps": steps, "seed": seed})
    parts = [{"id": str(n), "method": "GET", "url": f"/planner/plans/{board.plan_id}"} for n in range(20)]
    seen: list[int] = []
    for _ in range(20):
        seen += [answer["status"] for answer in board.app.post("/$batch", json={"requests": parts}).json()["responses"]]
    return seen


def test_chance_is_the_same_for_the_same_seed_and_another_for_another(emulator: RunningEmulator, board: Any) -> None:
    first, again, other = (by_chance(emulator, board, seed, (0.2, 503)) for seed in (7, 7, 8))
    assert first == again != other
    assert 0.1 < first.count(503) / len(first) < 0.3


def test_chances_of_steps_for_the_same_call_add_up(emulator: RunningEmulator, board: Any) -> None:
    seen = by_chance(emulator, board, 1, (0.25, 429), (0.25, 503), (0.25, 502), (0.25, 504))
    assert 200 not in seen
    assert {status: 50 < seen.count(status) < 150 for status in set(seen)} == dict.fromkeys((429, 502, 503, 504), True)
    told = emulator.control("faults/plan", method="GET")
    assert [step["struck"] for step in told["steps"]] == [seen.count(status) for status in (429, 503, 502, 504)]
    assert (told["seed"], told["drawn"]) == (1, 400)


def test_only_calls_that_a_step_of_chance_is_for_are_drawn_for(emulator: RunningEmulator, board: Any) -> None:
    step = {"match": {"method": "POST"}, "count": None, "probability": 0.5, "then": {"status": 503}}
    emulator.control("faults/plan", {"steps": [step]})
    assert statuses(board, 5) == [200] * 5
    assert emulator.control("faults/plan", method="GET")["drawn"] == 0


def test_a_step_of_chance_strikes_no_more_often_than_its_count(emulator: RunningEmulator, board: Any) -> None:
    step = {"match": {"path": "/planner/"}, "count": 3, "probability": 0.5, "then": {"status": 503}}
    emulator.control("faults/plan", {"steps": [step]})
    assert statuses(board, 60).count(503) == 3


def test_a_call_cut_off_was_not_done(emulator: RunningEmulator, board: Any) -> None:
    steps = [{"match": {"method": "POST", "path": "/planner/tasks$"}, "then": {"reset": True}}]
    emulator.control("faults/plan", {"steps": steps})
    with pytest.raises(httpx.TransportError):
        board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "Never made"})
    assert emulator.control("state", method="GET")["tasks"] == 0
    assert board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "Made"}).status_code == 201


def test_a_plan_told_can_be_ordered_again(emulator: RunningEmulator, board: Any) -> None:
    step = {"match": {}, "count": 2, "probability": 0.5, "then": {"status": 503}}
    emulator.control("faults/plan", {"steps": [step], "seed": 5})
    told = emulator.control("faults/plan", method="GET")
    assert emulator.control("faults/plan", {name: told[name] for name in ("steps", "seed")}) == told


def test_chance_outlives_a_snapshot(emulator: RunningEmulator, board: Any) -> None:
    step = {"match": {"path": "/planner/"}, "count": None, "probability": 0.5, "then": {"status": 503}}
    emulator.control("faults/plan", {"steps": [step], "seed": 3})
    statuses(board, 5)
    emulator.control("snapshots/chance")
    seen = statuses(board, 20)
    emulator.control("snapshots/chance/restore")
    assert statuses(board, 20) == seen


def test_a_webhook_post_cut_off_posts_nothing(emulator: RunningEmulator) -> None:
    flow = emulator.control("workflows", {"name": "Post"})
    emulator.control("faults/plan", {"steps": [{"match": {"path": "/workflows/"}, "then": {"reset": True}}]})
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}
    with pytest.raises(httpx.TransportError):
        httpx.post(flow["url"], json={"type": "message", "attachments": [card]})
    assert emulator.control(f"workflows/{flow['id']}/posts", method="GET") == []
