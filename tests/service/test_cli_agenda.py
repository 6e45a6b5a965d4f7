"""`tasking agenda` as somebody types it."""

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
MEETING = "HP_DAILY 2099-01-05"


@pytest.fixture
def tasking(tmp_path: Path) -> Tasking:
    new_database(tmp_path)

    def run(*arguments: str) -> Result:
        unset = {name: None for name in os.environ if name.startswith("TASKING_")}
        with root_logger_restored():
            return CliRunner(env=unset | environment(tmp_path) | {"COLUMNS": "200"}).invoke(
                main, ("agenda", *arguments)
            )

    return run


def test_a_point_is_added_moved_left_out_and_put_back_and_the_log_says_by_whom(
    tasking: Tasking, tmp_path: Path
) -> None:
    made = tasking("add", MEETING, "--words", "School crossing", "--as", "bea")
    assert (made.exit_code, made.stdout) == (0, f"POINT-1001 is on the agenda of {MEETING}.\n")
    moved = tasking("move", MEETING, "point-1001", "--before", "ATTENDANCE", "--as", "bea")
    assert moved.stdout == "POINT-1001 stands before ATTENDANCE.\n"
    out = tasking("leave-out", MEETING, "NEW_TASKS", "--because", "No time.", "--as", "carl")
    assert out.stdout == f"NEW_TASKS is left out of {MEETING}.\n"
    told = json.loads(tasking("list", MEETING, "--json", "--as", "dee").stdout)
    assert told["points"][0]["title"] == "School crossing"
    assert "NEW_TASKS" not in [each["point"] for each in told["points"]]
    assert [(each["code"], each["because"], each["by"]) for each in told["left_out"]] == [
        ("NEW_TASKS", "No time.", "carl")
    ]
    assert (
        "Left out: New tasks since the last meeting: No time. (carl" in tasking("list", MEETING, "--as", "dee").stdout
    )
    assert tasking("put-back", MEETING, "NEW_TASKS", "--as", "bea").exit_code == 0
    assert json.loads(tasking("list", MEETING, "--json", "--as", "dee").stdout)["left_out"] == []
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine, engine.connect() as connection:
        of_it = select(audit_log.c.actor, audit_log.c.action).where(audit_log.c.object_ref == MEETING)
        assert [*connection.execute(of_it)] == [
            ("bea", "agenda point added"),
            ("bea", "agenda point moved"),
            ("carl", "agenda point left out"),
            ("dee", "consulted"),
            ("dee", "consulted"),
            ("bea", "agenda point put back"),
            ("dee", "consulted"),
        ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", MEETING, "--as", "bea"), "Give either a task's reference or the words"),
        (("add", "HP_DAILY 2099-01-99", "--words", "x", "--as", "bea"), "The calendar has no Northfell daily tasking"),
        (("add", "HP_DAYLY 2099-01-05", "--words", "x", "--as", "bea"), "There is no meeting HP_DAYLY"),
        (("move", MEETING, "LUNCH", "--as", "bea"), "There is no LUNCH on this agenda"),
        (("leave-out", MEETING, "DECISIONS", "--because", " ", "--as", "bea"), "Say why it is left out"),
        (("list", "HP_DAILY 2026-01-06", "--as", "bea"), "is over, and no pack was frozen"),
    ],
)
def test_what_breaks_a_rule_is_refused_in_a_sentence(
    tasking: Tasking, arguments: tuple[str, ...], sentence: str
) -> None:
    told = tasking(*arguments)
    assert (told.exit_code, sentence in " ".join(told.stderr.split())) == (1, True), told.stderr
