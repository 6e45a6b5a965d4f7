"""`tasking pack`, `minutes`, `inbox` and `register` as somebody types them; each look and each file is audited."""

import io
import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click import Command
from click.testing import CliRunner, Result
from docx import Document

from service.commands.papers import inbox, minutes, pack, register
from service.force_config import load_force
from store.database import opened
from tasking.decision import DecisionType
from tasking.task import Classification
from tests.peakshire import MORNING, PRIORITY, SCHEDULED, SetClock
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk

CONFIG = Path(__file__).parents[2] / "config"
REF = "HP_DAILY 2026-11-02"
TO_COME = "HP_DAILY 2031-01-04"


def tasking(folder: Path, command: Command, *arguments: str) -> Result:
    """The command on the database in the folder. What would be a traceback is raised here."""
    unset = {name: None for name in os.environ if name.startswith("TASKING_")}
    with root_logger_restored():
        result = CliRunner(env=unset | environment(folder)).invoke(command, arguments, prog_name="tasking")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def audited(folder: Path) -> list[tuple[str, ...]]:
    """Kind, actor and object of what was looked at or given out."""
    connection = sqlite3.connect(folder / "tasking.db")
    kinds = "('CONSULTATION', 'DISCLOSURE')"
    query = f"SELECT kind, actor, object_ref FROM audit_log WHERE kind IN {kinds} ORDER BY number"
    found = connection.execute(query).fetchall()
    connection.close()
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database: a meeting that was held on 2 November 2026, a decision of it, and an unowned task."""
    new_database(tmp_path)
    with opened(f"sqlite:///{tmp_path}/tasking.db") as engine:
        desk = MeetingDesk(engine, SetClock(MORNING), load_force(CONFIG)[0])
        task = desk.taken_on(desk.banded(SCHEDULED, title="Stop bricks at traffic"))
        desk.banded(PRIORITY)
        desk.clock.at = MEETS_AT
        desk.held("HP_DAILY", MORNING)
        desk.decide(task, DecisionType.ALLOCATE, text="The team takes it", rationale="It is near.", meeting_ref=REF)
    return tmp_path


def test_a_pack_is_shown_and_the_look_is_audited(folder: Path) -> None:
    told = tasking(folder, pack, "HP_DAILY", "--at", "2031-01-04", "--as", "bea@peakshire.example")
    assert told.exit_code == 0, told.stderr
    assert told.stdout.startswith("OFFICIAL\nNorthfell daily tasking, Saturday 4 January 2031, 08:30\n")
    assert "T-1002" in told.stdout
    assert audited(folder) == [("CONSULTATION", "bea@peakshire.example", TO_COME)]


@pytest.mark.parametrize("name", ["pack.docx", "pack.html"])
def test_a_pack_is_written_to_a_file_of_its_owners_and_that_is_audited(folder: Path, name: str) -> None:
    path = folder / name
    told = tasking(folder, pack, TO_COME, "--to", str(path), "--as", "bea")
    assert told.exit_code == 0, told.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    text = (
        content.decode()
        if name.endswith("html")
        else "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)
    )
    assert "Northfell daily tasking" in text
    assert audited(folder) == [("DISCLOSURE", "bea", TO_COME)]


def test_a_pack_without_a_day_is_that_of_the_next_meeting(folder: Path) -> None:
    told = tasking(folder, pack, "HP_LOCAL")
    assert told.exit_code == 0, told.stderr
    assert told.stdout.splitlines()[1].startswith("Northfell fortnightly tasking, Tuesday ")


def test_a_frozen_pack_is_compared_with_by_the_next(folder: Path) -> None:
    assert tasking(folder, pack, TO_COME, "--freeze").exit_code == 0
    told = tasking(folder, pack, "HP_DAILY", "--at", "2031-01-04")
    assert "Since the pack of " in told.stdout
    assert ": 0 new, 0 gone, " in told.stdout


def test_the_pack_of_a_meeting_that_is_over_is_the_one_that_was_frozen_for_it(folder: Path) -> None:
    assert tasking(folder, pack, REF).stderr == f"{REF} is over, and no pack was frozen for it.\n"
    with opened(f"sqlite:///{folder}/tasking.db") as engine:
        desk = MeetingDesk(engine, SetClock(MORNING), load_force(CONFIG)[0])
        desk.frozen(desk.pack("HP_DAILY", MORNING))
    told = tasking(folder, pack, REF)
    assert "As at Monday 2 November 2026, 08:30" in told.stdout
    assert tasking(folder, pack, REF, "--freeze").stderr == f"{REF} is over.\n"


def test_partners_get_their_part_alone(folder: Path) -> None:
    told = tasking(folder, pack, "HP_LOCAL", "--partners")
    assert "Local priorities" in told.stdout
    assert "Escalations" not in told.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOWHERE"], "There is no meeting NOWHERE; there are FORCE_DAILY,"),
        (["HP_LOCAL", "--at", "2026-11-02"], "The calendar has no HP_LOCAL 2026-11-02"),
        (["HP_DAILY", "--to", "pack.pdf"], "pack.pdf: its name must end in .docx or .html."),
        (["HP_DAILY", "--to", "{folder}/tasking.db"], "its name must end in .docx or .html."),
        (["HP_DAILY", "--to", "{folder}/there.docx"], "there is a file already; nothing was written."),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence_and_nothing_is_audited(
    folder: Path, arguments: list[str], words: str
) -> None:
    (folder / "there.docx").write_text("mine")
    told = tasking(folder, pack, *(each.format(folder=folder) for each in arguments))
    assert told.exit_code == 1
    assert words in told.stderr.replace("\n", " ")
    assert audited(folder) == []
    assert (folder / "there.docx").read_text() == "mine"


def test_minutes_are_drafted_in_one_go(folder: Path) -> None:
    shown = tasking(folder, minutes, REF, "--as", "bea")
    assert shown.exit_code == 0, shown.stderr
    assert "DRAFT minutes: Northfell daily tasking" in shown.stdout
    assert "Why: It is near." in shown.stdout
    written = tasking(folder, minutes, REF, "--as", "bea", "--to", str(folder / "minutes.docx"))
    assert written.exit_code == 0, written.stderr
    assert audited(folder) == [("CONSULTATION", "bea", REF), ("DISCLOSURE", "bea", REF)]


def test_the_inbox_is_shown_by_unit_and_as_json(folder: Path) -> None:
    told = tasking(folder, inbox, "--unit", "HP", "--json", "--as", "bea")
    assert told.exit_code == 0, told.stderr
    found = {(entry["kind"], entry["reference"]) for entry in json.loads(told.stdout)}
    assert ("UNOWNED", "T-1002") in found
    assert json.loads(tasking(folder, inbox, "--unit", "DD", "--json").stdout) == []
    assert "No owner" in tasking(folder, inbox).stdout
    assert audited(folder)[0] == ("CONSULTATION", "bea", "inbox of HP")


def test_the_inbox_is_shown_by_meeting_and_says_whose_each_entry_is(folder: Path) -> None:
    told = tasking(folder, inbox, "--meeting", "HP_DAILY", "--json", "--as", "bea")
    assert told.exit_code == 0, told.stderr
    unowned = [entry for entry in json.loads(told.stdout) if entry["kind"] == "UNOWNED"]
    assert unowned
    assert all(entry["looked_after_by"] for entry in unowned)
    assert json.loads(tasking(folder, inbox, "--meeting", "DD_DAILY", "--json").stdout) == []
    assert audited(folder)[0] == ("CONSULTATION", "bea", "inbox of HP_DAILY")
    wrong = tasking(folder, inbox, "--meeting", "NO_SUCH")
    assert wrong.exit_code != 0
    assert "There is no meeting NO_SUCH" in wrong.stderr
    assert "not of DD" in tasking(folder, inbox, "--meeting", "HP_DAILY", "--unit", "DD").stderr


def test_the_register_is_shown_narrowed_and_written(folder: Path) -> None:
    days = ["--since", "2026-11-02", "--until", "2026-11-02"]
    assert "DEC-2026-000001" in tasking(folder, register, *days).stdout
    assert "Decisions: 0" in tasking(folder, register, "--since", "2026-11-03", "--until", "2026-11-03").stdout
    assert "Decisions: 0" in tasking(folder, register, *days, "--type", "RESOURCE").stdout
    path = folder / "decisions.csv"
    told = tasking(folder, register, *days, "--unit", "HP", "--csv", str(path))
    assert told.exit_code == 0, told.stderr
    assert path.read_text("utf-8-sig").splitlines()[0] == "OFFICIAL"
    assert tasking(folder, register, "--unit", "XX").stderr.startswith("There is no unit XX; there are PKS,")


def test_restricted_words_are_only_shown_when_asked_for_and_the_log_says_so(folder: Path) -> None:
    with opened(f"sqlite:///{folder}/tasking.db") as engine:
        desk = MeetingDesk(engine, SetClock(MEETS_AT), load_force(CONFIG)[0])
        task = desk.banded(SCHEDULED, classification=Classification.OFFICIAL_SENSITIVE)
        desk.decide(task, DecisionType.ALLOCATE, text="Secret text", rationale="Secret reason", meeting_ref=REF)
    days = ("--since", "2026-11-02", "--until", "2026-11-02")
    for command, arguments in ((minutes, (REF,)), (register, days)):
        assert "Secret" not in tasking(folder, command, *arguments, "--as", "bea").stdout
        told = tasking(folder, command, *arguments, "--restricted", "--as", "bea").stdout
        assert "Secret" in told
        assert "OFFICIAL-SENSITIVE" in told
    connection = sqlite3.connect(folder / "tasking.db")
    query = "SELECT changes FROM audit_log WHERE kind = 'CONSULTATION' ORDER BY number"
    assert [row[0] for row in connection.execute(query)] == ["{}", '{"restricted": [null, true]}'] * 2
    connection.close()


def test_a_pack_that_is_frozen_again_within_the_hour_tells_the_channel_only_when_asked(folder: Path) -> None:
    def told() -> int:
        connection = sqlite3.connect(folder / "tasking.db")
        (found,) = connection.execute("SELECT count(*) FROM outbox WHERE event = 'PackFrozen'").fetchone()
        connection.close()
        return int(found)

    for _ in range(2):
        assert tasking(folder, pack, TO_COME, "--freeze").exit_code == 0
    assert told() == 2, "years before the meeting each is told"
    assert tasking(folder, pack, TO_COME, "--freeze", "--tell-again").exit_code == 0
    assert told() == 3
