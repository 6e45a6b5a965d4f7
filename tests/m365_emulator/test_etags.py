"""Etags as text and versions as sets of paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m365_emulator.planner.etags import Versions, clash, decode, encode

KINDS = st.sampled_from(["Task", "TaskDetails", "Bucket", "Plan", "PlanDetails", "BucketTaskBoardFormat"])


@given(KINDS, st.integers(min_value=0, max_value=2**60))
def test_an_etag_reads_back_as_what_it_was_made_of(kind: str, version: int) -> None:
    assert decode(encode(kind, version)) == (kind, version)


def test_the_form_is_that_of_the_published_samples() -> None:
    assert encode("Task", 24) == 'W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBAWCc="'


@pytest.mark.parametrize("wrong", ["", "*", '"abc"', 'W/"abc"', "W/JzEtVGFzayAg", 'W/"' + "A" * 40 + '"'])
def test_what_is_no_etag_reads_as_none(wrong: str) -> None:
    assert decode(wrong) is None


def test_a_version_belongs_to_one_resource_only() -> None:
    mine, other = Versions("Task", 4), Versions("Task", 8)
    assert mine.version_of(mine.etag) == 4
    assert mine.version_of(other.etag) is None
    assert mine.version_of(encode("TaskDetails", 4)) is None


def test_changes_are_remembered_by_path() -> None:
    versions = Versions("Task", 4)
    versions.move(8, {("title",)})
    versions.move(12, {("assignments", "ann")})
    assert versions.changed_since(4) == {("title",), ("assignments", "ann")}
    assert versions.changed_since(8) == {("assignments", "ann")}
    assert versions.changed_since(12) == set()


@pytest.mark.parametrize(
    ("mine", "theirs", "answer"),
    [
        ({("title",)}, {("title",)}, True),
        ({("title",)}, {("priority",)}, False),
        ({("assignments", "ann")}, {("assignments", "ben")}, False),
        ({("assignments",)}, {("assignments", "ben")}, True),
        (set(), {("title",)}, False),
    ],
)
def test_a_clash_is_a_path_in_common(mine: set[tuple[str, ...]], theirs: set[tuple[str, ...]], answer: bool) -> None:
    assert clash(mine, theirs) is answer
