"""The straight path under both values of every switch of the tenant that the service can meet.

Where sources are silent about Microsoft 365 the emulator can do either; the service has to get there both ways.
"""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from emulator_server import RunningEmulator
from stage import OFFICER, Stage, answers_of

from service.wiring import Service
from store import tasks
from tasking.task import Task

ASK = "category22"
BOTH_WAYS: dict[str, tuple[Any, ...]] = {  # the documented default first
    "planner_missing_if_match_status": (412, 400),
    "planner_if_match_star": ("refuse", "accept"),
    "planner_post_details": ("ignore", "accept", "refuse"),
    "planner_read_only": ("refuse", "ignore"),
    "planner_delete_bucket": ("delete", "orphan"),
    "planner_task_patch_moves_details": (False, True),
    "planner_unfiltered_status": (400, 403),
    "planner_non_member_assignee": ("accept", "refuse"),
    "planner_unknown_assignee": ("accept", "refuse"),
    "planner_outside_assignee": ("reduced", "nothing"),
    "planner_stale_list_seconds": (0.0, 0.5),
    "planner_details_404_ms": (0, 300),
    "planner_page_size": (400, 1),
    "planner_title_max": (255, 150),
    "directory_page_size": (100, 1),
    "teams_channel_per_second": (4, 1),
    "sharepoint_page_size": (200, 1),
    "sharepoint_delta_repeats": (False, True),
    "sites_selected": ("granted", "every"),
    "workbook_app_only": ("refuse", "allow"),
    "batch_shuffle": (True, False),
}
OTHER_VALUES = [(name, value) for name, values in BOTH_WAYS.items() for value in values[1:]]
TOGETHER = {name: values[-1] for name, values in BOTH_WAYS.items()}
"""All the unusual values at once: what is well alone may not be well together."""


async def the_record(service: Service) -> Task:
    with service.store.open() as connection:
        (record,) = tasks.read_all_tasks(connection)
        return record


def staged(emulator: RunningEmulator, folder: Path, switches: dict[str, Any]) -> Stage:
    """A stage set up under these switches, the officer a member of the section's group."""
    emulator.control("switches", switches)
    stage = Stage(emulator, folder)
    stage.set_up()
    emulator.control("members", {"group": "pks-tasking-dd", "upns": [OFFICER]})
    return stage


def settle(stage: Stage, minutes: int = 0) -> None:
    """All jobs, and again two minutes later, when lists and details that were late have had their time."""
    stage.run_all(ahead=timedelta(minutes=minutes))
    switches = stage.emulator.tenant.switches
    time.sleep(max(switches.planner_stale_list_seconds, switches.planner_details_404_ms / 1000))
    stage.run_all(ahead=timedelta(minutes=minutes + 2))


def as_a_person(stage: Stage, changes: dict[str, Any]) -> None:
    """The officer changes the one task there is."""
    (task,) = stage.planner_tasks()
    path = f"/planner/tasks/{task['id']}"
    with stage.emulator.client(stage.emulator.person_token(OFFICER)) as client:
        etag = client.get(path).raise_for_status().json()["@odata.etag"]
        client.patch(path, json=changes, headers={"If-Match": etag}).raise_for_status()


def travel(stage: Stage) -> None:
    """Submitted, on the board, taken up and passed up by a person, told to the chair: each of them once."""
    stage.submit(answers_of(13))
    settle(stage)
    (shown,) = stage.planner_tasks()
    assert shown["details"]["checklist"]
    assert shown["details"]["description"]

    as_a_person(stage, {"percentComplete": 50, "appliedCategories": {ASK: True}})
    settle(stage, minutes=3)
    settle(stage, minutes=6)

    record = stage.do(the_record)
    assert record.stands_on == ("DD", "DIV_N")
    assert len({task["planId"] for task in stage.planner_tasks()}) == len(stage.planner_tasks()) == 2
    assert [task["percentComplete"] for task in stage.planner_tasks() if task["id"] == shown["id"]] == [50]
    assert all(ASK not in task["appliedCategories"] for task in stage.planner_tasks())
    (card,) = stage.escalated_cards()
    assert "ESCALATED to North Division" in str(card)


@pytest.mark.parametrize(("name", "value"), OTHER_VALUES, ids=lambda part: str(part))
def test_the_journey_is_made_whichever_way_the_tenant_behaves(
    emulator: RunningEmulator, tmp_path: Path, name: str, value: Any
) -> None:
    travel(staged(emulator, tmp_path, {name: value}))


def test_the_journey_is_made_with_every_switch_as_documented(emulator: RunningEmulator, tmp_path: Path) -> None:
    standing = emulator.control("switches", method="GET")
    assert {name: values[0] for name, values in BOTH_WAYS.items()}.items() <= standing.items()
    travel(staged(emulator, tmp_path, {}))


def test_the_journey_is_made_when_the_tenant_is_unusual_in_everything(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    travel(staged(emulator, tmp_path, TOGETHER))


def delete_bucket_of_the_task(stage: Stage) -> dict[str, Any]:
    """The officer deletes the bucket that the one task is in; returns the task as it was."""
    (shown,) = stage.planner_tasks()
    bucket = f"/planner/buckets/{shown['bucketId']}"
    with stage.emulator.client(stage.emulator.person_token(OFFICER)) as officer:
        etag = officer.get(bucket).raise_for_status().json()["@odata.etag"]
        officer.delete(bucket, headers={"If-Match": etag}).raise_for_status()
    return shown


def test_a_task_that_lost_its_bucket_stays_the_one_task_on_the_board(emulator: RunningEmulator, tmp_path: Path) -> None:
    stage = staged(emulator, tmp_path, {"planner_delete_bucket": "orphan"})
    stage.submit(answers_of(13))
    settle(stage)
    before = delete_bucket_of_the_task(stage)

    settle(stage, minutes=3)
    settle(stage, minutes=6)

    assert stage.do(the_record).is_open
    assert [task["id"] for task in stage.planner_tasks()] == [before["id"]]


def test_a_task_deleted_with_its_bucket_comes_back_in_a_bucket_made_again(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    stage = staged(emulator, tmp_path, {"planner_delete_bucket": "delete"})
    stage.submit(answers_of(13))
    settle(stage)
    before = delete_bucket_of_the_task(stage)

    settle(stage, minutes=3)
    settle(stage, minutes=6)

    assert stage.do(the_record).is_open
    (left,) = stage.planner_tasks()
    assert left["title"] == before["title"]
    assert left["bucketId"] not in (None, before["bucketId"])


@pytest.mark.parametrize("value", ["accept", "refuse"])
def test_an_owner_from_outside_the_group_does_not_keep_the_task_from_the_division(
    emulator: RunningEmulator, tmp_path: Path, value: str
) -> None:
    stage = staged(emulator, tmp_path, {})
    stage.submit(answers_of(13))
    settle(stage)
    assigned = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    officer = emulator.tenant.directory.user(OFFICER)
    assert officer is not None
    as_a_person(stage, {"assignments": {officer.id: assigned}, "appliedCategories": {ASK: True}})
    emulator.control("switches", {"planner_non_member_assignee": value})

    settle(stage, minutes=3)
    settle(stage, minutes=6)

    assert stage.do(the_record).owner_ids == (officer.id,)
    assert stage.do(the_record).stands_on == ("DD", "DIV_N")
    assert len(stage.planner_tasks()) == 2
    assert len(stage.escalated_cards()) == 1
