"""What a viewer may not see changes nothing that they are shown: no list, number, page, search, file or timeline."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from reporting.inbox_page import inbox_page
from reporting.live_board import board_export, board_page, board_token
from reporting.meeting_pack import partner_part
from reporting.my_work import my_submissions, my_tasks
from reporting.pack_for import pack_for
from reporting.pack_parts import Pack
from reporting.register import RegisterRow, register, register_csv
from reporting.search import search
from reporting.task_story import story_of
from reporting.visible import visible
from store.tab_tables import task_lines
from store.tasks import read_task_by_reference
from tasking.board_filter import BoardFilter, Scope
from tasking.calendar import sitting_of
from tasking.decision import DecisionType
from tasking.errors import RuleBroken, UnknownTask
from tasking.force import Force
from tasking.task import Classification, Task
from tasking.viewing import Viewer, sees
from tests.peakshire import DAY, HOUR, IMMEDIATE, MINUTE, MORNING, PRIORITY, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk, open_meeting_desk
from tests.reporting.test_live_board import labelled_force
from tests.reporting.varied_record import varied

HP_TODAY, HP_TO_COME = "HP_DAILY 2026-11-02", "HP_DAILY 2026-11-06"
PERIOD = (MORNING - DAY, MORNING + 30 * DAY)
Query = Callable[[Connection, Force, Viewer, Any], Any]


def _or_why_not(query: Query) -> Query:
    def told(connection: Connection, force: Force, viewer: Viewer, now: Any) -> Any:
        try:
            return query(connection, force, viewer, now)
        except (RuleBroken, UnknownTask) as refused:
            return str(refused)

    return told


def _register(connection: Connection, force: Force, viewer: Viewer, text: str = "") -> tuple[RegisterRow, ...]:
    """As the page has it; it is not for partners."""
    if viewer.is_partner:
        return ()
    units = None if viewer.units is None else sorted(viewer.units)
    sees_all = viewer.may_see_restricted
    return register(connection, force, *PERIOD, units, None, text, sees_all, leave_out=not sees_all)


def _pack(connection: Connection, force: Force, viewer: Viewer, meeting_ref: str, now: Any) -> Pack | None:
    """As the page has it; a partner gets the partner part."""
    sitting = sitting_of(force, meeting_ref)
    assert sitting is not None
    pack = pack_for(connection, force, sitting, now, viewer.may_see_restricted)
    return partner_part(pack) if pack and viewer.is_partner else pack


QUERIES: dict[str, Query] = {
    **{
        f"board, {scope}": lambda c, f, v, now, scope=scope: board_page(c, f, v, BoardFilter(scope), now)  # type: ignore[misc]
        for scope in Scope
    },
    "board of the restricted pillar": lambda c, f, v, now: board_page(
        c, f, v, BoardFilter(pillars=("MISSING_EXPLOITATION",)), now
    ),
    "second page": lambda c, f, v, now: board_page(c, f, v, BoardFilter(), now, after="1", size=2),
    "export": lambda c, f, v, now: board_export(c, f, v, BoardFilter(), now),
    "token": lambda c, f, v, now: board_token(c, f, v, BoardFilter(), now),
    "search by a word": lambda c, f, v, now: search(c, f, v, "secret", now),
    "search by a word that others have too": lambda c, f, v, now: search(c, f, v, "school", now),
    "search by its reference": lambda c, f, v, now: search(c, f, v, "T-1029", now),
    "search by its response": lambda c, f, v, now: search(c, f, v, "response of T-1029", now),
    "story of another task": lambda c, f, v, now: story_of(c, f, read_task_by_reference(c, "T-1001"), {}),
    "register": lambda c, f, v, now: _register(c, f, v),
    "register by text": lambda c, f, v, now: _register(c, f, v, "secret"),
    "register by its reference": lambda c, f, v, now: _register(c, f, v, "T-1029"),
    "register as a file": lambda c, f, v, now: register_csv(_register(c, f, v)),
    "meeting": lambda c, f, v, now: _pack(c, f, v, HP_TO_COME, now),
    "inbox": lambda c, f, v, now: inbox_page(c, f, v, now),
    "my tasks": lambda c, f, v, now: my_tasks(c, f, v, now),
    "my submissions": lambda c, f, v, now: my_submissions(c, f, v, now),
}


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    with open_meeting_desk() as fresh:
        fresh.force = labelled_force()
        yield fresh


def record(desk: MeetingDesk) -> None:
    """The varied record with decisions, at the hour of its first meeting's day."""
    made = varied(desk)
    assert made[-1].reference == "T-1028"
    for task in made[:8]:
        if task.is_open and task.unit != "DIV_N":
            desk.decide(task, DecisionType.ALLOCATE, text="To the team", meeting_ref="")


def secret_life(desk: MeetingDesk, how: str) -> Task:
    """A task that goes through everything there is, and is kept from the viewer in this way."""
    changes: dict[str, Any] = {
        "pillar": {"pillar": "MISSING_EXPLOITATION"},
        "mark": {"classification": Classification.OFFICIAL_SENSITIVE},
        "label": {},
        "unit": {"unit": "DD"},
        "no partner's": {"pillar": "ROADS"},
    }[how]
    task = desk.banded(IMMEDIATE, title="Secret matter at the school", **changes)
    assert task.reference == "T-1029"
    if how == "label":
        desk.on_board(task, labels=frozenset({"RESTRICTED"}))
    desk.on_board(task, owner_ids=("somebody-else",))
    desk.decide(task, DecisionType.ALLOCATE, text="Secret text", rationale="Secret rationale", review_at=None)
    if how != "unit":
        desk.escalated(task)
    done = desk.banded(PRIORITY, title="Secret and done", **changes)
    if how == "label":
        desk.on_board(done, labels=frozenset({"RESTRICTED"}))
    desk.on_board(done, progress=100)
    return desk.now(task)


HIDDEN_BY = {
    "pillar": Viewer(units=None),
    "mark": Viewer(units=None),
    "label": Viewer(units=None),
    "unit": Viewer(frozenset({"HP"}), sees_restricted=True),
    "no partner's": Viewer(units=None, is_partner=True, sees_restricted=True),
}


@pytest.mark.parametrize("how", HIDDEN_BY)
@pytest.mark.parametrize("name", QUERIES)
def test_what_is_kept_from_a_viewer_changes_nothing_that_they_are_shown(desk: MeetingDesk, name: str, how: str) -> None:
    record(desk)
    now, viewer, query = desk.clock.now() + MINUTE, HIDDEN_BY[how], _or_why_not(QUERIES[name])
    with desk.store.open() as connection:
        before = query(connection, desk.force, viewer, now)
    secret_life(desk, how)
    with desk.store.open() as connection:
        assert query(connection, desk.force, viewer, now) == before


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in ("story of another task", "my submissions")])
def test_whoever_may_see_it_does(desk: MeetingDesk, name: str) -> None:
    record(desk)
    now, viewer = desk.clock.now() + MINUTE, Viewer(None, True, person_ids=frozenset({"somebody-else"}))
    query = _or_why_not(QUERIES[name])
    with desk.store.open() as connection:
        before = query(connection, desk.force, viewer, now)
    task = secret_life(desk, "pillar")
    desk.decide(task, DecisionType.ALLOCATE, text="Secret", rationale="Secret", role="Duty Inspector", unit="HP")
    if name == "board, ENDED":
        return
    with desk.store.open() as connection:
        assert query(connection, desk.force, viewer, now) != before


@pytest.mark.parametrize("with_right", [True, False])
def test_a_frozen_pack_shows_restricted_matter_only_to_those_with_the_right(
    desk: MeetingDesk, with_right: bool
) -> None:
    hidden = desk.banded(IMMEDIATE, pillar="MISSING_EXPLOITATION")
    shown = desk.banded(IMMEDIATE)
    desk.frozen(desk.pack())
    with desk.store.open() as connection:
        viewer, afterwards = Viewer(units=None, sees_restricted=with_right), desk.clock.now() + DAY
        pack = _pack(connection, desk.force, viewer, HP_TODAY, afterwards)
    assert pack is not None
    references = {item.reference for item in pack.items}
    assert shown.reference in references
    assert (hidden.reference in references) is with_right
    assert (hidden.reference in str(pack)) is with_right
    assert any(section.counts for section in pack.sections) is with_right


def test_of_my_own_restricted_task_only_its_reference_and_how_it_stands_is_said(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION", title="Secret matter")
    desk.on_board(task, owner_ids=("ann",))
    with desk.store.open() as connection:
        (mine,) = my_tasks(connection, desk.force, Viewer(person_ids=frozenset({"ann"})), desk.clock.now()).rows
        (open_,) = my_tasks(
            connection, desk.force, Viewer(None, True, person_ids=frozenset({"ann"})), desk.clock.now()
        ).rows
    assert (mine.reference, mine.can_open, mine.due_at, mine.band_words) == (task.reference, False, None, "")
    assert "Secret" not in str(mine)
    assert (open_.title, open_.can_open) == ("Secret matter", True)


def test_the_rule_in_sql_and_the_rule_in_python_keep_the_same_tasks(desk: MeetingDesk) -> None:
    made = varied(desk)
    desk.clock.advance(HOUR)
    for units in (None, frozenset({"HP"}), frozenset({"DIV_N"}), frozenset[str]()):
        for restricted in (True, False):
            for partner in (True, False):
                viewer = Viewer(units, restricted, partner)
                with desk.store.open() as connection:
                    query = task_lines.select().where(visible(viewer, desk.force))
                    found = {row.task_id for row in connection.execute(query)}
                assert found == {task.task_id for task in made if sees(viewer, desk.force, task)}, viewer
