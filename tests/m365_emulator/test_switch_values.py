"""Switches whose other value no test of a capability shows: what each changes on the wire."""

from typing import Any

import pytest
from emulator_server import RunningEmulator


@pytest.mark.parametrize(("switch", "status"), [(None, 400), (400, 400), (403, 403)])
@pytest.mark.parametrize("collection", ["plans", "tasks", "buckets"])
def test_point_39_the_status_of_a_whole_entity_set_follows_the_switch(
    board: Any, emulator: RunningEmulator, collection: str, switch: int | None, status: int
) -> None:
    if switch:
        emulator.control("switches", {"planner_unfiltered_status": switch})
    reply = board.app.get(f"/planner/{collection}")
    assert reply.status_code == status
    assert reply.json()["error"]["message"] == "This entity set must be queried with a filter."


@pytest.mark.parametrize("moves", [False, True])
def test_point_34_a_task_change_moves_the_details_etag_by_switch_only(
    board: Any, emulator: RunningEmulator, moves: bool
) -> None:
    emulator.control("switches", {"planner_task_patch_moves_details": moves})
    task = board.new_task()
    before = board.details(task["id"])["@odata.etag"]
    board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"priority": 1})
    after = board.details(task["id"])["@odata.etag"]
    assert (after > before) is moves
    assert board.patch(f"/planner/tasks/{task['id']}/details", before, {"description": "x"}).status_code == 204


@pytest.mark.parametrize("shuffle", [True, False])
def test_point_45_the_order_of_answers_follows_the_switch(board: Any, emulator: RunningEmulator, shuffle: bool) -> None:
    emulator.control("switches", {"batch_shuffle": shuffle})
    parts = [{"id": str(n), "method": "GET", "url": "/groups"} for n in range(20)]
    answers = board.app.post("/$batch", json={"requests": parts}).json()["responses"]
    ids = [answer["id"] for answer in answers]
    assert (ids == [part["id"] for part in parts]) is not shuffle


@pytest.mark.parametrize(("limit", "status"), [(28 * 1024, 201), (200, 413)])
def test_point_50_the_largest_message_follows_the_switch(
    board: Any, emulator: RunningEmulator, limit: int, status: int
) -> None:
    emulator.control("seed", {"groups": [{"mail_nickname": "bcu-north", "team": True}]})
    emulator.control("switches", {"teams_message_max_bytes": limit})
    channel = next(iter(emulator.tenant.teams.teams[board.group_id].channels))
    token = emulator.person_token("ann@peakshire.example", "ChannelMessage.Send")
    with emulator.client(token) as ann:
        path = f"/teams/{board.group_id}/channels/{channel}/messages"
        assert ann.post(path, json={"body": {"content": "x" * 300}}).status_code == status


@pytest.mark.parametrize(("limit", "expected"), [(4, [200] * 4 + [429]), (0, [200] * 5)])
def test_point_48_the_rate_on_a_channel_follows_the_switch(
    board: Any, emulator: RunningEmulator, limit: int, expected: list[int]
) -> None:
    emulator.control("seed", {"groups": [{"mail_nickname": "bcu-north", "team": True}]})
    emulator.control("switches", {"teams_channel_per_second": limit})
    channel = next(iter(emulator.tenant.teams.teams[board.group_id].channels))
    with emulator.client(emulator.person_token("ann@peakshire.example", "ChannelMessage.Read.All")) as ann:
        path = f"/teams/{board.group_id}/channels/{channel}/messages"
        assert [ann.get(path).status_code for _ in range(5)] == expected


@pytest.mark.parametrize("repeats", [False, True])
def test_point_61_a_delta_tells_something_twice_by_switch_only(
    board: Any, emulator: RunningEmulator, repeats: bool
) -> None:
    emulator.control("switches", {"sharepoint_delta_repeats": repeats, "sharepoint_page_size": 2})
    drive = board.app.get(f"/groups/{board.group_id}/drive").json()["id"]
    for number in range(4):
        board.app.put(f"/drives/{drive}/root:/{number}.txt:/content", content=b"x")
    url, told = f"/drives/{drive}/root/delta", []
    while url:
        body = board.app.get(url).json()
        told += [item["id"] for item in body["value"]]
        url = body.get("@odata.nextLink")
    assert (len(told) > len(set(told))) is repeats
    assert len(set(told)) == 5
