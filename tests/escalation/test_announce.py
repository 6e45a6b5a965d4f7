"""Announcing: the right channel, once; what may have got through is marked when sent again; no failure is silent."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from escalation.announce import Announce
from escalation.posters.teams_workflow import TeamsWorkflowPoster
from service.outbox_worker import OutboxWorker
from store import notebook, outbox, planner_links
from store.planner_links import LinkState
from store.tables import outbox as rows
from tasking.events import event_from
from tasking.task import Task
from tests.emulator_server import RunningEmulator
from tests.escalation.told_channel import SECRET, ToldChannel, nobody_there
from tests.peakshire import DAY, HOUR, MORNING, Desk, a_delivery, small_force

pytestmark = pytest.mark.anyio

TASK_URL = "https://planner.example/{plan_id}/task/{task_id}"
BOARD_URL = "https://planner.example/{plan_id}"


@dataclass
class Hall:
    """The announcer, its worker, and the addresses it posts to."""

    desk: Desk
    announce: Announce
    worker: OutboxWorker

    def promised(self, handler: str = "announce.escalated") -> Mapping[str, Any]:
        """The newest delivery promised to this handler."""
        return [row for row in self.desk.rows(rows) if row["handler"] == handler][-1]

    async def deliver(self, handler: str = "announce.escalated") -> Mapping[str, Any]:
        """Lets the worker deliver the newest promise once, far enough ahead to be due; the row afterwards."""
        self.desk.clock.advance(HOUR)
        assert await self.worker.deliver(self.promised(handler)["outbox_id"])
        return self.promised(handler)

    def posts(self) -> list[Any]:
        """The cards noted as handed over."""
        with self.desk.store.open() as connection:
            return notebook.all_posts(connection)

    def notices(self) -> list[str]:
        """What the operator is told."""
        with self.desk.store.open() as connection:
            return [row["text"] for row in notebook.open_notices(connection)]


def hall_of(desk: Desk, poster: Any) -> Hall:
    announce = Announce(desk.store, desk.force, poster, TASK_URL, BOARD_URL)
    handlers: Any = {"announce.escalated": announce.escalated, "announce.returned": announce.returned}
    return Hall(desk, announce, OutboxWorker(desk.store, handlers))


@pytest.fixture
async def addresses(channel: ToldChannel) -> dict[str, str]:
    """Where each meeting's channel is; a test may change it until it posts."""
    return {"DIV_N_DAILY": channel.url}


@pytest.fixture
async def poster(addresses: dict[str, str]) -> AsyncIterator[TeamsWorkflowPoster]:
    made = TeamsWorkflowPoster(addresses)
    yield made
    await made.aclose()


@pytest.fixture
async def hall(desk: Desk, poster: TeamsWorkflowPoster) -> Hall:
    """A hall whose division can be told."""
    return hall_of(desk, poster)


def is_marked(card: Mapping[str, Any]) -> bool:
    return "SENT AGAIN" in str(card["body"][0]["text"])


async def test_up_is_told_where_it_went_and_down_where_it_came_from(desk: Desk, emulator: RunningEmulator) -> None:
    flows = {unit: emulator.control("workflows", {"name": unit}) for unit in desk.force.units}
    poster = TeamsWorkflowPoster({f"{unit}_DAILY": flow["url"] for unit, flow in flows.items()})
    hall = hall_of(desk, poster)
    task = desk.escalated(desk.raised())
    assert (await hall.deliver())["state"] == "DONE"
    desk.returned(task)
    assert (await hall.deliver("announce.returned"))["state"] == "DONE"
    await poster.aclose()
    told = {
        unit: [
            card["body"][0]["text"]
            for post in emulator.control(f"workflows/{flow['id']}/posts", method="GET")
            for card in post["cards"]
        ]
        for unit, flow in flows.items()
    }
    assert told == {
        "PKS": [],
        "DIV_N": ["ESCALATED to North Division - for decision"],
        "HP": ["RETURNED to Northfell with conditions"],
        "DD": [],
    }
    noted = [(post["channel"], post["kind"], post["task_id"], post["sent_again"]) for post in hall.posts()]
    assert noted == [
        ("DIV_N_DAILY", "escalated", task.task_id, False),
        ("HP_DAILY", "returned", task.task_id, False),
    ]


async def test_the_same_delivery_twice_posts_one_card(desk: Desk, hall: Hall, channel: ToldChannel) -> None:
    desk.escalated(desk.raised())
    row = hall.promised()
    event: Any = event_from(row["event"], row["payload"])
    for _ in range(2):
        await hall.announce.escalated(event, a_delivery(row))
    assert len(channel.cards) == len(hall.posts()) == 1


async def test_a_second_escalation_is_a_card_of_its_own(desk: Desk, hall: Hall, channel: ToldChannel) -> None:
    task = desk.escalated(desk.raised())
    await hall.deliver()
    desk.escalated(desk.returned(task))
    await hall.deliver()
    assert [is_marked(card) for card in channel.cards] == [False, False]


async def test_a_card_whose_answer_was_lost_is_sent_again_and_marked(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    channel.status = 0
    row = await hall.deliver()
    assert (row["state"], row["in_doubt"], hall.posts()) == ("PENDING", True, [])
    channel.status = 202
    assert (await hall.deliver())["state"] == "DONE"
    assert [is_marked(card) for card in channel.cards] == [False, True]
    assert [post["sent_again"] for post in hall.posts()] == [True]


async def test_a_process_that_died_while_posting_leaves_a_card_that_will_be_marked(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    outbox_id = hall.promised()["outbox_id"]
    with desk.store.open() as connection:
        assert outbox.claim(connection, outbox_id, desk.clock.now()) is not None
        outbox.mark_in_doubt(connection, outbox_id)
    await hall.deliver()
    assert [is_marked(card) for card in channel.cards] == [True]


class TakesItAndFalls:
    """A poster that hands the card over and then meets something nobody thought of."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    async def post(self, card: Mapping[str, Any], channel: str, reply_to: str | None = None) -> None:
        """Hands over, then raises."""
        await self._channel.post(card, channel)
        raise ZeroDivisionError

    async def aclose(self) -> None:
        """Holds nothing."""


async def test_whatever_goes_wrong_after_the_card_left_the_next_copy_is_marked(
    desk: Desk, poster: TeamsWorkflowPoster, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    row = await hall_of(desk, TakesItAndFalls(poster)).deliver()
    assert (row["state"], row["in_doubt"], row["last_error"]) == ("PENDING", True, "ZeroDivisionError")
    await hall_of(desk, poster).deliver()
    assert [is_marked(card) for card in channel.cards] == [False, True]


async def test_a_card_that_certainly_never_left_is_not_marked_when_it_goes(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    nobody = TeamsWorkflowPoster({"DIV_N_DAILY": nobody_there()})
    row = await hall_of(desk, nobody).deliver()
    await nobody.aclose()
    assert (row["state"], row["in_doubt"]) == ("PENDING", False)
    await hall.deliver()
    assert [is_marked(card) for card in channel.cards] == [False]


async def test_a_doubt_from_an_earlier_try_is_not_forgotten_over_a_later_certain_failure(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    for status in (0, 429):
        channel.status = status
        assert (await hall.deliver())["in_doubt"]
    channel.status = 401
    assert (await hall.deliver())["state"] == "DEAD"
    with desk.store.open() as connection:
        outbox.replay(connection, None, desk.clock.now())
    channel.status = 202
    await hall.deliver()
    assert is_marked(channel.cards[-1])


async def test_a_busy_channel_gets_its_card_when_it_asked_for_it(desk: Desk, hall: Hall, channel: ToldChannel) -> None:
    desk.escalated(desk.raised())
    channel.status, channel.headers = 429, {"Retry-After": "90"}
    row = await hall.deliver()
    assert (row["due_at"], row["in_doubt"]) == (desk.clock.now() + timedelta(seconds=90), False)
    assert not await hall.worker.deliver(row["outbox_id"])


async def test_a_channel_without_an_address_is_a_dead_letter_that_the_operator_hears_of_and_can_send(
    desk: Desk, hall: Hall, channel: ToldChannel, poster: TeamsWorkflowPoster
) -> None:
    task = desk.escalated(desk.raised())
    empty = hall_of(desk, TeamsWorkflowPoster({}))
    row = await empty.deliver()
    assert (row["state"], row["in_doubt"]) == ("DEAD", False)
    assert hall.notices() == [
        "A delivery (announce.escalated) could not be made: No webhook address is set for the channel of DIV_N_DAILY. "
        "It is kept: once this is mended, `tasking replay` delivers it."
    ]
    with desk.store.open() as connection:
        assert outbox.replay(connection, None, desk.clock.now()) == [row["outbox_id"]]
    assert (await hall.deliver())["state"] == "DONE"
    assert hall.notices() == []
    assert [is_marked(card) for card in channel.cards] == [False]
    assert hall.posts()[0]["task_id"] == task.task_id


async def test_a_refused_address_is_told_to_the_operator_without_the_address(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    channel.status = 401
    row = await hall.deliver()
    assert (row["state"], row["last_error"]) == ("DEAD", "The channel of DIV_N_DAILY answered 401.")
    assert SECRET not in str(hall.notices()) + str(desk.rows(rows))


async def test_a_unit_that_no_meeting_belongs_to_is_a_dead_letter_and_told(desk: Desk, poster: Any) -> None:
    desk.force = small_force(meetings=())
    hall = hall_of(desk, poster)
    desk.escalated(desk.raised())
    assert (await hall.deliver())["state"] == "DEAD"
    assert len(hall.notices()) == 1


async def test_a_card_opens_the_task_and_the_board_only_once_they_are_there(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    task = desk.raised()
    for step in range(3):
        task = desk.escalated(task)
        if step > 0:
            with desk.store.open() as connection:
                notebook.provision(connection, "plan", "DIV_N", "plan-n", {}, MORNING)
        if step > 1:
            put_on_board(desk, task)
        await hall.deliver()
        task = desk.returned(task)
    board = ("Open board", "https://planner.example/plan-n")
    opened = ("Open task", "https://planner.example/plan-n/task/p-7")
    found = [[(each["title"], each["url"]) for each in card["actions"]] for card in channel.cards]
    assert found == [[], [board], [opened, board]]


def put_on_board(desk: Desk, task: Task) -> None:
    with desk.store.open() as connection:
        link = planner_links.want(connection, task.task_id, "DIV_N", "plan-n")
        planner_links.change(connection, link.link_id, state=LinkState.ACTIVE, planner_task_id="p-7")


async def test_the_card_says_the_moment_it_is_posted_not_when_it_was_promised(
    desk: Desk, hall: Hall, channel: ToldChannel
) -> None:
    desk.escalated(desk.raised())
    desk.clock.advance(DAY)
    await hall.deliver()
    assert "as at Tue 3 Nov 09:30" in channel.cards[0]["body"][-1]["text"]
