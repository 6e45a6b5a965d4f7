"""The task page, an officer's own page, the operator's page and the register page, each on a real record."""

from dataclasses import replace

import pytest

from reporting.my_work import my_submissions, my_tasks
from reporting.operator_page import operator_page
from reporting.register_page import RegisterFilter, register_page
from reporting.task_page import TaskPage, task_page
from store import inbox, notebook, outbox
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.viewing import Viewer
from tests.peakshire import DAY, HOUR, MINUTE, MORNING, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk

ALL = Viewer(units=None, sees_restricted=True, person_ids=frozenset({"ann@peakshire.example", "ann-id"}))


def shown(desk: MeetingDesk, reference: str, viewer: Viewer = ALL) -> TaskPage:
    with desk.store.open() as connection:
        return task_page(connection, desk.force, viewer, reference, desk.clock.now())


def test_the_journey_says_when_a_task_came_to_each_level_and_left_it(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.clock.advance(HOUR)
    desk.escalated(task)
    section, division, force = shown(desk, task.reference).journey
    assert (section.unit, section.arrived_at, section.is_there) == ("HP", MORNING, True)
    assert (division.unit, division.arrived_at, division.left_at) == ("DIV_N", MORNING + HOUR, None)
    assert (force.unit, force.arrived_at, force.is_next) == ("", None, True)
    desk.clock.advance(HOUR)
    desk.returned(task)
    _, division, _ = shown(desk, task.reference).journey
    assert (division.left_at, division.is_there, division.is_next) == (MORNING + 2 * HOUR, False, True)


def test_the_reasons_of_a_score_add_up_to_it(desk: MeetingDesk) -> None:
    (assessment,) = shown(desk, desk.banded(SCHEDULED).reference).assessments
    points = [int(each.split(": ")[1].split()[0]) for each in assessment.reasons if each.endswith("points.")]
    assert sum(points) == assessment.score == 24
    assert "Together 24 of 100: Scheduled begins at 20 (rules TPS-1)." in assessment.reasons
    assert ("Investigation", "0 of 2") in assessment.levels


def test_a_band_that_was_lifted_says_by_what(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED, flags=frozenset({"MISSING_MEDIUM"}))
    (assessment,) = shown(desk, task.reference).assessments
    assert assessment.reasons[-1] == "Lifted to Priority because of a medium-risk missing person."


def test_the_timeline_says_in_words_what_happened_and_not_who_looked(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.store.consulted("auditor", "test", task.reference)
    desk.clock.advance(HOUR)
    desk.on_board(task, progress=50)
    newest, first = shown(desk, task.reference).timeline
    assert (first.what, first.at) == ("Raised", MORNING)
    assert "unit: Northfell" in first.changes
    assert "progress: 0 % to 50 %" in newest.changes


def test_a_task_page_of_a_partner_has_no_score_no_decision_and_no_names(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED, pillar="PARTNERSHIP_DEMAND")
    desk.decide(task, DecisionType.ALLOCATE, text="To the team")
    seen = shown(desk, task.reference, Viewer(units=None, is_partner=True))
    assert (seen.assessments, seen.decisions, seen.timeline, seen.submitted_by, seen.twins) == ((), (), (), "", ())
    assert len(shown(desk, task.reference).decisions) == 1


def test_pages_of_the_register_have_no_gap_and_no_double_while_decisions_are_made(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    made = [desk.decide(task, DecisionType.ALLOCATE, text=f"Team {n}").decision_ref for n in range(7)]
    wanted, after, seen = RegisterFilter(MORNING - DAY, MORNING + DAY), None, []
    for _ in range(10):
        with desk.store.open() as connection:
            page = register_page(connection, desk.force, ALL, wanted, after, size=2)
        seen += [row.decision_ref for row in page.rows]
        desk.decide(task, DecisionType.ALLOCATE, text="Meanwhile")
        if (after := page.next_after) is None:
            break
    assert seen == made[::-1]
    with desk.store.open() as connection:
        (found,) = register_page(connection, desk.force, ALL, replace(wanted, text="team 3")).rows
    assert found.text == "Team 3"


def test_my_submissions_say_what_became_of_each_and_nobody_elses_are_there(desk: MeetingDesk) -> None:
    task = desk.raised()
    with desk.store.open() as connection:
        for number, responder in enumerate(("ann@peakshire.example", "bea@peakshire.example", "ann@peakshire.example")):
            row = inbox.add(
                connection,
                form="raise_task",
                response_id=f"r{number}",
                reference=f"T-{number}",
                state="RECEIVED",
                encoding="LIST",
                responder=responder,
                received_at=MORNING,
                correlation_id="c",
            )
            state = inbox.InboxState.REJECTED if number else inbox.InboxState.DONE
            inbox.finish(
                connection, row.inbox_id, state, ["No unit"] if number else [], None if number else task.task_id
            )
        last, first = my_submissions(connection, desk.force, ALL, MORNING).rows
        page = my_submissions(connection, desk.force, ALL, MORNING, size=1)
        (rest,) = my_submissions(connection, desk.force, ALL, MORNING, page.next_after).rows
    assert (last.state_words, last.reasons, last.task) == ("Not taken: see why", ("No unit",), None)
    assert first.task is not None
    assert (first.task.reference, first.task.can_open, rest) == (task.reference, True, first)


def test_my_tasks_are_those_i_own_the_done_ones_last(desk: MeetingDesk) -> None:
    mine, done, other = desk.raised(), desk.raised(), desk.raised()
    desk.on_board(mine, owner_ids=("ann-id",))
    desk.on_board(done, owner_ids=("ann-id",), progress=100)
    desk.on_board(other, owner_ids=("ann-id-2",))
    with desk.store.open() as connection:
        rows = my_tasks(connection, desk.force, ALL, desk.clock.now()).rows
        nobody = my_tasks(connection, desk.force, Viewer(units=None), desk.clock.now()).rows
    assert [(row.reference, row.wants_result) for row in rows] == [(mine.reference, False), (done.reference, True)]
    assert nobody == ()


def test_the_operator_sees_what_is_held_dead_and_late_and_whether_that_is_degraded(desk: MeetingDesk) -> None:
    desk.raised()
    with desk.store.open() as connection:
        inbox.hold(connection, "list", "item-1", "A column is missing.", None, MORNING)
        number = outbox.dead_letters(connection)
        assert number == []
        outbox.dead_letter(connection, 1, MORNING, "Planner said no")
        notebook.raise_notice(connection, "intake list", "Columns are missing.", MORNING)
        page = operator_page(connection, desk.force, "teams_workflow", MORNING + 61 * MINUTE)
    assert [(each.kind, each.why) for each in page.held] == [("HELD", "A column is missing.")]
    assert [(each.outbox_id, each.why) for each in page.dead_letters] == [(1, "Planner said no")]
    assert page.outbox_oldest_seconds == 3660
    assert page.degraded.is_degraded
    assert "1 delivery to Planner or Teams could not be made." in page.degraded.words
    assert "Trouble with: intake list." in page.degraded.words
    assert page.versions["service"]


def test_a_page_of_nothing_is_refused(desk: MeetingDesk) -> None:
    with desk.store.open() as connection:
        for read in (my_tasks, my_submissions):
            with pytest.raises(RuleBroken, match="at least one"):
                read(connection, desk.force, ALL, MORNING, size=0)
