"""`tasking cycle` as somebody types it: the report, its files, closing it by hand, and what carries over."""

import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result
from docx import Document
from sqlalchemy import select

from service.cli import main
from service.cycles import close_due_cycles
from service.force_config import load_force
from store.database import opened
from store.tables import audit_log
from tests.peakshire import DAY, SCHEDULED, SetClock
from tests.reporting.meeting_desk import MeetingDesk

BEGAN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""In the cycle CYC-2026-03, which ends on 29 March 2026."""
CONFIG = Path(__file__).parents[2] / "config"
Tasking = Callable[..., Result]
SAID = ("--as", "insp@peakshire.example", "--because", "It is proportionate.", "--role")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A record with two open tasks of Northfell at the end of the cycle of 2 March 2026, of which a report is."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = MeetingDesk(engine, SetClock(BEGAN), load_force(CONFIG)[0])
        desk.banded(SCHEDULED, title="Stop bricks at traffic")
        desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION", title="Find Ann")
        desk.clock.at = BEGAN + 28 * DAY
        assert len(close_due_cycles(desk.store, desk.force)) == 1
    return tmp_path


@pytest.fixture
def tasking(folder: Path) -> Tasking:
    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(folder) | {"COLUMNS": "200"}).invoke(main, ("cycle", *arguments))

    return run


def audited(folder: Path) -> list[tuple[str, ...]]:
    with opened(f"sqlite:///{folder}/tasking.db") as engine, engine.connect() as connection:
        looks = select(audit_log.c.kind, audit_log.c.actor, audit_log.c.object_ref)
        return [tuple(row) for row in connection.execute(looks.where(audit_log.c.object_ref.startswith("report of")))]


def test_the_report_is_shown_as_table_and_json_and_each_look_is_audited(tasking: Tasking, folder: Path) -> None:
    told = tasking("show", "--as", "bea")
    assert told.exit_code == 0, told.output
    assert "Tasking cycle CYC-2026-03: report at its end" in told.stdout
    assert "Carry over: 2" in told.stdout
    found = json.loads(tasking("show", "--cycle", "cyc-2026-03", "--unit", "HP", "--json", "--as", "bea").stdout)
    assert [(each["reference"], each["is_left"]) for each in found["carried"]] == [("T-1001", True), ("T-1002", True)]
    assert json.loads(tasking("show", "--unit", "DD", "--json", "--as", "bea").stdout)["carried"] == []
    assert audited(folder) == [("CONSULTATION", "bea", "report of CYC-2026-03")] * 3


@pytest.mark.parametrize("name", ["cycle.docx", "cycle.html"])
def test_the_whole_is_written_as_page_and_document_without_restricted_words(
    tasking: Tasking, folder: Path, name: str
) -> None:
    path = folder / name
    told = tasking("show", "--to", str(path), "--as", "bea")
    assert told.exit_code == 0, told.output
    if name.endswith("html"):
        words = path.read_text("utf-8")
    else:
        document = Document(io.BytesIO(path.read_bytes()))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        words = "\n".join([*(each.text for each in document.paragraphs), *cells])
    for part in ("CYC-2026-03", "2 March 2026 to 29 March 2026", "Stop bricks at traffic", "T-1002", "Northfell"):
        assert part in words
    assert "Find Ann" not in words
    assert audited(folder) == [("DISCLOSURE", "bea", "report of CYC-2026-03")]
    assert tasking("show", "--to", str(path), "--as", "bea").exit_code == 1


def test_what_carries_over_is_kept_closed_or_escalated_with_rationale(tasking: Tasking) -> None:
    told = tasking("carry-over", "T-1001", "keep", *SAID, "Duty Inspector")
    assert told.exit_code == 0, told.output
    assert "T-1001 of CYC-2026-03, carried over into the next cycle." in told.stdout
    told = tasking("carry-over", "T-1002", "close", *SAID, "Duty Superintendent")
    assert told.exit_code == 0, told.output
    found = json.loads(tasking("show", "--json", "--as", "bea").stdout)["carried"]
    assert [each["state"] for each in found] == ["kept", "closed"]
    assert all(each["decision"].startswith("DEC-") for each in found)


def test_what_is_not_on_the_list_and_a_cycle_without_a_report_are_refused_in_a_sentence(
    tasking: Tasking, folder: Path
) -> None:
    with opened(f"sqlite:///{folder}/tasking.db") as engine:
        MeetingDesk(engine, SetClock(BEGAN + 29 * DAY), load_force(CONFIG)[0]).banded(SCHEDULED)
    told = tasking("carry-over", "T-1003", "keep", *SAID, "Duty Inspector")
    assert (told.exit_code, "T-1003 is not on the list of CYC-2026-03" in told.stderr) == (1, True)
    told = tasking("show", "--cycle", "CYC-2026-02", "--as", "bea")
    assert (told.exit_code, "no report of CYC-2026-02" in told.stderr) == (1, True)


def test_closing_by_hand_makes_what_the_clock_has_not_made_and_then_says_that_there_is_nothing(
    tasking: Tasking,
) -> None:
    told = tasking("close", "--as", "bea")
    assert told.exit_code == 0, told.output
    assert "CYC-2026-04 is closed: 2 tasks carry over." in told.stdout
    told = tasking("close", "--as", "bea")
    assert (told.exit_code, "No cycle is to be closed" in told.stderr) == (1, True)
