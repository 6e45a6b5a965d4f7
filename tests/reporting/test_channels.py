"""What the operator reads of each channel: plain words, and never more than is known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from reporting.channels import ChannelState, channels
from store import channel_health
from store.database import open_database
from tests.peakshire import DAY, HOUR, MORNING, small_force, tables_in

FORCE = small_force()


@pytest.fixture
def connection() -> Iterator[Connection]:
    with tables_in(open_database("sqlite://")) as engine, engine.begin() as opened:
        yield opened


def state_of(connection: Connection, after: timedelta = HOUR) -> ChannelState:
    """Northfell's channel so long after the morning."""
    found = channels(connection, FORCE, "teams_workflow", MORNING + after)
    return next(each for each in found if each.code == "HP_DAILY")


def test_a_channel_that_nothing_was_for_says_so(connection: Connection) -> None:
    state = state_of(connection)
    assert (state.state, state.words, state.needs_a_look) == ("UNUSED", "No card has been for this channel yet.", False)
    assert (state.name, state.unit, state.poster, state.check_age) == ("Tasking", "HP", "teams_workflow", None)


def test_a_webhook_that_took_a_card_is_said_to_have_queued_it_and_no_more(connection: Connection) -> None:
    channel_health.handed_over(connection, "HP_DAILY", MORNING, is_check=True)
    state = state_of(connection)
    assert (state.state, state.check_age) == ("OK", HOUR)
    assert state.words == (
        "Last card Mon 2 Nov 08:30. Queued by Teams; whether it shows only somebody in the channel can tell."
    )


def test_a_channel_that_is_not_checked_any_more_wants_a_look(connection: Connection) -> None:
    channel_health.handed_over(connection, "HP_DAILY", MORNING, is_check=True)
    state = state_of(connection, DAY + 3 * HOUR)
    assert (state.state, state.needs_a_look) == ("UNCHECKED", True)
    assert state.words.endswith("Not checked since Mon 2 Nov 08:30.")


def test_a_channel_that_only_ever_had_cards_was_never_checked(connection: Connection) -> None:
    channel_health.handed_over(connection, "HP_DAILY", MORNING)
    assert state_of(connection).words.endswith("Never checked.")


@pytest.mark.parametrize(
    ("fail_after", "state"), [(timedelta(), "OK"), (timedelta(seconds=-1), "OK"), (timedelta(seconds=1), "FAILING")]
)
def test_a_failure_counts_until_a_card_gets_through(connection: Connection, fail_after: timedelta, state: str) -> None:
    channel_health.handed_over(connection, "HP_DAILY", MORNING, is_check=True)
    channel_health.failed(connection, "HP_DAILY", MORNING + fail_after, "The channel of HP_DAILY answered 401.")
    found = state_of(connection)
    assert found.state == state
    told = "Cards do not get through since Mon 2 Nov 08:30: The channel of HP_DAILY answered 401."
    assert (found.words == told) is (state == "FAILING")


def test_every_channel_is_listed_once_with_its_own_poster(connection: Connection) -> None:
    second = replace(FORCE.meeting("HP_DAILY"), code="HP_WEEKLY")
    first, *others = FORCE.meetings
    force = replace(FORCE, meetings=(replace(first, poster="teams_channel"), *others, second))
    listed = channels(connection, force, "teams_workflow", MORNING)
    assert [(each.code, each.poster) for each in listed] == [
        ("PKS_DAILY", "teams_channel"),
        ("DIV_N_DAILY", "teams_workflow"),
        ("HP_DAILY", "teams_workflow"),
        ("DD_DAILY", "teams_workflow"),
    ]
