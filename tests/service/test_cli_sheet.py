"""`tasking meeting sheet` as somebody types it."""

import json
import os
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli import main
from service.commands.running import console
from store.database import opened
from store.tables import audit_log


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window in which no word of a table is broken."""
    monkeypatch.setattr(console, "_width", 250)


def sheet(folder: Path, *arguments: str) -> Result:
    unset = {name: None for name in os.environ if name.startswith("TASKING_")}
    with root_logger_restored():
        return CliRunner(env=unset | environment(folder)).invoke(main, ("meeting", "sheet", "--as", "bea", *arguments))


def test_every_meeting_is_listed_with_its_policy_and_the_look_is_audited(tmp_path: Path) -> None:
    new_database(tmp_path)
    told = sheet(tmp_path)
    assert told.exit_code == 0, told.output
    for words in (
        "FORCE_STRATEGIC",
        "every 26 weeks",
        "DIV_N_STRATEGIC",
        "every 13 weeks",
        "peakshire.example/policies",
    ):
        assert words in told.stdout
    found = json.loads(sheet(tmp_path, "--unit", "PKS", "--json").stdout)
    strategic = next(each for each in found if each["code"] == "FORCE_STRATEGIC")
    assert (strategic["policy_url"], strategic["longest_gap"], strategic["last_held"]) == (
        "https://peakshire.example/policies/tasking-and-coordination",
        "100 days",
        None,
    )
    assert strategic["interim_at"] is not None
    assert {each["unit"] for each in found} == {"PKS"}
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.connect() as connection:
        looks = select(audit_log.c.object_ref).where(audit_log.c.actor == "bea")
        assert [*connection.execute(looks).scalars()] == ["meeting sheet", "meeting sheet PKS"]


def test_a_unit_that_there_is_not_is_refused_in_a_sentence(tmp_path: Path) -> None:
    new_database(tmp_path)
    told = sheet(tmp_path, "--unit", "NOWHERE")
    assert (told.exit_code, "There is no unit NOWHERE" in told.stderr) == (1, True)
