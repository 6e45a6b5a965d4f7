"""Each thing that happens is told once, in the channel of those whom it concerns; follow-ups stand in its thread."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from escalation.announce import Announce
from escalation.posters.post_failed import PostFailed
from service.outbox_worker import OutboxWorker
from store import channel_health, packs, tasks
from store.tables import outbox as rows
from tasking import climbing
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import EscalationStatus
from tasking.events import (
    CanaryDue,
    DigestDue,
    EscalationOverrun,
    PackFrozen,
    TaskChased,
    TaskEscalated,
)
from tests.escalation.announcing import PACK, RECORD, Hall, open_hall
from tests.peakshire import HOUR, MORNING, a_delivery, small_force

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall() -> Iterator[Hall]:
    with open_hall() as opened:
        yield opened


async def test_the_card_up_names_the_role_that_is_asked_and_opens_the_place_to_decide(hall: Hall) -> None:
    task, _ = hall.escalated()
    (told,) = await hall.deliver()
    assert told == ("DIV_N_DAILY", "ESCALATED to North Division - decision needed by Mon 2 Nov 09:30")
    card = hall.poster.handed[0].card
    assert "Duty Superintendent, by Mon 2 Nov 09:30" in str(card)
    assert card["actions"] == [
        {
            "type": "Action.OpenUrl",
            "title": "Record decision",
            "url": f"https://tasking.example/tasks/{task.reference}",
        }
    ]


async def test_what_follows_stands_in_the_thread_of_the_first_card(hall: Hall) -> None:
    task, step = hall.escalated()
    await hall.deliver()
    with hall.desk.act("service:clock") as uow:
        chased = climbing.chase(uow, hall.desk.force, step)
    with hall.desk.act("service:clock") as uow:
        climbing.overrun(uow, chased)
    assert await hall.deliver() == [
        ("DIV_N_DAILY", "STILL UNDECIDED: now asking Chief Inspector - decide by Mon 2 Nov 09:30"),
        ("DIV_N_DAILY", "RED - UNDECIDED TOO LONG: Duty Inspector and Tasking Officer to decide today"),
    ]
    hall.decided(task, DecisionType.ESCALATION_ACCEPT, "DIV_N", step)
    assert await hall.deliver() == [("DIV_N_DAILY", "DECIDED: escalation accepted")]
    assert [each.reply_to for each in hall.poster.handed] == [None, "message 1", "message 1", "message 1"]


async def test_where_no_thread_is_known_a_follow_up_is_a_card_of_its_own_that_quotes_the_reference(hall: Hall) -> None:
    hall.poster.names = False
    task, step = hall.escalated()
    await hall.deliver()
    with hall.desk.act("service:clock") as uow:
        climbing.chase(uow, hall.desk.force, step)
    await hall.deliver()
    assert hall.poster.handed[1].reply_to is None
    assert task.reference in hall.poster.handed[1].card["body"][1]["text"]


async def test_nobody_is_asked_again_about_what_has_been_decided_meanwhile(hall: Hall) -> None:
    task, step = hall.escalated()
    await hall.deliver()
    with hall.desk.act("service:clock") as uow:
        chased = climbing.chase(uow, hall.desk.force, step)
    with hall.desk.act("service:clock") as uow:
        alerted = climbing.overrun(uow, chased)
    task = hall.desk.now(task)
    with hall.desk.act("chair") as uow:
        climbing.accept(uow, task, alerted)
    assert await hall.deliver() == []
    assert {row["state"] for row in hall.promised()} == {"DONE"}


@pytest.mark.parametrize(
    ("status", "kind", "banner"),
    [
        (
            EscalationStatus.DECLINED,
            DecisionType.ESCALATION_DECLINE,
            "DECLINED by North Division - stays with Northfell",
        ),
        (
            EscalationStatus.RETURNED,
            DecisionType.ESCALATION_RETURN,
            "MORE INFORMATION WANTED by North Division - back with Northfell",
        ),
        (EscalationStatus.DE_ESCALATED, DecisionType.DE_ESCALATE, "RETURNED to Northfell with conditions"),
    ],
)
async def test_what_comes_back_is_told_to_those_who_asked_and_the_decision_to_those_who_decided(
    hall: Hall, status: EscalationStatus, kind: DecisionType, banner: str
) -> None:
    task, step = hall.escalated()
    await hall.deliver()
    hall.back(task, step, status)
    hall.decided(task, kind, "DIV_N", step)
    told = await hall.deliver()
    assert told[0] == ("HP_DAILY", banner)
    assert [channel for channel, _ in told] == ["HP_DAILY", "DIV_N_DAILY"]


async def test_a_request_taken_back_is_told_to_those_who_were_asked_and_once_to_those_who_asked(hall: Hall) -> None:
    task, step = hall.escalated()
    await hall.deliver()
    with hall.desk.act("owner") as uow:
        climbing.withdraw_escalation(uow, task, step)
    hall.decided(task, DecisionType.ESCALATION_WITHDRAW, "HP", step)
    assert await hall.deliver() == [
        ("DIV_N_DAILY", "WITHDRAWN by Northfell - nothing to decide at North Division"),
        ("HP_DAILY", "DECIDED: escalation withdrawn"),
    ]
    assert hall.poster.handed[1].reply_to == "message 1"


async def test_one_channel_is_never_told_twice_of_one_return(hall: Hall) -> None:
    task, step = hall.escalated()
    await hall.deliver()
    hall.back(task, step, EscalationStatus.DECLINED)
    hall.decided(task, DecisionType.ESCALATION_DECLINE, "HP", step)  # as if the senders' channel were the deciders'
    assert [channel for channel, _ in await hall.deliver()] == ["HP_DAILY"]


async def test_a_decision_without_an_escalation_is_told_to_the_unit_that_made_it_without_its_rationale(
    hall: Hall,
) -> None:
    task = hall.desk.raised()
    hall.decided(task, DecisionType.EXTEND, "HP")
    assert await hall.deliver() == [("HP_DAILY", "DECIDED: another due time")]
    assert "Ann" not in str(hall.poster.handed[0].card)
    assert hall.poster.handed[0].card["actions"][-1]["title"] == "Open record"


async def test_a_late_task_is_told_to_its_own_unit_unless_it_is_done_by_then(hall: Hall) -> None:
    task = hall.desk.raised()
    hall.say(TaskChased(task.task_id, "NOT_ACCEPTED"))
    assert await hall.deliver() == [("HP_DAILY", "NOT TAKEN UP in time")]
    hall.desk.on_board(task, progress=100)
    hall.say(TaskChased(task.task_id, "STALLED"))
    assert await hall.deliver() == []


async def test_a_frozen_pack_is_told_to_its_meeting_with_its_counts_and_the_way_to_it(hall: Hall) -> None:
    document = {"classification": "OFFICIAL-SENSITIVE", "sections": [{"code": "ESCALATIONS", "items": [{}, {}]}]}
    with hall.desk.store.open() as connection:
        packs.add(connection, "p1", "DIV_N_DAILY 2026-11-02", "DIV_N_DAILY", MORNING, "clock", document)
    hall.say(PackFrozen("p1"))
    assert await hall.deliver() == [("DIV_N_DAILY", "PACK READY: North Division daily tasking, 2026-11-02")]
    card = hall.poster.handed[0].card
    assert card["body"][2]["facts"] == [{"title": "Escalations", "value": "2"}]
    assert card["actions"][0]["url"] == "https://tasking.example/packs/p1"
    assert card["body"][-1]["text"].startswith("OFFICIAL-SENSITIVE · ")


async def test_a_digest_with_nothing_in_it_is_not_posted_and_one_that_is_overtaken_neither(hall: Hall) -> None:
    hall.say(DigestDue("DD", "2026-11-02 07:30"))
    assert await hall.deliver() == []
    hall.desk.raised()
    hall.say(DigestDue("HP", "2026-11-02 07:30"))
    assert await hall.deliver() == [("HP_DAILY", "DIGEST 07:30: Northfell")]
    hall.desk.clock.advance(9 * HOUR)
    hall.say(DigestDue("HP", "2026-11-02 07:30"))
    assert await hall.deliver() == []


async def test_the_channel_check_is_noted_as_one_and_is_not_made_up_for_the_next_day(hall: Hall) -> None:
    hall.say(CanaryDue("HP_DAILY", "2026-11-02"))
    hall.say(CanaryDue("DD_DAILY", "2026-11-01"))
    assert await hall.deliver() == [("HP_DAILY", "CHANNEL CHECK: nothing to do")]
    with hall.desk.store.open() as connection:
        health = channel_health.rows(connection)
    assert health["HP_DAILY"]["canary_at"] == hall.desk.clock.now()
    assert set(health) == {"HP_DAILY"}


async def test_a_check_that_fails_for_good_is_told_and_leaves_no_dead_letter(hall: Hall) -> None:
    hall.poster.failures = [PostFailed("The channel of HP_DAILY answered 401.", is_final=True)]
    hall.say(CanaryDue("HP_DAILY", "2026-11-02"))
    await hall.deliver()
    assert [row["state"] for row in hall.promised()] == ["DONE"]
    assert hall.notices() == ["Cards do not get through. The channel of HP_DAILY answered 401."]
    hall.say(CanaryDue("HP_DAILY", "2026-11-02"))
    await hall.deliver()
    assert hall.notices() == [], "the next that gets through clears it"


async def test_a_check_that_may_yet_get_through_is_tried_again(hall: Hall) -> None:
    hall.poster.failures = [PostFailed("The channel of HP_DAILY cannot be reached.")]
    hall.say(CanaryDue("HP_DAILY", "2026-11-02"))
    await hall.deliver()
    assert [row["state"] for row in hall.promised()] == ["PENDING"]


async def test_the_health_of_a_channel_keeps_when_cards_went_and_why_one_did_not(hall: Hall) -> None:
    hall.poster.failures = [PostFailed("The channel of DIV_N_DAILY answered 503.", uncertain=True)]
    hall.escalated()
    await hall.deliver()
    with hall.desk.store.open() as connection:
        before = channel_health.rows(connection)["DIV_N_DAILY"]
    assert (before["handed_over_at"], before["failure"]) == (None, "The channel of DIV_N_DAILY answered 503.")
    hall.desk.clock.advance(HOUR)
    await hall.deliver()
    with hall.desk.store.open() as connection:
        assert channel_health.rows(connection)["DIV_N_DAILY"]["handed_over_at"] == hall.desk.clock.now()


async def test_what_a_person_has_to_mend_is_told_at_the_first_try_and_the_card_waits(hall: Hall) -> None:
    hall.poster.failures = [PostFailed("Sign the account in.", after_seconds=300, tells=True)]
    hall.escalated()
    await hall.deliver()
    assert [row["state"] for row in hall.promised()] == ["PENDING"]
    assert hall.notices() == ["Cards do not get through. Sign the account in."]


async def test_a_part_that_looks_like_personal_data_is_kept_off_and_the_operator_told_its_kind_alone(
    hall: Hall,
) -> None:
    _, step = hall.escalated()
    told = replace(step, reason="Ring Mr John Smith on 07700 900123")
    with hall.desk.store.open() as connection:
        tasks.put_escalation(connection, told)
    await hall.deliver()
    card = str(hall.poster.handed[0].card)
    assert "Left out here: it may hold personal data." in card
    assert "Smith" not in card
    (notice,) = hall.notices()
    assert "(escalated) for DIV_N_DAILY seemed to hold personal data (telephone, name)" in notice
    assert "Smith" not in notice


async def test_a_second_delivery_of_the_same_promise_posts_nothing(hall: Hall) -> None:
    hall.escalated()
    await hall.deliver()
    (row,) = hall.promised()
    with hall.desk.store.open() as connection:
        connection.execute(rows.update().values(state="PENDING", claimed_until=None))
    await hall.worker.deliver(row["outbox_id"])
    assert len(hall.poster.handed) == 1


async def test_meetings_of_one_channel_are_told_under_one_code(hall: Hall) -> None:
    force = hall.desk.force
    second = replace(force.meeting("DIV_N_DAILY"), code="DIV_N_WEEKLY", name="Weekly", channel="TASKING")
    announce = Announce(
        hall.desk.store, replace(force, meetings=(*force.meetings, second)), hall.poster, "", "", RECORD, PACK
    )
    with hall.desk.store.open() as connection:
        packs.add(connection, "p2", "DIV_N_WEEKLY 2026-11-02", "DIV_N_WEEKLY", MORNING, "clock", {})
    hall.say(PackFrozen("p2"))
    worker = OutboxWorker(hall.desk.store, {"announce.pack_ready": announce.pack_ready})  # type: ignore[dict-item]
    await worker.deliver(hall.promised()[-1]["outbox_id"])
    assert hall.poster.handed[-1].channel == "DIV_N_DAILY"


async def test_a_unit_without_a_meeting_is_told_to_the_operator_for_every_kind_of_card(hall: Hall) -> None:
    announce = Announce(hall.desk.store, small_force(meetings=()), hall.poster, "", "")
    task, step = hall.escalated()
    with pytest.raises(RuleBroken, match="No meeting in config belongs to DIV_N"):
        await announce.escalated(TaskEscalated(task.task_id, step.escalation_id), _first(hall))
    with pytest.raises(RuleBroken):
        await announce.overrun(EscalationOverrun(task.task_id, step.escalation_id), _first(hall))
    with pytest.raises(RuleBroken):
        await announce.chased(TaskChased(task.task_id, "OVERDUE"), _first(hall))


def _first(hall: Hall) -> Any:
    return a_delivery(hall.promised()[0])
