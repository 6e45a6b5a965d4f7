"""Cards as messages of the service account: shown in the channel, follow-ups in the thread, failures told apart."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from escalation.posters import POSTERS, PosterParts
from escalation.posters.post_failed import PostFailed
from escalation.posters.poster import Poster
from graph_client.channel_messages import ChannelMessages, ChannelPlace
from graph_client.transport import GraphTransport
from tests.emulator_server import RunningEmulator

pytestmark = pytest.mark.anyio

CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [{"type": "TextBlock", "text": "ESCALATED · é 水", "wrap": True}],
}


class Person:
    """The credential of a person whose token it was given, or none."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The token."""
        if not self.token:
            raise ClientAuthenticationError("the account of Ann has no token")
        return AccessToken(self.token, 2**33)

    async def close(self) -> None:
        """Holds nothing."""

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(self, *error: object) -> None:
        """Holds nothing."""


@dataclass
class Channel:
    """A channel of the emulator, its poster, and who posts."""

    emulator: RunningEmulator
    person: Person
    poster: Poster
    places: dict[str, ChannelPlace]

    async def post(self, reply_to: str | None = None, channel: str = "HP_DAILY") -> str | None:
        """Posts the card."""
        return await self.poster.post(CARD, channel, reply_to)

    async def failure(self, channel: str = "HP_DAILY") -> PostFailed:
        """What went wrong; the text holds no id, address or name."""
        with pytest.raises(PostFailed) as caught:
            await self.post(channel=channel)
        place = self.places.get(channel)
        for secret in ("127.0.0.1", "Ann", *((place.team_id, place.channel_id) if place else ())):
            assert secret not in str(caught.value)
        return caught.value

    def messages(self) -> list[Any]:
        """What stands in the channel."""
        place = self.places["HP_DAILY"]
        channel = self.emulator.tenant.teams.channel(place.team_id, place.channel_id)
        assert channel is not None
        return channel.messages


@pytest.fixture
async def channel(emulator: RunningEmulator) -> AsyncIterator[Channel]:
    people = [{"upn": f"{name}@peakshire.example", "display_name": name.title()} for name in ("tasking", "eve")]
    group = {"mail_nickname": "hp", "display_name": "Northfell", "members": ["tasking@peakshire.example"]}
    seeded = emulator.control("seed", {"people": people, "groups": [group]})
    teams = emulator.tenant.teams
    team = teams.add_team(seeded["groups"]["hp"], emulator.tenant.clock.now())
    made = teams.add_channel(team, "Daily tasking", emulator.tenant.clock.now())
    person = Person(emulator.person_token("tasking@peakshire.example", "ChannelMessage.Send"))
    places = {"HP_DAILY": ChannelPlace(team.id, made.id), "GONE": ChannelPlace(team.id, "19:nowhere@thread.tacv2")}
    transport = GraphTransport(person, emulator.graph_url, batching=False)
    poster = POSTERS["teams_channel"](PosterParts(messages=ChannelMessages(transport), place_of=places.get))
    yield Channel(emulator, person, poster, places)
    await poster.aclose()


async def test_a_card_stands_in_the_channel_as_the_accounts_message_and_its_id_is_known(channel: Channel) -> None:
    message_id = await channel.post()
    (message,) = channel.messages()
    assert (message.id, message.reply_to_id) == (message_id, None)
    assert message.sender["user"]["displayName"] == "Tasking"
    (attachment,) = message.attachments
    assert json.loads(attachment["content"]) == CARD


async def test_a_follow_up_stands_in_the_thread_of_the_first_card(channel: Channel) -> None:
    first = await channel.post()
    second = await channel.post(first)
    assert [(message.id, message.reply_to_id) for message in channel.messages()] == [(first, None), (second, first)]


async def test_where_the_first_card_was_deleted_the_follow_up_is_a_message_of_its_own(channel: Channel) -> None:
    await channel.post("1700000000000")
    assert [message.reply_to_id for message in channel.messages()] == [None]


async def test_a_channel_that_is_gone_is_final_and_told(channel: Channel) -> None:
    failed = await channel.failure("GONE")
    assert (failed.uncertain, failed.is_final, failed.tells) == (False, True, True)


async def test_a_channel_that_was_never_made_waits_for_provisioning_and_is_told(channel: Channel) -> None:
    failed = await channel.failure("DD_DAILY")
    assert str(failed) == "The channel of DD_DAILY has not been made: run `tasking provision`."
    assert (failed.uncertain, failed.is_final, failed.after_seconds, failed.tells) == (False, False, 300, True)


@pytest.mark.parametrize("who", ["eve@peakshire.example", ""])
async def test_an_account_that_is_not_in_the_team_or_not_signed_in_is_told_and_the_card_is_not_lost(
    channel: Channel, who: str
) -> None:
    channel.person.token = channel.emulator.person_token(who, "ChannelMessage.Send") if who else ""
    failed = await channel.failure()
    assert (failed.uncertain, failed.is_final, failed.after_seconds, failed.tells) == (False, False, 300, True)
    assert "tasking sign-in-service-account" in str(failed)


async def test_the_services_own_identity_may_not_post(channel: Channel) -> None:
    channel.person.token = channel.emulator.app_token()
    assert (await channel.failure()).tells


async def test_a_busy_channel_is_tried_again_when_it_asks_to_be(channel: Channel) -> None:
    channel.emulator.tenant.switches.teams_channel_per_second = 1
    await channel.post()
    failed = await channel.failure()
    assert (failed.uncertain, failed.is_final, failed.after_seconds, failed.tells) == (False, False, 1.0, False)
