"""What a pack reads back of decisions, and how often its channel is told that it is ready."""

from reporting.meeting_pack import freeze_pack
from reporting.pack_page import pack_html
from reporting.pack_shape import decided_by
from store.tables import outbox
from tasking.decision import DecisionType
from tests.peakshire import DAY, HOUR, MINUTE, MORNING, SCHEDULED
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk

T = DecisionType


def test_a_decision_that_was_written_down_after_the_meeting_is_read_back_at_the_next_with_both_times(
    desk: MeetingDesk,
) -> None:
    task = desk.escalated(desk.banded(SCHEDULED))
    desk.clock.at = MEETS_AT + HOUR
    made = desk.decide(task, T.ESCALATION_ACCEPT, decided_at=MEETS_AT - 10 * MINUTE)
    desk.clock.at = MORNING + DAY
    pack = desk.pack("DIV_N_DAILY", MEETS_AT + DAY)
    (section,) = (section for section in pack.sections if section.code == "DECISIONS")
    (shown,) = section.decisions
    assert shown.decision_ref == made.decision_ref
    words = "Duty Inspector, Mon 2 Nov 09:05, between meetings; written down Mon 2 Nov 10:15"
    assert decided_by(shown) == words
    assert words in pack_html(pack)


def test_a_decision_that_was_written_down_at_once_shows_one_time(desk: MeetingDesk) -> None:
    desk.decide(desk.banded(SCHEDULED), T.ALLOCATE, text="To the team")
    (section,) = (section for section in desk.pack().sections if section.code == "DECISIONS")
    assert decided_by(section.decisions[0]) == "Duty Inspector, Mon 2 Nov 08:30, between meetings"


def test_of_packs_in_the_last_hour_the_channel_is_told_once_unless_asked(desk: MeetingDesk) -> None:
    def told() -> int:
        return sum(row["event"] == "PackFrozen" for row in desk.rows(outbox))

    desk.clock.at = MEETS_AT - DAY
    desk.frozen(desk.pack())
    desk.clock.at = MEETS_AT - HOUR
    desk.frozen(desk.pack())
    assert told() == 2, "a pack of the day before is not the one that the meeting goes by"
    desk.clock.advance(30 * MINUTE)
    desk.frozen(desk.pack())
    assert told() == 2
    pack = desk.pack()
    with desk.act() as uow:
        freeze_pack(uow, pack, "ann@peakshire.example", tell_again=True)
    assert told() == 3
