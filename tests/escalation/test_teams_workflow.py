"""The webhook poster: what counts as handed over, what is tried again, what is uncertain, and what it never says."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from escalation.posters import POSTERS, PosterParts, teams_workflow
from escalation.posters.teams_workflow import MOST_BYTES, PostFailed, TeamsWorkflowPoster
from tests.emulator_server import RunningEmulator
from tests.escalation.told_channel import SECRET, ToldChannel, nobody_there

pytestmark = pytest.mark.anyio

CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [{"type": "TextBlock", "text": "Escalated · é 水", "wrap": True}],
}


@pytest.fixture
async def poster(channel: ToldChannel) -> AsyncIterator[TeamsWorkflowPoster]:
    """A poster with one channel that answers, and one where nobody is."""
    made = TeamsWorkflowPoster({"HP_DAILY": channel.url, "NOBODY": nobody_there()})
    yield made
    await made.aclose()


async def failure(poster: TeamsWorkflowPoster, channel: str = "HP_DAILY", card: dict[str, Any] = CARD) -> PostFailed:
    """What went wrong; it has to, and its text names the channel but never the address."""
    with pytest.raises(PostFailed) as caught:
        await poster.post(card, channel)
    words = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    assert SECRET not in words
    assert "127.0.0.1" not in words
    return caught.value


def judged(failed: PostFailed) -> tuple[bool, bool, float | None]:
    return failed.uncertain, failed.is_final, failed.after_seconds


async def test_a_card_reaches_its_channel_whole_inside_a_message(poster: Any, channel: ToldChannel) -> None:
    await poster.post(CARD, "HP_DAILY")
    (message,) = channel.reached
    assert message == {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": CARD}
        ],
    }


async def test_the_emulators_workflow_takes_the_card_and_shows_it(emulator: RunningEmulator) -> None:
    flow = emulator.control("workflows", {"name": "HP daily"})
    poster = POSTERS["teams_workflow"](PosterParts({"HP_DAILY": flow["url"]}))
    await poster.post(CARD, "HP_DAILY")
    await poster.aclose()
    (post,) = emulator.control(f"workflows/{flow['id']}/posts", method="GET")
    assert (post["shown"], post["cards"]) == (True, [CARD])


async def test_an_address_with_a_wrong_signature_is_refused_for_good_and_not_shown(emulator: RunningEmulator) -> None:
    url = emulator.control("workflows", {"name": "HP daily"})["url"]
    poster = TeamsWorkflowPoster({"HP_DAILY": f"{url[:-4]}{SECRET}"})
    failed = await failure(poster)
    await poster.aclose()
    assert str(failed) == "The channel of HP_DAILY answered 401."
    assert judged(failed) == (False, True, None)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_every_answer_of_success_means_handed_over(poster: Any, channel: ToldChannel, status: int) -> None:
    channel.status = status
    await poster.post(CARD, "HP_DAILY")
    assert len(channel.reached) == 1


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410, 413])
async def test_a_refusal_is_certain_and_final(poster: Any, channel: ToldChannel, status: int) -> None:
    channel.status, channel.body = status, SECRET.encode()
    channel.headers = {"Location": channel.url}
    failed = await failure(poster)
    assert judged(failed) == (False, True, None)
    assert str(failed) == f"The channel of HP_DAILY answered {status}."
    assert len(channel.reached) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "2.5"}, 2.5),
        ({}, None),
        ({"Retry-After": "soon"}, None),
    ],
)
async def test_a_busy_channel_is_tried_again_when_it_asks_to_be(
    poster: Any, channel: ToldChannel, headers: dict[str, str], seconds: float | None
) -> None:
    channel.status, channel.headers = 429, headers
    assert judged(await failure(poster)) == (False, False, seconds)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_leaves_it_unknown_whether_the_card_got_through(
    poster: Any, channel: ToldChannel, status: int
) -> None:
    channel.status = status
    assert judged(await failure(poster)) == (True, False, None)


async def test_a_channel_that_hangs_up_may_have_taken_the_card(poster: Any, channel: ToldChannel) -> None:
    channel.status = 0
    assert judged(await failure(poster)) == (True, False, None)
    assert len(channel.reached) == 1


async def test_a_channel_that_says_nothing_may_have_taken_the_card(
    poster: Any, channel: ToldChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teams_workflow, "TIMEOUT", httpx.Timeout(0.3))
    channel.status = -1
    assert judged(await failure(poster)) == (True, False, None)
    assert len(channel.reached) == 1


async def test_an_answer_that_cannot_be_read_may_still_mean_that_the_card_was_taken(
    poster: Any, channel: ToldChannel
) -> None:
    channel.headers, channel.body = {"Content-Encoding": "gzip"}, b"not gzip"
    assert judged(await failure(poster)) == (True, False, None)


async def test_where_nobody_listens_nothing_was_sent_for_certain(poster: TeamsWorkflowPoster) -> None:
    assert judged(await failure(poster, "NOBODY")) == (False, False, None)


async def test_a_channel_without_an_address_is_named_and_final(poster: TeamsWorkflowPoster) -> None:
    failed = await failure(poster, "DD_DAILY")
    assert judged(failed) == (False, True, None)
    assert str(failed) == "No webhook address is set for the channel of DD_DAILY."


@pytest.mark.parametrize(
    "address", ["", f"no address {SECRET}", f"http://127.0.0.1:port/{SECRET}", f"ftp://127.0.0.1/{SECRET}"]
)
async def test_what_is_no_web_address_is_final_and_certain(address: str) -> None:
    poster = TeamsWorkflowPoster({"HP_DAILY": address})
    failed = await failure(poster)
    await poster.aclose()
    assert judged(failed) == (False, True, None)


async def test_a_card_larger_than_teams_takes_is_refused_before_it_is_sent(poster: Any, channel: ToldChannel) -> None:
    await poster.post(CARD, "HP_DAILY")
    frame = MOST_BYTES - size_sent(CARD)
    fits = CARD | {"speak": "x" * (frame - len(',"speak":""'))}
    await poster.post(fits, "HP_DAILY")
    failed = await failure(poster, card=fits | {"speak": fits["speak"] + "x"})
    assert judged(failed) == (False, True, None)
    assert str(MOST_BYTES) in str(failed)
    assert len(channel.reached) == 2


def size_sent(card: dict[str, Any]) -> int:
    """The bytes of the message that carries this card."""
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return len(httpx.Request("POST", "http://x", json={"type": "message", "attachments": [content]}).content)


async def test_a_poster_that_was_closed_can_be_used_again(poster: Any, channel: ToldChannel) -> None:
    await poster.post(CARD, "HP_DAILY")
    await poster.aclose()
    await poster.aclose()
    await poster.post(CARD, "HP_DAILY")
    assert len(channel.reached) == 2


async def test_nothing_of_an_address_is_in_what_the_poster_logs(
    poster: Any, channel: ToldChannel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "escalation"):
        for status in (202, 404, 500):
            channel.status = status
            try:
                await poster.post(CARD, "HP_DAILY")
            except PostFailed:
                assert status != 202
    assert [each for each in caplog.records if each.name.startswith("escalation") and SECRET in str(vars(each))] == []
