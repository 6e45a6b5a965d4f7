"""`tasking find` and `tasking handling` as somebody types them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result
from sqlalchemy import select

from reporting.wording import OPEN_IT_THERE
from service.cli import main
from service.force_config import load_force
from store.database import opened
from store.tables import audit_log
from tasking.task import Classification, ExternalReference
from tests.peakshire import Desk, SetClock

CONFIG = Path(__file__).parents[2] / "config"
Tasking = Callable[..., Result]


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    """The command on a database with T-1001 of Northfell and T-1002 of Dalesmere, which is OFFICIAL-SENSITIVE."""
    new_database(tmp_path)
    pmp = (ExternalReference("PMP", "PMP-118"),)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = Desk(engine, SetClock(), load_force(CONFIG)[0])
        desk.raised(external_references=pmp)
        desk.raised(unit="DD", classification=Classification.OFFICIAL_SENSITIVE, external_references=pmp)

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path) | {"COLUMNS": "200"}).invoke(main, arguments)

    return run


def test_tasks_are_found_by_a_reference_elsewhere_and_the_log_says_who_found_which(
    tasking: Tasking, tmp_path: Path
) -> None:
    told = tasking("find", "pmp", "118", "--json", "--as", "bea")
    assert told.exit_code == 0, told.output
    found = {each["reference"]: each for each in json.loads(told.stdout)}
    assert found.keys() == {"T-1001", "T-1002"}
    assert found["T-1001"]["title"] == "Speeding past the school"
    assert "Speeding" not in json.dumps(found["T-1002"])
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.connect() as connection:
        looked = select(audit_log.c.object_ref).where(audit_log.c.actor == "bea", audit_log.c.action == "consulted")
        assert sorted(connection.execute(looked).scalars()) == ["T-1001", "T-1002"]


def test_words_find_what_is_not_restricted_and_a_unit_narrows(tasking: Tasking) -> None:
    assert "T-1001" in tasking("find", "speeding", "school", "--as", "bea").stdout
    for arguments in (("speeding", "hospital"), ("speeding", "--unit", "DD")):
        told = tasking("find", *arguments, "--as", "bea")
        assert (told.exit_code, "T-100" in told.stdout) == (0, False)


def test_a_restricted_task_is_found_by_a_reference_alone_and_shown_without_words(tasking: Tasking) -> None:
    for reference in ("T-1002", "t 1002", "PMP-118"):
        found = json.loads(tasking("find", reference, "--json", "--as", "bea").stdout)
        (shown,) = (each for each in found if each["reference"] == "T-1002")
        assert shown["title"] == OPEN_IT_THERE
        assert shown["found_by"] == ("Problem management plan" if reference == "PMP-118" else "reference")
    assert "T-1002" not in tasking("find", "speeding", "--as", "bea").stdout
    assert "T-1002" not in tasking("find", "PMP-118", "--unit", "HP", "--as", "bea").stdout


def test_a_unit_narrows_to_itself_and_the_units_below_it(tasking: Tasking) -> None:
    for unit, is_there in (("HP", True), ("DIV_N", True), ("PKS", True), ("DD", False)):
        assert ("T-1001" in tasking("find", "speeding", "--unit", unit, "--as", "bea").stdout) is is_there


def test_a_unit_that_is_none_is_refused_with_those_there_are(tasking: Tasking) -> None:
    told = tasking("find", "speeding", "--unit", "XX", "--as", "bea")
    assert told.exit_code == 1
    assert "There is no unit XX; there are PKS" in told.stderr


def test_a_mark_is_set_and_from_then_on_no_word_finds_the_task(tasking: Tasking) -> None:
    told = tasking("handling", "T-1001", "official-sensitive", "--as", "bea", "--because", "It names a witness.")
    assert told.exit_code == 0, told.output
    assert "T-1001 is marked OFFICIAL-SENSITIVE." in told.stdout
    assert "T-1001" not in tasking("find", "speeding", "--as", "bea").stdout
    again = tasking("handling", "T-1001", "OFFICIAL-SENSITIVE", "--as", "bea", "--because", "x")
    assert (again.exit_code, "is marked OFFICIAL-SENSITIVE already" in again.stderr) == (1, True)
