"""`tasking thrive` as somebody types it: the course of a task's scores, a blind second score, how often scores move."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result

from service.cli import main
from service.force_config import load_force
from store.database import opened
from store.tables import audit_log
from tasking.thrive import HIGHEST_LEVEL, AssessmentSource, Confidence
from tests.peakshire import BY_BAND, SCHEDULED, Desk, SetClock

CONFIG = Path(__file__).parents[2] / "config"
ANN, BEA, CAT = (f"{name}@peakshire.example" for name in ("ann", "bea", "cat"))
TWOS = tuple(f"--{name}=2" for name in HIGHEST_LEVEL)
ONES = tuple(f"--{name}=1" for name in HIGHEST_LEVEL)

Tasking = Callable[..., Result]


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    """The command on a database with T-1001 of Northfell's, scored 24 by ann who was not sure."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = Desk(engine, SetClock(), load_force(CONFIG)[0])
        desk.raised(
            assessment=BY_BAND[SCHEDULED], confidence=Confidence.LOW, source=AssessmentSource.PARTNER, submitted_by=ANN
        )

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path) | {"COLUMNS": "220"}).invoke(main, arguments)

    return run


def history(tasking: Tasking) -> dict[str, object]:
    told = tasking("thrive", "history", "T-1001", "--as", CAT, "--json")
    assert told.exit_code == 0, told.output
    found: dict[str, object] = json.loads(told.output)
    return found


def test_a_new_score_without_a_reason_is_refused_and_with_one_stands_in_the_history(tasking: Tasking) -> None:
    refused = tasking("assess", "T-1001", "--as", BEA, *TWOS)
    assert refused.exit_code == 1
    assert "Say why T-1001 is assessed again" in refused.output
    assert tasking("assess", "T-1001", "--as", BEA, "--because", "Two more reports", *TWOS).exit_code == 0
    found = history(tasking)
    first, second = found["scores"]  # type: ignore[misc]
    assert (first["score"], first["reason"], first["rules"]) == (24, "", "TPS-1")
    assert (first["confidence"], first["source"]) == ("LOW confidence", "from a partner agency")
    assert (second["score"], second["change"], second["reason"]) == (36, 12, "Two more reports")
    assert (second["assessed_by"], second["confidence"]) == (BEA, "not said how sure")
    assert found["curve"] == "24, up to 36"


def test_the_history_is_read_as_a_table_and_that_somebody_looked_is_audited(tasking: Tasking, tmp_path: Path) -> None:
    told = tasking("thrive", "history", "T-1001", "--as", CAT)
    assert "OFFICIAL. T-1001" in told.output
    assert "The score went: 24." in told.output
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
        newest = connection.execute(audit_log.select().order_by(audit_log.c.number.desc())).mappings().first()
    assert newest is not None
    assert (newest["action"], newest["actor"], newest["kind"]) == ("scores consulted", CAT, "CONSULTATION")


def test_a_second_assessor_is_not_told_the_first_score_before_giving_their_own(tasking: Tasking) -> None:
    brief = tasking("thrive", "brief", "T-1001", "--as", BEA)
    assert "Why now: Term starts" in brief.output
    assert "24" not in brief.output
    assert "Scheduled" not in brief.output
    scored = tasking("assess", "T-1001", "--as", BEA, "--review", "--because", "Check", *ONES)
    assert scored.exit_code == 0, scored.output
    assert "The first score was 24, SCHEDULED." in scored.output


def test_who_has_seen_the_score_cannot_be_the_blind_second_assessor_of_it(tasking: Tasking) -> None:
    history(tasking)
    refused = tasking("assess", "T-1001", "--as", CAT.upper(), "--review", "--because", "Check", *TWOS)
    assert refused.exit_code == 1
    assert "a second score here is blind" in refused.output
    assert tasking("assess", "T-1001", "--as", BEA, "--because", "New facts", *TWOS).exit_code == 0
    assert tasking("assess", "T-1001", "--as", CAT, "--review", "--because", "Check", *ONES).exit_code == 0


def test_who_has_opened_the_task_in_the_tab_cannot_score_it_blind(tasking: Tasking, tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        Desk(engine, SetClock(), load_force(CONFIG)[0]).store.consulted(CAT, "tab", "T-1001")
    refused = tasking("assess", "T-1001", "--as", CAT, "--review", "--because", "Check", *TWOS)
    assert refused.exit_code == 1
    assert "a second score here is blind" in refused.output


def test_rates_say_how_often_second_assessors_raised_lowered_or_kept_with_raw_counts(tasking: Tasking) -> None:
    assert tasking("assess", "T-1001", "--as", BEA, "--review", "--because", "Check", *ONES).exit_code == 0
    told = tasking("thrive", "rates", "--unit", "DIV_N", "--json", "--as", CAT)
    assert told.exit_code == 0, told.output
    rows = {row["what"]: row for row in json.loads(told.output)["rates"]}
    assert rows["Score, by a second assessor"]["counts"] == {"raised": 0, "lowered": 1, "kept": 0}
    assert rows["Score, by a second assessor"]["percent"] == {"raised": 0, "lowered": 100, "kept": 0}
    elsewhere = tasking("thrive", "rates", "--unit", "DIV_S", "--json", "--as", CAT)
    assert json.loads(elsewhere.output)["rates"] == []
    before = tasking("thrive", "rates", "--cycle", "CYC-2025-03", "--json", "--as", CAT)
    assert json.loads(before.output) == {"cycle": "CYC-2025-03", "unit": None, "rates": []}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rates", "--cycle", "CYC-2027-99"), "The calendar has no cycle CYC-2027-99"),
        (("rates", "--unit", "NOWHERE"), "There is no unit NOWHERE"),
        (("history", "T-9999"), "no task with that reference"),
        (("brief", "T-9999"), "no task with that reference"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(tasking: Tasking, arguments: tuple[str, ...], words: str) -> None:
    told = tasking("thrive", *arguments, "--as", CAT)
    assert told.exit_code == 1
    assert words in told.output
