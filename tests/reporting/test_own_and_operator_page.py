"""An officer's own page and the operator's page, each on a real record."""

import pytest

from reporting.my_work import my_submissions, my_tasks
from reporting.operator_page import operator_page
from store import inbox, notebook, outbox
from tasking.errors import RuleBroken
from tasking.viewing import Viewer
from tests.peakshire import MINUTE, MORNING
from tests.reporting.meeting_desk import MeetingDesk

ALL = Viewer(units=None, sees_restricted=True, person_ids=frozenset({"ann@peakshire.example", "ann-id"}))


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


def test_my_tasks_are_those_i_own_or_raised_the_done_ones_last(desk: MeetingDesk) -> None:
    mine, done, other = (desk.raised(submitted_by="bea@peakshire.example") for _ in range(3))
    raised = desk.raised(submitted_by="Ann@peakshire.example")
    desk.on_board(mine, owner_ids=("ann-id",))
    desk.on_board(done, owner_ids=("ann-id",), progress=100)
    desk.on_board(other, owner_ids=("ann-id-2",))
    with desk.store.open() as connection:
        rows = my_tasks(connection, desk.force, ALL, desk.clock.now()).rows
        nobody = my_tasks(connection, desk.force, Viewer(units=None), desk.clock.now()).rows
    assert [(row.reference, row.wants_result) for row in rows] == [
        (mine.reference, False),
        (raised.reference, False),
        (done.reference, True),
    ]
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
