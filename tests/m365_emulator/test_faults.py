"""Faults on order: throttling, failures, lost answers, delays (facts §11, points 44, 47 and 48)."""

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator


@pytest.mark.parametrize(
    ("form", "pattern"), [("whole", r"2"), ("fractional", r"2\.128"), ("date", r"\w{3}, .* GMT"), ("none", None)]
)
def test_point_47_throttling_tells_when_to_come_back(emulator: RunningEmulator, form: str, pattern: str | None) -> None:
    emulator.control("faults/throttle", {"workload": "directory", "retry_after": form, "value": 2.128})
    with emulator.client() as app:
        reply, after = app.get("/groups"), app.get("/groups")
    assert (reply.status_code, after.status_code) == (429, 200)
    error = reply.json()["error"]
    assert (error["code"], error["message"]) == ("TooManyRequests", "Please retry again later.")
    assert (error["innerError"]["code"], error["innerError"]["status"]) == ("429", "429")
    header = reply.headers.get("retry-after")
    assert header is None if pattern is None else re.fullmatch(pattern, header)
    if form == "date":
        assert parsedate_to_datetime(header) >= datetime.now(UTC).replace(microsecond=0)


def test_point_48_drives_and_sites_are_throttled_in_their_own_form(emulator: RunningEmulator) -> None:
    emulator.control("faults/throttle", {"workload": "files"})
    with emulator.client() as app:
        error = app.get("/sites/any").json()["error"]
    assert (error["code"], error["innerError"]["code"]) == ("activityLimitReached", "throttledRequest")


def test_throttling_lasts_as_long_as_ordered(emulator: RunningEmulator) -> None:
    emulator.control("faults/throttle", {"path": "^/groups", "seconds": 0.4})
    with emulator.client() as app:
        first = [app.get("/groups").status_code for _ in range(3)]
        time.sleep(0.45)
        assert (first, app.get("/groups").status_code) == ([429] * 3, 200)


def test_fail_next_refuses_and_does_nothing(board: Any, emulator: RunningEmulator) -> None:
    order = {"method": "POST", "path": "/planner/tasks$", "status": 503, "code": "serviceNotAvailable"}
    emulator.control("faults/fail_next", order | {"times": 2})
    body = {"planId": board.plan_id, "title": "Third time lucky"}
    assert [board.app.post("/planner/tasks", json=body).status_code for _ in range(3)] == [503, 503, 201]
    assert emulator.control("state", method="GET")["tasks"] == 1


def test_point_44_a_lost_answer_cuts_the_connection_after_the_change_was_made(
    board: Any, emulator: RunningEmulator
) -> None:
    emulator.control("faults/lose_next_answer", {"method": "POST", "path": "/planner/tasks$"})
    with pytest.raises(httpx.TransportError):
        board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "Really made"})
    made = emulator.control("planner/tasks", method="GET")["value"]
    assert [t["title"] for t in made] == ["Really made"]
    last = emulator.tenant.traffic.entries[-1]["response"]
    assert (last["status"], last["statusText"]) == (0, "answer 201 lost on order")
    assert board.app.get(f"/planner/plans/{board.plan_id}").status_code == 200


def test_point_44_a_lost_answer_can_be_a_gateway_timeout(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("faults/lose_next_answer", {"method": "POST", "as": "504"})
    reply = board.app.post("/planner/tasks", json={"planId": board.plan_id, "title": "Really made"})
    assert reply.status_code == 504
    assert emulator.control("state", method="GET")["tasks"] == 1


def test_a_refused_call_does_not_use_up_a_lost_answer(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("faults/lose_next_answer", {"method": "POST", "as": "504"})
    assert board.app.post("/planner/tasks", json={}).status_code == 400
    body = {"planId": board.plan_id, "title": "x"}
    assert board.app.post("/planner/tasks", json=body).status_code == 504


def test_a_delay_holds_the_call(emulator: RunningEmulator) -> None:
    emulator.control("faults/delay", {"path": "/groups", "seconds": 0.3})
    with emulator.client() as app:
        began = time.monotonic()
        app.get("/groups")
        held = time.monotonic() - began
        began = time.monotonic()
        app.get("/groups")
        free = time.monotonic() - began
    assert held >= 0.3 > free


def test_faults_can_be_cleared(emulator: RunningEmulator) -> None:
    emulator.control("faults/throttle", {"times": 100})
    emulator.control("faults", method="DELETE")
    with emulator.client() as app:
        assert app.get("/groups").status_code == 200


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("throttle", {"retry_after": "soon"}),
        ("lose_next_answer", {"as": "smoke"}),
        ("fail_next", {"path": "("}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(emulator: RunningEmulator, path: str, order: dict[str, Any]) -> None:
    with pytest.raises(httpx.HTTPStatusError) as refused:
        emulator.control(f"faults/{path}", order)
    assert refused.value.response.status_code == 400
    assert refused.value.response.json()["error"]
