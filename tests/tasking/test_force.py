"""Finding one's way in the force: the level above and below, the unit in one's own line, the meeting, the label."""

import pytest

from tasking.errors import RuleBroken
from tasking.force import TaskingLevel, TaskingMeeting
from tests.peakshire import ASK, small_force

FORCE = small_force()


def test_levels_follow_their_rank_and_end_at_the_top_and_the_bottom() -> None:
    lpu, division, force = FORCE.levels
    assert (FORCE.above(lpu), FORCE.above(division), FORCE.above(force)) == (division, force, None)
    assert (FORCE.below(force), FORCE.below(division), FORCE.below(lpu)) == (division, lpu, None)


def test_the_rank_counts_and_not_the_order_in_which_levels_are_listed() -> None:
    low, middle, high = (TaskingLevel(code, code, rank) for code, rank in (("A", 10), ("B", 20), ("C", 35)))
    mixed = small_force(levels=(high, low, middle))
    assert mixed.above(low) == middle
    assert mixed.below(high) == middle


def test_a_unit_finds_itself_or_those_above_it_in_its_own_line() -> None:
    assert [FORCE.unit_at("HP", level).code for level in ("LPU", "DIVISION", "FORCE")] == ["HP", "DIV_N", "PKS"]
    assert FORCE.unit_at("PKS", "FORCE").code == "PKS"


def test_a_unit_has_nobody_above_it_at_a_lower_level() -> None:
    with pytest.raises(RuleBroken, match="DIV_N"):
        FORCE.unit_at("DIV_N", "LPU")


def test_each_unit_has_a_level_and_codes_that_config_lacks_are_named() -> None:
    assert [FORCE.level_of(code).code for code in ("HP", "DIV_N", "PKS")] == ["LPU", "DIVISION", "FORCE"]
    with pytest.raises(KeyError, match="REGION"):
        FORCE.level("REGION")
    with pytest.raises(KeyError, match="XX"):
        FORCE.level_of("XX")


def test_the_first_meeting_listed_for_a_unit_is_where_its_chair_reads() -> None:
    daily = TaskingMeeting("B_DAILY", "Daily", "PKS", "Superintendent", "Daily")
    missing = TaskingMeeting("A_MISSING", "Missing", "PKS", "DI", "Missing")
    force = small_force(meetings=(daily, missing))
    assert force.meeting_of("PKS") == daily
    assert force.meeting_of("HP") is None


def test_a_label_slot_means_the_same_everywhere_and_a_free_one_means_nothing() -> None:
    found = FORCE.label_at(22)
    assert found is not None
    assert found.code == ASK
    assert FORCE.label_at(25) is None
