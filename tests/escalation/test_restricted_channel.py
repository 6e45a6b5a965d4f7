"""Cards about a restricted pillar's tasks go to the channel that config gives it, and say reference and pillar only."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from escalation import digest
from escalation.announce import Announce
from escalation.card_parts import headline_of
from store.database import open_database
from store.tables import outbox
from tasking.events import TaskChased, TaskEscalated
from tasking.force import Force, Pillar, TaskingMeeting
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
