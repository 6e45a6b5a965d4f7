"""The `tasking` command as an operator types it: help, exit statuses, and sentences instead of tracebacks."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from built_service import PROJECT, environment, new_database, root_logger_restored
from click.testing import CliRunner
from small_force import small_config

from service.cli import main
from service.jobs import JOBS

COMMANDS = (
    "assess",
    "decide",
    "demo",
    "evidence",
    "inbox",
    "link",
    "meeting",
    "migrate",
    "minutes",
    "pack",
    "provision",
    "register",
    "replay",
    "run",
    "serve",
    "sign-in-service-account",
    "teams-package",
    "verify-audit",
)
Stage = Any


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


def tasking(*arguments: str, variables: Mapping[str, str] | None = None) -> Told:
    """The command, in this process, with no settings but these. What would be a traceback is raised here."""
    ours = ("TASKING_", "IDENTITY_", "AZURE_")
    unset = {name: None for name in os.environ if name.startswith(ours)}
    runner = CliRunner(env=unset | {"COLUMNS": "200"} | dict(variables or {}))
    with root_logger_restored():
        result = runner.invoke(main, arguments, prog_name="tasking")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Told(result.exit_code, result.stdout, result.stderr)


def contents(database: Path) -> list[str]:
    """Everything that stands in a database."""
    connection = sqlite3.connect(database)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def without_audit(lines: list[str]) -> list[str]:
    """The same without the audit log and how long it is."""
    logs = ('"audit_log"', '"chain_heads"', "'audit_log'")
    return [line for line in lines if not any(name in line for name in logs)]


def promise_dead_letter(database: Path) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "INSERT INTO outbox (event, handler, payload, state, due_at, attempts, in_doubt, last_error, created_at,"
            " correlation_id) VALUES ('TaskRaised', 'escalation.look_now', ?, 'DEAD', '2026-11-02 08:30:00', 8, 0,"
            " 'ZeroDivisionError', '2026-11-02 08:30:00', 'c-1')",
            (json.dumps({"task_id": "nobody"}),),
        )
    connection.close()


def test_the_installed_command_works_in_a_process_of_its_own(tmp_path: Path) -> None:
    unset = {name: value for name, value in os.environ.items() if not name.startswith("TASKING_")}
    command = [Path(sys.executable).with_name("tasking"), "run", "deliver"]
    told = subprocess.run(command, cwd=PROJECT, env=unset, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert told.stderr == "TASKING_DATABASE_URL: Field required\n"


def test_every_command_says_what_it_does() -> None:
    whole = tasking("--help")
    assert whole.returncode == 0
    for command in COMMANDS:
        assert f"  {command} " in whole.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_that_needs_no_settings(command: str) -> None:
    told = tasking(command, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"Usage: tasking {command}")


def test_an_unknown_command_or_job_is_refused_with_the_known_ones() -> None:
    assert tasking("fly").returncode == 2
    told = tasking("run", "fly")
    assert told.returncode == 2
    assert "read-intake-list" in told.stderr


def test_the_help_of_run_says_what_each_job_is_for() -> None:
    lines = [line.split() for line in tasking("run", "--help").stdout.splitlines()]
    told = {words[0] for words in lines if len(words) > 1}
    assert {job.name for job in JOBS} | {"all"} <= told


@pytest.mark.parametrize(
    "command",
    [("run", "all"), ("provision",), ("migrate",), ("replay",), ("verify-audit",), ("believe-board", "HP"), ("serve",)],
)
def test_without_settings_every_command_ends_with_2_and_names_the_variable(command: tuple[str, ...]) -> None:
    told = tasking(*command)
    assert told.returncode == 2
    assert "TASKING_DATABASE_URL: " in told.stderr


def test_wrong_settings_are_all_named_without_their_values(tmp_path: Path) -> None:
    wrong = environment(
        tmp_path, TASKING_LOG_LEVEL="LOUD", TASKING_WEBHOOK_HP_DAILY="ftp://geheim", TASKING_TYPO="geheim"
    )
    told = tasking("run", "deliver", variables=wrong)
    assert told.returncode == 2
    for name in ("TASKING_LOG_LEVEL", "TASKING_WEBHOOK_HP_DAILY", "TASKING_TYPO"):
        assert f"{name}: " in told.stderr
    assert "geheim" not in told.stderr + told.stdout


def test_a_mistake_in_config_ends_with_2_and_names_file_and_line(tmp_path: Path) -> None:
    new_database(tmp_path)
    folder = small_config(tmp_path)
    path = folder / "force.yaml"
    lines = path.read_text("utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "rank: 2" in text)
    lines[line - 1] = lines[line - 1].replace("rank: 2", "rank: two")
    path.write_text("\n".join(lines), "utf-8")
    told = tasking("run", "deliver", variables=environment(tmp_path, TASKING_CONFIG_DIR=str(folder)))
    assert told.returncode == 2
    assert f"{path}:{line}: " in told.stderr


@pytest.mark.parametrize("command", [("run", "deliver"), ("replay",), ("verify-audit",)])
def test_an_unmigrated_database_is_not_touched_and_the_remedy_is_named(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    told = tasking(*command, variables=environment(tmp_path))
    assert told.returncode == 2
    assert "tasking migrate" in told.stderr


def test_migrate_makes_the_tables_and_can_be_repeated(tmp_path: Path) -> None:
    variables = environment(tmp_path)
    for _ in range(2):
        told = tasking("migrate", variables=variables)
        assert (told.returncode, told.stderr) == (0, "")
    told = tasking("run", "deliver", variables=variables)
    assert (told.returncode, told.stdout) == (0, "deliver: 0\n")


def test_a_database_of_a_newer_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    connection = sqlite3.connect(new_database(tmp_path))
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    connection.close()
    for command in (("migrate",), ("run", "deliver")):
        told = tasking(*command, variables=environment(tmp_path))
        assert told.returncode == 2, command
        assert "version" in told.stderr


@pytest.mark.parametrize("address", ["sqlite:////proc/nowhere/tasking.db", "sqlite:////proc"])
def test_a_database_that_cannot_be_opened_ends_with_2_and_a_sentence(tmp_path: Path, address: str) -> None:
    variables = environment(tmp_path) | {"TASKING_DATABASE_URL": address}
    for command in (("migrate",), ("run", "deliver"), ("verify-audit",)):
        told = tasking(*command, variables=variables)
        assert told.returncode == 2, command
        assert "TASKING_DATABASE_URL" in told.stderr or "/proc/nowhere" in told.stderr


def test_replay_lists_dead_letters_and_brings_one_back(tmp_path: Path) -> None:
    promise_dead_letter(new_database(tmp_path))
    variables = environment(tmp_path)
    listed = tasking("replay", variables=variables)
    assert listed.returncode == 0
    assert "1 dead letters" in listed.stdout
    assert "ZeroDivisionError" in listed.stdout
    other = tasking("replay", "--dead-letter", "77", variables=variables)
    assert "0 put back; 0 deliveries tried." in other.stdout
    again = tasking("replay", "--dead-letter", "1", variables=variables)
    assert again.returncode == 0
    assert "1 put back; 1 deliveries tried." in again.stdout


def test_replay_of_a_policy_does_nothing_of_it_but_audits_the_look_and_names_a_mistake_in_it(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    variables = environment(tmp_path)
    tasking("replay", variables=variables)  # the first start with a configuration is audited
    before = without_audit(contents(database))
    shipped = PROJECT / "config" / "escalation_policy.yaml"
    told = tasking("replay", "--policy", str(shipped), "--as", "amy@peakshire.example", variables=variables)
    assert (told.returncode, told.stderr) == (0, "")
    assert "0 of 0 tasks would differ" in " ".join(told.stdout.split())
    assert without_audit(contents(database)) == before
    looks = [line for line in contents(database) if "'CONSULTATION'" in line]
    assert [line.count("amy@peakshire.example") for line in looks] == [1]
    wrong = tmp_path / "policy.yaml"
    wrong.write_text(shipped.read_text("utf-8").replace("trigger: OVERDUE", "trigger: OVERDONE"), "utf-8")
    refused = tasking("replay", "--policy", str(wrong), variables=variables)
    assert refused.returncode == 2
    assert f"{wrong}:" in refused.stderr
    assert "OVERDONE" in refused.stderr


def test_verify_audit_finds_a_changed_row(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    variables = environment(tmp_path)
    whole = tasking("verify-audit", variables=variables)
    assert (whole.returncode, whole.stdout.splitlines()[0]) == (0, "The audit log is whole.")
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "INSERT INTO audit_log (at, actor, source, action, object_ref, changes, correlation_id, prev_hash, hash)"
            " VALUES ('2026-11-02 08:30:00', 'x', 'x', 'x', 'T-1', '{}', 'c', '', 'wrong')"
        )
    connection.close()
    broken = tasking("verify-audit", variables=variables)
    assert broken.returncode == 1
    assert "row 1" in broken.stderr


def test_provision_ends_with_1_while_something_is_missing_or_failed_and_with_0_when_all_is_there(stage: Stage) -> None:
    stage.variables.pop("TASKING_SETTLE_SECONDS")
    dry = tasking("provision", "--dry-run", variables=stage.variables)
    assert dry.returncode == 1
    assert "missing" in dry.stdout
    stage.emulator.control("faults/fail_next", {"method": "POST", "path": "/planner/plans$", "status": 400, "times": 1})
    failed = tasking("provision", variables=stage.variables)
    assert failed.returncode == 1
    assert "failed   plan" in failed.stdout
    made = tasking("provision", variables=stage.variables)
    assert made.returncode == 0, made.stdout + made.stderr
    again = tasking("provision", "--dry-run", variables=stage.variables)
    assert (again.returncode, again.stdout.count("made ")) == (0, 0)


def test_run_all_goes_the_straight_path_in_order(stage: Stage) -> None:
    stage.provision()
    told = tasking("run", "all", variables=stage.variables)
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.partition(":")[0] for line in told.stdout.splitlines()] == [
        "read-intake-list",
        "read-workbooks",
        "deliver",
        "pull-boards",
        "sweep-escalations",
        "deliver",
    ]


def test_by_hand_every_board_is_read_each_time(stage: Stage) -> None:
    stage.provision()
    for _ in range(2):
        before = stage.exchanges()
        assert tasking("run", "pull-boards", variables=stage.variables).returncode == 0
        assert stage.exchanges() > before


def test_a_job_that_cannot_do_its_work_ends_with_1_and_says_what_to_do(tmp_path: Path) -> None:
    new_database(tmp_path)
    told = tasking("run", "pull-boards", variables=environment(tmp_path))
    assert (told.returncode, told.stdout) == (1, "pull-boards: could not do its work\n")
    assert "tasking provision" in told.stderr


def test_believing_a_board_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    variables = environment(tmp_path)
    assert tasking("migrate", variables=variables).returncode == 0
    told = tasking("believe-board", "NOWHERE", variables=variables)
    assert told.returncode == 2
    assert "There is no board of NOWHERE" in told.stderr
    assert "DIV_N" in told.stderr
