"""`tasking verify-audit` and `tasking evidence` as an operator types them."""

import json
import os
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner, Result

from service.cli import main
from store.database import opened
from tests.peakshire import Desk, SetClock

REFERENCE = "T-1001"


def tasking(folder: Path, *arguments: str) -> Result:
    """The command on the database in the folder. What would be a traceback is raised here."""
    unset = {name: None for name in os.environ if name.startswith("TASKING_")}
    with root_logger_restored():
        result = CliRunner(env=unset | environment(folder)).invoke(main, arguments, prog_name="tasking")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database that has three rows in its audit log, about two tasks."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = Desk(engine, SetClock())
        desk.on_board(desk.raised(), progress=50)
        desk.raised()
    return tmp_path


def sql(folder: Path, *statements: str) -> list[tuple[object, ...]]:
    """Runs statements past the guards; the rows of the last."""
    connection = sqlite3.connect(folder / "tasking.db")
    with connection:
        for name in ("update", "delete", "replace"):
            connection.execute(f"DROP TRIGGER IF EXISTS audit_log_no_{name}")
        found = [connection.execute(statement).fetchall() for statement in statements][-1]
    connection.close()
    return found


def kinds(folder: Path) -> list[tuple[object, ...]]:
    return sql(folder, "SELECT kind, actor, source, recipient, object_ref FROM audit_log ORDER BY number")


def test_a_log_that_is_whole_is_said_to_be(folder: Path) -> None:
    told = tasking(folder, "verify-audit")
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout == "The audit log is whole.\nThe register of decisions is whole.\n"


def test_a_decision_that_the_service_did_not_write_is_found(folder: Path) -> None:
    columns = (
        "decision_id, decision_ref, task_id, meeting_ref, unit, decision_type, decided_at, document, prev_hash, hash"
    )
    sql(folder, f"INSERT INTO decisions ({columns}) VALUES ('d', 'D', 't', '', 'HP', 'EXTEND', 'now', '{{}}', '', '')")
    told = tasking(folder, "verify-audit")
    assert told.exit_code == 1
    assert told.stderr == (
        "The register of decisions does not fit its chain from row 1 on: row 1 is not as it was written.\n"
    )


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_log SET actor = 'x' WHERE number = 2", "from row 2 on: row 2 is not as it was written."),
        ("DELETE FROM audit_log WHERE number = 2", "from row 3 on: row 3 does not follow the one before it"),
        ("DELETE FROM audit_log WHERE number = 3", "rows from 3 on were written and are gone."),
        ("DELETE FROM audit_log", "rows from 1 on were written and are gone."),
        ("UPDATE chain_heads SET rows = 2", "rows from 3 on were not written by the service."),
        ("DELETE FROM chain_heads", "the note of how many rows there are"),
        ("UPDATE audit_log SET action = CAST(x'80' AS TEXT) WHERE number = 1", "row 1 is not as it was written"),
    ],
)
def test_what_was_done_to_the_log_is_said_in_words_and_ends_with_1(folder: Path, statement: str, words: str) -> None:
    sql(folder, statement)
    told = tasking(folder, "verify-audit")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("The audit log does not fit its chain from row ")
    assert words in told.stderr


def test_a_damaged_file_is_said_to_be_one(folder: Path) -> None:
    (page,) = sql(folder, "SELECT rootpage FROM sqlite_master WHERE name = 'audit_log'")[0]
    path = folder / "tasking.db"
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    start = (int(str(page)) - 1) * size
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    told = tasking(folder, "verify-audit")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "The database's file is damaged" in told.stderr


def test_a_log_forged_from_its_first_row_is_found_by_a_hash_noted_elsewhere(folder: Path, tmp_path: Path) -> None:
    newest = tasking(folder, "verify-audit", "--newest").stdout.split("Newest hash: ")[1].split()[0]
    assert tasking(folder, "verify-audit", "--noted", newest).exit_code == 0
    new_database(folder)
    told = tasking(folder, "verify-audit", "--noted", newest)
    assert told.exit_code == 1
    assert "The hash that was noted is not there" in told.stderr


def test_evidence_is_written_for_its_owner_alone_and_what_was_given_to_whom_is_audited(folder: Path) -> None:
    path = folder / "T-1001.zip"
    told = tasking(folder, "evidence", "t-1001", "--to", str(path), "--as", "carl", "--for", "Peakshire CPS")
    assert (told.exit_code, told.stderr) == (0, "")
    assert f"items about {REFERENCE} are in {path}, marked OFFICIAL." in told.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("manifest.json"))["made_by"] == "carl"
    assert kinds(folder)[-1] == ("DISCLOSURE", "carl", "cli", "Peakshire CPS", REFERENCE)
    assert tasking(folder, "verify-audit").exit_code == 0


def test_without_a_name_the_login_stands_in_the_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "dee")
    assert tasking(folder, "evidence", REFERENCE, "--to", str(folder / "it.zip")).exit_code == 0
    assert kinds(folder)[-1][1] == "dee"


def test_without_a_name_or_a_login_nothing_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    told = tasking(folder, "evidence", REFERENCE, "--to", str(folder / "it.zip"))
    assert told.exit_code == 2
    assert "--as" in told.stderr
    assert not (folder / "it.zip").exists()
    assert len(kinds(folder)) == 3


def there_already(folder: Path) -> Path:
    path = folder / "kept.zip"
    path.write_text("mine")
    return path


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (there_already, "there is a file already"),
        (lambda folder: folder / "nowhere" / "it.zip", "No such file or directory"),
        (lambda folder: folder / "tasking.db" / "it.zip", "Not a directory"),
    ],
    ids=["there already", "no folder", "no folder either"],
)
def test_what_cannot_be_written_is_not_audited_as_given(
    folder: Path, where: Callable[[Path], Path], words: str
) -> None:
    path = where(folder)
    told = tasking(folder, "evidence", REFERENCE, "--to", str(path), "--as", "carl")
    assert told.exit_code == 2
    assert words in told.stderr
    assert len(kinds(folder)) == 3
    assert not path.is_file() or path.read_text() == "mine"


def test_of_an_unknown_task_no_file_is_left(folder: Path) -> None:
    told = tasking(folder, "evidence", "T-9", "--to", str(folder / "it.zip"), "--as", "carl")
    assert (told.exit_code, told.stderr) == (2, "There is no task with that reference.\n")
    assert not (folder / "it.zip").exists()


def test_evidence_whose_log_was_tampered_with_is_written_with_a_warning(folder: Path) -> None:
    sql(folder, "UPDATE audit_log SET actor = 'x' WHERE number = 2")
    told = tasking(folder, "evidence", REFERENCE, "--to", str(folder / "it.zip"), "--as", "carl")
    assert told.exit_code == 0
    assert "not as they were written: 2" in told.stderr
