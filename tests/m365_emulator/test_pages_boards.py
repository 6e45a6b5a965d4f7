"""The board grouped by bucket, owner and progress, and the lists of boards and channels that say where to look."""

import re
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

from m365_emulator.pages.board_view import Assignee
from m365_emulator.pages.cards import brought_home

ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}


def page(emulator: RunningEmulator, path: str, user: str = "") -> httpx.Response:
    """A page, as somebody if given."""
    with httpx.Client(base_url=emulator.url, cookies={"acting_as": user} if user else {}) as browser:
        return browser.get(path)


def press(emulator: RunningEmulator, path: str, user: str, **sent: str) -> httpx.Response:
    """A button of the board, pressed as somebody."""
    with httpx.Client(base_url=emulator.url, cookies={"acting_as": user}) as browser:
        return browser.post(path, data={"back": "board", **sent})


def columns(text: str) -> list[tuple[str, int]]:
    """(name, cards) of each column of a board page."""
    parts = re.split(r'<section class="bucket', text)[1:]
    return [(re.sub(r"<.*", "", re.findall(r"<h2[^>]*>(.*?)</h2>", p)[0]).strip(), p.count("<article")) for p in parts]


def test_each_grouping_has_its_columns_and_a_task_of_two_owners_stands_under_both(
    emulator: RunningEmulator, board: Any
) -> None:
    ann, ben = board.users["ann"], board.users["ben"]
    board.new_task(title="Both", assignments={ann: ASSIGNED, ben: ASSIGNED})
    board.new_task(title="Started", percentComplete=50)
    board.new_task(title="Loose", bucketId=None)
    where = f"/boards/{board.plan_id}"
    assert dict(columns(page(emulator, where).text)) == {"Neighbourhood": 2, "Response": 0, "No bucket": 1}
    assert columns(page(emulator, f"{where}?group=owner").text) == [
        ("Not assigned", 2),
        ("Ann Example", 1),
        ("Ben Example", 1),
    ]
    by_progress = page(emulator, f"{where}?group=progress").text
    assert columns(by_progress) == [("Not started", 2), ("In progress", 1), ("Completed", 0)]
    owners = page(emulator, f"{where}?group=owner").text
    ids = re.findall(r'\bid="([^"]+)"', owners)
    assert len(ids) == len(set(ids))
    assert columns(page(emulator, f"{where}?group=nonsense").text) == columns(page(emulator, where).text)


def test_owners_are_circles_with_names_and_progress_is_a_ring_with_words(emulator: RunningEmulator, board: Any) -> None:
    board.new_task(assignments={board.users["ann"]: ASSIGNED}, percentComplete=50)
    text = page(emulator, f"/boards/{board.plan_id}").text
    assert '<span aria-hidden="true">AE</span><span class="unseen">Ann Example</span>' in text
    assert 'aria-label="Progress: In progress"' in text
    assert 'aria-label="0 percent of the tasks are completed"' in text


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ann Example", "AE"), ("Sgt, Northfell SNT", "SN"), ("Zoë", "Z"), ("", "?"), ("unknown (1234abcd)", "U")],
)
def test_initials_are_of_the_first_two_words(name: str, initials: str) -> None:
    assert Assignee("id", name).initials == initials


def test_a_card_put_into_another_column_changes_what_the_grouping_is_about(
    emulator: RunningEmulator, board: Any
) -> None:
    ann, ben = board.users["ann"], board.users["ben"]
    task = board.new_task(assignments={ann: ASSIGNED})
    where = f"/boards/{board.plan_id}/tasks/{task['id']}"
    moves: list[dict[str, str]] = [
        {"group": "bucket", "to": board.other_bucket_id},
        {"group": "owner", "to": ben, "from": ann},
        {"group": "progress", "to": "100"},
    ]
    for move in moves:
        answer = press(emulator, where, ann, action="place", **move)
        assert answer.status_code == 303
        assert f"group={move['group']}#task-" in answer.headers["location"]
    now = board.task(task["id"])
    assert (now["bucketId"], list(now["assignments"]), now["percentComplete"]) == (board.other_bucket_id, [ben], 100)
    press(emulator, where, ann, action="place", group="owner", to="none", **{"from": ben})
    assert board.task(task["id"])["assignments"] == {}


@pytest.mark.parametrize(
    "move",
    [{}, {"group": "owner", "to": "x", "from": "x"}, {"group": "progress", "to": "7"}, {"group": "bucket", "to": "x"}],
)
def test_a_move_to_nowhere_is_refused_in_words(emulator: RunningEmulator, board: Any, move: dict[str, str]) -> None:
    task = board.new_task()
    answer = press(emulator, f"/boards/{board.plan_id}/tasks/{task['id']}", board.users["ann"], action="place", **move)
    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert board.task(task["id"])["@odata.etag"] == task["@odata.etag"]


def test_the_list_of_boards_begins_with_what_is_late(emulator: RunningEmulator, board: Any) -> None:
    container = {"url": f"https://graph.microsoft.com/v1.0/groups/{board.group_id}"}
    board.app.post("/planner/plans", json={"title": "A quiet board", "container": container})
    board.new_task(dueDateTime="2020-01-01T10:00:00Z")
    board.new_task(percentComplete=100)
    text = page(emulator, "/boards").text
    assert text.index("BCU North") < text.index("A quiet board")
    assert re.search(r"1 open task, <strong[^>]*>1 late</strong>, 1 not assigned, 1 completed", text)


def test_channels_with_posts_come_first_and_replies_stand_under_their_post(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    tenant, now = emulator.tenant, emulator.tenant.clock.now()
    team = tenant.teams.add_team(people["group"], now)
    told = tenant.teams.add_channel(team, "Zebra", now)
    post = tenant.teams.post(told, {"user": {"id": people["ann"]}}, "First", [], now)
    reply = tenant.teams.post(told, {"user": {"id": people["ben"]}}, "Seen", [], now)
    reply.reply_to_id = post.id
    text = page(emulator, "/channels").text
    assert text.index("Zebra") < text.index("General")
    assert "<strong>1 post</strong>" in text
    assert "1 post in 1 channel" in text
    assert "Zebra" in page(emulator, "/").text
    assert "General" not in page(emulator, "/").text
    shown = page(emulator, f"/channels/{team.id}/{told.id}").text
    assert "1 post, the newest last" in shown
    assert shown.index("First") < shown.index('aria-label="Replies"') < shown.index("Seen")


def test_planners_own_addresses_on_a_card_lead_to_this_tenants_boards() -> None:
    plan, task = "p" * 28, "t" * 28
    at = "https://planner.cloud.microsoft/webui/plan"
    urls = [f"{at}/{plan}/view/board/task/{task}", f"{at}/{plan}/view/board", "https://record.example/T-1"]
    card = {"actions": [{"type": "Action.OpenUrl", "url": url} for url in urls]}
    assert [action["url"] for action in brought_home(card)["actions"]] == [
        f"/boards/{plan}/tasks/{task}",
        f"/boards/{plan}",
        "https://record.example/T-1",
    ]


def task_page(board: Any, task_id: str) -> str:
    """Where a task's page is."""
    return f"/boards/{board.plan_id}/tasks/{task_id}"


def test_a_person_copies_a_task_from_its_card(emulator: RunningEmulator, board: Any) -> None:
    task, ann = board.new_task(title="Search"), board.users["ann"]
    answer = press(emulator, task_page(board, task["id"]), ann, action="copy")
    assert answer.status_code == 303
    assert "Copied." in page(emulator, answer.headers["location"].split("#")[0], ann).text
    rows = board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]
    assert [(row["title"], row["bucketId"]) for row in rows] == [("Search", board.bucket_id)] * 2
    assert rows[1]["createdBy"]["user"]["id"] == ann


def test_a_person_has_a_task_repeat_and_stops_it(emulator: RunningEmulator, board: Any) -> None:
    task, ann = board.new_task(dueDateTime="2026-01-30T10:00:00Z"), board.users["ann"]
    where = task_page(board, task["id"])
    assert "repeats" not in page(emulator, f"/boards/{board.plan_id}", ann).text
    assert press(emulator, where, ann, action="repeat", repeat="weekly").status_code == 303
    assert "repeats every week" in page(emulator, f"/boards/{board.plan_id}", ann).text
    assert '<option value="weekly" selected>Every week</option>' in page(emulator, where, ann).text
    press(emulator, where, ann, action="repeat", repeat="never")
    assert "repeats" not in page(emulator, f"/boards/{board.plan_id}", ann).text
    press(emulator, where, ann, action="repeat", repeat="daily")
    assert press(emulator, where, ann, action="complete").status_code == 303
    rows = board.app.get(f"/planner/plans/{board.plan_id}/tasks").json()["value"]
    assert [(row["percentComplete"], row["dueDateTime"][:10]) for row in rows] == [
        (100, "2026-01-30"),
        (0, "2026-01-31"),
    ]


@pytest.mark.parametrize(("user", "action"), [("cas", "copy"), ("cas", "repeat"), ("ann", "repeat")])
def test_the_menu_refuses_in_words_what_planner_would(
    emulator: RunningEmulator, board: Any, user: str, action: str
) -> None:
    task = board.new_task()
    wish = {"action": action} | ({"repeat": "weekly"} if user == "cas" else {})
    answer = press(emulator, task_page(board, task["id"]), board.users[user], **wish)
    assert answer.status_code == 400
    said = "Planner refused it for Cas Example" if user == "cas" else "Choose how often."
    assert said in answer.text
    assert emulator.control("state", method="GET")["tasks"] == 1
    assert board.task(task["id"]) == task


def test_a_board_of_nonsense_is_still_a_board(emulator: RunningEmulator, board: Any) -> None:
    task = board.new_task()
    raw = {"title": "  ", "description": "<script>alert(1)</script>", "bucketId": "A" * 28}
    emulator.control(f"planner/tasks/{task['id']}/force", raw)
    text = page(emulator, f"/boards/{board.plan_id}", board.users["ann"]).text
    assert dict(columns(text))["No bucket"] == 1
    assert ">(no title)</a>" in text
    assert "<script>alert" not in page(emulator, task_page(board, task["id"]), board.users["ann"]).text
