"""What is only proposed is told to the unit that has to agree, and to nobody above until it has."""

from collections.abc import Iterator

import pytest

from escalation.brief_cards import chased_card
from escalation.card_parts import CardLinks, Mark
from tasking import climbing
from tasking.escalation import EscalationStatus
from tasking.events import TaskChased
from tasking.task import Classification
from tests.escalation.announcing import Hall, open_hall
from tests.peakshire import HOUR, MORNING, a_proposal

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall() -> Iterator[Hall]:
    with open_hall() as opened:
        yield opened


async def test_what_is_proposed_is_told_once_to_the_unit_that_has_to_agree(hall: Hall) -> None:
    hall.escalated(needs_endorsement=True)
    by = "Mon 2 Nov 09:30"
    assert await hall.deliver() == [
        ("HP_DAILY", f"PROPOSED to go up: somebody of Northfell has to agree or withdraw it by {by}")
    ]
    card = hall.poster.handed[0].card
    assert "North Division hears of it when somebody of Northfell has agreed." in str(card)
    assert card["actions"][-1]["title"] == "Record decision"
    assert await hall.deliver() == []


async def test_the_level_above_hears_of_it_when_somebody_has_agreed(hall: Hall) -> None:
    task, step = hall.escalated(needs_endorsement=True)
    await hall.deliver()
    with hall.desk.act("sgt@peakshire.example") as uow:
        climbing.endorse(uow, hall.desk.force, task, step, "sgt@peakshire.example")
    ((channel, banner),) = await hall.deliver()
    assert (channel, banner[:27]) == ("DIV_N_DAILY", "ESCALATED to North Division")


async def test_a_proposal_that_somebody_answered_before_it_was_told_is_not_told(hall: Hall) -> None:
    task, step = hall.escalated(needs_endorsement=True)
    with hall.desk.act("sgt@peakshire.example") as uow:
        climbing.withdraw_escalation(uow, task, step)
    assert [told for told in await hall.deliver() if told[1].startswith("PROPOSED")] == []


async def test_nobodys_answer_is_told_in_the_thread_of_the_proposal_and_the_unit_is_asked_to_agree(
    hall: Hall,
) -> None:
    _, step = hall.escalated(needs_endorsement=True)
    await hall.deliver()
    for _ in range(2):
        with hall.desk.act("rule:PASS_ON") as uow:
            climbing.chase(uow, hall.desk.force, step)
    told = await hall.deliver()
    assert [channel for channel, _ in told] == ["HP_DAILY", "HP_DAILY"]
    assert told[0][1].startswith("STILL UNDECIDED: now asking Duty Inspector - decide by")
    assert told[1][1] == "RED - UNDECIDED TOO LONG: Duty Inspector and Tasking Sergeant to decide today"
    assert [each.reply_to for each in hall.poster.handed] == [None, "message 1", "message 1"]
    assert all("agree to it, or withdraw it" in str(each.card) for each in hall.poster.handed[1:])


async def test_what_was_asked_of_the_unit_below_is_not_asked_of_the_level_above_once_it_is_agreed_to(
    hall: Hall,
) -> None:
    task, step = hall.escalated(needs_endorsement=True)
    await hall.deliver()
    with hall.desk.act("rule:PASS_ON") as uow:
        climbing.chase(uow, hall.desk.force, step)
    with hall.desk.act("sgt@peakshire.example") as uow:
        now, current = climbing.as_it_stands(uow, step)
        climbing.endorse(uow, hall.desk.force, now, current, "sgt@peakshire.example")
    told = await hall.deliver()
    assert [banner.split(" ")[0] for _, banner in told] == ["ESCALATED"]
    assert current.status is EscalationStatus.PROPOSED
    assert task.task_id == now.task_id


async def test_the_level_where_a_task_stands_is_told_in_its_own_channel_what_it_has_to_know_at_once(
    hall: Hall,
) -> None:
    task = hall.desk.escalated(hall.desk.raised(), a_proposal("HP", "PKS", decide_by=MORNING + HOUR))
    await hall.deliver()
    hall.say(TaskChased(task.task_id, "MISSING_HIGH", "PKS"))
    assert await hall.deliver() == [("PKS_DAILY", "HIGH-RISK MISSING PERSON on a task you have")]


async def test_of_a_sensitive_task_no_channel_reads_why_it_has_to_be_known_at_once(hall: Hall) -> None:
    task = hall.desk.raised(classification=Classification.OFFICIAL_SENSITIVE)
    mark = Mark(task.classification, MORNING)
    card = chased_card(hall.desk.force, task, "MISSING_HIGH", CardLinks(), mark)
    assert "MISSING" not in str(card).upper()
    assert "TO BE KNOWN AT ONCE" in str(card)
    assert "OVERDUE" in str(chased_card(hall.desk.force, task, "OVERDUE", CardLinks(), mark))
