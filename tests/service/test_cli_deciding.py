"""`tasking decide`, `assess`, `link` and `meeting` as somebody types them: what they do, and what they refuse."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result

from service.cli import main
from service.force_config import load_force
from store import decisions, meetings, tasks
from store.database import opened
from tasking.calendar import meeting_ref, occurrences
from tasking.clocks import LONDON
from tasking.escalation import EscalationStatus
from tasking.task import Task
from tests.peakshire import BY_BAND, SCHEDULED, Desk, SetClock

CONFIG = Path(__file__).parents[2] / "config"
WHY = ("--because", "It is proportionate.")
CHIEF = ("--as", "ci.north@peakshire.example", "--role", "Divisional Chief Inspector")

Tasking = Callable[..., Result]


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    """The command on a database with T-1001, before North Division, and T-1002, at Dalesmere."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = Desk(engine, SetClock(), load_force(CONFIG)[0])
        desk.escalated(desk.raised())
        desk.raised(unit="DD", assessment=BY_BAND[SCHEDULED])

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path) | {"COLUMNS": "200"}).invoke(main, arguments)

    return run


@pytest.fixture
def record(tmp_path: Path) -> Callable[[str], Task]:
    """A task as it stands, by its reference."""

    def read(reference: str) -> Task:
        with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
            return tasks.read_task_by_reference(connection, reference)

    return read


def test_a_chair_accepts_and_is_told_the_decisions_reference(tasking: Tasking, tmp_path: Path) -> None:
    told = tasking("decide", "T-1001", "escalation_accept", *CHIEF, *WHY, "--option", "do nothing")
    assert told.exit_code == 0, told.output
    assert "T-1001, escalation accepted." in told.output
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
        task = tasks.read_task_by_reference(connection, "T-1001")
        (made,) = decisions.of_task(connection, task.task_id)
        step = tasks.read_escalations(connection, task.task_id)[0]
    assert (made.rationale, made.options, made.role) == ("It is proportionate.", ("do nothing",), CHIEF[3])
    assert step.status is EscalationStatus.ACCEPTED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("decide", "T-1001", "ESCALATION_ACCEPT", "--as", "amy", "--role", "Analyst", *WHY), "may not decide this"),
        (("decide", "T-1001", "ESCALATION_ACCEPT", *CHIEF, "--because", " "), "needs its rationale"),
        (("decide", "T-1001", "DE_ESCALATE", *CHIEF, *WHY), "on what conditions"),
        (("decide", "T-9999", "ESCALATION_ACCEPT", *CHIEF, *WHY), "no task with that reference"),
        (("decide", "T-1002", "ESCALATION_ACCEPT", *CHIEF, *WHY), "has no escalation to decide"),
        (("link", "T-1001", "T-1001", "--as", "amy", *WHY), "cannot be linked with itself"),
        (("meeting", "cancel", "DIV_N_DAILY", "2026-01-07T03:33", "--as", "amy", *WHY), "The calendar has no"),
        (("meeting", "cancel", "NOWHERE", "2026-01-07T09:15", "--as", "amy", *WHY), "There is no meeting NOWHERE"),
    ],
)
def test_what_the_rules_forbid_is_said_in_a_sentence_and_nothing_is_done(
    tasking: Tasking, record: Callable[[str], Task], arguments: tuple[str, ...], words: str
) -> None:
    before = record("T-1001")
    told = tasking(*arguments)
    assert told.exit_code == 1
    assert words in told.output
    assert record("T-1001") == before


@pytest.mark.parametrize("arguments", [("decide", "T-1001", "SHRUG", *CHIEF, *WHY), ("meeting", "open", "X", "soon")])
def test_what_cannot_be_read_is_refused_with_what_can(tasking: Tasking, arguments: tuple[str, ...]) -> None:
    assert tasking(*arguments).exit_code == 2


def test_a_second_assessor_reviews_the_score(tasking: Tasking, record: Callable[[str], Task]) -> None:
    levels = [f"--{name}=2" for name in ("threat", "harm", "risk", "investigation", "vulnerability", "engagement")]
    told = tasking("assess", "T-1001", "--as", "bea@peakshire.example", "--review", *WHY, *levels)
    assert told.exit_code == 0, told.output
    assert f"T-1001: score {record('T-1001').score} of 100" in told.output
    again = tasking("assess", "T-1001", "--as", "bea@peakshire.example", "--review", *WHY, *levels)
    assert again.exit_code == 1
    assert "a review needs a second assessor" in again.output


def test_two_tasks_of_one_matter_are_linked(tasking: Tasking, record: Callable[[str], Task]) -> None:
    assert tasking("link", "T-1001", "t-1002", "--as", "amy@peakshire.example", *WHY).exit_code == 0
    assert record("T-1001").linked == {record("T-1002").task_id}


def test_meetings_are_listed_opened_and_cancelled(tasking: Tasking, tmp_path: Path) -> None:
    listed = tasking("meeting", "list", "--unit", "DD", "--days", "2").output
    assert "DD_DAILY" in listed
    assert "HP_DAILY" not in listed
    force = load_force(CONFIG)[0]
    daily = force.meeting("DD_DAILY")
    first, second = occurrences(daily, SetClock().at, SetClock().at + timedelta(days=3))[:2]
    inspector = ("--as", "insp.dalesmere@peakshire.example", "--role", daily.chair_role)
    there = ("--there", "Council:Housing officer", "--apologies", "Analyst")
    opened_it = tasking("meeting", "open", "DD_DAILY", _typed(first), *inspector, *there)
    assert opened_it.exit_code == 0, opened_it.output
    assert "1 there besides the chair, 1 with apologies." in " ".join(opened_it.output.split())
    cancelled = tasking("meeting", "cancel", "DD_DAILY", _typed(second), "--as", "amy@peakshire.example", *WHY)
    assert cancelled.exit_code == 0, cancelled.output
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
        held = meetings.read(connection, meeting_ref(daily, first))
        assert held is not None
        assert [(each.agency, each.role, each.partner_part, each.police_part) for each in held.attendance] == [
            ("Council", "Housing officer", True, False),
            ("", "Analyst", False, False),
        ]
        assert meetings.cancelled(connection) == {meeting_ref(daily, second)}


def test_opening_a_meeting_warns_of_too_few_of_its_team_and_opens_it(tasking: Tasking) -> None:
    meeting = load_force(CONFIG)[0].meeting("HP_LOCAL")
    at = occurrences(meeting, SetClock().at, SetClock().at + timedelta(days=20))[0]
    chair = ("--as", "insp.northfell@peakshire.example", "--role", meeting.chair_role)
    told = tasking("meeting", "open", "HP_LOCAL", _typed(at), *chair, "--there", "Local Analyst")
    words = " ".join(told.output.split())
    assert (told.exit_code, "is open, 1 there besides the chair" in words) == (0, True)
    assert "Warning: Too few are there: 2 of the 4 seats that are needed." in words
    others = ("--there", "Response Sergeant", "--there", "Northfell Homes:Housing Manager")
    assert "Warning" not in tasking("meeting", "open", "HP_LOCAL", _typed(at), *chair, *others).output


def _typed(at: object) -> str:
    return at.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M")  # type: ignore[attr-defined]


def test_whoever_decides_is_told_how_far_the_roles_decisions_go_and_what_was_granted(tasking: Tasking) -> None:
    when = ("--from", "2026-11-03T20:00", "--until", "2026-11-05T02:00")
    figures = ("--resources", "Two crews", "--how-many", "4", "--hours", "40", *when)
    told = tasking("decide", "T-1001", "resource", *CHIEF, *WHY, *figures)
    assert told.exit_code == 0, told.output
    assert (
        "Granted: 4 in number, 40 hours, from Tue 3 Nov 20:00, until Thu 5 Nov 02:00. Provided by task T-1003. "
        "Authority of Divisional Chief Inspector: at most 200 hours."
    ) in told.output


def test_the_routes_are_shown_as_a_table_or_for_another_program(tasking: Tasking) -> None:
    told = tasking("routes")
    assert told.exit_code == 0, told.output
    assert "routes up (policy peakshire-2026-12)" in told.output
    assert "routes down" in told.output
    found = json.loads(tasking("routes", "--json").output)
    first = found["routes"][0]
    assert (first["from_level"], first["to_level"], first["reason"]) == ("Section", "Force", "MISSING_HIGH")
    assert set(first) == {
        *("direction", "from_level", "to_level", "reason", "words", "needs", "agrees", "decides", "by_when")
    }
