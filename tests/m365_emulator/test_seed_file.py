"""A seed file makes a whole small tenant, and says where it is wrong."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from emulator_server import RunningEmulator

from m365_emulator.control.seed_file import SeedFault, plant, read_seed
from m365_emulator.server import build_app

SMALL = Path(__file__).resolve().parents[2] / "m365_emulator" / "seeds" / "small.yaml"


def seed(**changes: Any) -> dict[str, Any]:
    """The small seed with some sections changed."""
    return {**read_seed(SMALL), **changes}


def test_the_small_seed_makes_what_it_says(emulator: RunningEmulator) -> None:
    emulator.control("clock", {"now": "2026-11-20T09:00:00Z", "frozen": True})
    counts = emulator.control("seed/all", yaml.safe_load(SMALL.read_text("utf-8")))
    assert counts == {"people": 3, "groups": 1, "plans": 1, "lists": 1, "forms": 1, "webhooks": 1}
    with emulator.client() as app:
        group = app.get("/groups?$filter=mailNickname eq 'northfell'").json()["value"][0]["id"]
        (plan,) = app.get(f"/groups/{group}/planner/plans").json()["value"]
        buckets = app.get(f"/planner/plans/{plan['id']}/buckets").json()["value"]
        tasks = app.get(f"/planner/plans/{plan['id']}/tasks").json()["value"]
        by_title = {task["title"].split()[0]: task for task in tasks}
        market = by_title["Market"]
        details = app.get(f"/planner/tasks/{market['id']}/details").json()
        slots = app.get(f"/planner/plans/{plan['id']}/details").json()["categoryDescriptions"]
        channels = app.get(f"/teams/{group}/channels").json()["value"]
    in_order = sorted(buckets, key=lambda bucket: bucket["orderHint"])
    assert [b["name"] for b in in_order] == ["Awaiting triage", "Neighbourhood", "Response"]
    assert (slots["category1"], market["appliedCategories"]) == ("High risk", {"category1": True})
    assert (market["priority"], market["percentComplete"]) == (3, 50)
    assert market["dueDateTime"] == "2026-11-23T17:00:00Z"
    assert [item["isChecked"] for item in details["checklist"].values()].count(True) == 1
    assert list(details["references"]) == ["https%3A//record%2Eexample/T-1?view=all"]
    assert by_title["Return"]["percentComplete"] == 100
    assert {channel["displayName"] for channel in channels} == {"General", "Daily tasking"}
    assert len(emulator.control("workflows", method="GET")) == 1


def test_a_form_of_the_seed_takes_responses_into_the_list_of_the_seed(emulator: RunningEmulator) -> None:
    emulator.control("seed/all", seed())
    answers = {"What needs doing?": "Patrol", "Where?": "School"}
    sent = {"responder": "cal@peakshire.example", "answers": answers}
    made = emulator.control("forms/raise/responses", sent)
    assert made["flow"][0]["state"] == "delivered"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"people": [{"display_name": "No sign-in name"}]}, "people[0]: 'upn' is missing"),
        ({"peple": []}, "unknown 'peple'"),
        ({"groups": [{"mail_nickname": "g", "members": ["x@y.example"]}]}, "groups[0].members: there is no person"),
        ({"plans": [{"title": "P", "group": "none"}]}, "plans[0].group: there is no group 'none'"),
        (
            {"plans": [{"title": "P", "group": "northfell", "tasks": [{"title": "T", "bucket": "B"}]}]},
            "plans[0].tasks[0].bucket",
        ),
        (
            {"plans": [{"title": "P", "group": "northfell", "tasks": [{"title": "T", "priority": "high"}]}]},
            "plans[0].tasks[0].priority: 'high' is not one of urgent",
        ),
        (
            {"plans": [{"title": "P", "group": "northfell", "tasks": [{"title": "T" * 300}]}]},
            "longer than 255 characters",
        ),
        ({"forms": [{"slug": "f"}]}, "forms[0]: "),
        ({"webhooks": [{"name": "W", "group": "northfell", "channel": "C"}]}, "webhooks[0].channel"),
    ],
)
def test_a_seed_that_is_wrong_is_refused_with_its_place(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SeedFault, match=r".") as refused:
        plant(build_app().state.graph, seed(**changes))
    assert named in str(refused.value)


def test_the_command_begins_with_a_seed_and_says_when_it_cannot(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("people: [", "utf-8")
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", "--seed"]
    refused = subprocess.run([*command, str(bad)], capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, "bad.yaml" in refused.stderr) == (2, True)
    running = subprocess.Popen([*command, str(SMALL)], stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        words = running.stdout.readline().split()
        state = httpx.get(f"{words[words.index('control') + 1]}/state").json()
        assert (state["users"], state["tasks"]) == (3, 3)
    finally:
        running.terminate()
        running.wait(timeout=30)
        if running.stdout:
            running.stdout.close()
