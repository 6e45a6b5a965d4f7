"""One limiter for the tenant: so many at a time, the urgent first, and nobody while Graph asks to wait."""

import asyncio

import pytest

from graph_client.errors import RetryLater
from graph_client.limiter import LONGEST_WAIT_SECONDS, Limiter
from graph_client.urgency import calls_of_urgency, urgency_of_calls
from tests.graph_client.told_graph import HandClock, settled

pytestmark = pytest.mark.anyio


class Callers:
    """Callers who take a slot, note their name, and give the slot back when they are let go."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.served: list[str] = []
        self.leave = asyncio.Event()

    def come(self, name: str, urgency: int = 2) -> asyncio.Task[None]:
        return asyncio.create_task(self._use(name, urgency))

    async def _use(self, name: str, urgency: int) -> None:
        async with self.limiter.slot(urgency, f"GET /{name}"):
            self.served.append(name)
            await self.leave.wait()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def callers(clock: HandClock, in_flight: int = 1) -> Callers:
    return Callers(Limiter(in_flight, sleep=clock.sleep, now=clock.now))


async def test_no_more_than_so_many_send_at_once(clock: HandClock) -> None:
    those = callers(clock, in_flight=3)
    tasks = [those.come(name) for name in "abcde"]
    await settled()
    assert those.served == ["a", "b", "c"]
    those.leave.set()
    await asyncio.gather(*tasks)
    assert those.served == ["a", "b", "c", "d", "e"]
    assert those.limiter.in_flight == 0


async def test_the_urgent_go_first_and_among_equals_who_came_first(clock: HandClock) -> None:
    those = callers(clock)
    tasks = [those.come("now under way")]
    await settled()
    for name, urgency in [("poll", 3), ("one", 2), ("two", 2), ("soon", 1), ("at once", 0), ("three", 2)]:
        tasks.append(those.come(name, urgency))
        await settled()
    those.leave.set()
    await asyncio.gather(*tasks)
    assert those.served == ["now under way", "at once", "soon", "one", "two", "three", "poll"]


async def test_who_gives_up_waiting_leaves_no_slot_behind(clock: HandClock) -> None:
    those = callers(clock)
    first, impatient, last = those.come("first"), those.come("impatient"), those.come("last")
    await settled()
    impatient.cancel()
    await settled()
    those.leave.set()
    await asyncio.gather(first, last)
    assert those.served == ["first", "last"]
    assert those.limiter.in_flight == 0


async def test_who_gives_up_in_the_moment_of_being_served_gives_the_slot_back(clock: HandClock) -> None:
    limiter = callers(clock).limiter
    assert await limiter.granted(limiter.ask(2))
    ticket = limiter.ask(2)
    waiting = asyncio.create_task(limiter.granted(ticket))
    await settled()
    limiter.release()
    assert ticket.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert limiter.in_flight == 0


async def test_nobody_sends_in_a_pause_and_when_it_ends_the_urgent_go_first(clock: HandClock) -> None:
    those = callers(clock)
    those.leave.set()
    those.limiter.pause(5.0)
    tasks = [those.come("ordinary"), those.come("urgent", 0)]
    await settled()
    await clock.advance(4.9)
    assert those.served == []
    await clock.advance(0.1)
    await asyncio.gather(*tasks)
    assert those.served == ["urgent", "ordinary"]


async def test_a_pause_that_begins_while_somebody_sends_holds_back_those_who_wait(clock: HandClock) -> None:
    those = callers(clock)
    tasks = [those.come("first"), those.come("second")]
    await settled()
    those.limiter.pause(5.0)
    those.leave.set()
    await settled()
    assert those.served == ["first"]
    await clock.advance(5.0)
    await asyncio.gather(*tasks)
    assert those.served == ["first", "second"]


async def test_a_longer_pause_counts_and_a_shorter_one_takes_nothing_off(clock: HandClock) -> None:
    those = callers(clock)
    those.leave.set()
    those.limiter.pause(5.0)
    task = those.come("caller")
    await settled()
    those.limiter.pause(12.0)
    those.limiter.pause(1.0)
    assert those.limiter.pause_left() == 12.0
    await clock.advance(5.0)
    assert those.served == []
    await clock.advance(7.0)
    await task
    assert those.served == ["caller"]


async def test_who_would_wait_too_long_is_told_at_once_how_long(clock: HandClock) -> None:
    those = callers(clock)
    those.limiter.pause(315.0)
    await clock.advance(100.0)
    with pytest.raises(RetryLater, match="GET /caller: Graph has asked the service to wait") as caught:
        await those.come("caller")
    assert (caught.value.status, caught.value.after_seconds, caught.value.uncertain) == (429, 215.0, False)
    assert clock.sleepers == []


async def test_who_already_waits_is_told_too_when_a_long_pause_begins(clock: HandClock) -> None:
    those = callers(clock)
    under_way, waiting = those.come("under way"), those.come("waiting")
    await settled()
    those.limiter.pause(LONGEST_WAIT_SECONDS + 0.1)
    with pytest.raises(RetryLater):
        await waiting
    those.leave.set()
    await under_way
    assert those.limiter.in_flight == 0


async def test_a_wait_of_the_longest_kind_is_still_waited_for(clock: HandClock) -> None:
    those = callers(clock)
    those.leave.set()
    those.limiter.pause(LONGEST_WAIT_SECONDS)
    task = those.come("caller")
    await settled()
    await clock.advance(LONGEST_WAIT_SECONDS)
    await task
    assert those.served == ["caller"]


async def test_after_a_pause_that_nobody_waited_for_calls_go_as_before(clock: HandClock) -> None:
    those = callers(clock)
    those.leave.set()
    those.limiter.pause(315.0)
    await clock.advance(315.0)
    await those.come("caller")
    assert those.served == ["caller"]


async def test_closing_ends_the_waiting_for_a_pause(clock: HandClock) -> None:
    those = callers(clock)
    those.limiter.pause(5.0)
    waiting = those.come("caller")
    await settled()
    waiting.cancel()
    await those.limiter.aclose()
    assert [task for task in asyncio.all_tasks() if "_sit_out" in repr(task)] == []


def test_a_limiter_that_lets_nobody_send_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Limiter(0)


async def test_urgency_goes_with_the_work_into_its_tasks_and_ends_with_it() -> None:
    async def level() -> int:
        return urgency_of_calls()

    assert await level() == 2
    with calls_of_urgency(0):
        task = asyncio.create_task(level())
        with calls_of_urgency(3):
            assert await level() == 3
        assert await level() == 0
    assert await level() == 2
    assert await task == 0


@pytest.mark.parametrize("level", [-1, 4])
def test_a_level_that_does_not_exist_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="0 to 3"), calls_of_urgency(level):
        pass
