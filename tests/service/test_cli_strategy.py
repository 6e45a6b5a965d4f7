"""`tasking strategy`, `recommendation`, `analysis` and `roles` as somebody types them."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result

from service.cli import main
from service.force_config import load_force
from store.database import opened
from store.tables import audit_log, outbox
from tasking.clocks import LONDON
from tests.peakshire import Desk, SetClock

CONFIG = Path(__file__).parents[2] / "config"
DCC = ("--as", "dcc@peakshire.example", "--role", "Deputy Chief Constable", "--because", "It is where harm is.")
AT = ("--meeting", "FORCE_STRATEGIC 2026-08-04")
STRATEGY = """
in_force_from: {today}
review_on: 2027-02-01
priorities:
  - {{code: CS1, title: Serious violence, owner_role: Head of Crime, plan: PLAN-1, nim_level: 2}}
candidates:
  - {{title: Serious violence, taken_as: CS1, reason: Harm has risen.}}
  - {{title: Rural theft, reason: Local plans cover it.}}
intelligence_gaps:
  - {{code: IR1, title: Who supplies knives}}
"""
ROWS = """key,kind,source,unit,text,day
TA-7/3,RECOMMENDATION,TACTICAL_ASSESSMENT,HP,Patrol the station,
IM-1,FEED,INTELLIGENCE_MEETING,HP,Two vans were seen,2027-01-04
"""

Tasking = Callable[..., Result]


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    """The command on a database with T-1001, a paper of the force's, and T-1002, a task of Northfell's."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = Desk(engine, SetClock(), load_force(CONFIG)[0])
        desk.raised(unit="PKS")
        desk.raised()

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path) | {"COLUMNS": "200"}).invoke(main, arguments)

    return run


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """The strategy that goes before the meeting."""
    path = tmp_path / "strategy.yaml"
    path.write_text(STRATEGY.format(today=datetime.now(LONDON).date().isoformat()), "utf-8")
    return path


def rows(tmp_path: Path, table: object) -> list[dict[str, object]]:
    """All rows of a table."""
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
        return [dict(row) for row in connection.execute(table.select()).mappings()]  # type: ignore[attr-defined]


def test_the_strategic_meeting_sets_it_and_everybody_can_read_it(tasking: Tasking, paper: Path) -> None:
    told = tasking("strategy", "set", "T-1001", str(paper), *DCC, *AT)
    assert told.exit_code == 0, told.output
    assert "control strategy version 1, not yet published" in told.output
    assert tasking("strategy", "place", "T-1002", "--as", "sgt", "--priority", "CS1").exit_code == 0
    raw = tasking("strategy", "show", "--json")
    assert raw.exit_code == 0, raw.output
    shown = json.loads(raw.output)
    (priority,) = shown["priorities"]
    assert (priority["owner_role"], priority["plan"]) == ("Head of Crime", "PLAN-1")
    assert [task["reference"] for task in priority["tasks"]] == ["T-1002"]
    assert "Local plans cover it." in tasking("strategy", "candidates").output
    assert "T-1002" in tasking("strategy", "tasks", "--priority", "CS1").output
    share = json.loads(tasking("strategy", "share", "--json").output)
    assert all(each["on_strategy"] <= each["raised"] for each in share)


def test_anybody_else_is_refused_with_a_sentence_and_status_1(tasking: Tasking, paper: Path) -> None:
    others = ("--as", "x", "--role", "Duty Superintendent", "--because", "y", "--meeting", "FORCE_DAILY 2026-11-02")
    told = tasking("strategy", "set", "T-1001", str(paper), *others)
    assert told.exit_code == 1
    assert "Only the strategic meeting sets or changes the control strategy" in told.output
    shown = tasking("strategy", "show")
    assert (shown.exit_code, "No control strategy is in force" in shown.output) == (1, True), shown.output


def test_a_slip_in_the_file_is_told_with_its_line_and_nothing_is_set(tasking: Tasking, paper: Path) -> None:
    paper.write_text(paper.read_text("utf-8").replace("owner_role:", "ownr_role:"), "utf-8")
    told = tasking("strategy", "set", "T-1001", str(paper), *DCC, *AT)
    assert told.exit_code == 2
    assert f"{paper}:5: unknown key 'ownr_role'" in told.output.replace("\n", "")


def test_a_version_is_published_once_to_every_units_channel(tasking: Tasking, paper: Path, tmp_path: Path) -> None:
    assert tasking("strategy", "publish", "--as", "dcc").exit_code == 1, "there is none yet"
    tasking("strategy", "set", "T-1001", str(paper), *DCC, *AT)
    first = tasking("strategy", "publish", "--as", "dcc")
    assert "version 1 is published: 13 channels are told" in first.output
    again = tasking("strategy", "publish", "--as", "dcc")
    assert (again.exit_code, "has been published already" in again.output) == (1, True)
    promised = [row for row in rows(tmp_path, outbox) if row["handler"] == "announce.strategy"]
    assert len(promised) == 13
    assert sum(row["action"] == "control strategy published" for row in rows(tmp_path, audit_log)) == 1


def test_rows_are_taken_in_once_and_a_recommendation_is_answered(tasking: Tasking, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(ROWS, "utf-8")
    assert "2 taken in; 0 of 2" in tasking("recommendation", "import", str(path), "--as", "int").output
    assert "0 taken in; 2 of 2" in tasking("recommendation", "import", str(path), "--as", "int").output
    (item,) = json.loads(tasking("recommendation", "list", "--json").output)
    said = ("--as", "insp", "--role", "Duty Inspector", "--because", "It is needed.")
    told = tasking("recommendation", "answer", item["reference"], "accepted", *said)
    assert f"{item['reference']} is accepted: T-1003" in told.output
    assert json.loads(tasking("recommendation", "list", "--json").output) == []
    (kept,) = json.loads(tasking("recommendation", "list", "--all", "--json").output)
    assert (kept["task_reference"], kept["reason"]) == ("T-1003", "It is needed.")


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        (",HP,Patrol", ",XX,Patrol", "row 2: There is no unit XX"),
        ("2027-01-04", "4 January", "row 3: The day must be written like 2027-01-04."),
        ("2027-01-04", "", "row 3: An item that feeds a daily meeting needs its day"),
        ("IM-1", "TA-7/3", "row 3: Its key stands in row 2 already."),
        (",RECOMMENDATION,", ",WISH,", "row 2: The kind must be one of RECOMMENDATION, FEED."),
        ("unit,text", "team,text", "row 1: the headings lack unit."),
    ],
)
def test_a_faulty_row_is_told_by_its_number_and_no_row_is_taken_in(
    tasking: Tasking, tmp_path: Path, was: str, becomes: str, words: str
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(ROWS.replace(was, becomes), "utf-8")
    told = tasking("recommendation", "import", str(path), "--as", "int")
    assert told.exit_code == 1
    assert words in told.output
    assert json.loads(tasking("recommendation", "list", "--all", "--json").output) == []


def test_an_analysis_is_commissioned_queued_and_answered(tasking: Tasking) -> None:
    said = ("--as", "insp", "--role", "Local Policing Inspector", "--because", "We do not know.")
    told = tasking("analysis", "commission", "T-1002", "--terms", "Who and when?", "--due", "2099-01-01T12:00", *said)
    assert told.exit_code == 0, told.output
    (row,) = json.loads(tasking("analysis", "queue", "--json").output)
    assert (row["reference"], row["terms"]) == ("T-1002", "Who and when?")
    refused = tasking("analysis", "answer", "T-1002", "--product", "none", "--as", "an")
    assert (refused.exit_code, "or none and why" in refused.output) == (1, True)
    assert tasking("analysis", "answer", "T-1002", "--product", "AN-1", "--as", "an").exit_code == 0
    assert json.loads(tasking("analysis", "queue", "--json").output) == []


def test_the_roles_of_meetings_levels_and_priorities_stand_beside_those_of_the_guidance(
    tasking: Tasking, paper: Path
) -> None:
    tasking("strategy", "set", "T-1001", str(paper), *DCC, *AT)
    told = json.loads(tasking("roles", "--json").output)
    found = {(row["where"], row["app_role"]): row["role"] for row in told}
    assert found["Northfell daily tasking", "Chair"] == "Duty Inspector"
    assert found["Northfell daily tasking", "Deputy chair"] == "Local Policing Inspector"
    assert found["Section", "Action manager"] == found["Section", "Tasking officer"] == "Tasking Sergeant"
    assert found["Division", "Decision maker between meetings (1)"] == "Duty Superintendent"
    assert found["CS1 Serious violence", "Plan owner"] == "Head of Crime"
