"""`tasking offers` as somebody types it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result
from sqlalchemy import select

from service.cli import main
from store.database import opened
from store.tables import audit_log

Tasking = Callable[..., Result]
WINDOW = ("--from", "2099-01-04T14:00", "--until", "2099-01-04T22:00")


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    new_database(tmp_path)

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path) | {"COLUMNS": "200"}).invoke(
                main, ("offers", *arguments)
            )

    return run


def listed(tasking: Tasking, *arguments: str) -> list[str]:
    return [each["offer_ref"] for each in json.loads(tasking("list", "--json", *arguments).stdout)]


def test_an_offer_is_made_listed_and_withdrawn_and_the_log_says_by_whom(tasking: Tasking, tmp_path: Path) -> None:
    made = tasking("add", "--unit", "DD", "--skill", "DRONE", *WINDOW, "--as", "bea")
    assert (made.exit_code, made.stdout) == (0, "OFFER-1001: 1 of DRONE offered by DD.\n")
    assert listed(tasking) == listed(tasking, "--unit", "DD") == ["OFFER-1001"]
    assert listed(tasking, "--unit", "HP") == []
    assert tasking("withdraw", "offer-1001", "--because", "Broken.", "--as", "carl").exit_code == 0
    assert listed(tasking) == []
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.connect() as connection:
        of_it = select(audit_log.c.actor, audit_log.c.action).where(audit_log.c.object_ref == "OFFER-1001")
        assert [*connection.execute(of_it)] == [("bea", "offer made"), ("carl", "offer withdrawn")]


def test_what_breaks_a_rule_is_refused_in_a_sentence(tasking: Tasking) -> None:
    told = tasking("add", "--unit", "DD", "--skill", "BOAT", *WINDOW, "--as", "bea")
    assert (told.exit_code, "There is no skill BOAT; there are UNIFORM" in told.stderr) == (1, True)
    told = tasking("withdraw", "OFFER-1009", "--because", "x", "--as", "bea")
    assert (told.exit_code, "No offer OFFER-1009 stands" in told.stderr) == (1, True)
