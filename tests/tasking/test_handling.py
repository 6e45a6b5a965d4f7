"""Restricted once is restricted until somebody says otherwise, with a reason that is kept."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from store.database import open_database
from store.tables import audit_log
from tasking.errors import RuleBroken
from tasking.force import Force, Pillar
from tasking.handling import channel_of_its_own, set_handling, title_on_boards
from tasking.restricted import RESTRICTED_LABEL, is_restricted
from tasking.task import Classification, Task
from tests.peakshire import Desk, SetClock, small_force, tables_in

OFFICIAL, SENSITIVE = Classification


def restricted_force() -> Force:
    force = small_force()
    return replace(
        force, pillars={**force.pillars, "CLOSE": Pillar("CLOSE", "Close work", True, meeting="DIV_N_DAILY")}
    )


@pytest.fixture
def desk() -> Iterator[Desk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield Desk(engine, SetClock(), restricted_force())


def marked(desk: Desk, task: Task, mark: Classification, because: str = "It names a witness.") -> Task:
    with desk.act("chair") as uow:
        return set_handling(uow, desk.force, task.reference.lower(), mark, because)


def test_a_task_of_a_restricted_pillar_stays_restricted_in_another_bucket_and_one_of_another_never_was(
    desk: Desk,
) -> None:
    task = desk.on_board(desk.raised(pillar="CLOSE"), pillar="ROADS")
    assert is_restricted(desk.force, task)
    assert title_on_boards(desk.force, task) == "Roads policing: see the record"
    assert not is_restricted(desk.force, desk.on_board(desk.raised(), pillar="RURAL"))


def test_a_restricted_task_that_a_fault_puts_into_triage_is_restricted_there(desk: Desk) -> None:
    assert is_restricted(desk.force, desk.raised(pillar="CLOSE", faults=("The date was not clear.",)))
    assert not is_restricted(desk.force, desk.raised(faults=("The date was not clear.",)))


def test_the_label_keeps_a_task_close_until_the_mark_is_set_anew(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), labels=frozenset({RESTRICTED_LABEL}))
    task = desk.on_board(task, labels=frozenset())
    assert is_restricted(desk.force, task)
    assert not is_restricted(desk.force, marked(desk, task, OFFICIAL))


def test_a_mark_is_changed_both_ways_and_the_reason_is_in_the_audit_log(desk: Desk) -> None:
    task = marked(desk, desk.raised(), SENSITIVE)
    assert (task.classification, is_restricted(desk.force, task)) == (SENSITIVE, True)
    task = marked(desk, task, OFFICIAL, "The witness was named in court.")
    assert (task.classification, is_restricted(desk.force, task)) == (OFFICIAL, False)
    reasons = [row["changes"]["because"][1] for row in desk.rows(audit_log) if "because" in row["changes"]]
    assert reasons == ["It names a witness.", "The witness was named in court."]


@pytest.mark.parametrize(
    ("pillar", "mark", "because", "words"),
    [
        ("ROADS", SENSITIVE, " ", "Say why the mark is changed."),
        ("ROADS", OFFICIAL, "x", "T-1001 is marked OFFICIAL already."),
        ("CLOSE", OFFICIAL, "x", "T-1001 is marked OFFICIAL already; its pillar or its label keeps it restricted."),
    ],
)
def test_a_mark_without_a_reason_or_without_effect_is_refused(
    desk: Desk, pillar: str, mark: Classification, because: str, words: str
) -> None:
    task = desk.raised(pillar=pillar)
    with pytest.raises(RuleBroken) as refused:
        marked(desk, task, mark, because)
    assert str(refused.value) == words


def test_only_a_restricted_task_of_a_pillar_with_a_meeting_has_a_channel_of_its_own(desk: Desk) -> None:
    assert channel_of_its_own(desk.force, desk.raised(pillar="CLOSE")) == "DIV_N_DAILY"
    assert channel_of_its_own(desk.force, desk.raised(classification=SENSITIVE)) is None
    assert channel_of_its_own(desk.force, desk.raised()) is None
