"""The merge itself, over any three states: nothing a person did is lost, and twice is the same as once."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from planner_sync.field_map import (
    NOT_SENT_TO_TWINS,
    ONLY_NOTED,
    WINNERS,
    BoardState,
    Winner,
    from_json,
    sent_from_json,
    to_json,
)
from planner_sync.three_way import Merge, landed, merge

SETS = ("owner_ids", "labels", "ticks")
SINGLE = ("title", "progress", "pillar", "start_at", "due_at", "priority")
MOMENTS = st.sampled_from([None, datetime(2027, 1, 2, tzinfo=UTC), datetime(2027, 3, 4, 9, 30, tzinfo=UTC)])
PILLARS = st.sampled_from(["TRIAGE", "ROADS", "RURAL"])


def few(*values: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


def states(pillars: st.SearchStrategy[str | None] = PILLARS) -> st.SearchStrategy[BoardState]:
    return st.builds(
        BoardState,
        title=st.sampled_from(["Bricks", "Lights", "Gates"]),
        owner_ids=few("amy", "bob", "carl"),
        progress=st.sampled_from([0, 50, 100]),
        pillar=pillars,
        start_at=MOMENTS,
        due_at=MOMENTS,
        priority=st.sampled_from([1, 3, 5, 9]),
        labels=few("BLOCKED", "VAWG", "PREVENTION"),
        service_labels=few("ESCALATED", "RETURNED", "BAND_ROUTINE"),
        ticks=few("one", "two", "three"),
    )


ANY = states()
ON_BOARD = states(st.one_of(PILLARS, st.none()))
NOT_SENT = st.sampled_from([frozenset[str](), NOT_SENT_TO_TWINS])


def after(ours: BoardState, planner: BoardState, merged: Merge) -> tuple[BoardState, BoardState]:
    """Record and board when each has taken its part."""
    return replace(ours, **merged.take), replace(planner, **merged.send)


def shown(state: BoardState) -> dict[str, Any]:
    return {each.name: getattr(state, each.name) for each in fields(state)}


@given(ON_BOARD, NOT_SENT)
def test_where_all_three_are_equal_nothing_moves(state: BoardState, not_sent: frozenset[str]) -> None:
    assert merge(state, state, state, not_sent) == Merge({}, {}, {})


@given(ANY, ANY)
def test_what_only_people_changed_goes_to_the_record_alone(base: BoardState, planner: BoardState) -> None:
    merged = merge(base, base, planner)
    assert merged.take == {name: value for name, value in shown(planner).items() if name in differing(base, planner)}
    assert set(merged.send) <= {"service_labels"}
    assert merged.conflicts == {}


@given(ANY, ANY)
def test_what_only_the_record_changed_goes_to_the_board_alone(base: BoardState, ours: BoardState) -> None:
    merged = merge(base, ours, base)
    moved = differing(base, ours) | {name for name in ("service_labels",) if getattr(base, name) != getattr(ours, name)}
    assert merged.send == {name: value for name, value in shown(ours).items() if name in moved}
    assert merged.take == {}
    assert merged.conflicts == {}


@given(ANY, ANY, ANY)
def test_where_both_changed_one_value_the_person_s_stands_and_both_are_kept(
    base: BoardState, ours: BoardState, planner: BoardState
) -> None:
    merged = merge(base, ours, planner)
    record, board = after(ours, planner, merged)
    for name in SINGLE:
        was, we, they = (getattr(state, name) for state in (base, ours, planner))
        if they != was:
            assert getattr(record, name) == getattr(board, name) == they
        clash = len({was, we, they}) == 3
        assert (name in merged.conflicts) == clash
        if clash:
            assert merged.conflicts[name] == (we, they)


@given(ANY, ANY, ANY)
def test_of_labels_ticks_and_owners_what_either_side_did_to_each_one_stands(
    base: BoardState, ours: BoardState, planner: BoardState
) -> None:
    record, board = after(ours, planner, merge(base, ours, planner))
    for name in SETS:
        was, we, they = (getattr(state, name) for state in (base, ours, planner))
        merged = getattr(record, name)
        assert merged == getattr(board, name)
        for each in was | we | they:
            by_person, by_us = (each in they) != (each in was), (each in we) != (each in was)
            expected = (each in they) if by_person else (each in we) if by_us else (each in was)
            assert (each in merged) == expected, (name, each)


@given(ANY, ANY, ON_BOARD)
def test_labels_that_the_service_keeps_are_the_record_s(
    base: BoardState, ours: BoardState, planner: BoardState
) -> None:
    record, board = after(ours, planner, merge(base, ours, planner))
    assert record.service_labels == board.service_labels == ours.service_labels


@given(ANY, ANY, ON_BOARD, NOT_SENT)
def test_a_second_merge_has_nothing_left_to_do(
    base: BoardState, ours: BoardState, planner: BoardState, not_sent: frozenset[str]
) -> None:
    record, board = after(ours, planner, merge(base, ours, planner, not_sent))
    assert merge(board, record, board, not_sent) == Merge({}, {}, {})


@given(ANY, ANY, ON_BOARD)
def test_record_and_board_end_equal_but_for_a_bucket_that_people_made(
    base: BoardState, ours: BoardState, planner: BoardState
) -> None:
    record, board = after(ours, planner, merge(base, ours, planner))
    if planner.pillar is None:
        assert (record.pillar, board.pillar) == (ours.pillar, None)
        board = replace(board, pillar=record.pillar)
    assert record == board


@given(ANY, ANY, ANY)
def test_a_twin_is_never_sent_an_owner_and_gives_one_only_when_somebody_assigned_there(
    base: BoardState, ours: BoardState, planner: BoardState
) -> None:
    merged = merge(base, ours, planner, NOT_SENT_TO_TWINS)
    assert "owner_ids" not in merged.send
    assert "owner_ids" not in merged.conflicts
    if planner.owner_ids == base.owner_ids:
        assert "owner_ids" not in merged.take
    else:
        assert merged.take.get("owner_ids", ours.owner_ids) == planner.owner_ids


@given(ANY, ANY)
def test_what_got_through_without_an_answer_is_not_a_person_s_doing(base: BoardState, sent: BoardState) -> None:
    assert landed(base, sent, sent) == sent
    assert landed(base, sent, base) == base


@given(ANY, ANY, ANY)
def test_a_person_s_change_is_told_from_ours_that_got_through(
    base: BoardState, sent: BoardState, planner: BoardState
) -> None:
    """What the board shows, and we had not sent, still differs from the base: it will be taken."""
    seen = landed(base, sent, planner)
    for name in SINGLE:
        they = getattr(planner, name)
        if they not in (getattr(sent, name), getattr(base, name)):
            assert getattr(seen, name) == getattr(base, name) != they
    for name in SETS:
        was, we, they, now = (getattr(state, name) for state in (base, sent, planner, seen))
        for each in was | we | they:
            people_did_it = (each in was) == (each in we) != (each in they)
            assert people_did_it <= ((each in now) != (each in they))


@given(ON_BOARD, ANY)
def test_a_base_comes_back_from_the_store_as_it_was(state: BoardState, sent: BoardState) -> None:
    assert from_json(to_json(state)) == state
    assert sent_from_json(to_json(state)) is None
    assert from_json(to_json(state, sent)) == state
    assert sent_from_json(to_json(state, sent)) == sent


def test_every_field_of_a_board_has_a_winner() -> None:
    merged = {each.name for each in fields(BoardState)} - ONLY_NOTED
    assert set(WINNERS) == merged == {*SETS, *SINGLE, "service_labels", "is_marked"}
    assert [name for name, winner in WINNERS.items() if winner is Winner.SERVICE] == ["service_labels", "is_marked"]


def differing(one: BoardState, other: BoardState) -> set[str]:
    """Names of the fields that people may change, and that differ."""
    return {name for name in (*SETS, *SINGLE) if getattr(one, name) != getattr(other, name)}
