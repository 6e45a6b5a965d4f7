"""One response becomes one task, whichever way it comes, and however often."""

from datetime import datetime
from pathlib import Path

import pytest
from stage import Stage, answers_of
from tenant_hands import add_item, read_cell, rename_column, rename_header, upload, write_cell

from service.demo.peakshire import list_flow
from service.wiring import Service
from store import inbox, notebook, outbox, tasks


async def records(service: Service) -> list[tasks.Task]:
    with service.store.open() as connection:
        return tasks.read_all_tasks(connection)


async def notices(service: Service) -> list[str]:
    with service.store.open() as connection:
        return [notice["subject"] for notice in notebook.open_notices(connection)]


async def held(service: Service) -> list[str]:
    with service.store.open() as connection:
        return [row["reason"] for row in inbox.held(connection)]


async def dead_letters(service: Service) -> int:
    with service.store.open() as connection:
        return len(outbox.dead_letters(connection))


async def counts(service: Service) -> dict[str, int]:
    with service.store.open() as connection:
        return inbox.counts(connection)


def test_a_response_on_the_intake_list_becomes_a_task_in_its_pillars_bucket(stage: Stage) -> None:
    stage.submit(answers_of(13))

    stage.run_all()

    (record,) = stage.do(records)
    (shown,) = stage.planner_tasks()
    assert (record.score, record.band, record.pillar, record.unit) == (31, "SCHEDULED", "ACQUISITIVE", "DD")
    assert shown["title"].startswith(record.reference)
    assert shown["priority"] == 5


def test_the_same_response_twice_on_the_list_makes_one_task(stage: Stage) -> None:
    async def twice(service: Service) -> dict[str, object]:
        return list_flow(service, copies=2)

    stage.submit(answers_of(13), flow=stage.do(twice))

    stage.run_all()

    assert len(stage.planner_tasks()) == 1
    assert stage.do(counts)["arrivals"] == 2


def test_a_response_that_only_the_workbook_has_becomes_the_same_task(stage: Stage) -> None:
    stage.submit(answers_of(13), flow={"mode": "off"})

    stage.run_all()

    (record,) = stage.do(records)
    assert (record.score, record.band, record.pillar, record.unit) == (31, "SCHEDULED", "ACQUISITIVE", "DD")


def test_a_response_in_workbook_and_list_is_one_task(stage: Stage) -> None:
    stage.submit(answers_of(13))

    stage.run_all()
    stage.run_all()

    assert len(stage.do(records)) == 1
    assert stage.do(counts)["arrivals"] == 1


def test_the_workbook_is_not_downloaded_again_while_nothing_has_come(stage: Stage) -> None:
    stage.submit(answers_of(13), flow={"mode": "off"})
    stage.run_all()
    before = _downloads(stage)

    stage.run_all()

    assert _downloads(stage) == before > 0


def test_a_list_that_asks_for_a_full_read_loses_and_doubles_nothing(stage: Stage) -> None:
    stage.submit(answers_of(13))
    stage.run_all()
    stage.emulator.control("delta/expire", {})
    stage.submit(answers_of(19))

    stage.run_all()

    assert len(stage.do(records)) == 2


def test_a_renamed_column_holds_the_intake_tells_the_operator_and_drops_nothing(stage: Stage) -> None:
    stage.emulator.control("forms/raise_task/workbook", {"paused": True})
    stage.submit(answers_of(13))
    rename_column(stage, "Answers", "Antworten")
    stage.run_all()
    stage.run_all()
    assert stage.do(notices) == ["intake list"]
    assert stage.do(records) == []

    rename_column(stage, "Antworten", "Answers")
    stage.submit(answers_of(19))
    stage.run_all()

    assert stage.do(notices) == []
    assert len(stage.do(records)) == 2


def test_an_item_of_an_unknown_form_is_held_and_does_not_stop_the_others(stage: Stage) -> None:
    add_item(stage, {"FormId": "no such form", "ResponseId": "1", "Answers": "{}"})
    stage.submit(answers_of(13))

    stage.run_all()

    assert len(stage.do(records)) == 1
    (reason,) = stage.do(held)
    assert "raise_task" in reason, "the known forms are named"


@pytest.mark.parametrize(
    "fields",
    [
        {"SubmitDate": "12/31/9999 11:00:00 PM"},
        {"ResponseId": "x" * 61},
        {"ResponseId": "1\u00007"},
        {"Responder": "pc\u0000@peakshire.example"},
        {"Answers": "[" * 100_000},
        {"Answers": '{"new\\ud800": []}'},
        {"Answers": '{"r": NaN}'},
    ],
    ids=lambda fields: " ".join(fields),
)
def test_an_item_that_can_be_no_response_is_held_and_does_not_stop_the_others(
    stage: Stage, fields: dict[str, str]
) -> None:
    whole = {"FormId": "PKS-RAISE-A-TASK", "ResponseId": "901", "SubmitDate": "1/31/2027 2:05:09 PM", "Answers": "{}"}
    add_item(stage, whole | fields)
    stage.submit(answers_of(13))

    stage.run_all()

    assert len(stage.do(held)) == 1
    assert len(stage.do(records)) == 1
    assert stage.do(dead_letters) == 0


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Completion time", datetime(9999, 12, 31, 23)),  # noqa: DTZ001 - a workbook's times have no zone
        ("Completion time", "yesterday"),
        ("Email", "x" * 201),
        ("Id", "7" * 500),
        ("Id", None),
    ],
)
def test_a_row_that_can_be_no_response_is_held_until_it_is_mended_and_does_not_stop_the_others(
    stage: Stage, header: str, value: object
) -> None:
    for number in (13, 19):
        stage.submit(answers_of(number), flow={"mode": "off"})
    before = read_cell(stage, header)
    write_cell(stage, header, value)
    stage.run_all()
    assert len(stage.do(held)) == 1
    assert len(stage.do(records)) == 1

    write_cell(stage, header, before)
    stage.run_all()

    assert stage.do(held) == []
    assert len(stage.do(records)) == 2
    assert stage.do(dead_letters) == 0


@pytest.mark.parametrize("flow", [None, {"mode": "off"}], ids=["list", "workbook"])
def test_of_a_stopped_response_nothing_is_kept_but_a_count(stage: Stage, flow: dict[str, str] | None) -> None:
    marker = "Zanzibar-marker"
    stage.submit({**answers_of(13), "live_risk": "Yes", "title": marker, "why_now": marker}, flow=flow)

    stage.run_all()
    stage.run_all()

    assert stage.do(records) == []
    found = stage.do(counts)
    assert found["stop_count"] == 1
    assert marker.encode() not in b"".join(path.read_bytes() for path in _database_files(stage))


def test_a_form_that_lost_its_stop_question_is_held_without_its_content(stage: Stage) -> None:
    stage.submit(answers_of(13), flow={"mode": "off"})
    rename_header(stage, "Is it happening now, with a risk to life?", "Is it urgent?")

    stage.run_all()

    assert stage.do(records) == []
    assert "workbook of raise_task" in stage.do(notices)


def test_a_damaged_workbook_is_told_once_and_the_other_ways_go_on(stage: Stage) -> None:
    upload(stage, b"this is no workbook")
    stage.submit(answers_of(13))

    stage.run_all()
    stage.run_all()

    assert stage.do(notices) == ["workbook of raise_task"]
    assert len(stage.do(records)) == 1


def _downloads(stage: Stage) -> int:
    entries = stage.emulator.control("traffic.har", method="GET")["log"]["entries"]
    return sum(
        entry["request"]["url"].endswith("/content") and entry["request"]["method"] == "GET" for entry in entries
    )


def _database_files(stage: Stage) -> list[Path]:
    path = Path(stage.environment["TASKING_DATABASE_URL"].removeprefix("sqlite:///"))
    return [each for each in path.parent.glob("tasking.db*") if each.is_file()]
