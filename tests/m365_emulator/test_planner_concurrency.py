"""Planner's etags: required, separate per resource, and refused only for a real clash (facts §11, points 29 to 36)."""

import base64
import re
from typing import Any

import pytest
from emulator_server import RunningEmulator

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}


def decoded(etag: str) -> str:
    """The text inside a weak etag."""
    match = re.fullmatch(r'W/"([A-Za-z0-9+/=]+)"', etag)
    assert match is not None
    return base64.b64decode(match[1]).decode()


def path_of(task: dict[str, Any]) -> str:
    """The path of a task."""
    return f"/planner/tasks/{task['id']}"


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_point_29_a_write_without_if_match_is_refused(board: Any, emulator: RunningEmulator, verb: str) -> None:
    task = board.new_task()
    body = {"title": "New"} if verb == "PATCH" else None
    reply = board.app.request(verb, path_of(task), json=body)
    assert reply.status_code == 412
    error = reply.json()["error"]
    assert (error["code"], error["message"]) == (
        "",
        "The If-Match header must be specified for this kind of request.",
    )
    emulator.control("switches", {"planner_missing_if_match_status": 400})
    assert board.app.request(verb, path_of(task), json=body).status_code == 400


def test_point_30_an_etag_is_weak_base64_of_kind_and_counter(board: Any) -> None:
    task = board.new_task()
    assert re.fullmatch(r"'1-Task  [@-_]{16}'", decoded(task["@odata.etag"]))
    details = board.details(task["id"])["@odata.etag"]
    assert re.fullmatch(r"'1-TaskDetails [@-_]{16}'", decoded(details))
    bucket = board.app.get(f"/planner/buckets/{board.bucket_id}").json()["@odata.etag"]
    assert re.fullmatch(r"'1-Bucket[@-_]{16}'", decoded(bucket))


def test_point_30_an_etag_rises_ordinally_with_every_accepted_change(board: Any) -> None:
    task = board.new_task()
    seen = [decoded(task["@odata.etag"])]
    for number in range(40):
        etag = board.task(task["id"])["@odata.etag"]
        assert board.patch(path_of(task), etag, {"title": f"Title {number}"}).status_code == 204
        seen.append(decoded(board.task(task["id"])["@odata.etag"]))
    assert seen == sorted(set(seen))


def test_point_30_a_change_of_one_resource_leaves_the_etags_of_the_others(board: Any) -> None:
    task, other = board.new_task(), board.new_task()
    details = board.details(task["id"])["@odata.etag"]
    board.patch(path_of(task), task["@odata.etag"], {"title": "New"})
    assert board.details(task["id"])["@odata.etag"] == details
    assert board.task(other["id"])["@odata.etag"] == other["@odata.etag"]


@pytest.mark.parametrize("wrong", ["nonsense", 'W/"###"', "", 'W/"SmVzdGVy"'])
def test_point_31_an_unparsable_etag_is_refused(board: Any, wrong: str) -> None:
    task = board.new_task()
    reply = board.patch(path_of(task), wrong, {"title": "New"})
    assert reply.status_code == 412
    if wrong:
        assert reply.json()["error"]["message"] == "The If-Match header contains an invalid value."


def test_point_31_the_etag_of_another_resource_is_refused(board: Any) -> None:
    task, other = board.new_task(), board.new_task()
    assert board.patch(f"{path_of(task)}/details", task["@odata.etag"], {"description": "x"}).status_code == 412
    assert board.patch(path_of(task), other["@odata.etag"], {"title": "x"}).status_code == 412
    assert board.task(task["id"])["title"] == "Patrol plan"


def test_point_32_a_star_is_refused_unless_switched_on(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    assert board.patch(path_of(task), "*", {"title": "New"}).status_code == 412
    emulator.control("switches", {"planner_if_match_star": "accept"})
    assert board.patch(path_of(task), "*", {"title": "New"}).status_code == 204


def test_point_33_stale_etag_on_other_properties_is_accepted(board: Any) -> None:
    task = board.new_task()
    assert board.patch(path_of(task), task["@odata.etag"], {"title": "Theirs"}).status_code == 204
    assert board.patch(path_of(task), task["@odata.etag"], {"priority": 1}).status_code == 204
    after = board.task(task["id"])
    assert (after["title"], after["priority"]) == ("Theirs", 1)


def test_point_33_stale_etag_on_the_same_property_conflicts(board: Any) -> None:
    task = board.new_task()
    board.patch(path_of(task), task["@odata.etag"], {"title": "Theirs"})
    reply = board.patch(path_of(task), task["@odata.etag"], {"title": "Ours", "priority": 1})
    assert reply.status_code == 409
    error = reply.json()["error"]
    assert error["code"] == ""
    assert error["message"].startswith(
        "The attempted changes conflicted with already accepted changes. Read the latest s"
    )
    after = board.task(task["id"])
    assert (after["title"], after["priority"]) == ("Theirs", 5)


def test_point_33_stale_etag_with_the_same_value_is_no_clash(board: Any) -> None:
    task = board.new_task()
    board.patch(path_of(task), task["@odata.etag"], {"title": "Same"})
    assert board.patch(path_of(task), task["@odata.etag"], {"title": "Same"}).status_code == 204


def test_point_33_two_people_assigning_different_persons_both_win(board: Any) -> None:
    task, ann, ben = board.new_task(), board.users["ann"], board.users["ben"]
    for user in (ann, ben):
        body = {"assignments": {user: ASSIGNED}}
        assert board.patch(path_of(task), task["@odata.etag"], body).status_code == 204
    assert set(board.task(task["id"])["assignments"]) == {ann, ben}


def test_point_33_completing_a_task_clashes_with_a_stale_progress(board: Any) -> None:
    task = board.new_task()
    board.patch(path_of(task), task["@odata.etag"], {"percentComplete": 100})
    assert board.patch(path_of(task), task["@odata.etag"], {"percentComplete": 50}).status_code == 409


def test_point_34_changing_the_details_moves_the_tasks_etag(board: Any) -> None:
    task = board.new_task()
    details = board.details(task["id"])
    board.patch(f"{path_of(task)}/details", details["@odata.etag"], {"description": "Read the log"})
    assert decoded(board.task(task["id"])["@odata.etag"]) > decoded(task["@odata.etag"])
    stale = board.app.delete(path_of(task), headers={"If-Match": task["@odata.etag"]})
    assert stale.status_code == 409
    assert board.patch(path_of(task), task["@odata.etag"], {"title": "Still fine"}).status_code == 204


def test_point_35_a_patch_answers_204_or_the_entity_when_preferred(board: Any) -> None:
    task = board.new_task()
    bare = board.patch(path_of(task), task["@odata.etag"], {"title": "One"})
    assert (bare.status_code, bare.content) == (204, b"")
    etag = board.task(task["id"])["@odata.etag"]
    full = board.patch(path_of(task), etag, {"title": "Two"}, Prefer="return=representation")
    assert full.status_code == 200
    assert full.json()["title"] == "Two"
    assert full.json()["@odata.etag"] == board.task(task["id"])["@odata.etag"] != etag


def test_point_36_a_second_delete_finds_nothing(board: Any) -> None:
    task = board.new_task()
    sent = {"If-Match": task["@odata.etag"]}
    first = board.app.delete(path_of(task), headers=sent)
    assert (first.status_code, first.content) == (204, b"")
    assert board.app.delete(path_of(task), headers=sent).status_code == 404
    assert board.app.get(f"{path_of(task)}/details").status_code == 404
