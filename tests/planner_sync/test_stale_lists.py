"""Planner's lists may show a board as it was a moment ago: nothing that is newer is taken back because of it."""

import pytest

from graph_client.planner import is_older
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


async def test_a_list_that_lags_does_not_undo_what_a_person_did(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    await force.pull()
    force.switch(planner_stale_changes_seconds=3600)
    await force.pull()
    assert force.record(task).progress == 50
    assert force.on_board()[0]["percentComplete"] == 50


async def test_a_list_that_lags_does_not_undo_what_the_service_sent(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.assess_again(task)
    await force.deliver()
    force.switch(planner_stale_changes_seconds=3600)
    await force.pull()
    assert force.record(task).band_override is None, "the old priority in the list is nobody's choice"
    await force.settle()
    assert force.shown(task)["priority"] == 1


async def test_a_deleted_task_that_a_list_still_shows_is_shown_again_once(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.delete(force.planner_id(task))
    await force.settle()
    force.switch(planner_stale_changes_seconds=3600)
    await force.settle()
    force.switch(planner_stale_changes_seconds=0)
    await force.settle()
    assert len(force.on_board()) == 1
    assert len(force.records()) == 1


async def test_after_ten_minutes_a_list_is_believed_whatever_its_etags_say(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=50)
    monkeypatch.setattr("planner_sync.board_reading.is_older", lambda etag, than: True)
    await force.pull()
    assert force.record(task).progress == 0
    force.later(minutes=11)
    await force.pull()
    assert force.record(task).progress == 50


@pytest.mark.parametrize(
    ("one", "other", "older"),
    [
        ('W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="', 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBAUCc="', True),
        ('W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBAUCc="', 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="', False),
        ('W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="', 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="', False),
        ('W/"abc"', 'W/"abd"', False),
        ("1", "2", False),
        ('W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBASCc="', 'W/"JzEtQnVja2V0QEBAQEBAQEBAQEBAQEBAUCc="', False),
    ],
)
def test_only_etags_of_planner_s_form_are_compared(one: str, other: str, older: bool) -> None:
    assert is_older(one, other) is older
