"""The decision register: every decision of a period, found by unit, type and words; safe in a spreadsheet."""

import csv
import io
import json
from typing import Any

import pytest

from reporting.register import RegisterRow, mark_of, register, register_csv, register_json
from reporting.wording import READ_ON_RECORD
from tasking.decision import DecisionType
from tasking.task import Classification, Task
from tests.peakshire import DAY, HOUR, MORNING, PRIORITY, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk

T = DecisionType


def rows(desk: MeetingDesk, **given: Any) -> tuple[RegisterRow, ...]:
    """The register of a week either side, or as given."""
    since, until = given.pop("since", MORNING - 7 * DAY), given.pop("until", MORNING + 7 * DAY)
    with desk.store.open() as connection:
        return register(connection, desk.force, since, until, **given)


def test_every_decision_of_the_period_is_there_oldest_first_with_its_rationale(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    first = desk.decide(task, T.ALLOCATE, text="To the team", rationale="They know the place.")
    desk.clock.advance(HOUR)
    second = desk.decide(
        task, T.RESOURCE, resources="Four hours", hours=4.0, starts_at=MORNING + HOUR, ends_at=MORNING + DAY
    )
    one, two = rows(desk)
    assert (one.decision_ref, two.decision_ref) == (first.decision_ref, second.decision_ref)
    assert (one.reference, one.what, one.rationale) == (task.reference, "allocated", "They know the place.")
    assert (one.unit, one.unit_name, one.role) == ("HP", "Northfell", "Duty Inspector")
    assert rows(desk, since=MORNING + HOUR) == (two,)
    assert rows(desk, until=MORNING + HOUR) == (one,)


def test_the_register_is_narrowed_by_unit_type_and_words(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.decide(task, T.ALLOCATE, text="To the team", rationale="They know Mill Lane.")
    desk.escalated(task)
    desk.decide(task, T.ESCALATION_ACCEPT)
    assert [row.decision_type for row in rows(desk, units=["DIV_N"])] == ["ESCALATION_ACCEPT"]
    assert [row.decision_type for row in rows(desk, types={T.ALLOCATE})] == ["ALLOCATE"]
    assert [row.decision_type for row in rows(desk, text="mill lane")] == ["ALLOCATE"]
    assert len(rows(desk, text=task.reference.lower())) == 2
    assert rows(desk, text="no such words") == ()


def test_a_superseded_decision_stays_and_says_by_which(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    wrong = desk.decide(task, T.ALLOCATE, text="To the wrong team")
    desk.clock.advance(DAY)
    right = desk.decide(task, T.ALLOCATE, text="To the right team", supersedes=wrong.decision_ref)
    old, new = rows(desk)
    assert (old.superseded_by, new.supersedes) == (right.decision_ref, wrong.decision_ref)
    (alone,) = rows(desk, until=MORNING + HOUR)
    assert alone.superseded_by == right.decision_ref


def test_a_csv_has_the_mark_on_its_first_line_and_london_times(desk: MeetingDesk) -> None:
    desk.clock.at = MORNING.replace(month=7)
    task = desk.banded(PRIORITY, classification=Classification.OFFICIAL_SENSITIVE)
    desk.decide(task, T.ALLOCATE, text="Schön, „ja“", options=("Do nothing", "Act"))
    content = register_csv(rows(desk, since=MORNING.replace(month=1), with_restricted=True))
    mark, head, line = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert mark == ["OFFICIAL-SENSITIVE"]
    told = dict(zip(head, line, strict=True))
    assert told["Decided (London)"] == "2026-07-02 09:30"
    assert (told["Decision text"], told["Options"]) == ("Schön, „ja“", "Do nothing; Act")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_spreadsheet_takes_nothing_that_people_wrote_for_a_formula(desk: MeetingDesk, start: str) -> None:
    desk.decide(desk.banded(SCHEDULED), T.ALLOCATE, text=f"{start}HYPERLINK(1)", rationale=f"{start}1+1")
    _, head, line = csv.reader(io.StringIO(register_csv(rows(desk)).decode("utf-8-sig")))
    told = dict(zip(head, line, strict=True))
    assert (told["Decision text"], told["Rationale"]) == (f"'{start}HYPERLINK(1)", f"'{start}1+1")


def test_json_has_the_mark_and_utc_times(desk: MeetingDesk) -> None:
    desk.decide(desk.banded(SCHEDULED), T.ALLOCATE, text="To the team")
    told = json.loads(register_json(rows(desk)))
    assert told["classification"] == "OFFICIAL"
    (decision,) = told["decisions"]
    assert (decision["decided_at"], decision["decision_type"]) == ("2026-11-02T08:30:00+00:00", "ALLOCATE")


def test_an_empty_register_is_marked_too(desk: MeetingDesk) -> None:
    assert register_csv(rows(desk)).decode("utf-8-sig").splitlines()[0] == "OFFICIAL"
    assert json.loads(register_json(rows(desk))) == {"classification": "OFFICIAL", "decisions": []}


SECRET = ("Secret text", "Secret rationale", "Secret dissent", "Secret option", "Secret resources")


def secret(desk: MeetingDesk, how: str) -> Task:
    """A restricted task with a decision about it, in which every field that people write says so."""
    changes: dict[str, Any] = {
        "mark": {"classification": Classification.OFFICIAL_SENSITIVE},
        "pillar": {"pillar": "MISSING_EXPLOITATION"},
        "label": {},
    }[how]
    task = desk.banded(SCHEDULED, **changes)
    if how == "label":
        desk.on_board(task, labels=frozenset({"RESTRICTED"}))
    text, rationale, dissent, option, resources = SECRET
    desk.decide(
        task,
        T.RESOURCE,
        text=text,
        rationale=rationale,
        dissent=dissent,
        options=(option,),
        resources=resources,
        hours=2,
        starts_at=MORNING + HOUR,
        ends_at=MORNING + DAY,
    )
    return task


@pytest.mark.parametrize("how", ["mark", "pillar", "label"])
def test_what_people_wrote_of_restricted_matter_is_left_out_of_the_register(desk: MeetingDesk, how: str) -> None:
    task = secret(desk, how)
    found = rows(desk)
    for content in (register_csv(found), register_json(found)):
        assert not [word for word in SECRET if word in content.decode()]
        assert task.reference in content.decode()
        assert READ_ON_RECORD in content.decode()
    assert mark_of(found) is task.classification


@pytest.mark.parametrize("how", ["mark", "pillar", "label"])
def test_who_is_entitled_gets_the_words_with_the_higher_mark(desk: MeetingDesk, how: str) -> None:
    secret(desk, how)
    found = rows(desk, with_restricted=True)
    content = register_csv(found).decode("utf-8-sig")
    assert all(word in content for word in SECRET[:4])
    assert content.splitlines()[0] == "OFFICIAL-SENSITIVE"
    assert mark_of(found) is Classification.OFFICIAL_SENSITIVE


def test_words_of_restricted_matter_are_not_found_by_searching_for_them(desk: MeetingDesk) -> None:
    task = secret(desk, "pillar")
    assert rows(desk, text="secret") == ()
    assert len(rows(desk, text=task.reference)) == 1
    assert len(rows(desk, text="secret", with_restricted=True)) == 1


def test_a_decision_about_what_has_become_restricted_since_is_kept_as_close(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.decide(task, T.ALLOCATE, text="Open text")
    assert rows(desk)[0].text == "Open text"
    desk.on_board(task, labels=frozenset({"RESTRICTED"}))
    assert rows(desk)[0].text == READ_ON_RECORD
