"""The evidence bundle of a task: all that is on record about it, in time order, provable, the sensitive kept apart."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from tampering import without_guards

from reporting.evidence import SOURCES
from reporting.evidence_bundle import Bundle, make_bundle
from store import chain, inbox, notebook, planner_links, remarks, tables
from tasking.audit import AuditKind
from tasking.decision import DecisionType
from tasking.errors import UnknownTask
from tasking.meetings import Attendance
from tasking.task import Classification, Task
from tests.peakshire import BY_BAND, HOUR, IMMEDIATE, MORNING, Desk
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk

RATIONALE = "Two witnesses and a sketch"
ANSWER = "Kerb outside the school"
RESPONDER = "ann@peakshire.example"


def response(desk: Desk, task: Task, number: int, reference: str) -> None:
    """A response about the task, as the doors and the ingest leave it."""
    response_id = f"{number} about {task.reference}"
    with desk.act("door:http") as uow:
        row = inbox.add(
            uow.connection,
            form="raise_task",
            response_id=response_id,
            reference=reference,
            state=inbox.InboxState.RECEIVED,
            encoding="forms",
            answers={"r1": ANSWER},
            responder=RESPONDER,
            submitted_at=uow.now(),
            received_at=uow.now(),
            correlation_id="c-1",
        )
        inbox.note_arrival(uow.connection, row.inbox_id, "http", response_id, uow.now())
        inbox.finish(uow.connection, row.inbox_id, inbox.InboxState.DONE, (), task.task_id)
        uow.audit("response received", reference, {}, AuditKind.COLLECTION)


def decision(desk: Desk, task: Task, mark: str) -> None:
    """A decision about the task, as its register keeps it."""
    row = {
        "decision_id": f"d-{mark}-{task.reference}",
        "decision_ref": f"D-{mark[-3:]}-{task.reference}",
        "task_id": task.task_id,
        "meeting_ref": "",
        "unit": "HP",
        "decision_type": "EXTEND",
        "decided_at": desk.clock.now(),
        "document": {"rationale": RATIONALE, "classification": mark},
    }
    with desk.store.open() as connection:
        chain.append(connection, tables.decisions, row)


def worked(desk: Desk, classification: Classification = Classification.OFFICIAL) -> Task:
    """A task that has lived: raised, posted, escalated, assessed again, looked at, remarked on."""
    task = desk.raised(classification=classification)
    response(desk, task, 1, task.reference)
    desk.clock.advance(HOUR)
    desk.escalated(task)
    response(desk, task, 2, task.reference.replace("T", "R"))
    desk.reassessed(task, BY_BAND[IMMEDIATE])
    desk.clock.advance(HOUR)
    decision(desk, task, classification)
    desk.store.consulted("bea", "page", task.reference)
    with desk.store.open() as connection:
        now = desk.clock.now()
        planner_links.want(connection, task.task_id, "HP", "plan-1")
        remarks.raise_remark(connection, task.task_id, "owner", "Nobody has it.", now)
        values = {"outbox_id": int(task.reference[2:]), "channel": "HP_DAILY", "kind": "escalated", "sent_again": False}
        notebook.note_post(connection, task_id=task.task_id, posted_at=now, **values)
    return task


def made(desk: Desk, task: Task, **more: Any) -> Bundle:
    return make_bundle(desk.store, task.reference, "carl", "cli", **more)


def files(bundle: Bundle) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def schedule(bundle: Bundle) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(bundle)["schedule.csv"].decode())))


def manifest(bundle: Bundle) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(files(bundle)["manifest.json"])
    return found


def test_everything_on_record_about_a_task_is_in_and_nothing_of_another(desk: Desk) -> None:
    other = worked(desk)
    bundle = made(desk, task := worked(desk))
    kinds = {row["what"] for row in schedule(bundle)}
    assert kinds >= {
        "task",
        "planner-link",
        "response",
        "arrival",
        "assessment",
        "decision",
        "escalation",
        "audit",
        "delivery",
        "post",
        "remark",
    }
    whole = b"".join(files(bundle).values()).decode()
    assert task.task_id in whole
    assert other.task_id not in whole
    assert len(schedule(bundle)) == bundle.items


def test_who_answered_and_what_they_answered_is_in_also_of_later_responses(desk: Desk) -> None:
    bundle = made(desk, worked(desk))
    responses = [json.loads(content) for name, content in files(bundle).items() if "-response-" in name]
    assert [(each["response_id"], each["responder"], each["answers"]) for each in responses] == [
        ("1 about T-1001", RESPONDER, {"r1": ANSWER}),
        ("2 about T-1001", RESPONDER, {"r1": ANSWER}),
    ]
    received = [each for each in schedule(bundle) if each["what"] == "audit"]
    assert "R-1001" in "".join(files(bundle)[each["file"]].decode() for each in received)


def test_items_stand_in_time_order_after_how_the_task_stands_now(desk: Desk) -> None:
    rows = schedule(made(desk, worked(desk)))
    assert [row["what"] for row in rows[:2]] == ["task", "planner-link"]
    times = [datetime.fromisoformat(row["time (UTC)"]) for row in rows[2:]]
    assert times == sorted(times)
    assert times[0] == MORNING.replace(tzinfo=None)
    assert [int(row["item"]) for row in rows] == list(range(1, len(rows) + 1))


def test_the_manifest_has_the_hash_of_every_other_file(desk: Desk) -> None:
    bundle = made(desk, worked(desk))
    contents = files(bundle)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    hashes.pop("manifest.json")
    assert manifest(bundle)["sha256"] == hashes
    assert {row["file"]: row["sha256"] for row in schedule(bundle)}.items() <= hashes.items()


def test_that_it_was_taken_out_by_whom_and_for_whom_is_audited_and_is_in_the_bundle(desk: Desk) -> None:
    task = worked(desk)
    bundle = made(desk, task, recipient="Peakshire CPS")
    line = desk.rows(tables.audit_log)[-1]
    told = (line["kind"], line["actor"], line["source"], line["recipient"], line["object_ref"])
    assert told == (AuditKind.DISCLOSURE, "carl", "cli", "Peakshire CPS", task.reference)
    newest = [json.loads(files(bundle)[row["file"]]) for row in schedule(bundle) if row["what"] == "audit"][-1]
    assert newest["hash"] == line["hash"]
    assert manifest(bundle)["audit_log"] == {
        "rows": line["number"],
        "newest_hash": line["hash"],
        "rows_here_not_as_written": [],
    }


def test_the_same_record_at_the_same_moment_gives_the_same_bytes(desk: Desk) -> None:
    task = worked(desk)
    desk.store.new_delivery_id = lambda: "the same"  # type: ignore[method-assign]
    with desk.store.open() as connection:
        without_guards(connection, tables.audit_log)
    first = made(desk, task)
    with desk.store.open() as connection:
        newest = chain.head(connection, tables.audit_log).rows
        before = connection.execute(tables.audit_log.select().where(tables.audit_log.c.number == newest - 1)).one()
        connection.execute(tables.audit_log.delete().where(tables.audit_log.c.number == newest))
        heads = tables.chain_heads
        connection.execute(update(heads).values(rows=newest - 1, hash=before.hash))
    assert made(desk, task).content == first.content


def test_the_handling_mark_stands_first_and_sensitive_items_lie_apart(desk: Desk) -> None:
    plain, sensitive = made(desk, worked(desk)), made(desk, worked(desk, Classification.OFFICIAL_SENSITIVE))
    assert (plain.mark, sensitive.mark) == (Classification.OFFICIAL, Classification.OFFICIAL_SENSITIVE)
    for bundle, folder in ((plain, "OFFICIAL"), (sensitive, "OFFICIAL-SENSITIVE")):
        contents = files(bundle)
        assert contents["README.txt"].decode().splitlines()[0] == folder
        assert {name.split("/")[0] for name in contents if "/" in name} == {folder}
        assert contents[f"{folder}/timeline.txt"].decode().startswith(f"{folder}\n")


def test_an_item_with_a_mark_of_its_own_lies_under_it_and_raises_the_bundle(desk: Desk) -> None:
    task = worked(desk)
    for mark in ("OFFICIAL-SENSITIVE", "A-MARK-OF-TOMORROW"):
        decision(desk, task, mark)
    bundle = made(desk, task)
    apart = [row for row in schedule(bundle) if row["mark"] == "OFFICIAL-SENSITIVE"]
    assert [row["what"] for row in apart] == ["decision", "decision"]
    assert bundle.mark is Classification.OFFICIAL_SENSITIVE
    for name, content in files(bundle).items():
        secret = b"A-MARK-OF-TOMORROW" in content or b"d-OFFICIAL-SENSITIVE-" in content
        assert secret == (name.startswith("OFFICIAL-SENSITIVE/")), name


def test_the_schedule_says_nothing_of_what_items_contain(desk: Desk) -> None:
    task = worked(desk)
    text = files(made(desk, task))["schedule.csv"].decode()
    for word in (ANSWER, RESPONDER, RATIONALE, task.title, "Nobody has it"):
        assert word not in text


def test_the_timeline_can_be_read_without_a_tool(desk: Desk) -> None:
    text = files(made(desk, worked(desk)))["OFFICIAL/timeline.txt"].decode()
    assert "2 November 2026 08:30:00 UTC  audit 1\n" in text
    assert f"    responder: {RESPONDER}\n" in text
    assert ANSWER in text


def test_an_audit_row_that_was_tampered_with_is_named_in_the_bundle_and_to_whoever_makes_it(desk: Desk) -> None:
    task = worked(desk)
    assert made(desk, task).warnings == ()
    with desk.store.open() as connection:
        without_guards(connection, tables.audit_log)
        connection.execute(update(tables.audit_log).where(tables.audit_log.c.number == 2).values(actor="mallory"))
    bundle = made(desk, task)
    assert manifest(bundle)["audit_log"]["rows_here_not_as_written"] == [2]
    assert "not as they were written: 2." in bundle.warnings[0]


def test_of_a_task_that_is_not_there_nothing_is_made_and_nothing_audited(desk: Desk) -> None:
    with pytest.raises(UnknownTask):
        make_bundle(desk.store, "T-9", "carl", "cli")
    assert desk.rows(tables.audit_log) == []


def test_every_kind_of_item_is_explained_in_the_bundle(desk: Desk) -> None:
    readme = files(made(desk, worked(desk)))["README.txt"].decode()
    assert all(source.name in readme for source in SOURCES)


def test_the_meetings_at_which_it_was_decided_about_are_in_with_who_was_there(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT
    desk.held("HP_DAILY", MEETS_AT, Attendance("Housing Officer", "Housing Officer", "Peakshire Council", True, False))
    desk.held("DD_DAILY", MEETS_AT, Attendance("Dog handler", "Dog handler"))
    task = desk.raised()
    desk.decide(task, DecisionType.ALLOCATE, text="The team", meeting_ref="HP_DAILY 2026-11-02")
    bundle = made(desk, task)
    (content,) = (content for name, content in files(bundle).items() if "-meeting-" in name)
    record = json.loads(content)["document"]
    assert (record["chaired_by"], record["role"]) == ("insp@peakshire.example", "Duty Inspector")
    assert [each["agency"] for each in record["attendance"]] == ["Peakshire Council"]
    assert b"Dog handler" not in b"".join(files(bundle).values())
