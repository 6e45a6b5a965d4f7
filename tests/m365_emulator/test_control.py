"""The control area: seed, reset, clock, switches, read-outs (facts §11, point 64)."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator


def refused(emulator: RunningEmulator, path: str, order: dict[str, Any]) -> str:
    """The text of a control call that is refused as 400."""
    with pytest.raises(httpx.HTTPStatusError) as caught:
        emulator.control(path, order)
    assert caught.value.response.status_code == 400
    return str(caught.value.response.json()["error"])


def test_health_says_what_time_it_is_in_the_tenant(emulator: RunningEmulator) -> None:
    assert emulator.control("health", method="GET")["status"] == "ok"


def test_the_same_seed_twice_changes_nothing(emulator: RunningEmulator) -> None:
    seed = {
        "people": [{"upn": "dee@peakshire.example", "display_name": "Dee Example", "enabled": False}],
        "groups": [
            {"mail_nickname": "force", "members": ["dee@peakshire.example"], "owners": ["dee@peakshire.example"]}
        ],
    }
    first, second = emulator.control("seed", seed), emulator.control("seed", seed)
    assert first == second
    group = emulator.tenant.directory.groups[first["groups"]["force"]]
    assert len(group.member_ids) == len(group.owner_ids) == 1
    assert emulator.control("state", method="GET")["users"] == 1


def test_a_seed_can_name_ids_and_make_a_team(emulator: RunningEmulator) -> None:
    wanted = "0d4f1c9e-0000-4000-8000-0000000000aa"
    made = emulator.control("seed", {"groups": [{"mail_nickname": "force", "id": wanted, "team": True}]})
    assert made["groups"] == {"force": wanted}
    assert emulator.control("state", method="GET")["channels"] == 1


def test_members_can_be_added_by_nickname(emulator: RunningEmulator, people: dict[str, str]) -> None:
    order = {"group": "bcu-north", "upns": ["cas@peakshire.example"]}
    assert people["cas"] in emulator.control("members", order)["members"]
    assert "no group" in refused(emulator, "members", {"group": "none", "upns": []})
    assert "no user" in refused(emulator, "members", {"group": "bcu-north", "upns": ["x@y"]})
    assert "'upns' is missing" in refused(emulator, "members", {"group": "bcu-north"})


def test_the_clock_can_be_set_frozen_and_moved(board: Any, emulator: RunningEmulator) -> None:
    emulator.control("clock", {"frozen": True, "now": "2026-03-28T23:30:00Z"})
    assert board.new_task()["createdDateTime"] == "2026-03-28T23:30:00.0000000Z"
    moved = emulator.control("clock", {"advance_seconds": 3600})
    assert moved == {"now": "2026-03-29T00:30:00.0000000Z", "frozen": True}
    running = emulator.control("clock", {"frozen": False})
    assert running["frozen"] is False
    assert running["now"].startswith("2026-03-29T00:30:0")
    assert "no time with a zone" in refused(emulator, "clock", {"now": "yesterday"})


def test_switches_are_set_all_or_none(emulator: RunningEmulator) -> None:
    assert emulator.control("switches", {"planner_page_size": "7"})["planner_page_size"] == 7
    text = refused(emulator, "switches", {"planner_page_size": 9, "no_such_switch": 1})
    assert "no_such_switch" in text
    assert emulator.control("switches", method="GET")["planner_page_size"] == 7
    assert "true or false" in refused(emulator, "switches", {"batch_shuffle": "perhaps"})
    assert "int" in refused(emulator, "switches", {"planner_page_size": "many"})


def test_reset_empties_everything(board: Any, emulator: RunningEmulator) -> None:
    board.new_task()
    emulator.control("faults/throttle", {"times": 5})
    emulator.control("switches", {"planner_page_size": 7})
    emulator.control("reset")
    left = emulator.control("state", method="GET")
    assert {name: left[name] for name in ("users", "groups", "plans", "tasks", "exchanges")} == dict.fromkeys(
        ("users", "groups", "plans", "tasks", "exchanges"), 0
    )
    assert emulator.control("switches", method="GET")["planner_page_size"] == 400
    assert emulator.tenant.faults.throttles == []


def test_read_outs_show_tasks_with_details_and_plans_with_buckets(board: Any, emulator: RunningEmulator) -> None:
    task = board.new_task()
    tasks = emulator.control(f"planner/tasks?plan={board.plan_id}", method="GET")["value"]
    assert [(t["id"], t["details"]["id"]) for t in tasks] == [(task["id"], task["id"])]
    plan = emulator.control("planner/plans", method="GET")["value"][0]
    assert [b["id"] for b in plan["buckets"]] == [board.bucket_id, board.other_bucket_id]
    assert plan["group_id"] == board.group_id


@pytest.mark.parametrize("raw", [b"{", b"[]"])
def test_a_control_body_that_is_no_object_is_refused(emulator: RunningEmulator, raw: bytes) -> None:
    reply = httpx.post(f"{emulator.url}/_emulator/seed", content=raw)
    assert reply.status_code == 400
    assert "JSON" in reply.json()["error"]
