"""A snapshot brings the whole tenant back, in this program or in another one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator, running_emulator

from m365_emulator.control.snapshot_codec import Reader, SnapshotFault, Writer


def test_everything_is_as_it_was_after_a_restore(emulator: RunningEmulator, board: Any) -> None:
    task = board.new_task(title="Before")
    emulator.control("clock", {"now": "2026-07-10T09:00:00Z", "frozen": True})
    emulator.control("switches", {"planner_page_size": 7})
    state = emulator.control("state", method="GET")
    emulator.control("snapshots/morning")
    board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"title": "After"})
    board.new_task(title="Another")
    emulator.control("clock", {"advance_seconds": 3600})
    emulator.control("switches", {"planner_page_size": 9})
    emulator.control("snapshots/morning/restore")
    now = board.task(task["id"])
    assert (now["title"], now["@odata.etag"]) == ("Before", task["@odata.etag"])
    after = emulator.control("state", method="GET")
    assert {name: after[name] for name in ("tasks", "users", "groups")} == {
        name: state[name] for name in ("tasks", "users", "groups")
    }
    assert emulator.control("switches", method="GET")["planner_page_size"] == 7
    assert emulator.control("health", method="GET")["now"].startswith("2026-07-10T09:00")


def test_work_goes_on_after_a_restore_as_if_nothing_had_been(emulator: RunningEmulator, board: Any) -> None:
    task = board.new_task()
    emulator.control("snapshots/start")
    emulator.control("snapshots/start/restore")
    assert board.patch(f"/planner/tasks/{task['id']}", task["@odata.etag"], {"title": "Changed"}).status_code == 204
    assert len(board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]) == 1
    board.new_task()
    assert len(board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]) == 2
    emulator.control("clock", {"now": "2026-07-10T09:00:00Z", "frozen": True})
    site = board.app.get(f"/groups/{board.group_id}/sites/root").json()["id"]
    made = board.app.post(f"/sites/{site}/lists", json={"displayName": "Intake"}).json()
    assert made["createdDateTime"].startswith("2026-07-10T09:00"), "the sites follow the restored clock"


def test_a_snapshot_can_be_carried_to_another_emulator(emulator: RunningEmulator, board: Any) -> None:
    task = board.new_task(title="Carried")
    emulator.control("snapshots/all")
    document = httpx.get(f"{emulator.url}/_emulator/snapshots/all").text
    with running_emulator() as other:
        assert httpx.put(f"{other.url}/_emulator/snapshots/all", content=document).status_code == 204
        other.control("snapshots/all/restore")
        with other.client() as app:
            assert app.get(f"/planner/tasks/{task['id']}").json()["title"] == "Carried"
            assert app.get(f"/planner/tasks/{task['id']}/details").status_code == 200


def test_a_restore_does_not_lose_the_traffic(emulator: RunningEmulator, board: Any) -> None:
    emulator.control("snapshots/one")
    board.new_task()
    seen = len(emulator.tenant.traffic.entries)
    emulator.control("snapshots/one/restore")
    assert len(emulator.tenant.traffic.entries) == seen


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"form": "another"}', json.dumps({"form": "m365_emulator snapshot 1", "state": {"$": "x"}})]
)
def test_what_is_no_snapshot_is_refused_and_changes_nothing(
    emulator: RunningEmulator, people: dict[str, str], text: str
) -> None:
    httpx.put(f"{emulator.url}/_emulator/snapshots/bad", content=text)
    assert httpx.post(f"{emulator.url}/_emulator/snapshots/bad/restore").status_code == 400
    assert emulator.control("state", method="GET")["users"] == 3
    assert httpx.post(f"{emulator.url}/_emulator/snapshots/none/restore").status_code == 400


def test_reading_makes_objects_of_this_program_only() -> None:
    for wire in (
        {"$": "own", "n": 0, "is": "subprocess:Popen", "v": {}},
        {"$": "own", "n": 0, "is": "m365_emulator.server:build_app", "v": {}},
        {"$": "method", "of": "text", "v": "upper"},
    ):
        with pytest.raises(SnapshotFault):
            Reader().read(wire)
    with pytest.raises(SnapshotFault):
        Writer().write(object())


def test_a_form_its_responses_and_a_posted_card_come_back(emulator: RunningEmulator, people: dict[str, str]) -> None:
    team = emulator.tenant.teams.add_team(people["group"], emulator.tenant.clock.now())
    channel = next(iter(team.channels.values()))
    flow = emulator.control("workflows", {"name": "Post", "team_id": team.id, "channel_id": channel.id})
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}
    httpx.post(flow["url"], json={"type": "message", "attachments": [card]})
    question = {"key": "r" + "1" * 32, "title": "What?", "type": "date"}
    form = {"form_id": "F", "slug": "f", "title": "F", "mail_nickname": "bcu-north", "questions": [question]}
    emulator.control("forms", form)
    emulator.control("forms/f/responses", {"responder": "ann@peakshire.example", "answers": {"What?": "2026-07-10"}})
    before = emulator.control("forms/f/responses", method="GET")
    emulator.control("snapshots/cards")
    emulator.control("reset")
    emulator.control("snapshots/cards/restore")
    assert emulator.control("forms/f/responses", method="GET") == before
    assert httpx.post(flow["url"], json={"type": "message", "attachments": [card]}).status_code == 202
    assert len(emulator.control(f"workflows/{flow['id']}/posts", method="GET")) == 2
    assert [file["path"] for file in emulator.control("groups/bcu-north/files", method="GET")] == ["F.xlsx"]


def test_the_command_begins_where_a_snapshot_left_off(emulator: RunningEmulator, board: Any, tmp_path: Path) -> None:
    task = board.new_task(title="Kept in a file")
    emulator.control("snapshots/file")
    kept = tmp_path / "kept.json"
    kept.write_text(httpx.get(f"{emulator.url}/_emulator/snapshots/file").text, "utf-8")
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", "--restore", str(kept)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            words = running.stdout.readline().split() if running.stdout else []
            rows = httpx.get(f"{words[words.index('control') + 1]}/planner/tasks").json()["value"]
        finally:
            running.terminate()
    assert [(row["id"], row["title"]) for row in rows] == [(task["id"], "Kept in a file")]
