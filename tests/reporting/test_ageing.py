"""Open work by its age, and what a stopped clock looks like in inbox, pack, story and lists."""

from datetime import UTC, datetime
from typing import Any

from reporting.ageing import OLDEST, AgedTask, ageing, ageing_json, band_of_age, counts_by_age
from reporting.inbox import tasking_inbox
from reporting.live_board import board_export
from reporting.task_story import story_of
from tasking.board_filter import BoardFilter
from tasking.decision import DecisionType
from tasking.task import Task
from tasking.viewing import Viewer
from tests.peakshire import DAY, HOUR, IMMEDIATE, MORNING, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk


def aged(desk: MeetingDesk, **narrowed: Any) -> tuple[AgedTask, ...]:
    with desk.store.open() as connection:
        return ageing(connection, desk.force, desk.clock.now(), **narrowed)


def kinds(desk: MeetingDesk, task: Task) -> dict[str, str]:
    with desk.store.open() as connection:
        found = tasking_inbox(connection, desk.force, desk.clock.now())
    return {each.kind: each.why for each in found if each.reference == task.reference}


def paused(desk: MeetingDesk, task: Task, days: int = 30) -> None:
    desk.decide(task, DecisionType.PAUSE, review_at=desk.clock.now() + days * DAY, rationale="Abroad until May.")


def test_open_tasks_are_listed_the_oldest_first_with_their_age_in_london_days(desk: MeetingDesk) -> None:
    desk.clock.at = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # 23:30 in London, the night before clocks go back
    old, done = desk.banded(SCHEDULED, title="Old"), desk.banded(SCHEDULED)
    desk.on_board(done, progress=100)
    desk.clock.at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    new = desk.banded(SCHEDULED)
    desk.clock.at = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    assert [(each.reference, each.age_days, each.age_band) for each in aged(desk)] == [
        (old.reference, 8, "8 to 14"),
        (new.reference, 7, "to 7 days"),
    ]


def test_each_band_of_age_ends_with_its_last_day() -> None:
    ends = {7: "to 7 days", 8: "8 to 14", 14: "8 to 14", 15: "15 to 28", 28: "15 to 28", 29: "29 to 56", 56: "29 to 56"}
    assert {days: band_of_age(days) for days in ends} == ends
    assert band_of_age(57) == OLDEST


def test_counts_by_pillar_and_age_add_up_to_the_list_and_say_what_is_late_and_paused(desk: MeetingDesk) -> None:
    late, stopped = desk.banded(IMMEDIATE), desk.banded(SCHEDULED, pillar="ASB_NEIGHBOURHOOD")
    paused(desk, stopped)
    desk.clock.advance(20 * DAY)
    counts = counts_by_age(aged(desk))
    assert counts["Roads policing"]["15 to 28"] == counts["Roads policing"]["late"] == 1
    assert (counts["ASB and local priorities"]["paused"], counts["ASB and local priorities"]["late"]) == (1, 0)
    assert {each.reference: each.paused_days for each in aged(desk)} == {late.reference: 0, stopped.reference: 20}
    told = ageing_json(aged(desk), desk.clock.now())
    assert sum(row["15 to 28"] for row in told["counts"].values()) == len(told["tasks"]) == 2


def test_the_report_is_narrowed_to_a_unit_with_those_below_it_and_to_a_pillar(desk: MeetingDesk) -> None:
    ours = desk.banded(SCHEDULED)
    desk.banded(SCHEDULED, unit="PKS", pillar="ASB_NEIGHBOURHOOD")
    assert [each.reference for each in aged(desk, unit="DIV_N")] == [ours.reference]
    assert [each.reference for each in aged(desk, pillar="ROADS")] == [ours.reference]
    assert len(aged(desk, unit="PKS")) == 2
    assert aged(desk, unit="DD") == ()


def test_what_people_wrote_about_restricted_work_is_not_in_it(desk: MeetingDesk) -> None:
    desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION", title="Find Ann")
    assert aged(desk)[0].title == "Restricted: read it on the record"


def test_a_pause_keeps_a_task_out_of_the_inbox_and_brings_it_back_at_its_time_of_review(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(SCHEDULED))
    paused(desk, task)
    desk.clock.advance(29 * DAY)
    assert kinds(desk, task) == {}
    desk.clock.advance(DAY)
    assert list(kinds(desk, task)) == ["REVIEW_DUE"]
    assert "clock stopped" in kinds(desk, task)["REVIEW_DUE"]
    desk.decide(task, DecisionType.RESUME)
    assert kinds(desk, task) == {}
    desk.clock.advance(25 * DAY)
    assert {"OVERDUE", "STALE"} <= kinds(desk, task).keys()


def test_whoever_lets_it_run_again_early_has_looked_at_the_pause(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(SCHEDULED, needed_by=MORNING + 90 * DAY))
    paused(desk, task)
    desk.clock.advance(DAY)
    desk.decide(task, DecisionType.RESUME)
    desk.clock.advance(40 * DAY)
    assert "REVIEW_DUE" not in kinds(desk, task)


def test_the_pack_of_a_meeting_says_since_when_a_clock_stands_and_that_nothing_is_late(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(SCHEDULED))
    paused(desk, task)
    desk.clock.advance(20 * DAY)
    pack = desk.pack("HP_LOCAL", desk.clock.now() + HOUR)
    (section,) = [each for each in pack.sections if each.code == "DUE_AND_OVERDUE"]
    (item,) = section.items
    assert item.why == ("Clock stopped since Mon 2 Nov 08:30, to be looked at Wed 2 Dec 08:30",)
    assert "clock is stopped" in item.rag_words
    assert "OVERDUE by" not in str(pack)


def test_the_tasks_story_has_who_stopped_its_clock_when_and_why(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    paused(desk, task)
    now = desk.now(task)
    with desk.store.open() as connection:
        story = story_of(connection, desk.force, now, {})
    made, words = story.decisions[0]
    assert (words, made.decided_by, made.rationale) == ("clock stopped", "insp@peakshire.example", "Abroad until May.")
    assert "Clock stopped" in [line.what for line in story.timeline]


def test_the_live_board_counts_no_task_as_late_whose_clock_stands(desk: MeetingDesk) -> None:
    late, stopped = desk.banded(SCHEDULED), desk.banded(SCHEDULED)
    paused(desk, stopped)
    desk.clock.advance(20 * DAY)
    with desk.store.open() as connection:
        rows = board_export(connection, desk.force, Viewer(None), BoardFilter(overdue=True), desk.clock.now())
    assert [row.reference for row in rows] == [late.reference]
