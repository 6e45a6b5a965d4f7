"""The live board: each filter, each number equal to the list behind it, pages without gap or double."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reporting.board_dimensions import narrowed
from reporting.board_rows import BoardRow
from reporting.live_board import MOST_COUNTED, BoardPage, board_export, board_page, board_token, boards_synced
from store import board_polls, notebook
from tasking.board_filter import ME, NOBODY, NOT_ASSESSED, STATUSES, BoardFilter, Scope, check_filter
from tasking.errors import RuleBroken
from tasking.force import Force, Label
from tasking.task import Status, Task
from tasking.viewing import Viewer, seen_from
from tests.peakshire import BY_BAND, DAY, HOUR, IMMEDIATE, MINUTE, PRIORITY, ROUTINE, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk, meeting_force, open_meeting_desk
from tests.reporting.varied_record import ANN, varied

ALL = Viewer(units=None, sees_restricted=True, person_ids=frozenset({ANN}))


def labelled_force() -> Force:
    """The force of meetings with labels that people set, and with a label of the service's."""
    people = ("BLOCKED", "CONTROL_STRATEGY", "RESTRICTED", "PARTNER_LEAD")
    labels = {code: Label(8 + n, code, code.capitalize(), kept_by_service=False) for n, code in enumerate(people)}
    force = meeting_force()
    return replace(force, labels=force.labels | labels | {"ESCALATED": Label(5, "ESCALATED", "Escalated", True)})


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    with open_meeting_desk() as fresh:
        fresh.force = labelled_force()
        yield fresh


def page(desk: MeetingDesk, viewer: Viewer = ALL, after: str | None = None, size: int = 50, **wanted: Any) -> BoardPage:
    with desk.store.open() as connection:
        return board_page(connection, desk.force, viewer, BoardFilter(**wanted), desk.clock.now(), after, size)


def listed(desk: MeetingDesk, wanted: BoardFilter, viewer: Viewer = ALL) -> tuple[BoardRow, ...]:
    with desk.store.open() as connection:
        return board_export(connection, desk.force, viewer, wanted, desk.clock.now())


def token(desk: MeetingDesk, viewer: Viewer = ALL, **wanted: Any) -> str:
    with desk.store.open() as connection:
        return board_token(connection, desk.force, viewer, BoardFilter(**wanted), desk.clock.now())


FILTERS: dict[str, tuple[dict[str, Any], Any]] = {
    "pillar": ({"pillars": ("ROADS",)}, lambda task, now: task.pillar == "ROADS"),
    "several pillars": ({"pillars": ("ROADS", "RURAL")}, lambda task, now: task.pillar in ("ROADS", "RURAL")),
    "unit": ({"units": ("HP",)}, lambda task, now: "HP" in task.stands_on),
    "unit with those below": (
        {"units": ("DIV_N",)},
        lambda task, now: bool({"HP", "DD", "DIV_N"} & set(task.stands_on)),
    ),
    "level": ({"levels": ("DIVISION",)}, lambda task, now: "DIV_N" in task.stands_on),
    "band": ({"bands": ("IMMEDIATE",)}, lambda task, now: task.working_band is IMMEDIATE),
    "no band": ({"bands": (NOT_ASSESSED,)}, lambda task, now: task.working_band is None),
    "nobody": ({"owner": NOBODY}, lambda task, now: not task.owner_ids),
    "mine": ({"owner": ME}, lambda task, now: ANN in task.owner_ids),
    "somebody": ({"owner": "somebody-else"}, lambda task, now: "somebody-else" in task.owner_ids),
    "label": ({"labels": ("BLOCKED",)}, lambda task, now: "BLOCKED" in task.labels),
    "overdue": ({"overdue": True}, lambda task, now: task.due_at is not None and task.due_at < now),
    "escalated": ({"escalated": True}, lambda task, now: len(task.stands_on) > 1),
    "status": ({"statuses": ("IN_PROGRESS",)}, lambda task, now: task.status is Status.IN_PROGRESS),
    "two headings": (
        {"pillars": ("ROADS",), "units": ("HP",)},
        lambda task, now: task.pillar == "ROADS" and "HP" in task.stands_on,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_keeps_what_it_says_and_nothing_else(desk: MeetingDesk, name: str) -> None:
    wanted, keeps = FILTERS[name]
    made = [task for task in varied(desk) if task.is_open]
    expected = {task.reference for task in made if keeps(task, desk.clock.now())}
    assert {row.reference for row in listed(desk, BoardFilter(**wanted))} == expected
    assert 0 < len(expected) < len(made)


def test_the_control_strategy_is_found_by_assessment_and_by_label(desk: MeetingDesk) -> None:
    varied(desk)
    rows = listed(desk, BoardFilter(control_strategy=True))
    assert {"T-1001", "T-1007", "T-1011"} <= {row.reference for row in rows}
    assert "T-1002" not in {row.reference for row in rows}
    assert all(row.is_control_strategy for row in rows)


def test_what_awaits_its_result_and_what_was_withdrawn_are_lists_of_their_own(desk: MeetingDesk) -> None:
    made = varied(desk)
    done = {task.reference for task in made if task.status is Status.COMPLETED}
    assert {row.reference for row in listed(desk, BoardFilter(scope=Scope.AWAITING_RESULT))} == done != set()
    assert not done & {row.reference for row in listed(desk, BoardFilter())}
    assert listed(desk, BoardFilter(scope=Scope.ENDED)) == ()
    assert {status for statuses in STATUSES.values() for status in statuses} == set(Status)


VIEWERS = {
    "everything": ALL,
    "no restricted matter": replace(ALL, sees_restricted=False),
    "one section": Viewer(frozenset({"HP"}), person_ids=frozenset({ANN})),
    "a partner": Viewer(units=None, is_partner=True),
}
BASES: tuple[dict[str, Any], ...] = (
    {},
    {"units": ("HP",)},
    {"pillars": ("ROADS", "RURAL"), "bands": ("IMMEDIATE", "ROUTINE")},
    {"owner": "somebody-else"},
    {"owner": NOBODY, "overdue": True},
    {"labels": ("BLOCKED",), "escalated": True},
    {"control_strategy": True, "levels": ("LPU",)},
    {"statuses": ("IN_PROGRESS",)},
    {"scope": Scope.AWAITING_RESULT},
)


@pytest.mark.parametrize("base", BASES, ids=str)
@pytest.mark.parametrize("who", VIEWERS)
def test_every_number_is_that_of_the_list_it_links_to(desk: MeetingDesk, who: str, base: dict[str, Any]) -> None:
    varied(desk)
    viewer, wanted = VIEWERS[who], BoardFilter(**base)
    shown = page(desk, viewer, **base)
    assert shown.total.number == len(listed(desk, wanted, viewer))
    for facet in shown.facets:
        for value in facet.values:
            assert value.number == len(listed(desk, narrowed(wanted, facet.code, value.value), viewer)), (facet, value)
    for each in shown.scopes:
        statuses = wanted.statuses if each.scope is wanted.scope else ()
        there = replace(wanted, scope=each.scope, statuses=statuses)
        assert each.count.number == len(listed(desk, there, viewer)), each


def test_numbers_are_not_all_nought(desk: MeetingDesk) -> None:
    varied(desk)
    sums = {facet.code: sum(value.number or 0 for value in facet.values) for facet in page(desk).facets}
    assert min(sums.values()) > 0, sums


def test_a_scope_with_too_many_tasks_is_not_counted_by_heading(
    desk: MeetingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        desk.raised()
    monkeypatch.setattr("reporting.live_board.MOST_COUNTED", 3)
    monkeypatch.setattr("reporting.live_board.MOST_SAID", 3)
    assert (page(desk).total.number, page(desk).total.is_more) == (3, False)
    desk.raised()
    shown = page(desk)
    assert (shown.total.number, shown.total.is_more) == (3, True)
    assert {value.number for facet in shown.facets for value in facet.values} == {None}
    with pytest.raises(RuleBroken, match="choose a unit"):
        listed(desk, BoardFilter())
    assert MOST_COUNTED == 5000


def test_the_order_is_the_houses_band_score_due_then_what_is_not_assessed(desk: MeetingDesk) -> None:
    later = desk.clock.now() + 9 * DAY
    made = {
        "routine": desk.banded(ROUTINE),
        "late": desk.banded(PRIORITY, needed_by=later),
        "soon": desk.banded(PRIORITY, needed_by=later - DAY),
        "none": desk.raised(assessment=replace(BY_BAND[ROUTINE], harm=None)),
        "first": desk.banded(IMMEDIATE),
        "scheduled": desk.banded(SCHEDULED),
    }
    order = [row.reference for row in page(desk).rows]
    assert order == [made[name].reference for name in ("first", "soon", "late", "scheduled", "routine", "none")]


def test_pages_have_no_gap_and_no_double_while_other_tasks_change(desk: MeetingDesk) -> None:
    kept = [desk.banded(band) for band in (IMMEDIATE, PRIORITY, SCHEDULED, ROUTINE) for _ in range(5)]
    moving = [desk.banded(SCHEDULED) for _ in range(6)]
    seen: list[str] = []
    after: str | None = None
    for number in range(40):
        shown = page(desk, after=after, size=3)
        seen += [row.reference for row in shown.rows]
        after = shown.next_after
        if after is None:
            break
        if number < len(moving):
            _disturb(desk, moving[number], number)
    assert after is None
    wanted = {task.reference for task in kept}
    assert sorted(ref for ref in seen if ref in wanted) == sorted(wanted)


def _disturb(desk: MeetingDesk, task: Task, number: int) -> None:
    """Something happens to another task between two pages."""
    if number % 3 == 0:
        desk.on_board(task, progress=100)
    elif number % 3 == 1:
        desk.reassessed(task, BY_BAND[IMMEDIATE])
    else:
        desk.raised()


def test_a_page_says_where_the_next_begins_only_where_there_is_one(desk: MeetingDesk) -> None:
    for _ in range(3):
        desk.raised()
    assert page(desk, size=3).next_after is None
    first = page(desk, size=2)
    assert len(page(desk, size=2, after=first.next_after).rows) == 1
    with pytest.raises(RuleBroken, match="at least one"):
        page(desk, size=0)


def test_the_token_moves_with_what_the_list_shows_and_stays_otherwise(desk: MeetingDesk) -> None:
    task, other = desk.banded(PRIORITY), desk.banded(PRIORITY, unit="DD")
    before = token(desk, units=("HP",))
    assert page(desk, units=("HP",)).token == before
    desk.on_board(other, progress=50)
    assert token(desk, units=("HP",)) == before
    desk.on_board(task, progress=50)
    changed = token(desk, units=("HP",))
    assert changed != before
    desk.clock.advance(MINUTE)
    desk.on_board(task, progress=100)
    gone = token(desk, units=("HP",))
    assert gone not in (before, changed)
    desk.banded(PRIORITY)
    assert token(desk, units=("HP",)) not in (before, changed, gone)


def test_the_token_moves_when_one_task_goes_as_another_comes(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY)
    before = token(desk)
    desk.clock.advance(MINUTE)
    desk.on_board(task, progress=100)
    desk.banded(PRIORITY)
    assert token(desk) != before


def test_each_board_says_when_it_was_read_and_whether_that_is_too_long_ago(desk: MeetingDesk) -> None:
    now = desk.clock.now()
    with desk.store.open() as connection:
        notebook.provision(connection, "plan", "HP", "plan-hp", {}, now)
        board_polls.claim_due(connection, ["plan-hp"], now, now + MINUTE)
        board_polls.schedule(connection, "plan-hp", now + MINUTE, now + HOUR, 20, None, now)
        (hp,) = boards_synced(connection, desk.force, Viewer(frozenset({"HP"})), now + 15 * MINUTE)
        (late,) = boards_synced(connection, desk.force, Viewer(frozenset({"HP"})), now + 16 * MINUTE)
        (never,) = boards_synced(connection, desk.force, Viewer(frozenset({"DD"})), now)
    assert (hp.unit, hp.read_at, hp.is_late, late.is_late) == ("HP", now, False, True)
    assert (never.read_at, never.is_late) == (None, True)


def test_a_board_made_just_now_is_not_behind_before_its_first_read_is_due(desk: MeetingDesk) -> None:
    now, viewer = desk.clock.now(), Viewer(frozenset({"HP"}))
    with desk.store.open() as connection:
        notebook.provision(connection, "plan", "HP", "plan-hp", {}, now)
        (fresh,) = boards_synced(connection, desk.force, viewer, now + 15 * MINUTE)
        (waits,) = boards_synced(connection, desk.force, viewer, now + 16 * MINUTE)
    assert [(each.read_at, each.is_late) for each in (fresh, waits)] == [(None, False), (None, True)]


@pytest.mark.parametrize("field", ["units", "levels", "pillars", "bands", "statuses", "labels"])
def test_a_value_that_config_does_not_know_is_refused_by_name(desk: MeetingDesk, field: str) -> None:
    with pytest.raises(RuleBroken, match="'NO_SUCH'"):
        check_filter(desk.force, BoardFilter(**{field: ("NO_SUCH",)}))
    check_filter(desk.force, BoardFilter())


def test_a_partner_is_given_no_score(desk: MeetingDesk) -> None:
    desk.banded(PRIORITY, pillar="PARTNERSHIP_DEMAND")
    (row,) = page(desk, Viewer(units=None, is_partner=True)).rows
    assert row.band_words == "Priority"
    (told,) = page(desk).rows
    assert told.band_words == "Priority, score 47 of 100"


def test_units_below_are_seen_with_the_unit_above_and_levels_narrow_them(desk: MeetingDesk) -> None:
    assert seen_from(desk.force, ["DIV_N"]).units == frozenset({"DIV_N", "HP", "DD"})
    assert seen_from(desk.force, ["DIV_N"], ["LPU"]).units == frozenset({"HP", "DD"})
    assert seen_from(desk.force, ["HP", "NO_SUCH"]).units == frozenset({"HP"})
