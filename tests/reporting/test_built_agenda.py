"""The agenda of one meeting as its tasking officer builds it: added, moved, left out with a reason; what cannot be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from reporting.meeting_pack import partner_part
from reporting.minutes import minutes
from reporting.minutes_documents import minutes_html
from reporting.pack_agenda import on_agenda
from reporting.pack_for import pack_for, without_restricted_matter
from reporting.pack_page import pack_html
from reporting.pack_parts import Pack
from store import packs
from store.tables import audit_log, outbox
from tasking import agenda_building as building
from tasking.agenda import AgendaStep
from tasking.agenda_building import NewPoint
from tasking.calendar import sitting_of
from tasking.decision import DecisionType
from tasking.errors import RuleBroken, UnknownTask
from tasking.holding import cancel_meeting
from tests.peakshire import DAY, HOUR, PRIORITY, ROUTINE, SCHEDULED
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk

DAILY, LOCAL = "HP_DAILY 2026-11-02", "HP_LOCAL 2026-11-10"
LOCAL_AT = datetime(2026, 11, 10, 10, tzinfo=UTC)
OFFICER = "olu@peakshire.example"
WHY = "The owner is away until Friday."


def add(desk: MeetingDesk, meeting: str = DAILY, **new: Any) -> AgendaStep:
    """A point added by the tasking officer."""
    with desk.act(OFFICER) as uow:
        return building.add_point(uow, desk.force, meeting, OFFICER, NewPoint(**new))


def move(desk: MeetingDesk, point: str, before: str = "", meeting: str = DAILY) -> AgendaStep:
    """A point moved."""
    with desk.act(OFFICER) as uow:
        return building.move_point(uow, desk.force, meeting, OFFICER, point, before)


def leave_out(desk: MeetingDesk, point: str, because: str = WHY, meeting: str = DAILY) -> AgendaStep:
    """A point or a task left out, as the doors do it."""
    sitting = sitting_of(desk.force, meeting)
    assert sitting is not None
    with desk.act(OFFICER) as uow:
        there = on_agenda(uow.connection, desk.force, sitting, uow.now())
        return building.leave_out(uow, desk.force, meeting, OFFICER, point, because, there)


def put_back(desk: MeetingDesk, point: str, meeting: str = DAILY) -> AgendaStep:
    """What was left out, put back."""
    with desk.act(OFFICER) as uow:
        return building.put_back(uow, desk.force, meeting, OFFICER, point)


def codes(pack: Pack) -> list[str]:
    """The points in their order."""
    return [section.code for section in pack.sections]


def local_pack(desk: MeetingDesk) -> Pack:
    """The pack of the fortnightly meeting."""
    return desk.pack("HP_LOCAL", LOCAL_AT)


def test_a_plain_point_and_a_task_are_added_for_one_sitting_and_say_who_and_when(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(ROUTINE))
    before = codes(desk.pack())
    plain, about = add(desk, words="  School  crossing\npatrol "), add(desk, reference=task.reference.lower())
    pack = desk.pack()
    assert codes(pack) == [*before, plain.point, about.point]
    first, second = pack.sections[-2:]
    assert (first.title, first.items, first.is_empty) == ("School crossing patrol", (), False)
    assert first.note == f"Added by hand by {OFFICER}, Mon 2 Nov 08:30."
    assert [item.reference for item in second.items] == [task.reference]
    assert second.items[0].why[0] == "Added to the agenda by hand"
    assert codes(desk.pack(starts_at=MEETS_AT + DAY)) == before


def test_a_task_by_hand_is_shown_beyond_the_most_of_a_daily_pack_and_once(desk: MeetingDesk) -> None:
    for _ in range(12):
        desk.banded(PRIORITY)
    task = desk.banded(ROUTINE)
    assert task.reference not in {item.reference for item in desk.pack().items}
    step = add(desk, reference=task.reference)
    pack = desk.pack()
    assert [s.code for s in pack.sections for item in s.items if item.reference == task.reference] == [step.point]
    assert task.reference not in {each.reference for each in pack.further}
    assert len(pack.items) == 11


def test_a_point_is_moved_before_another_and_to_the_end(desk: MeetingDesk) -> None:
    step = add(desk, words="School crossing")
    move(desk, step.point, "NEW_TASKS")
    assert codes(desk.pack())[-3:] == [step.point, "NEW_TASKS", "DECISIONS"]
    move(desk, "attendance")
    pack = desk.pack()
    assert codes(pack)[-1] == "ATTENDANCE"
    assert pack.sections[-1].note.endswith(f"Moved by hand by {OFFICER}, Mon 2 Nov 08:30.")


def test_a_point_stays_in_its_part_of_the_meeting(desk: MeetingDesk) -> None:
    shared = add(desk, LOCAL, words="Youth worker", with_partners=True)
    closed = add(desk, LOCAL, words="Staffing")
    pack = local_pack(desk)
    assert codes(pack)[3] == shared.point
    assert codes(pack)[-1] == closed.point
    assert codes(partner_part(pack)) == ["ATTENDANCE", "LOCAL_PRIORITIES", "PARTNER_TASKS", shared.point]
    with pytest.raises(RuleBroken, match="a point stays in its own"):
        move(desk, closed.point, "ATTENDANCE", LOCAL)
    with pytest.raises(RuleBroken, match="has no part with partners"):
        add(desk, words="Youth worker", with_partners=True)


def test_a_point_and_a_single_task_are_left_out_with_the_reason_and_put_back(desk: MeetingDesk) -> None:
    task, other = desk.banded(SCHEDULED), desk.banded(SCHEDULED)
    leave_out(desk, other.reference)
    pack = desk.pack()
    assert [item.reference for item in pack.items] == [task.reference]
    assert [(each.reference, each.because, each.by) for each in pack.left_out] == [(other.reference, WHY, OFFICER)]
    assert other.reference not in {each.reference for each in pack.further}
    leave_out(desk, "NEW_TASKS", "No time.")
    pack = desk.pack()
    assert "NEW_TASKS" not in codes(pack)
    assert pack.items == ()
    assert [(each.title, each.tasks) for each in pack.left_out][1:] == [
        ("New tasks since the last meeting", (task.reference, other.reference))
    ]
    put_back(desk, "NEW_TASKS")
    put_back(desk, other.reference)
    assert len(desk.pack().items) == 2
    with pytest.raises(RuleBroken, match="NEW_TASKS is not left out"):
        put_back(desk, "NEW_TASKS")


def test_what_is_overdue_cannot_be_left_out_nor_the_only_point_that_reviews_it(desk: MeetingDesk) -> None:
    task = desk.on_board(desk.taken_on(desk.banded(PRIORITY)), due_at=desk.clock.now() - HOUR)
    for what in (task.reference, "DUE_AND_OVERDUE"):
        with pytest.raises(RuleBroken, match=rf"{task.reference} is overdue for review and cannot be left out"):
            leave_out(desk, what)
    leave_out(desk, "NEW_TASKS")
    desk.on_board(task, due_at=desk.clock.now() + 9 * DAY)
    leave_out(desk, "DUE_AND_OVERDUE")


def test_a_decision_that_was_to_be_looked_at_again_stays_until_it_is_decided(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.escalated(desk.banded(PRIORITY)))
    desk.decide(task, DecisionType.ESCALATION_ACCEPT, review_at=desk.clock.now() + HOUR / 2)
    desk.clock.advance(HOUR / 2)
    with pytest.raises(RuleBroken, match="overdue for review"):
        leave_out(desk, task.reference, meeting="DIV_N_DAILY 2026-11-02")


def test_a_point_left_out_is_back_when_something_there_falls_due_for_review(desk: MeetingDesk) -> None:
    task = desk.on_board(desk.taken_on(desk.banded(PRIORITY)), due_at=LOCAL_AT - DAY)
    leave_out(desk, "DUE_AND_OVERDUE", meeting=LOCAL)
    assert "DUE_AND_OVERDUE" not in codes(local_pack(desk))
    desk.clock.at = LOCAL_AT - 2 * HOUR
    pack = local_pack(desk)
    point = next(section for section in pack.sections if section.code == "DUE_AND_OVERDUE")
    assert [item.reference for item in point.items] == [task.reference]
    assert "is back" in point.note
    assert pack.left_out == ()


def test_the_agenda_is_closed_once_its_pack_is_frozen_the_meeting_began_or_is_cancelled(desk: MeetingDesk) -> None:
    desk.frozen(desk.pack())
    with pytest.raises(RuleBroken, match="pack of HP_DAILY 2026-11-02 is frozen"):
        add(desk, words="School crossing")
    add(desk, "DD_DAILY 2026-11-02", words="School crossing")
    desk.clock.at = MEETS_AT
    with pytest.raises(RuleBroken, match="has begun"):
        add(desk, "DD_DAILY 2026-11-02", words="School crossing")
    with desk.act() as uow:
        cancel_meeting(uow, desk.force, "DD_DAILY", MEETS_AT + DAY, "Flood.")
    with pytest.raises(RuleBroken, match="was cancelled"):
        leave_out(desk, "NEW_TASKS", meeting="DD_DAILY 2026-11-03")


def test_a_pack_frozen_long_before_leaves_the_agenda_open(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT - 2 * HOUR
    desk.frozen(desk.pack())
    add(desk, words="School crossing")


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ({}, "Give either a task's reference or the words"),
        ({"words": "x", "reference": "T-1001"}, "Give either"),
        ({"words": "x" * 121}, "at most 120 characters; this has 121"),
        ({"words": "x", "before": "LUNCH"}, "There is no LUNCH on this agenda; it has ATTENDANCE"),
        ({"words": "x", "stage": "PLAN"}, "has no stages"),
    ],
)
def test_a_point_that_is_none_is_refused_in_a_sentence(desk: MeetingDesk, new: Any, sentence: str) -> None:
    with pytest.raises(RuleBroken, match=sentence):
        add(desk, **new)


def test_only_open_tasks_of_the_unit_or_below_are_added_and_once(desk: MeetingDesk) -> None:
    elsewhere, own = desk.raised(unit="DD"), desk.banded(ROUTINE)
    with pytest.raises(RuleBroken, match="is no task of Northfell"):
        add(desk, reference=elsewhere.reference)
    with pytest.raises(UnknownTask):
        add(desk, reference="T-9999")
    add(desk, "DIV_N_DAILY 2026-11-02", reference=elsewhere.reference)
    add(desk, reference=own.reference)
    with pytest.raises(RuleBroken, match="was added to this agenda before"):
        add(desk, reference=own.reference)


@pytest.mark.parametrize("because", ["", "  ", "x" * 301])
def test_leaving_out_needs_a_reason_of_some_length(desk: MeetingDesk, because: str) -> None:
    with pytest.raises(RuleBroken, match="Say why it is left out"):
        leave_out(desk, "NEW_TASKS", because)


def test_each_step_is_audited_and_the_database_keeps_it_as_it_was(desk: MeetingDesk) -> None:
    step = add(desk, words="School crossing")
    leave_out(desk, step.point)
    lines = [row for row in desk.rows(audit_log) if row["object_ref"] == DAILY]
    assert [(row["action"], row["actor"]) for row in lines] == [
        ("agenda point added", OFFICER),
        ("agenda point left out", OFFICER),
    ]
    assert "School crossing" not in str([row["changes"] for row in lines])
    for statement in ("UPDATE agenda_steps SET at = at", "DELETE FROM agenda_steps"):
        with pytest.raises(IntegrityError, match="never changed"), desk.store.open() as connection:
            connection.execute(text(statement))


def test_a_frozen_pack_page_and_minutes_show_what_was_done_and_cards_none_of_it(desk: MeetingDesk) -> None:
    step = add(desk, words="School crossing <b>")
    leave_out(desk, "NEW_TASKS")
    move(desk, step.point, "DECISIONS")
    pack_id = desk.frozen(desk.pack())
    page = pack_html(desk.pack())
    with desk.store.open() as connection:
        told = minutes(connection, desk.force, DAILY, desk.clock.now())
        assert packs.read(connection, pack_id).document["left_out"][0]["because"] == WHY
    assert "School crossing &lt;b&gt;" in page
    assert f"New tasks since the last meeting: {WHY} ({OFFICER}, Mon 2 Nov 08:30)" in page
    assert told.agenda == (
        f"Added: School crossing <b> ({OFFICER}, Mon 2 Nov 08:30)",
        f"Left out: New tasks since the last meeting. {WHY} ({OFFICER}, Mon 2 Nov 08:30)",
        "Moved: School crossing <b>, before Decisions since the last meeting, to be read back "
        f"({OFFICER}, Mon 2 Nov 08:30)",
    )
    assert "4. The agenda, as it was built by hand" in minutes_html(told)
    assert "School crossing" not in str([row["payload"] for row in desk.rows(outbox)])


def test_a_restricted_task_by_hand_is_not_there_for_others_live_frozen_or_in_minutes(desk: MeetingDesk) -> None:
    hidden = desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION", title="Not to be seen")
    other = desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION")
    add(desk, reference=hidden.reference)
    leave_out(desk, other.reference, "Because of somebody named.")
    whole = desk.pack()
    assert whole.items[-1].reference == hidden.reference
    assert "Not to be seen" not in pack_html(whole)
    assert "somebody named" not in pack_html(whole)
    sitting = sitting_of(desk.force, DAILY)
    assert sitting is not None
    with desk.store.open() as connection:
        live = pack_for(connection, desk.force, sitting, desk.clock.now(), with_restricted=False)
        frozen = without_restricted_matter(connection, desk.force, whole)
        told = minutes(connection, desk.force, DAILY, desk.clock.now(), leave_out=True)
    for part in (live, frozen, told):
        assert hidden.reference not in str(part)
        assert other.reference not in str(part)
    assert not [section for section in frozen.sections if section.is_by_hand]
    with pytest.raises(RuleBroken, match="cannot be in the part with partners"):
        add(desk, LOCAL, reference=hidden.reference, with_partners=True)
