"""Saved views: kept under a name, each person's their own, checked, audited, deleted."""

from collections.abc import Iterator
from typing import Any

import pytest

from store import saved_views as rows
from store.tab_tables import saved_views
from store.tables import audit_log
from tasking.board_filter import BoardFilter, Scope
from tasking.errors import RuleBroken
from tasking.saved_views import LONGEST_NAME, MOST_VIEWS, SavedView, delete_view, save_view
from tests.peakshire import Desk, open_desk

ROADS = BoardFilter(pillars=("ROADS",), units=("HP",), overdue=True)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as fresh:
        yield fresh


def save(desk: Desk, name: str, wanted: BoardFilter = ROADS, owner: str = "ann") -> SavedView:
    with desk.act(owner) as uow:
        return save_view(uow, desk.force, owner, name, wanted)


def kept(desk: Desk, owner: str = "ann") -> tuple[SavedView, ...]:
    with desk.store.open() as connection:
        return rows.of_owner(connection, owner)


def test_a_view_comes_back_as_it_was_saved_and_is_its_owners_alone(desk: Desk) -> None:
    view = save(desk, "  My   roads ")
    assert kept(desk) == (view,)
    assert (view.name, view.filter) == ("My roads", ROADS)
    assert kept(desk, "bea") == ()
    assert [row["action"] for row in desk.rows(audit_log)] == ["view saved"]


def test_the_same_name_in_any_case_is_saved_over(desk: Desk) -> None:
    first = save(desk, "Roads")
    save(desk, "ROADS", BoardFilter(scope=Scope.ENDED))
    (view,) = kept(desk)
    assert (view.view_id, view.filter.scope) == (first.view_id, Scope.ENDED)


def test_nobody_deletes_the_view_of_somebody_else(desk: Desk) -> None:
    view = save(desk, "Roads")
    with pytest.raises(RuleBroken, match="no such view"), desk.act("bea") as uow:
        delete_view(uow, "bea", view.view_id)
    with desk.act("ann") as uow:
        delete_view(uow, "ann", view.view_id)
    assert desk.rows(saved_views) == []
    with pytest.raises(RuleBroken, match="no such view"), desk.act("ann") as uow:
        delete_view(uow, "ann", view.view_id)


@pytest.mark.parametrize(("name", "fits"), [("", False), ("  ", False), ("x" * LONGEST_NAME, True), ("x" * 61, False)])
def test_a_name_has_from_one_to_sixty_characters(desk: Desk, name: str, fits: bool) -> None:
    if fits:
        assert save(desk, name).name == name
    else:
        with pytest.raises(RuleBroken, match="name"):
            save(desk, name)


def test_a_person_has_so_many_views_and_no_more(desk: Desk) -> None:
    for number in range(MOST_VIEWS):
        save(desk, f"View {number}")
    with pytest.raises(RuleBroken, match="delete one first"):
        save(desk, "One more")
    save(desk, "View 0", BoardFilter())
    save(desk, "One more", owner="bea")


def test_a_view_of_what_config_does_not_know_is_not_saved(desk: Desk) -> None:
    with pytest.raises(RuleBroken, match="no pillar 'NO_SUCH'"):
        save(desk, "x", BoardFilter(pillars=("NO_SUCH",)))
    assert desk.rows(saved_views) == []


@pytest.mark.parametrize("document", [{"colour": "red"}, {"scope": "ALL"}, {"units": 5}, {"overdue": "perhaps"}])
def test_json_that_is_no_filter_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(RuleBroken):
        rows.filter_from(document)


def test_a_filter_is_the_same_after_json() -> None:
    assert rows.filter_from(rows.filter_document(ROADS)) == ROADS
