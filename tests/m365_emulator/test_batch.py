"""$batch: parts go through the same door as single calls (facts §11, points 45 to 47)."""

from typing import Any

import httpx
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


class Counted:
    """Latency that counts its waits in the place of waiting."""

    waits = 0

    def wait(self) -> float:
        """One more."""
        self.waits += 1
        return 0.0


@pytest.mark.parametrize("size", [1, 20])
def test_a_batch_waits_for_latency_once_whatever_it_carries(board: Any, emulator: RunningEmulator, size: int) -> None:
    latency = emulator.tenant.fault_plan.latency = Counted()  # type: ignore[assignment]
    answers(board, *(part(n) for n in range(size)))
    assert latency.waits == 1
    board.app.get("/groups")
    assert latency.waits == 2


def create(number: int, plan_id: str, **more: Any) -> dict[str, Any]:
    """One POST of a task."""
    body = {"planId": plan_id, "title": f"Task {number}", **more}
    return {"id": str(number), "method": "POST", "url": "/planner/tasks", "headers": JSON, "body": body}


def test_a_part_that_is_held_up_holds_up_no_other(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("faults/delay", {"method": "POST", "path": "/planner/tasks$", "seconds": 0.3, "times": 1})
    got = answers(board, *(create(n, board.plan_id) for n in range(3)))
    assert {a["status"] for a in got.values()} == {201}
    titles = [t["title"] for t in board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]]
    assert titles == ["Task 1", "Task 2", "Task 0"]


def test_parts_that_depend_on_a_part_held_up_wait_for_it(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("faults/delay", {"method": "POST", "path": "/planner/tasks$", "seconds": 0.2, "times": 1})
    later = part(1, f"/planner/plans/{board.plan_id}/tasks", dependsOn=["0"])
    got = answers(board, create(0, board.plan_id), later)
    assert [row["title"] for row in got["1"]["body"]["value"]] == ["Task 0"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("form", "said"), [("whole", "7"), ("fractional", "7.000"), ("none", None)])
def test_a_refused_part_says_in_its_own_headers_when_to_come_again(
    board: Any, emulator: RunningEmulator, status: int, form: str, said: str | None
) -> None:
    then = {"status": status, "retry_after": form, "seconds": 7}
    emulator.control("faults/plan", {"steps": [{"match": {"path": "/planner/plans"}, "then": then}]})
    reply = board.app.post("/$batch", json={"requests": [part(1, f"/planner/plans/{board.plan_id}"), part(2)]})
    got = {a["id"]: a for a in reply.json()["responses"]}
    assert (reply.status_code, got["1"]["status"], got["2"]["status"]) == (200, status, 200)
    expected = "1" if said is None and status == 429 else said
    assert got["1"]["headers"].get("Retry-After") == expected
    assert "Retry-After" not in got["2"]["headers"]
    assert "Retry-After" not in reply.headers


@pytest.mark.parametrize(
    ("switches", "code"),
    [
        ({"planner_max_tasks": 1}, "MaximumTasksInProject"),
        ({"planner_max_active_tasks": 1}, "MaximumActiveTasksInProject"),
        ({"planner_max_tasks_created": 1}, "MaximumTasksCreatedByUser"),
        ({"planner_max_tasks_assigned": 1}, "MaximumTasksAssignedToUser"),
        ({"planner_max_assignees": 1}, "MaximumAssigneesInTasks"),
        ({"planner_max_checklist_items": 1}, "MaximumChecklistItemsOnTask"),
        ({"planner_max_references": 1}, "MaximumReferencesOnTask"),
        ({"planner_max_buckets": 2}, "MaximumBucketsInProject"),
        ({"planner_max_plans_per_group": 1}, "MaximumPlannerPlans"),
        ({"planner_max_shared_with": 1}, "MaximumUsersSharedWithProject"),
    ],
)
def test_every_limit_refuses_a_part_with_its_own_code(
    board: Any, emulator: RunningEmulator, switches: dict[str, int], code: str
) -> None:
    ann, ben = board.users["ann"], board.users["ben"]
    assigned = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    task = board.new_task(assignments={ann: assigned})
    emulator.control("switches", switches)
    etags = {
        path: board.app.get(path).json()["@odata.etag"]
        for path in (f"/planner/tasks/{task['id']}", f"/planner/tasks/{task['id']}/details")
    }
    sharing = f"/planner/plans/{board.plan_id}/details"
    etags[sharing] = board.app.get(sharing).json()["@odata.etag"]
    at, details, _ = etags
    item = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Step"}
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Link"}
    links = {"https%3A//a%2Eexample": link, "https%3A//b%2Eexample": link}
    container = {"containerId": board.group_id, "type": "group"}
    writes: dict[str, tuple[str, str, dict[str, Any]]] = {
        "MaximumTasksAssignedToUser": ("POST", "/planner/tasks", create(0, board.plan_id)["body"]),
        "MaximumAssigneesInTasks": ("PATCH", at, {"assignments": {ben: assigned}}),
        "MaximumChecklistItemsOnTask": ("PATCH", details, {"checklist": {"a": item, "b": item}}),
        "MaximumReferencesOnTask": ("PATCH", details, {"references": links}),
        "MaximumBucketsInProject": ("POST", "/planner/buckets", {"name": "Third", "planId": board.plan_id}),
        "MaximumPlannerPlans": ("POST", "/planner/plans", {"title": "Second", "container": container}),
        "MaximumUsersSharedWithProject": ("PATCH", sharing, {"sharedWith": {ann: True, ben: True}}),
    }
    writes["MaximumTasksAssignedToUser"][2]["assignments"] = {ann: assigned}
    verb, url, body = writes.get(code, ("POST", "/planner/tasks", create(0, board.plan_id)["body"]))
    headers = JSON | ({"If-Match": etags[url]} if url in etags else {})
    got = answers(board, {"id": "1", "method": verb, "url": url, "headers": headers, "body": body}, part(2))
    error = got["1"]["body"]["error"]
    assert (got["1"]["status"], error["code"], error["message"]) == (403, code, "The request exceeded allowed limits.")
    assert got["2"]["status"] == 200


def test_the_request_that_carries_a_batch_suffers_only_faults_that_name_it(
    board: Any, emulator: RunningEmulator
) -> None:
    emulator.control("faults/plan", {"steps": [{"then": {"status": 503}}]})
    assert {a["status"] for a in answers(board, part(1), part(2)).values()} == {503, 200}
    emulator.control("faults/plan", {"steps": [{"match": {"path": "[$]batch"}, "then": {"status": 503}}]})
    whole = board.app.post("/$batch", json={"requests": [part(1), part(2)]})
    assert (whole.status_code, whole.json()["error"]["code"]) == (503, "generalException")
    assert {a["status"] for a in answers(board, part(1), part(2)).values()} == {200}


@pytest.mark.parametrize(
    ("then", "left"), [({"lose": "disconnect"}, ["Task 0"]), ({"lose": "504"}, ["Task 0"]), ({"reset": True}, [])]
)
def test_the_answer_of_a_whole_batch_can_be_lost_after_or_before_its_work(
    board: Any, emulator: RunningEmulator, then: dict[str, Any], left: list[str]
) -> None:
    emulator.control("faults/plan", {"steps": [{"match": {"path": "[$]batch"}, "then": then}]})
    sent = {"requests": [create(0, board.plan_id)]}
    if then == {"lose": "504"}:
        assert board.app.post("/$batch", json=sent).status_code == 504
    else:
        with pytest.raises(httpx.TransportError):
            board.app.post("/$batch", json=sent)
    assert [t["title"] for t in emulator.control("planner/tasks", method="GET")["value"]] == left


def test_a_part_that_is_cut_off_is_504_with_nothing_done(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("faults/plan", {"steps": [{"match": {"method": "POST"}, "then": {"reset": True}}]})
    got = answers(board, create(0, board.plan_id), part(1))
    assert {key: a["status"] for key, a in got.items()} == {"0": 504, "1": 200}
    assert emulator.control("state", method="GET")["tasks"] == 0
