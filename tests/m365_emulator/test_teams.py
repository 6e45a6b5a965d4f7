"""Teams, channels and messages (facts §11, points 48 to 51)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

CARD = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Escalated"}]}
CARD_TYPE = "application/vnd.microsoft.card.adaptive"


@dataclass(frozen=True, slots=True)
class Room:
    """A team's General channel, seen by an app, by Ann who may send, and by Cas who is not in the team."""

    app: httpx.Client
    ann: httpx.Client
    cas: httpx.Client
    team: str
    messages: str


@pytest.fixture
def room(emulator: RunningEmulator, people: dict[str, str]) -> Iterator[Room]:
    """The group made a team; the limit per channel is off unless a test sets it."""
    emulator.control("switches", {"teams_channel_per_second": 0})
    emulator.control("consent", {"grant": ["ChannelMessage.Read.All", "Teamwork.Migrate.All"]})
    scopes = ("ChannelMessage.Send", "ChannelMessage.Read.All", "Channel.ReadBasic.All")
    ann_token = emulator.person_token("ann@peakshire.example", *scopes)
    cas_token = emulator.person_token("cas@peakshire.example", *scopes)
    with emulator.client() as app, emulator.client(ann_token) as ann, emulator.client(cas_token) as cas:
        made = app.put(f"/groups/{people['group']}/team", json={})
        assert made.status_code == 201
        team = f"/teams/{made.json()['id']}"
        general = app.get(f"{team}/channels").json()["value"][0]["id"]
        yield Room(app, ann, cas, team, f"{team}/channels/{general}/messages")


def card_message(content: Any, tag: str = "a1", attachment_id: str = "a1") -> dict[str, Any]:
    """A message that carries one card."""
    attachment = {"id": attachment_id, "contentType": CARD_TYPE, "contentUrl": None, "content": content}
    body = {"contentType": "html", "content": f'<attachment id="{tag}"></attachment>'}
    return {"body": body, "attachments": [attachment]}


def test_a_group_becomes_a_team_once_and_has_a_general_channel(room: Room) -> None:
    team_id = room.team.rsplit("/", 1)[1]
    assert room.app.put(f"/groups/{team_id}/team", json={}).status_code == 409
    assert room.app.get(room.team).json()["displayName"] == "BCU North"
    channels = room.app.get(f"{room.team}/channels").json()["value"]
    assert [c["displayName"] for c in channels] == ["General"]
    assert re.fullmatch(r"19:[0-9a-f]{32}@thread\.tacv2", channels[0]["id"])


def test_a_channel_is_made_and_its_name_is_unique(room: Room) -> None:
    body = {"displayName": "Divisional tasking", "description": "Chair's channel"}
    made = room.app.post(f"{room.team}/channels", json=body)
    assert made.status_code == 201
    assert made.json()["membershipType"] == "standard"
    assert room.app.get(f"{room.team}/channels/{made.json()['id']}").json()["displayName"] == body["displayName"]
    again = room.app.post(f"{room.team}/channels", json=body | {"displayName": "divisional TASKING"})
    assert again.status_code == 400
    wanted = {"$filter": "displayName eq 'Divisional tasking'"}
    assert len(room.app.get(f"{room.team}/channels", params=wanted).json()["value"]) == 1


@pytest.mark.parametrize("name", ["", "x" * 51, "a/b", None, "why?"])
def test_a_channel_name_has_rules(room: Room, name: Any) -> None:
    assert room.app.post(f"{room.team}/channels", json={"displayName": name}).status_code == 400


def test_point_49_an_app_alone_cannot_post(room: Room, emulator: RunningEmulator) -> None:
    body = {"body": {"content": "Hello"}}
    assert room.app.post(room.messages, json=body).status_code == 403
    with emulator.client(emulator.app_token("Group.ReadWrite.All")) as without:
        error = without.post(room.messages, json=body).json()["error"]
    assert error["code"] == "Forbidden"
    assert "Teamwork.Migrate.All" in error["message"]


def test_point_49_an_app_imports_into_a_channel_in_migration_mode_as_somebody_and_at_a_past_time(
    room: Room, emulator: RunningEmulator, people: dict[str, str]
) -> None:
    lever = room.messages.strip("/").removesuffix("/messages") + "/migration"
    emulator.control(lever, {"since": "2019-01-01T00:00:00Z"})
    now = room.ann.post(room.messages, json={"body": {"content": "Now"}}).json()
    body = {"body": {"content": "Then"}, "from": {"user": {"id": people["ben"]}}}
    made = room.app.post(room.messages, json=body | {"createdDateTime": "2020-02-03T04:05:06Z"})
    assert made.status_code == 201
    assert (made.json()["id"], made.json()["from"]["user"]["id"]) == ("1580702706000", people["ben"])
    assert made.json()["createdDateTime"].startswith("2020-02-03T04:05:06")
    again = room.app.post(room.messages, json=body | {"createdDateTime": "2020-02-03T04:05:06Z"}).json()
    assert again["id"] == "1580702706001"
    listed = room.app.get(room.messages).json()["value"]
    assert [m["id"] for m in listed] == [now["id"], again["id"], made.json()["id"]]
    replied = room.app.post(f"{room.messages}/{made.json()['id']}/replies", json=body)
    assert (replied.status_code, replied.json()["replyToId"]) == (201, made.json()["id"])
    emulator.control(lever, {"on": False})
    assert room.app.post(room.messages, json=body).status_code == 403


def test_point_49_only_the_app_that_migrates_and_only_with_its_role_imports(
    room: Room, emulator: RunningEmulator, people: dict[str, str]
) -> None:
    lever = room.messages.strip("/").removesuffix("/messages") + "/migration"
    body = {"body": {"content": "Then"}, "from": {"user": {"id": people["ann"]}}}
    emulator.control(lever)
    with emulator.client(emulator.app_token("Group.ReadWrite.All", "ChannelMessage.Read.All")) as without:
        assert without.post(room.messages, json=body).status_code == 403
    assert room.app.post(room.messages, json=body).status_code == 201
    emulator.control(lever, {"app": "another"})
    assert "another application" in room.app.post(room.messages, json=body).json()["error"]["message"]


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize(
    "wrong",
    [
        {"from": None},
        {"from": {"user": {"id": "nobody"}}},
        {"from": {"application": {"id": "x"}}},
        {"createdDateTime": "2019-01-01T00:00:00Z"},
        {"createdDateTime": "9999-01-01T00:00:00Z"},
        {"createdDateTime": "0001-01-01T00:00:00+14:00"},
        {"createdDateTime": 5},
    ],
)
def test_point_49_an_import_from_nobody_or_at_no_time_is_refused(
    room: Room, emulator: RunningEmulator, people: dict[str, str], wrong: dict[str, Any]
) -> None:
    emulator.control(room.messages.strip("/").removesuffix("/messages") + "/migration")
    body = {"body": {"content": "Then"}, "from": {"user": {"id": people["ann"]}}} | wrong
    assert room.app.post(room.messages, json=body).status_code == 400
    assert room.ann.post(room.messages, json={**body, "from": None}).status_code == 400, "persons import nothing"


def test_point_49_a_person_posts_and_the_answer_says_who_and_where(room: Room, people: dict[str, str]) -> None:
    reply = room.ann.post(room.messages, json={"body": {"content": "Hello"}})
    message = reply.json()
    assert reply.status_code == 201
    assert re.fullmatch(r"\d{13}", message["id"])
    assert (message["from"]["user"]["id"], message["from"]["user"]["userIdentityType"]) == (people["ann"], "aadUser")
    assert message["channelIdentity"] == {"teamId": people["group"], "channelId": room.messages.split("/")[4]}
    assert message["webUrl"].startswith("http")
    assert message["messageType"] == "message"
    assert message["replyToId"] is None


def test_point_49_a_person_outside_the_team_cannot_post_or_read(room: Room) -> None:
    assert room.cas.post(room.messages, json={"body": {"content": "Hello"}}).status_code == 403
    assert room.cas.get(room.messages).status_code == 403


def test_point_50_a_card_travels_as_a_json_string_that_the_body_points_to(room: Room) -> None:
    reply = room.ann.post(room.messages, json=card_message(json.dumps(CARD)))
    assert reply.status_code == 201
    assert json.loads(reply.json()["attachments"][0]["content"]) == CARD


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize(
    "body",
    [
        card_message(CARD),
        card_message("not json"),
        card_message("[]"),
        card_message(json.dumps(CARD), tag="other"),
        card_message(json.dumps(CARD)) | {"attachments": []},
        card_message(json.dumps(CARD)) | {"body": {"contentType": "html", "content": "no tag"}},
        {"body": {"content": ""}},
        {"body": {"content": "x", "contentType": "markdown"}},
        {"body": {"content": "x"}, "importance": "dire"},
        {"body": {"content": "x"}, "from": {}},
        {"body": {"content": '<at id="0">Ann</at>', "contentType": "html"}},
    ],
)
def test_point_50_a_message_that_does_not_hold_together_is_refused(room: Room, body: dict[str, Any]) -> None:
    assert room.ann.post(room.messages, json=body).status_code == 400
    assert room.ann.get(room.messages).json()["value"] == []


def test_point_50_a_message_over_28_kilobytes_is_too_large(room: Room) -> None:
    assert room.ann.post(room.messages, json={"body": {"content": "x" * 29_000}}).status_code == 413


def test_a_mention_names_a_person(room: Room, people: dict[str, str]) -> None:
    mentioned = {"user": {"id": people["ben"], "displayName": "Ben Example", "userIdentityType": "aadUser"}}
    body = {
        "body": {"contentType": "html", "content": '<at id="0">Ben</at> please look'},
        "mentions": [{"id": 0, "mentionText": "Ben", "mentioned": mentioned}],
    }
    assert room.ann.post(room.messages, json=body).json()["mentions"][0]["mentioned"] == mentioned


def test_point_51_a_reply_says_what_it_replies_to(room: Room) -> None:
    root = room.ann.post(room.messages, json={"body": {"content": "Question"}}).json()
    reply = room.ann.post(f"{room.messages}/{root['id']}/replies", json={"body": {"content": "Answer"}})
    assert reply.status_code == 201
    assert reply.json()["replyToId"] == root["id"]
    replies = room.app.get(f"{room.messages}/{root['id']}/replies").json()["value"]
    posts = room.app.get(room.messages).json()["value"]
    assert ([m["id"] for m in replies], [m["id"] for m in posts]) == ([reply.json()["id"]], [root["id"]])
    assert room.app.get(f"{room.messages}/{root['id']}").json()["body"]["content"] == "Question"
    assert room.ann.post(f"{room.messages}/1/replies", json={"body": {"content": "x"}}).status_code == 404


def test_messages_come_newest_first_in_pages(room: Room) -> None:
    for number in range(5):
        room.ann.post(room.messages, json={"body": {"content": str(number)}})
    first = room.app.get(f"{room.messages}?$top=3").json()
    rest = room.app.get(first["@odata.nextLink"]).json()
    said = [m["body"]["content"] for m in first["value"] + rest["value"]]
    assert said == ["4", "3", "2", "1", "0"]
    assert room.app.get(f"{room.messages}?$top=51").status_code == 400


def test_point_48_more_than_four_calls_a_second_on_one_channel_are_throttled(
    room: Room, emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"teams_channel_per_second": 4})
    replies = [room.ann.post(room.messages, json={"body": {"content": "x"}}) for _ in range(6)]
    statuses = [r.status_code for r in replies]
    assert statuses[:4] == [201] * 4
    assert 429 in statuses[4:]
    assert next(r for r in replies if r.status_code == 429).headers["retry-after"] == "1"


def test_an_unknown_team_or_channel_is_not_found(room: Room) -> None:
    assert room.app.get("/teams/none").status_code == 404
    assert room.app.get(f"{room.team}/channels/none").status_code == 404
