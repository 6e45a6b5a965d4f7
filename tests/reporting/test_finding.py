"""Tasks are found by any of their references and by words, and of a restricted one no word is found or shown."""

from dataclasses import replace

import pytest

from reporting.finding import FoundTask, find_tasks
from reporting.wording import OPEN_IT_THERE
from tasking.force import ReferenceKind
from tasking.task import ExternalReference, TaskText
from tests.reporting.meeting_desk import MeetingDesk

KIND = ReferenceKind("PMP", "Problem plan", r"PMP[- ]?(\d{1,6})", "PMP-{0}", "PMP-118")
PMP = (ExternalReference("PMP", "PMP-118"),)


def found(desk: MeetingDesk, wanted: str, unit: str = "") -> list[FoundTask]:
    force = replace(desk.force, reference_kinds=(KIND,))
    with desk.act() as uow:
        return [*find_tasks(uow.connection, force, wanted, unit)]


def references(desk: MeetingDesk, wanted: str, unit: str = "") -> list[str]:
    return [each.reference for each in found(desk, wanted, unit)]


def test_a_task_is_found_by_our_reference_however_it_is_typed(desk: MeetingDesk) -> None:
    task, _other = desk.raised(), desk.raised()
    number = task.reference.partition("-")[2]
    for wanted in (task.reference, f"t {number}", f"#{number}"):
        assert references(desk, wanted) == [task.reference]


def test_tasks_are_found_by_a_reference_in_another_system_the_newest_first(desk: MeetingDesk) -> None:
    first, second = desk.raised(external_references=PMP), desk.raised(external_references=PMP)
    desk.raised(external_references=(ExternalReference("PMP", "PMP-1180"),))
    assert references(desk, "pmp 118") == [second.reference, first.reference]
    assert found(desk, "pmp 118")[0].found_by == "Problem plan"


@pytest.mark.parametrize("words", ["café LANE", "cones lane", "lane pmp-118"])
def test_a_task_is_found_by_words_that_all_stand_on_it(desk: MeetingDesk, words: str) -> None:
    task = desk.raised(text=TaskText(place="Café Lane"), external_references=PMP)
    desk.raised(text=TaskText(place="Mill Lane"), checklist=())
    assert references(desk, words) == [task.reference]
    assert references(desk, f"{words} elsewhere") == []


@pytest.mark.parametrize("by", ["reference", "PMP-118"])
def test_a_restricted_task_is_found_by_a_reference_alone_and_shown_without_words(desk: MeetingDesk, by: str) -> None:
    task = desk.raised(pillar="MISSING_EXPLOITATION", title="Secret words", external_references=PMP)
    assert references(desk, "secret words") == []
    (shown,) = found(desk, task.reference if by == "reference" else by)
    assert (shown.reference, shown.title) == (task.reference, OPEN_IT_THERE)


def test_a_unit_narrows_to_itself_and_the_units_below_it(desk: MeetingDesk) -> None:
    here, there = desk.raised(unit="HP"), desk.raised(unit="DD")
    assert references(desk, "speeding", "HP") == [here.reference]
    assert references(desk, "speeding", "DIV_N") == [there.reference, here.reference]
    assert references(desk, "speeding", "PKS") == [there.reference, here.reference]
