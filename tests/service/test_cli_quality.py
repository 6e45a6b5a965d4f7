"""`tasking qa` as somebody types it: a sample of scores is drawn once, checked by somebody else, and counted."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.cli import main
from service.force_config import load_force
from store.database import opened
from store.quality_tables import qa_outcomes
from store.tables import audit_log
from tasking.calendar import cycle_of
from tasking.clocks import local_day
from tests.peakshire import BY_BAND, DAY, IMMEDIATE, MORNING, ROUTINE, Desk, SetClock

CONFIG = Path(__file__).parents[2] / "config"
FORCE = load_force(CONFIG)[0]
BEA = "bea@peakshire.example"
CHECKS = ("--as", BEA, "--role", "Divisional Tasking Officer", "--because", "Read with the form open.")

Tasking = Callable[..., Result]


def _cycle() -> str:
    found = cycle_of(FORCE, local_day(MORNING))
    assert found is not None
    return found.code


CYCLE = ("--cycle", _cycle())


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    """The command on a database with eight IMMEDIATE tasks, three ROUTINE ones, and one of the cycle after."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = Desk(engine, SetClock(), FORCE)
        for band in [IMMEDIATE] * 8 + [ROUTINE] * 3:
            desk.raised(assessment=BY_BAND[band])
        desk.clock.advance(28 * DAY)
        desk.raised(assessment=BY_BAND[ROUTINE])

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path)).invoke(main, ("qa", *arguments, *CYCLE))

    return run


def shown(tasking: Tasking) -> dict[str, object]:
    told = tasking("show", "--as", BEA, "--json")
    assert told.exit_code == 0, told.output
    found: dict[str, object] = json.loads(told.output)
    return found


def drawn(tasking: Tasking, seed: str = "s-1") -> list[str]:
    told = tasking("draw", "--as", BEA, "--seed", seed)
    assert told.exit_code == 0, told.output
    return [each["task"] for each in shown(tasking)["sample"]]  # type: ignore[attr-defined]


def test_the_sample_takes_five_high_scores_and_all_three_standard_ones_of_that_cycle_only(tasking: Tasking) -> None:
    references = drawn(tasking)
    assert len(set(references)) == 8
    assert references[5:] == ["T-1009", "T-1010", "T-1011"]
    found = shown(tasking)
    assert (found["seed"], found["drawn_from"]) == ("s-1", {"high": 8, "standard": 3})


def test_a_sample_is_drawn_once_and_its_seed_is_in_the_audit_log(tasking: Tasking, tmp_path: Path) -> None:
    references = drawn(tasking)
    again = tasking("draw", "--as", BEA, "--seed", "s-2")
    assert again.exit_code == 1
    assert "is drawn already" in " ".join(again.output.split())
    assert [each["task"] for each in shown(tasking)["sample"]] == references  # type: ignore[attr-defined]
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
        rows = connection.execute(audit_log.select().where(audit_log.c.action == "sample of scores drawn")).mappings()
        (row,) = rows.all()
    assert row["changes"] == {"seed": [None, "s-1"], "drawn": [None, references]}


def test_what_is_found_is_counted_by_band_and_the_newest_outcome_counts(tasking: Tasking) -> None:
    high = drawn(tasking)[0]
    assert tasking("record", high, "too_low", *CHECKS).exit_code == 0
    assert tasking("record", high, "too_high", *CHECKS).exit_code == 0
    assert tasking("record", "T-1009", "agreed", *CHECKS).exit_code == 0
    rows = {row.pop("band"): row for row in shown(tasking)["by_band"]}  # type: ignore[attr-defined]
    assert rows["IMMEDIATE"] == {"drawn": 5, "agreed": 0, "too_high": 1, "too_low": 0, "unchecked": 4}
    assert rows["ROUTINE"] == {"drawn": 3, "agreed": 1, "too_high": 0, "too_low": 0, "unchecked": 2}
    assert f"{high} (HP): too high, by the Divisional Tasking Officer" in tasking("show", "--as", BEA).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("T-1012", "agreed", *CHECKS), "T-1012 is not in the sample"),
        (("T-1009", "agreed", "--as", "Ann@peakshire.example", *CHECKS[2:]), "You scored T-1009"),
        (("T-1009", "agreed", *CHECKS[:4], "--because", " "), "why you find so"),
    ],
)
def test_a_check_that_is_not_allowed_is_said_in_a_sentence_and_kept_nowhere(
    tasking: Tasking, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    drawn(tasking)
    told = tasking("record", *arguments)
    assert told.exit_code == 1
    assert words in " ".join(told.output.split())
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.begin() as connection:
        assert connection.execute(qa_outcomes.select()).all() == []


def test_nothing_is_shown_before_a_sample_was_drawn(tasking: Tasking) -> None:
    assert "was drawn yet" in tasking("show", "--as", BEA).output


@pytest.mark.parametrize("table", ["qa_samples", "qa_outcomes"])
def test_neither_sample_nor_outcome_can_be_changed(tasking: Tasking, tmp_path: Path, table: str) -> None:
    assert tasking("record", drawn(tasking)[0], "agreed", *CHECKS).exit_code == 0
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        for statement in (f"UPDATE {table} SET cycle = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(IntegrityError, match="never changed"), engine.begin() as connection:
                connection.execute(text(statement))
