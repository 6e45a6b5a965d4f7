"""Search by any reference and by words of title, place and actions: in any case, from a word's beginning, bounded."""

from dataclasses import replace
from typing import Any

import pytest

from reporting.search import LONGEST_TEXT, MOST_FOUND, SearchPage, search
from store import planner_links
from store.planner_links import LinkState
from tasking.force import ReferenceKind
from tasking.task import ExternalReference, TaskText
from tasking.viewing import Viewer
from tests.peakshire import DAY, HOUR
from tests.reporting.meeting_desk import MeetingDesk

KIND = ReferenceKind("PMP", "Problem plan", r"PMP[- ]?(\d{1,6})", "PMP-{0}", "PMP-118")
PMP = (ExternalReference("PMP", "PMP-118"),)


def found(desk: MeetingDesk, text: str) -> SearchPage:
    with desk.store.open() as connection:
        force = replace(desk.force, reference_kinds=(KIND,))
        return search(connection, force, Viewer(units=None), text, desk.clock.now())


def references(desk: MeetingDesk, text: str) -> list[str]:
    return [row.reference for row in found(desk, text).rows]


@pytest.mark.parametrize(
    "text",
    [
        "T-1001",
        " t-1001 ",
        "THEFT",
        "théft plant",
        "pla",
        "dales",
        "OP/77-b",
        "op77b",
        "response of T-1001",
        "PLAN-TASK",
    ],
)
def test_a_task_is_found_by_whatever_it_goes_by(desk: MeetingDesk, text: str) -> None:
    task = desk.raised(title="Théft of plant, Dales-Road", text=TaskText(ask="See OP/77-B"))
    desk.raised(title="Something else")
    with desk.store.open() as connection:
        link = planner_links.want(connection, task.task_id, "HP", "plan")
        planner_links.change(connection, link.link_id, planner_task_id="PLAN-TASK", state=LinkState.ACTIVE)
    assert references(desk, "PLAN-TASK") == ["T-1001"]
    assert references(desk, text) == ["T-1001"]


@pytest.mark.parametrize("text", ["INC-20261123-0412", "inc 20261123", "0412"])
def test_a_task_is_found_by_its_reference_in_another_system(desk: MeetingDesk, text: str) -> None:
    desk.raised(external_references=(ExternalReference("INC", "INC-20261123-0412"),))
    desk.raised()
    assert references(desk, text) == ["T-1001"]


@pytest.mark.parametrize("text", ["heft", "plants", "plant quad", "T-9", "%", "_", "'; --", "officers"])
def test_what_is_not_there_is_not_found(desk: MeetingDesk, text: str) -> None:
    desk.raised(title="Theft of plant")
    assert references(desk, text) == []


def test_a_reference_finds_that_task_alone_and_not_those_that_begin_alike(desk: MeetingDesk) -> None:
    for _ in range(3):
        desk.raised(title="T-1001 again")
    assert references(desk, "T-1001") == ["T-1001"]
    assert len(references(desk, "again")) == 3


def test_the_newest_comes_first_and_ended_tasks_are_found_too(desk: MeetingDesk) -> None:
    old = desk.raised()
    desk.clock.advance(DAY)
    new = desk.raised()
    desk.on_board(new, progress=100)
    assert references(desk, "speeding school") == [new.reference, old.reference]


def test_a_task_is_found_by_our_reference_however_it_is_typed(desk: MeetingDesk) -> None:
    task, _other = desk.raised(), desk.raised()
    number = task.reference.partition("-")[2]
    for wanted in (task.reference, f"t {number}", f"#{number}"):
        assert references(desk, wanted) == [task.reference]


def test_tasks_are_found_by_a_reference_in_another_system_the_newest_first(desk: MeetingDesk) -> None:
    first, second = desk.raised(external_references=PMP), desk.raised(external_references=PMP)
    desk.raised(external_references=(ExternalReference("PMP", "PMP-1180"),))
    desk.raised(title="PMP118 is not what this is about")
    assert references(desk, "pmp 118") == [second.reference, first.reference]
    assert found(desk, "pmp 118").found_by == "Problem plan"
    assert found(desk, "pmp 118").rows[0].elsewhere == ("Problem plan PMP-118",)


@pytest.mark.parametrize("words", ["café LANE", "cones lane", "lane pmp-118"])
def test_a_task_is_found_by_words_that_all_stand_on_it(desk: MeetingDesk, words: str) -> None:
    task = desk.raised(text=TaskText(place="Café Lane"), external_references=PMP)
    desk.raised(text=TaskText(place="Mill Lane"), checklist=())
    assert references(desk, words) == [task.reference]
    assert references(desk, f"{words} elsewhere") == []


def test_a_new_title_is_found_and_the_old_one_no_more(desk: MeetingDesk) -> None:
    task = desk.raised()
    desk.clock.advance(HOUR)
    desk.on_board(task, title="Lighthouse at night")
    assert references(desk, "lighthouse") == [task.reference]
    assert references(desk, "speeding") == []


@pytest.mark.parametrize("text", ["", "   ", "a", "!!", "x" * 1000])
def test_too_little_and_too_much_are_borne(desk: MeetingDesk, text: str) -> None:
    desk.raised()
    shown = found(desk, text)
    assert shown.rows == ()
    assert len(shown.text) <= LONGEST_TEXT
    assert bool(shown.advice) == (text.strip() in ("a", "!!"))


def test_more_than_can_be_listed_asks_for_another_word(desk: MeetingDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporting.search.MOST_FOUND", 3)
    for _ in range(3):
        desk.raised()
    assert (len(found(desk, "speeding").rows), found(desk, "speeding").is_more) == (3, False)
    desk.raised()
    shown: Any = found(desk, "speeding")
    assert (len(shown.rows), shown.is_more) == (3, True)
    assert "add a word" in shown.advice
    assert MOST_FOUND == 100
