"""The pages as a person's browser uses them: every link and button over plain HTTP, without scripts."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from emulator_server import RunningEmulator

from m365_emulator.pages.board_view import priority_word
from m365_emulator.pages.cards import told

WHAT, RISK, WHERE, PHOTO = ("r" + digit * 32 for digit in "1234")
HINT = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "orderHint": " !"}


def browser(emulator: RunningEmulator, user_id: str = "") -> httpx.Client:
    """A browser that follows redirects, acting as a person if one is given."""
    cookies = {"acting_as": user_id} if user_id else {}
    return httpx.Client(base_url=emulator.url, cookies=cookies, follow_redirects=True, timeout=20)


@pytest.fixture
def raise_form(emulator: RunningEmulator, people: dict[str, str]) -> str:
    """The form 'raise', whose flow writes to a list on the group's site; the list's path."""
    with emulator.client() as app:
        site = app.get(f"/groups/{people['group']}/sites/root").json()["id"]
        columns = [
            {"name": name, "text": {"allowMultipleLines": name == "Answers"}}
            for name in ("FormId", "ResponseId", "Responder", "SubmitDate", "Answers")
        ]
        made = app.post(f"/sites/{site}/lists", json={"displayName": "Intake", "columns": columns}).json()
    form = {
        "form_id": "FORM-1",
        "slug": "raise",
        "title": "Raise a task",
        "mail_nickname": "bcu-north",
        "questions": [
            {
                "key": RISK,
                "title": "Risk to life now?",
                "type": "choice",
                "choices": ["Yes", "No"],
                "required": True,
                "stop_value": "Yes",
                "stop_message": "Ring 999 now.",
            },
            {"key": WHAT, "title": "What needs doing?", "type": "text", "required": True},
            {"key": WHERE, "title": "Where?", "type": "long_text", "subtitle": "No names"},
            {"key": PHOTO, "title": "Photo", "type": "file"},
        ],
        "flow": {"mode": "list", "list": {"site_id": site, "list_id": made["id"]}},
    }
    emulator.control("forms", form)
    return f"/sites/{site}/lists/{made['id']}"


def listed(emulator: RunningEmulator, path: str) -> list[dict[str, Any]]:
    """The flow bodies in the intake list."""
    with emulator.client() as app:
        items = app.get(f"{path}/items?$expand=fields").json()["value"]
    return [json.loads(item["fields"]["Answers"]) for item in items]


class _Fields(HTMLParser):
    """Which form fields have a name for a screen reader, and which headings a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: list[str] = []
        self.labelled: set[str] = set()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden":
            self.fields.append(str(given.get("id")))
        if tag == "label":
            self.labelled.add(str(given.get("for")))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("id"):
            self.ids.append(str(given["id"]))


def test_a_form_submitted_by_the_page_becomes_a_list_item_and_a_workbook_row(
    emulator: RunningEmulator, people: dict[str, str], raise_form: str
) -> None:
    with browser(emulator) as page:
        assert "Raise a task" in page.get("/forms/raise").text
        sent = {"responder": "ben@peakshire.example", RISK: "No", WHAT: "Search", WHERE: "North\r\nSouth"}
        done = page.post("/forms/raise", data=sent, files={PHOTO: ("gate.jpg", b"picture")})
    assert done.url.path == "/forms/raise/responses/1"
    assert "Your response was submitted" in done.text
    assert "Handed to the intake list (status 201)" in done.text
    (body,) = listed(emulator, raise_form)
    assert (body["responder"], body[WHAT], body[WHERE]) == ("ben@peakshire.example", "Search", "North\nSouth")
    assert json.loads(body[PHOTO])[0]["name"] == "gate_Ben Example.jpg"
    (row,) = emulator.control("forms/raise/responses", method="GET")
    files = emulator.control("groups/bcu-north/files", method="GET")
    assert row["row"][3] == "ben@peakshire.example"
    assert "Raise a task.xlsx" in {file["path"] for file in files}


def test_a_stop_answer_ends_with_the_guidance_and_needs_no_more_answers(
    emulator: RunningEmulator, people: dict[str, str], raise_form: str
) -> None:
    with browser(emulator) as page:
        sent = {"responder": "ann@peakshire.example", RISK: "Yes", WHAT: "details that must not go on"}
        done = page.post("/forms/raise", data=sent)
    assert "Ring 999 now." in done.text
    (body,) = listed(emulator, raise_form)
    assert (body[RISK], body[WHAT]) == ("Yes", "")


def test_missing_answers_are_listed_with_links_and_what_was_typed_stays(
    emulator: RunningEmulator, people: dict[str, str], raise_form: str
) -> None:
    with browser(emulator) as page:
        again = page.post("/forms/raise", data={"responder": "ann@peakshire.example", WHERE: "By <the> gate"})
    assert again.status_code == 400
    assert "There is a problem" in again.text
    assert f'href="#{RISK}-1"' in again.text
    assert f'href="#{WHAT}"' in again.text
    assert 'aria-invalid="true"' in again.text
    assert "By &lt;the&gt; gate" in again.text
    assert listed(emulator, raise_form) == []


def test_buttons_on_the_board_change_the_task_as_the_acting_person(emulator: RunningEmulator, board: Any) -> None:
    task, ann = board.new_task(), board.users["ann"]
    with browser(emulator, ann) as page:
        where = f"/boards/{board.plan_id}/tasks/{task['id']}"
        for sent in (
            {"action": "assign_me"},
            {"action": "assign", "user": board.users["ben"]},
            {"action": "move", "bucket": board.other_bucket_id},
            {"action": "due", "due": "2026-11-27"},
            {"action": "label", "label": "category3"},
            {"action": "start"},
            {"action": "complete"},
        ):
            reply = page.post(where, data={"back": "board", **sent})
            assert reply.status_code == 200, (sent, reply.text)
    now = board.task(task["id"])
    assert set(now["assignments"]) == {ann, board.users["ben"]}
    assert (now["bucketId"], now["appliedCategories"]) == (board.other_bucket_id, {"category3": True})
    assert (now["percentComplete"], now["dueDateTime"]) == (100, "2026-11-27T10:00:00Z")
    assert now["completedBy"]["user"]["id"] == ann
    assert now["assignments"][ann]["assignedBy"]["user"]["id"] == ann


def test_what_was_done_on_the_board_can_be_undone(emulator: RunningEmulator, board: Any) -> None:
    ben = board.users["ben"]
    assigned = {ben: {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}}
    task = board.new_task(
        assignments=assigned, appliedCategories={"category3": True}, dueDateTime="2026-11-27T10:00:00Z"
    )
    with browser(emulator, ben) as page:
        where = f"/boards/{board.plan_id}/tasks/{task['id']}"
        for sent in (
            {"action": "unassign_me"},
            {"action": "unlabel", "label": "category3"},
            {"action": "due", "due": ""},
            {"action": "complete"},
            {"action": "reopen"},
        ):
            assert page.post(where, data=sent).status_code == 200
    now = board.task(task["id"])
    assert (now["assignments"], now["appliedCategories"], now["dueDateTime"]) == ({}, {}, None)
    assert (now["percentComplete"], now["completedBy"]) == (0, None)


def test_the_task_page_shows_notes_links_and_a_checklist_that_can_be_ticked(
    emulator: RunningEmulator, board: Any
) -> None:
    task = board.new_task()
    details = board.details(task["id"])
    link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "The record", "type": "Other"}
    change = {
        "description": "Ask: search\n<b>Why</b> now",
        "checklist": {"one": {**HINT, "title": "Brief the team"}},
        "references": {"https%3A//record%2Eexample/T-1": link},
    }
    assert board.patch(f"/planner/tasks/{task['id']}/details", details["@odata.etag"], change).is_success
    with browser(emulator, board.users["ann"]) as page:
        where = f"/boards/{board.plan_id}/tasks/{task['id']}"
        shown = page.get(where).text
        assert "Ask: search\n&lt;b&gt;Why&lt;/b&gt; now" in shown
        assert 'href="https://record.example/T-1"' in shown
        ticked = page.post(where, data={"action": "tick", "item": "one"})
        assert "Checklist (1 of 1)" in ticked.text
    item = board.details(task["id"])["checklist"]["one"]
    assert (item["isChecked"], item["title"]) == (True, "Brief the team")
    assert item["lastModifiedBy"]["user"]["id"] == board.users["ann"]


def test_delete_asks_first_and_then_the_task_is_gone(emulator: RunningEmulator, board: Any) -> None:
    task = board.new_task()
    with browser(emulator, board.users["ann"]) as page:
        where = f"/boards/{board.plan_id}/tasks/{task['id']}"
        assert page.post(where, data={"action": "delete"}).status_code == 400
        assert board.task(task["id"])["id"] == task["id"]
        assert "The task was deleted." in page.post(where, data={"action": "delete", "sure": "yes"}).text
        assert page.get(where).status_code == 404
    assert board.app.get(f"/planner/tasks/{task['id']}").status_code == 404


def test_someone_outside_the_group_is_refused_in_words_and_nothing_changes(
    emulator: RunningEmulator, board: Any
) -> None:
    task = board.new_task()
    where = f"/boards/{board.plan_id}/tasks/{task['id']}"
    with browser(emulator, board.users["cas"]) as page:
        refused = page.post(where, data={"action": "complete", "back": "board"})
        assert refused.status_code == 400
        assert "Planner refused it for Cas Example" in refused.text
    with browser(emulator) as page:
        assert "Choose whom you act as first." in page.post(where, data={"action": "start"}).text
    assert board.task(task["id"])["percentComplete"] == 0


def test_a_late_task_says_so_in_text_by_uk_days(emulator: RunningEmulator, board: Any) -> None:
    board.new_task(dueDateTime="2026-07-10T10:00:00Z")
    with browser(emulator) as page:
        emulator.control("clock", {"now": "2026-07-10T22:59:00Z", "frozen": True})
        assert "Late:" not in page.get(f"/boards/{board.plan_id}").text
        emulator.control("clock", {"now": "2026-07-10T23:01:00Z"})
        assert "Late:</strong> due Fri 10 Jul 2026" in page.get(f"/boards/{board.plan_id}").text


@pytest.mark.parametrize(
    ("numbers", "word"), [((0, 1), "Urgent"), ((2, 4), "Important"), ((5, 7), "Medium"), ((8, 10), "Low")]
)
def test_priority_numbers_are_shown_as_planners_words(numbers: tuple[int, int], word: str) -> None:
    assert {priority_word(number) for number in numbers} == {word}


CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [
        {"type": "TextBlock", "text": "ESCALATED</script><b>", "weight": "Bolder"},
        {"type": "Container", "items": [{"type": "TextBlock", "text": "Ask: **hi-vis** hours"}]},
        {"type": "FactSet", "facts": [{"title": "Risk", "value": "HIGH"}]},
    ],
    "actions": [
        {"type": "Action.OpenUrl", "title": "Open task", "url": "https://record.example/T-1"},
        {"type": "Action.OpenUrl", "title": "Bad", "url": "javascript:alert(1)"},
    ],
}


def test_a_channel_shows_its_cards_in_words_with_the_newest_last(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    team = emulator.tenant.teams.add_team(people["group"], emulator.tenant.clock.now())
    channel = next(iter(team.channels.values()))
    flow = emulator.control("workflows", {"name": "Post", "team_id": team.id, "channel_id": channel.id})
    kind = "application/vnd.microsoft.card.adaptive"
    for card in (CARD, CARD | {"body": [{"type": "TextBlock", "text": "Second card"}]}):
        message = {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
        assert httpx.post(flow["url"], json=message).status_code == 202
    with browser(emulator) as page:
        shown = page.get(f"/channels/{team.id}/{quote(channel.id, safe='')}").text
        assert "<strong>2 posts</strong>" in page.get("/channels").text
    assert shown.index("ESCALATED&lt;/script&gt;&lt;b&gt;") < shown.index("Second card")
    assert "ESCALATED</script>" not in shown
    assert "<dt>Risk</dt><dd>HIGH</dd>" in shown
    assert "Ask: hi-vis hours" in shown
    assert 'href="https://record.example/T-1"' in shown
    assert 'href="javascript' not in shown
    (drawn, _) = re.findall(r'class="card-json">(.*?)</script>', shown, re.DOTALL)
    assert json.loads(drawn) == CARD


def test_a_card_without_a_body_is_told_by_its_fallback_text() -> None:
    assert [block.text for block in told({"type": "AdaptiveCard", "fallbackText": "Escalated: T-1"})] == [
        "Escalated: T-1"
    ]


def test_every_page_marks_itself_names_its_fields_and_has_headings_in_order(
    emulator: RunningEmulator, board: Any, raise_form: str
) -> None:
    task = board.new_task()
    emulator.tenant.teams.add_team(board.group_id, emulator.tenant.clock.now())
    with browser(emulator, board.users["ann"]) as page:
        start = page.get("/").text
        links = set(re.findall(r'href="(/(?:forms|boards|channels|control)[^"#]*)"', start))
        assert {f"/boards/{board.plan_id}", "/forms/raise", "/control"} <= links
        for path in [*links, "/", f"/boards/{board.plan_id}/tasks/{task['id']}"]:
            answer = page.get(path)
            assert answer.status_code == 200, path
            found = _Fields(answer.text)
            assert '<p class="marking">OFFICIAL</p>' in answer.text
            assert "demo data" in answer.text
            assert set(found.fields) <= found.labelled, path
            assert len(found.ids) == len(set(found.ids)), path
            assert found.headings[0] == 1, path
            assert all(b - a <= 1 for a, b in zip(found.headings, found.headings[1:], strict=False)), path
            assert "https://" not in " ".join(re.findall(r'(?:src|stylesheet)[^>]*?"([^"]*)"', answer.text))


def test_what_is_not_there_is_a_page_that_says_so(emulator: RunningEmulator, people: dict[str, str]) -> None:
    with browser(emulator) as page:
        for path in ("/forms/none", "/forms/none/responses/1", "/boards/none", "/channels/a/b"):
            answer = page.get(path)
            assert (answer.status_code, "Not found" in answer.text) == (404, True)
        assert page.get("/static/renderer/../../server.py").status_code == 404
        assert page.get("/static/emulator.css").headers["content-type"].startswith("text/css")


def test_the_acting_person_is_remembered_and_only_own_pages_are_gone_back_to(
    emulator: RunningEmulator, board: Any
) -> None:
    with httpx.Client(base_url=emulator.url) as page:
        own = page.post("/acting-as", data={"user": board.users["ann"], "next": f"/boards/{board.plan_id}"})
        assert own.headers["location"] == f"/boards/{board.plan_id}"
        assert page.cookies["acting_as"] == board.users["ann"]
        away = page.post("/acting-as", data={"user": "nobody", "next": "//elsewhere.example/"})
        assert away.headers["location"] == "/"
        assert page.cookies["acting_as"] == board.users["ann"]
