"""`tasking ageing`, `pause` and `resume` as somebody types them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli import main
from service.commands.running import console
from service.force_config import load_force
from store.database import opened
from store.tables import audit_log
from tests.peakshire import MORNING, SCHEDULED, SetClock
from tests.reporting.meeting_desk import MeetingDesk

CONFIG = Path(__file__).parents[2] / "config"
Tasking = Callable[..., Result]
SAID = ("--as", "insp@peakshire.example", "--role", "Duty Inspector", "--because", "The suspect is abroad.")


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window in which no word of a table is broken."""
    monkeypatch.setattr(console, "_width", 250)


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        MeetingDesk(engine, SetClock(MORNING), load_force(CONFIG)[0]).banded(SCHEDULED, title="Stop bricks")

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path)).invoke(main, arguments)

    return run


def test_a_clock_is_stopped_and_runs_again_and_the_report_shows_it(tasking: Tasking) -> None:
    told = tasking("pause", "t-1001", "--review", "2099-01-04T09:00", *SAID)
    assert told.exit_code == 0, told.output
    assert "the clock of T-1001 is stopped.\nIt comes back on Sun 4 Jan 09:00." in told.stdout
    told = tasking("ageing", "--as", "bea")
    assert "clock stopped, review Sun 4 Jan 09:00" in told.stdout
    told = tasking("resume", "T-1001", *SAID)
    assert (told.exit_code, "the clock of T-1001 runs again." in told.stdout) == (0, True)
    assert tasking("resume", "T-1001", *SAID).exit_code == 1


def test_without_a_time_of_review_or_a_reason_no_clock_is_stopped(tasking: Tasking) -> None:
    assert tasking("pause", "T-1001", *SAID).exit_code == 2
    told = tasking("pause", "T-1001", "--review", "2020-01-04T09:00", *SAID)
    assert (told.exit_code, "at a time to come" in told.stderr) == (1, True)


def test_the_report_is_shown_as_table_and_json_and_each_look_is_audited(tasking: Tasking, tmp_path: Path) -> None:
    assert "Stop bricks" in tasking("ageing", "--as", "bea").stdout
    found = json.loads(tasking("ageing", "--unit", "HP", "--pillar", "ROADS", "--json", "--as", "bea").stdout)
    assert [each["reference"] for each in found["tasks"]] == ["T-1001"]
    assert sum(found["counts"]["Roads policing"].values()) >= 1
    assert json.loads(tasking("ageing", "--unit", "DD", "--json", "--as", "bea").stdout)["tasks"] == []
    for option in ("--unit", "--pillar"):
        assert tasking("ageing", option, "NOWHERE", "--as", "bea").exit_code == 1
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.connect() as connection:
        looks = select(audit_log.c.object_ref).where(audit_log.c.actor == "bea")
        assert [*connection.execute(looks).scalars()] == ["ageing report", "ageing report HP ROADS", "ageing report DD"]
