"""The Workflows webhook over HTTP: what it takes, what it refuses, and a 202 that never becomes a post."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

CARD = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [{"type": "TextBlock", "text": "Escalated", "wrap": True}],
}


def message(content: Any = CARD) -> dict[str, Any]:
    """A post with one attachment."""
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": content}],
    }


@pytest.fixture
def webhook(emulator: RunningEmulator, people: dict[str, str]) -> dict[str, Any]:
    """A workflow that posts into the channel General of the group's team."""
    team = emulator.tenant.teams.add_team(people["group"], emulator.tenant.clock.now())
    channel = next(iter(team.channels.values()))
    order = {"name": "Post cards", "team_id": team.id, "channel_id": channel.id}
    return dict(emulator.control("workflows", order))


def _shown(emulator: RunningEmulator, webhook: dict[str, Any]) -> list[bool]:
    posts = emulator.control(f"workflows/{webhook['id']}/posts", method="GET")
    return [post["shown"] for post in posts]


def _in_channel(emulator: RunningEmulator, webhook: dict[str, Any]) -> int:
    channel = emulator.tenant.teams.channel(webhook["team_id"], webhook["channel_id"])
    assert channel is not None
    return len(channel.messages)


def test_point_52_a_card_object_is_accepted_with_an_empty_202_and_shows_in_its_channel(
    emulator: RunningEmulator, webhook: dict[str, Any]
) -> None:
    reply = httpx.post(webhook["url"], json=message())
    assert (reply.status_code, reply.content) == (202, b"")
    assert emulator.control(f"workflows/{webhook['id']}/posts", method="GET")[0]["cards"] == [CARD]
    assert _in_channel(emulator, webhook) == 1


@pytest.mark.parametrize(
    "body",
    [
        message('{"type": "AdaptiveCard"}'),
        {"type": "MessageCard", "text": "old"},
        {"type": "message", "attachments": []},
        {"type": "message", "text": "no card"},
        message({"type": "HeroCard"}),
    ],
    ids=["card as a string", "old connector form", "no attachment", "text only", "another card"],
)
def test_point_52_anything_but_a_message_with_a_card_object_is_400(
    emulator: RunningEmulator, webhook: dict[str, Any], body: dict[str, Any]
) -> None:
    assert httpx.post(webhook["url"], json=body).status_code == 400
    assert _shown(emulator, webhook) == []


def test_point_52_a_wrong_or_missing_signature_is_401(emulator: RunningEmulator, webhook: dict[str, Any]) -> None:
    for url in (webhook["url"][:-1] + "~", webhook["url"].split("&sig=")[0]):
        assert httpx.post(url, json=message()).status_code == 401
    assert _shown(emulator, webhook) == []


def test_a_body_over_28_kilobytes_is_413(webhook: dict[str, Any]) -> None:
    large = CARD | {"body": [{"type": "TextBlock", "text": "x" * 28 * 1024}]}
    assert httpx.post(webhook["url"], json=message(large)).status_code == 413


def test_point_52_in_mode_never_a_202_is_answered_and_nothing_is_posted(
    emulator: RunningEmulator, webhook: dict[str, Any]
) -> None:
    emulator.control(f"workflows/{webhook['id']}/mode", {"mode": "never"})
    assert httpx.post(webhook["url"], json=message()).status_code == 202
    emulator.control("clock", {"advance_seconds": 86_400})
    assert _shown(emulator, webhook) == [False]
    assert _in_channel(emulator, webhook) == 0


def test_in_mode_late_the_card_shows_when_its_time_has_come(emulator: RunningEmulator, webhook: dict[str, Any]) -> None:
    emulator.control(f"workflows/{webhook['id']}/mode", {"mode": "late", "seconds": 600})
    httpx.post(webhook["url"], json=message())
    assert _shown(emulator, webhook) == [False]
    emulator.control("clock", {"advance_seconds": 601})
    assert _shown(emulator, webhook) == [True]
    assert _in_channel(emulator, webhook) == 1


def test_in_mode_fail_the_ordered_status_is_answered(emulator: RunningEmulator, webhook: dict[str, Any]) -> None:
    emulator.control(f"workflows/{webhook['id']}/mode", {"mode": "fail", "status": 502})
    assert httpx.post(webhook["url"], json=message()).status_code == 502
    assert _shown(emulator, webhook) == []


def test_a_lost_answer_leaves_the_card_posted(emulator: RunningEmulator, webhook: dict[str, Any]) -> None:
    emulator.control("faults/lose_next_answer", {"path": "/workflows/"})
    with pytest.raises(httpx.TransportError):
        httpx.post(webhook["url"], json=message())
    assert _shown(emulator, webhook) == [True]


def test_a_throttled_webhook_says_when_to_come_back(emulator: RunningEmulator, webhook: dict[str, Any]) -> None:
    emulator.control("faults/throttle", {"path": "/workflows/", "value": 7})
    reply = httpx.post(webhook["url"], json=message())
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")


def test_the_same_workflow_asked_for_twice_is_one_and_its_posts_are_in_the_traffic(
    emulator: RunningEmulator, webhook: dict[str, Any]
) -> None:
    order = {"name": "Post cards", "team_id": webhook["team_id"], "channel_id": webhook["channel_id"]}
    assert emulator.control("workflows", order)["url"] == webhook["url"]
    httpx.post(webhook["url"], json=message())
    urls = [entry["request"]["url"] for entry in emulator.tenant.traffic.entries]
    assert webhook["url"] in urls
    refused = httpx.post(f"{emulator.url}/_emulator/workflows", json={"name": "x", "channel_id": "nowhere"})
    assert refused.status_code == 400
