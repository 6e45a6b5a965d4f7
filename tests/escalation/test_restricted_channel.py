"""Cards about a restricted pillar's tasks go to the channel that config gives it, and say reference and pillar only."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from escalation import digest
from escalation.announce import Announce
from escalation.card_parts import headline_of
from store import notebook, planner_links
from store.database import open_database
from store.planner_links import LinkState
from store.tables import outbox
from tasking import standing
from tasking.events import TaskChased, TaskEscalated
from tasking.force import RESTRICTED_BOARD, Board, Force, Pillar, TaskingMeeting
from tasking.task import Classification
from tests.escalation.announcing import PACK, RECORD, force_with_roles
from tests.escalation.noting_poster import NotingPoster
from tests.peakshire import MORNING, Desk, SetClock, a_delivery, a_proposal, tables_in

pytestmark = pytest.mark.anyio

OWN = TaskingMeeting("PKS_CLOSE", "Close tasking", "PKS", "Duty Inspector", "Close tasking")


def force_with_a_close_pillar() -> Force:
    force = force_with_roles()
    close = Pillar("CLOSE", "Close work", restricted=True, meeting=OWN.code)
    return replace(force, pillars={**force.pillars, "CLOSE": close}, meetings=(*force.meetings, OWN))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield Desk(engine, SetClock(), force_with_a_close_pillar())


async def channels_told(desk: Desk, pillar: str) -> list[str]:
    """Where the cards go that say it has gone up, and that it is late."""
    poster = NotingPoster()
    announce = Announce(desk.store, desk.force, poster, "https://p/{plan_id}/{task_id}", "https://p", RECORD, PACK)
    task = desk.raised(pillar=pillar)
    desk.escalated(task, a_proposal(needs_endorsement=False))
    chased = TaskChased(task.task_id, "OVERDUE")
    with desk.act() as uow:
        uow.emit(chased)
    escalated = TaskEscalated(task.task_id, desk.escalations(task)[-1].escalation_id)
    rows = {row["handler"]: row for row in desk.rows(outbox)}
    await announce.escalated(escalated, a_delivery(rows["announce.escalated"]))
    await announce.chased(chased, a_delivery(rows["announce.chased"]))
    return [channel for channel, _banner in poster.told]


async def test_cards_about_it_go_to_its_own_channel_and_to_no_unit_s(desk: Desk) -> None:
    assert set(await channels_told(desk, "CLOSE")) == {"PKS_CLOSE"}


async def test_cards_about_any_other_pillar_go_to_the_units_channels(desk: Desk) -> None:
    assert set(await channels_told(desk, "ROADS")) == {"DIV_N_DAILY", "HP_DAILY"}


def test_its_headline_says_reference_and_pillar_and_where_to_read_it(desk: Desk) -> None:
    task = desk.raised(pillar="CLOSE")
    assert headline_of(desk.force, task) == f"{task.reference} · Close work: read it on the record"
    other = desk.raised()
    assert headline_of(desk.force, other) == f"{other.reference} · Roads policing"


def test_a_unit_s_digest_counts_it_and_does_not_name_it(desk: Desk) -> None:
    close, other = desk.raised(pillar="CLOSE"), desk.raised()
    now = MORNING + timedelta(hours=1)
    with desk.store.open() as connection:
        found = digest.digest_of(connection, desk.force, "HP", digest.latest_slot(now), now)
    assert found.counts["Nobody owns"] == 2
    assert found.look_first == (other.reference,)
    assert close.classification is Classification.OFFICIAL


async def opened_from_its_card(desk: Desk, pillar: str) -> str:
    """All addresses on the card that says it has gone up, where it was shown on every board that it stands on."""
    poster = NotingPoster()
    task = desk.raised(pillar=pillar)
    desk.escalated(task, a_proposal(needs_endorsement=False))
    boards = standing.boards_of(desk.force, desk.now(task))
    with desk.store.open() as connection:
        for board in desk.force.every_board:
            notebook.provision(connection, "plan", board, f"plan-of-{board}", {}, MORNING)
        for board in boards:
            link = planner_links.want(connection, task.task_id, board, f"plan-of-{board}")
            planner_links.change(
                connection, link.link_id, state=LinkState.ACTIVE, planner_task_id=f"{board}/{task.task_id}"
            )
    announce = Announce(desk.store, desk.force, poster, "https://p/{task_id}", "https://b/{plan_id}", RECORD, PACK)
    row = [row for row in desk.rows(outbox) if row["handler"] == "announce.escalated"][-1]
    escalated = TaskEscalated(task.task_id, desk.escalations(task)[-1].escalation_id)
    await announce.escalated(escalated, a_delivery(row))
    return json.dumps(poster.handed[-1].card)


async def test_a_card_opens_the_restricted_board_where_the_force_has_one_and_else_the_unit_s(desk: Desk) -> None:
    card = await opened_from_its_card(desk, "CLOSE")
    assert ("https://p/DIV_N/" in card, RESTRICTED_BOARD in card) == (True, False)
    apart = Board("PKS", "apart", "Restricted tasking", "Restricted board", RESTRICTED_BOARD)
    with_board = Desk(desk.store.engine, desk.clock, replace(desk.force, restricted_board=apart))
    card = await opened_from_its_card(with_board, "CLOSE")
    assert f"https://p/{RESTRICTED_BOARD}/" in card
    assert not any(f"https://{each}" in card for each in ("p/DIV_N/", "p/HP/", "b/plan-of-DIV_N", "b/plan-of-HP"))
