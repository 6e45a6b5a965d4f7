"""Draft minutes: who was there, what was decided and why, what follows; nothing that is not on record."""

import io
from dataclasses import replace
from typing import Any

import pytest
from docx import Document

from reporting.minutes import Minutes, minutes
from reporting.minutes_documents import lines_of, minutes_docx, minutes_html
from reporting.wording import READ_ON_RECORD
from tasking import holding
from tasking.decision import Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.meetings import Attendance, Authority
from tasking.task import Classification, Task
from tests.peakshire import DAY, HOUR, MINUTE, PRIORITY, SCHEDULED
from tests.reporting.meeting_desk import CHAIR, DEPUTY, MEETS_AT, MeetingDesk
from tests.tasking.deciding_force import BID

T = DecisionType
REF = "HP_DAILY 2026-11-02"
LOCAL_AT = MEETS_AT + DAY + 45 * MINUTE
SERGEANT = Attendance("sam@peakshire.example", "Response Sergeant")
COUNCIL = Attendance("kim@council.example", "Housing Officer", "Peakshire Council", True, False)
DETECTIVE = Attendance("di@peakshire.example", "Detective Inspector", "", False, True)
EXCUSED = Attendance("lee@peakshire.example", "Neighbourhood Sergeant", "", False, False)


def drafted(desk: MeetingDesk, ref: str = REF) -> Minutes:
    with desk.store.open() as connection:
        return minutes(connection, desk.force, ref, desk.clock.now())


def decided(desk: MeetingDesk, task: Task, kind: DecisionType = T.ALLOCATE, **given: Any) -> Decision:
    """A decision of today's daily meeting."""
    return desk.decide(task, kind, **{"text": "The neighbourhood team takes it", "meeting_ref": REF} | given)


@pytest.fixture
def in_session(desk: MeetingDesk) -> MeetingDesk:
    """The desk while the daily meeting is on."""
    desk.clock.at = MEETS_AT
    desk.held("HP_DAILY", MEETS_AT, SERGEANT)
    return desk


def test_minutes_say_who_took_the_chair_and_who_was_there_in_which_part(desk: MeetingDesk) -> None:
    desk.held("HP_LOCAL", LOCAL_AT, SERGEANT, COUNCIL, DETECTIVE, EXCUSED)
    made = drafted(desk, "HP_LOCAL 2026-11-03")
    assert (made.chaired_by, made.chaired_as, made.chair_note) == ("insp@peakshire.example", CHAIR, "")
    assert made.partner_part == ("Response Sergeant", "Housing Officer, Peakshire Council, partner part only")
    assert made.police_part == ("Response Sergeant", "Detective Inspector")
    assert made.absent == ("Neighbourhood Sergeant: apologies",)


def test_a_deputy_in_the_chair_is_named_and_said_to_be_one(desk: MeetingDesk) -> None:
    desk.held("HP_DAILY", MEETS_AT, role=DEPUTY, by="dep@peakshire.example")
    made = drafted(desk)
    assert (made.chaired_by, made.chaired_as) == ("dep@peakshire.example", DEPUTY)
    assert made.chair_note == "Local Policing Inspector took the chair in place of the Duty Inspector."


def test_who_was_there_the_last_time_and_is_not_now_is_listed(desk: MeetingDesk) -> None:
    desk.held("HP_DAILY", MEETS_AT - DAY, SERGEANT, DETECTIVE)
    desk.held("HP_DAILY", MEETS_AT, DETECTIVE)
    assert drafted(desk).absent == ("Response Sergeant: there last time",)


def test_a_decision_stands_with_rationale_options_dissent_and_who_by_when(in_session: MeetingDesk) -> None:
    task = in_session.banded(SCHEDULED, title="Stop bricks at traffic")
    made = decided(
        in_session,
        task,
        T.EXTEND,
        due_at=MEETS_AT + 2 * DAY,
        rationale="The fence comes on Wednesday.",
        options=("Do nothing", "Extend to Wednesday"),
        information="Nine reports",
        dissent="The council would go sooner.",
        review_at=MEETS_AT + DAY,
    )
    (shown,) = drafted(in_session).decisions
    assert (shown.decision_ref, shown.what, shown.title) == (made.decision_ref, "another due time", task.title)
    assert (shown.rationale, shown.dissent) == ("The fence comes on Wednesday.", "The council would go sooner.")
    assert (shown.options, shown.nothing_considered) == (("Do nothing", "Extend to Wednesday"), True)
    assert shown.ndm == (("Information", "Nine reports"),)
    assert shown.given == (("Due", "Wednesday 4 November 2026, 09:15"),)
    assert (shown.decided_by, shown.role, shown.capacity) == ("insp@peakshire.example", CHAIR, "in the chair")
    assert shown.review_at == MEETS_AT + DAY


def test_how_far_the_role_may_decide_and_what_was_granted_stand_beside_the_decision(in_session: MeetingDesk) -> None:
    limits = {CHAIR: Authority(CHAIR, 40, PRIORITY)}
    in_session.force = replace(in_session.force, authorities=limits)
    decided(in_session, in_session.banded(SCHEDULED), T.RESOURCE, **BID)
    (shown,) = drafted(in_session).decisions
    lines = dict(lines_of(shown))
    assert lines["Authority"] == "at most 40 hours; up to Priority"
    assert lines["Granted"].startswith("Granted: 2 in number, 20 hours, from ")
    assert (lines["How many"], lines["From"]) == ("2", "Tuesday 3 November 2026, 08:30")


def test_minutes_say_where_doing_nothing_is_not_on_record_as_an_option(in_session: MeetingDesk) -> None:
    decided(in_session, in_session.banded(SCHEDULED), options=("Patrol",))
    text = minutes_html(drafted(in_session))
    assert "Patrol. Doing nothing is not on record as an option that was considered." in text


def test_a_superseded_decision_is_marked_and_the_one_that_corrects_it_says_so(in_session: MeetingDesk) -> None:
    task = in_session.banded(SCHEDULED)
    wrong = decided(in_session, task)
    in_session.clock.advance(DAY)
    right = in_session.decide(task, T.ALLOCATE, text="The other team", supersedes=wrong.decision_ref)
    (shown,) = drafted(in_session).decisions
    assert shown.superseded_by == right.decision_ref
    assert f"SUPERSEDED by {right.decision_ref}: it no longer stands." in minutes_html(drafted(in_session))


def test_a_decision_written_down_later_shows_both_times(in_session: MeetingDesk) -> None:
    task = in_session.banded(SCHEDULED)
    in_session.clock.advance(4 * HOUR)
    decided(in_session, task, decided_at=MEETS_AT + 5 * MINUTE)
    (shown,) = drafted(in_session).decisions
    assert (shown.decided_at, shown.recorded_late_at) == (MEETS_AT + 5 * MINUTE, MEETS_AT + 4 * HOUR)


def test_only_decisions_of_this_meeting_are_in_its_minutes(in_session: MeetingDesk) -> None:
    task = in_session.banded(SCHEDULED)
    in_session.decide(task, T.ALLOCATE, text="Between meetings")
    here = decided(in_session, task)
    assert [each.decision_ref for each in drafted(in_session).decisions] == [here.decision_ref]


def test_actions_are_the_tasks_decided_about_and_those_raised_in_the_meeting(in_session: MeetingDesk) -> None:
    in_session.clock.at = MEETS_AT - HOUR
    before = in_session.on_board(in_session.banded(SCHEDULED), owner_ids=("owner-1",))
    in_session.banded(SCHEDULED)
    in_session.clock.at = MEETS_AT + 10 * MINUTE
    decided(in_session, before)
    new = in_session.banded(PRIORITY)
    first, second = drafted(in_session).actions
    assert (first.reference, first.owner, first.is_new) == (before.reference, "Assigned", False)
    assert (second.reference, second.owner, second.is_new) == (new.reference, "Nobody yet", True)
    assert second.due_at == new.due_at


def test_minutes_take_the_highest_mark_and_hide_the_titles_of_restricted_tasks(in_session: MeetingDesk) -> None:
    task = in_session.banded(PRIORITY, title="Secret title", classification=Classification.OFFICIAL_SENSITIVE)
    decided(in_session, task)
    made = drafted(in_session)
    assert made.classification is Classification.OFFICIAL_SENSITIVE
    assert "Secret title" not in minutes_html(made)
    assert "read it on the record" in minutes_html(made)


def test_minutes_of_a_cancelled_meeting_say_why_it_was_cancelled(desk: MeetingDesk) -> None:
    with desk.act() as uow:
        holding.cancel_meeting(uow, desk.force, "HP_DAILY", MEETS_AT, "Snow on every road.")
    made = drafted(desk)
    assert made.cancelled_because == "Snow on every road."
    assert "Snow on every road." in minutes_html(made)


def test_minutes_of_a_meeting_that_nobody_opened_say_so(desk: MeetingDesk) -> None:
    made = drafted(desk)
    assert made.chair_note == "It is not on record that anybody opened this meeting."
    assert (made.starts_at, made.decisions, made.actions) == (MEETS_AT, (), ())


@pytest.mark.parametrize("ref", ["NOWHERE 2026-11-02", "HP_LOCAL 2026-11-02", "HP_DAILY 2026-13-45", "HP_DAILY", ""])
def test_a_meeting_that_neither_calendar_nor_record_has_is_told(desk: MeetingDesk, ref: str) -> None:
    with pytest.raises(RuleBroken, match="There is no meeting"):
        drafted(desk, ref)


def test_page_and_document_say_draft_the_mark_and_the_same_words(in_session: MeetingDesk) -> None:
    task = in_session.banded(SCHEDULED, title="Stop bricks at traffic")
    decided(in_session, task, rationale="<b>Because</b> it is near a school.")
    made = drafted(in_session)
    page = minutes_html(made)
    document = Document(io.BytesIO(minutes_docx(made)))
    told = "\n".join(each.text for each in document.paragraphs)
    assert "&lt;b&gt;Because&lt;/b&gt; it is near a school." in page
    assert "Why: <b>Because</b> it is near a school." in told
    assert "DRAFT minutes: not agreed yet" in page
    assert "DRAFT minutes: not agreed yet" in told
    assert document.core_properties.title == "DRAFT minutes: Northfell daily tasking, Monday 2 November 2026, 09:15"
    (section,) = document.sections
    assert [each.text for each in section.header.paragraphs] == ["OFFICIAL"]
    found = [each.text for each in document.paragraphs if each.style and each.style.name == "Heading 1"]
    assert found == ["1. Attendance", "2. Decisions: 1", "3. Tasks and actions: 1"]


SECRET = ("Secret title", "Secret text", "Secret rationale", "Secret dissent", "Secret option", "Secret information")
GIVEN = ("Secret conditions", "Secret risk", "Secret receiver")


def secret(desk: MeetingDesk, how: str) -> Task:
    """A restricted task that today's meeting of the division gave back, in which every field says so."""
    changes: dict[str, Any] = {
        "mark": {"classification": Classification.OFFICIAL_SENSITIVE},
        "pillar": {"pillar": "MISSING_EXPLOITATION"},
        "label": {},
    }[how]
    title, text, rationale, dissent, option, information = SECRET
    task = desk.banded(SCHEDULED, title=title, **changes)
    if how == "label":
        task = desk.on_board(task, labels=frozenset({"RESTRICTED"}))
    desk.escalated(task)
    said = {"text": text, "rationale": rationale, "dissent": dissent, "options": (option,), "information": information}
    given = dict(zip(("conditions", "residual_risk", "receiver"), GIVEN, strict=True))
    decided(desk, task, T.DE_ESCALATE, meeting_ref="DIV_N_DAILY 2026-11-02", **said, **given)
    return task


@pytest.mark.parametrize("how", ["mark", "pillar", "label"])
def test_what_people_wrote_of_restricted_matter_is_left_out_of_the_minutes(in_session: MeetingDesk, how: str) -> None:
    task = secret(in_session, how)
    made = drafted(in_session, "DIV_N_DAILY 2026-11-02")
    told = "".join(each.text for each in Document(io.BytesIO(minutes_docx(made))).paragraphs)
    for content in (minutes_html(made), told):
        assert not [word for word in (*SECRET, *GIVEN) if word in content]
        assert "given back with conditions" in content
        assert READ_ON_RECORD in content
    assert made.classification is task.classification


@pytest.mark.parametrize("how", ["mark", "pillar", "label"])
def test_who_is_entitled_gets_minutes_with_the_words_and_the_higher_mark(in_session: MeetingDesk, how: str) -> None:
    secret(in_session, how)
    with in_session.store.open() as connection:
        now = in_session.clock.now()
        made = minutes(connection, in_session.force, "DIV_N_DAILY 2026-11-02", now, with_restricted=True)
    page = minutes_html(made)
    assert all(word in page for word in (*SECRET, *GIVEN))
    assert made.classification is Classification.OFFICIAL_SENSITIVE


def test_a_meeting_that_somebody_else_opened_again_keeps_who_was_there_and_the_first_chair(desk: MeetingDesk) -> None:
    desk.held("HP_LOCAL", LOCAL_AT, SERGEANT, COUNCIL)
    desk.held("HP_LOCAL", LOCAL_AT, DETECTIVE, role=DEPUTY, by="dep@peakshire.example")
    made = drafted(desk, "HP_LOCAL 2026-11-03")
    assert made.partner_part == ("Response Sergeant", "Housing Officer, Peakshire Council, partner part only")
    assert made.police_part == ("Response Sergeant", "Detective Inspector")
    assert made.chair_note == (
        "insp@peakshire.example, Duty Inspector, opened it before. "
        "Local Policing Inspector took the chair in place of the Duty Inspector."
    )


def test_who_sent_apologies_the_last_time_is_not_said_to_have_been_there(desk: MeetingDesk) -> None:
    desk.held("HP_DAILY", MEETS_AT - DAY, EXCUSED, DETECTIVE)
    desk.held("HP_DAILY", MEETS_AT, DETECTIVE)
    assert drafted(desk).absent == ()
