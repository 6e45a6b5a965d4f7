"""Pace of posts: four a second to one channel, none while it asks to wait, and each channel goes by its own poster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from escalation.posters import POSTERS, PosterParts, posters_in_use, the_poster
from escalation.posters.by_channel import PosterByChannel
from escalation.posters.pacing import Pace
from escalation.posters.post_failed import PostFailed
from tests.peakshire import small_force

pytestmark = pytest.mark.anyio


class Seconds:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        """Seconds."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Moves the clock."""
        self.at += seconds


class Noting:
    """A poster that notes when what came, and fails as told."""

    def __init__(self, clock: Seconds, *failures: PostFailed) -> None:
        self.clock = clock
        self.posted: list[tuple[float, str, str | None]] = []
        self.failures = list(failures)
        self.is_closed = False

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> str | None:
        """Notes it."""
        if self.failures:
            raise self.failures.pop(0)
        self.posted.append((self.clock.at, channel, reply_to))
        return f"m{len(self.posted)}"

    async def aclose(self) -> None:
        """Notes that too."""
        self.is_closed = True


def by_channel(clock: Seconds, **posters: Noting) -> PosterByChannel:
    pace = Pace(sleep=clock.sleep, now=clock.now)
    return PosterByChannel(posters, lambda channel: "b" if channel.startswith("B") else "a", pace)


async def test_no_second_sees_more_than_four_posts_to_one_channel() -> None:
    clock = Seconds()
    poster = Noting(clock)
    whole = by_channel(clock, a=poster)
    for _ in range(13):
        await whole.post({}, "A1")
    times = [at for at, _, _ in poster.posted]
    assert times[-1] == 103.0
    assert all(sum(start <= at < start + 1 for at in times) <= 4 for start in times)


async def test_another_channel_does_not_wait_for_a_busy_one() -> None:
    clock = Seconds()
    poster = Noting(clock)
    whole = by_channel(clock, a=poster)
    for channel in ("A1", "A1", "A1", "A1", "A2"):
        await whole.post({}, channel)
    assert [at for at, _, _ in poster.posted] == [100.0] * 5


async def test_a_channel_that_asks_to_wait_is_left_alone_so_long() -> None:
    clock = Seconds()
    poster = Noting(clock, PostFailed("busy", after_seconds=7))
    whole = by_channel(clock, a=poster)
    with pytest.raises(PostFailed, match="busy"):
        await whole.post({}, "A1")
    await whole.post({}, "A1")
    assert poster.posted[0][0] == 107.0


async def test_a_wait_too_long_to_sit_out_is_the_outboxs_and_nothing_is_sent() -> None:
    clock = Seconds()
    poster = Noting(clock, PostFailed("busy", after_seconds=60))
    whole = by_channel(clock, a=poster)
    with pytest.raises(PostFailed):
        await whole.post({}, "A1")
    with pytest.raises(PostFailed, match="The channel of A1 has asked to wait") as failed:
        await whole.post({}, "A1")
    assert (failed.value.after_seconds, failed.value.uncertain, failed.value.is_final) == (60, False, False)
    await whole.post({}, "A2")
    assert [channel for _, channel, _ in poster.posted] == ["A2"]


async def test_a_card_goes_by_its_channels_own_poster_and_its_id_comes_back() -> None:
    clock = Seconds()
    first, second = Noting(clock), Noting(clock)
    whole = by_channel(clock, a=first, b=second)
    assert await whole.post({}, "B1", "m0") == "m1"
    assert (first.posted, second.posted) == ([], [(100.0, "B1", "m0")])
    await whole.aclose()
    assert first.is_closed
    assert second.is_closed


async def test_config_says_which_poster_a_channel_has_and_the_settings_what_the_others_have() -> None:
    force = small_force()
    assert posters_in_use(force, "teams_workflow") == {"teams_workflow"}
    mixed = (replace(force.meetings[0], poster="teams_channel"), *force.meetings[1:])
    assert posters_in_use(replace(force, meetings=mixed), "teams_workflow") == set(POSTERS)
    with pytest.raises(ValueError, match="none is set up"):
        the_poster(replace(force, meetings=mixed), "teams_workflow", PosterParts())
    await the_poster(force, "teams_workflow", PosterParts()).aclose()
