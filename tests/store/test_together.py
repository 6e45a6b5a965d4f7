"""Work that many do at the same moment: one transaction, and still each for itself when one of them fails."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from store import notebook
from store.together import MOST_TOGETHER
from tests.peakshire import MORNING, Desk


def notes(name: str) -> Callable[[Connection], str]:
    """A piece of work: a cursor of this name, and the name as its outcome."""

    def work(connection: Connection) -> str:
        notebook.move_cursor(connection, name, "here", MORNING)
        return name

    return work


def fails(connection: Connection) -> None:
    notebook.move_cursor(connection, "of the one that fails", "here", MORNING)
    raise ValueError("this one")


def noted(desk: Desk) -> set[str]:
    return {row["name"] for row in desk.rows(notebook.cursors)}


@contextmanager
def commits(desk: Desk) -> Iterator[list[Any]]:
    """The transactions that are committed inside."""
    seen: list[Any] = []

    def note(connection: Connection) -> None:
        seen.append(connection)

    event.listen(desk.store.engine, "commit", note)
    try:
        yield seen
    finally:
        event.remove(desk.store.engine, "commit", note)


def all_at_once(desk: Desk, *works: Callable[[Connection], Any]) -> list[Any]:
    async def run() -> list[Any]:
        return await asyncio.gather(*map(desk.store.together, works), return_exceptions=True)

    return asyncio.run(run())


def test_what_is_wanted_at_the_same_moment_is_one_commit_and_each_gets_its_own_outcome(desk: Desk) -> None:
    names = [f"n-{number}" for number in range(MOST_TOGETHER)]
    with commits(desk) as seen:
        assert all_at_once(desk, *map(notes, names)) == names
    assert len(seen) == 1
    assert noted(desk) == set(names)


def test_more_than_fit_go_in_further_transactions(desk: Desk) -> None:
    names = [f"n-{number}" for number in range(2 * MOST_TOGETHER + 1)]
    with commits(desk) as seen:
        assert all_at_once(desk, *map(notes, names)) == names
    assert len(seen) == 3


def test_an_error_is_told_to_its_own_caller_and_takes_nothing_from_the_others(desk: Desk) -> None:
    first, error, last = all_at_once(desk, notes("first"), fails, notes("last"))
    assert (first, last) == ("first", "last")
    assert isinstance(error, ValueError)
    assert noted(desk) == {"first", "last"}


def test_a_caller_that_gives_up_keeps_nobody_waiting(desk: Desk) -> None:
    async def run() -> str:
        leaving = asyncio.create_task(desk.store.together(notes("leaving")))
        staying = asyncio.create_task(desk.store.together(notes("staying")))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await staying

    assert asyncio.run(run()) == "staying"
    assert "staying" in noted(desk)


def test_a_loop_that_ended_before_its_transaction_began_holds_up_none_of_the_next(desk: Desk) -> None:
    async def breaks_off() -> None:
        asyncio.get_running_loop().create_task(desk.store.together(notes("cut off")))
        await asyncio.sleep(0)

    asyncio.run(breaks_off())
    assert all_at_once(desk, notes("next")) == ["next"]
