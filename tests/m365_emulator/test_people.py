"""People come and go: accounts are disabled, removed, or leave a group, while their tasks stay theirs."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
ANN = "ann@peakshire.example"


def members(board: Any) -> set[str]:
    """The ids of the group's members as Graph lists them."""
    return {row["id"] for row in board.app.get(f"/groups/{board.group_id}/members").json()["value"]}


def test_a_disabled_account_says_so_keeps_its_tasks_and_can_be_enabled(board: Any, emulator: RunningEmulator) -> None:
    ann = board.users["ann"]
    task = board.new_task(assignments={ann: ASSIGNED})
    told = emulator.control(f"people/{ANN}", {"enabled": False})
    assert told == {"id": ann, "upn": ANN, "enabled": False}
    row = board.app.get(f"/users/{ann}?$select=id,accountEnabled,displayName").json()
    assert (row["accountEnabled"], row["displayName"]) == (False, "Ann Example")
    assert ann in members(board)
    assert list(board.task(task["id"])["assignments"]) == [ann]
    emulator.control(f"people/{ann}", {"enabled": True})
    assert board.app.get(f"/users/{ann}?$select=accountEnabled").json()["accountEnabled"] is True


def test_a_removed_account_is_unknown_while_assignments_keep_its_id(board: Any, emulator: RunningEmulator) -> None:
    ann = board.users["ann"]
    task = board.new_task(assignments={ann: ASSIGNED})
    emulator.control(f"people/{ANN}", method="DELETE")
    assert board.app.get(f"/users/{ann}").status_code == 404
    assert members(board) == {board.users["ben"]}
    assert board.task(task["id"]) == task
    unassigned = board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"assignments": {ann: None}})
    assert unassigned.status_code == 204
    assert httpx.get(f"{emulator.url}/boards/{board.plan_id}").status_code == 200


def test_a_person_can_be_taken_out_of_a_group_and_put_back(board: Any, emulator: RunningEmulator) -> None:
    ann = board.users["ann"]
    told = emulator.control("members", {"group": "bcu-north", "remove": [ANN]})
    assert ann not in told["members"]
    assert members(board) == {board.users["ben"]}
    with emulator.client(emulator.person_token(ANN)) as client:
        assert client.get(f"/planner/plans/{board.plan_id}").status_code == 403
        emulator.control("members", {"group": "bcu-north", "upns": [ANN]})
        assert client.get(f"/planner/plans/{board.plan_id}").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("people/nobody@peakshire.example", {"enabled": False}),
        (f"people/{ANN}", {}),
        (f"people/{ANN}", {"enabled": "no"}),
        ("members", {"group": "bcu-north"}),
        ("members", {"group": "bcu-north", "remove": ["nobody@peakshire.example"]}),
    ],
)
def test_what_names_nobody_or_nothing_is_refused(
    board: Any, emulator: RunningEmulator, path: str, body: dict[str, Any]
) -> None:
    assert httpx.post(f"{emulator.url}/_emulator/{path}", json=body).status_code == 400
    assert members(board) == {board.users["ann"], board.users["ben"]}
