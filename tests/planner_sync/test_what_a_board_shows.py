"""What people see of a task on its board: title, bucket, priority, due, labels, description, checklist, links."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from planner_sync import description
from store import notebook
from tasking.force import TRIAGE
from tasking.requests import TaskRequest
from tasking.task import Classification, EvidenceLink, TaskText
from tasking.thrive import ThriveAssessment
from tests.planner_sync.small_force import A_DAY, MODERATE, SEVERE, SLIGHT, SmallForce

pytestmark = pytest.mark.anyio

LINE = "--- kept by the service ---"


def lines_in_order(details: dict[str, Any]) -> list[str]:
    """The checklist as the board shows it."""
    items = sorted(details["checklist"].values(), key=lambda item: item["orderHint"])
    return [item["title"] for item in items]


async def test_the_title_begins_with_the_reference_and_says_nothing_of_risk(force: SmallForce) -> None:
    task = await force.task_on_board(assessment=SEVERE)
    title = force.shown(task)["title"]
    assert title == f"{task.reference} {task.title}"
    assert not {"IMMEDIATE", "SCHEDULED", "LPU"} & set(title.upper().split())


async def test_it_stands_in_the_bucket_of_its_pillar(force: SmallForce) -> None:
    task = await force.task_on_board(pillar="RURAL")
    assert force.shown(task)["bucketId"] == force.board().bucket_of_pillar["RURAL"]


@pytest.mark.parametrize(
    ("assessment", "priority", "label"),
    [
        (SEVERE, 1, "BAND_IMMEDIATE"),
        (ThriveAssessment(3, 3, 2, 1, 3, 1), 3, "BAND_PRIORITY"),
        (MODERATE, 5, "BAND_SCHEDULED"),
        (SLIGHT, 9, "BAND_ROUTINE"),
    ],
)
async def test_priority_and_band_label_say_the_same(
    force: SmallForce, assessment: ThriveAssessment, priority: int, label: str
) -> None:
    shown = force.shown(await force.task_on_board(assessment=assessment))
    assert shown["priority"] == priority
    assert shown["appliedCategories"] == {force.category(label): True}


async def test_due_is_when_the_action_is_needed_and_nobody_is_assigned_yet(force: SmallForce) -> None:
    shown = force.shown(await force.task_on_board(needed_by=A_DAY))
    assert shown["dueDateTime"] == "2027-03-04T09:30:00Z"
    assert shown["startDateTime"] is None
    assert shown["assignments"] == {}
    assert shown["percentComplete"] == 0


async def test_the_description_has_the_five_lines_above_the_service_s_own(force: SmallForce) -> None:
    text = TaskText("Two patrols", "Third night", "Mkt Pl", "No bricks", "Not the 4th")
    task = await force.task_on_board(text=text)
    above, _, below = force.shown(task)["details"]["description"].partition(LINE)
    assert above.split("\n") == [
        "Ask: Two patrols",
        "Why now: Third night",
        "Place: Mkt Pl",
        "What good looks like: No bricks",
        "Constraints: Not the 4th",
        "",
        "",
    ]
    assert task.reference in below
    assert "SCHEDULED, score 28" in below
    assert force.shown(task)["previewType"] == "description"


async def test_lines_left_blank_on_the_form_are_not_shown(force: SmallForce) -> None:
    task = await force.task_on_board(text=TaskText())
    assert force.shown(task)["details"]["description"].startswith(LINE)


async def test_the_handling_mark_is_shown(force: SmallForce) -> None:
    task = await force.task_on_board(classification=Classification.OFFICIAL_SENSITIVE)
    assert "OFFICIAL-SENSITIVE" in force.shown(task)["details"]["description"].partition(LINE)[2]


async def test_the_checklist_keeps_the_order_of_the_record_and_our_own_ids(force: SmallForce) -> None:
    wanted = tuple(f"PC {number} - call at no. {number} - today" for number in range(6))
    task = await force.task_on_board(checklist=wanted)
    details = force.shown(task)["details"]
    assert lines_in_order(details) == list(wanted)
    assert {key: item["title"] for key, item in details["checklist"].items()} == {
        line.line_id: line.text for line in task.checklist
    }
    assert not any(item["isChecked"] for item in details["checklist"].values())


async def test_a_checklist_that_planner_cannot_hold_is_cut_and_told_in_full(force: SmallForce) -> None:
    long = "Sgt - " + "walk every alley twice " * 8 + "- today"
    many = tuple(f"PC - call at no. {number}" for number in range(24))
    task = await force.task_on_board(checklist=(long, *many))
    details = force.shown(task)["details"]
    assert len(details["checklist"]) == 20
    assert max(len(title) for title in lines_in_order(details)) <= 100
    above = details["description"].partition(LINE)[0]
    assert long in above
    for text in many[19:]:
        assert text in above


async def test_links_are_encoded_so_that_they_come_back_whole(force: SmallForce) -> None:
    urls = [
        "https://contoso.sharepoint.example/sites/x/Shared%20Documents/a#b.pdf",
        "http://maps.example:8080/@53.1,-1.5?z=1&q=a:b%25",
    ]
    links = tuple(EvidenceLink(url, f"Evidence {number}") for number, url in enumerate(urls))
    references = force.shown(await force.task_on_board(links=links))["details"]["references"]
    assert {unquote(key): value["alias"] for key, value in references.items()} == dict(
        zip(urls, ["Evidence 0", "Evidence 1"], strict=True)
    )


async def test_more_attachments_than_eight_are_all_there_to_be_found(force: SmallForce) -> None:
    links = tuple(EvidenceLink(f"https://evidence.example/{number}", f"Photo {number}") for number in range(11))
    details = force.shown(await force.task_on_board(links=links))["details"]
    assert len(details["references"]) == 8
    for link in links[8:]:
        assert link.url in details["description"]


async def test_what_has_to_be_mended_is_written_on_a_task_in_triage(force: SmallForce) -> None:
    task = await force.task_on_board(
        pillar=TRIAGE,
        faults=("The pillar was left open; move the task to the right bucket.",),
        assessment=ThriveAssessment(2, None, 2, 1, 1, 1),
    )
    shown = force.shown(task)
    assert shown["bucketId"] == force.board().bucket_of_pillar[TRIAGE]
    assert shown["priority"] == 5
    assert shown["appliedCategories"] == {}
    assert "To mend: The pillar was left open" in shown["details"]["description"]
    assert "To mend: Assessment incomplete: harm" in shown["details"]["description"]


@pytest.mark.parametrize(
    "words",
    [
        "line one\r\nline two\r\n\r\nline four",
        "🚓 patrol 👮🏽‍♀️ – café, Zażółć, 東京",
        "x" * 4000,
        '<b>not bold</b> & "quoted" \\ %41',
    ],
    ids=["line-breaks", "emoji", "very-long", "markup"],
)
async def test_text_arrives_as_it_was_written(force: SmallForce, words: str) -> None:
    text = TaskText(words, words, words, words, words)
    task = await force.task_on_board(text=text, title=words[:80].replace("\r\n", " "))
    force.assess_again(task)
    await force.settle()
    shown = force.shown(task)
    assert shown["title"] == f"{task.reference} {task.title}"
    assert force.record(task).title == task.title
    assert shown["details"]["description"].count(words) == 5
    assert "IMMEDIATE" in shown["details"]["description"].partition(LINE)[2]


async def test_the_service_s_line_written_on_a_form_does_not_cut_off_what_people_write(force: SmallForce) -> None:
    sly = TaskText(ask=f"One\n{LINE}\nTwo", why_now="Third night")
    task = await force.task_on_board(text=sly)
    force.assess_again(task)
    await force.settle()
    shown = force.shown(task)["details"]["description"]
    assert "Two" in shown
    assert "Third night" in shown
    assert shown.count(LINE) == 1


async def test_what_people_write_above_the_line_stays_to_the_letter(force: SmallForce) -> None:
    task = await force.task_on_board()
    seen = force.shown(task)["details"]["description"]
    _, _, below = seen.partition(LINE)
    theirs = "Spoke to the shops.\r\n\r\n\tTwo cameras — one broken 🙂  \r\n"
    force.amy.change_details(force.planner_id(task), description=theirs + LINE + below)
    force.assess_again(task)
    await force.settle()
    shown = force.shown(task)["details"]["description"]
    assert shown.startswith(theirs + LINE)
    assert "IMMEDIATE" in shown


async def test_a_block_that_people_removed_comes_back_below_what_they_wrote(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.amy.change_details(force.planner_id(task), description="All mine.")
    force.assess_again(task)
    await force.settle()
    assert force.shown(task)["details"]["description"].startswith(f"All mine.\n\n{LINE}\n")


async def test_a_risk_assessed_again_changes_priority_label_and_block_and_nothing_else(force: SmallForce) -> None:
    task = await force.task_on_board()
    before = force.shown(task)
    force.watch()
    force.assess_again(task, SLIGHT)
    await force.deliver()
    sent, details = force.calls("PATCH", "/planner/tasks/[^/]+$"), force.calls("PATCH", "/details$")
    assert sent == [
        {
            "priority": 9,
            "appliedCategories": {force.category("BAND_SCHEDULED"): False, force.category("BAND_ROUTINE"): True},
        }
    ]
    assert [set(body) for body in details] == [{"description"}]
    after = force.shown(task)
    moved = {"@odata.etag", "priority", "appliedCategories", "details"}
    assert {k: v for k, v in before.items() if k not in moved} == {k: v for k, v in after.items() if k not in moved}


async def test_a_pillar_without_a_bucket_on_the_board_shows_in_triage_and_stays_on_the_record(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pillar retired since: its old tasks still belong to it."""
    pillars = force.service.force.pillars
    monkeypatch.setitem(pillars, "ROADS", replace(pillars["ROADS"], retired=True))
    with force.service.store.open() as connection:
        row = notebook.provisioned_rows(connection, "plan")["DD"]
        buckets = {pillar: bucket for pillar, bucket in row["details"]["buckets"].items() if pillar != "ROADS"}
        details = {**row["details"], "buckets": buckets}
        notebook.provision(connection, "plan", "DD", row["graph_id"], details, force.clock.now())
    task = await force.task_on_board(unit="DD")
    assert force.shown(task, "DD")["bucketId"] == buckets[TRIAGE]
    force.bob.change(force.planner_id(task, "DD"), percentComplete=50)
    await force.settle()
    assert force.record(task).pillar == "ROADS"
    assert force.record(task).progress == 50


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "raised 2 July 2026 00:30"),
        (datetime(2026, 12, 1, 12, 0, tzinfo=UTC), "raised 1 December 2026 12:00"),
    ],
    ids=["summer", "winter"],
)
async def test_times_in_the_block_are_london_s(force: SmallForce, raised: datetime, words: str) -> None:
    task = replace(force.raise_task(), raised_at=raised)
    assert words in description.service_block(task, force.service.force, ())


def test_the_request_s_fields_that_the_board_shows_are_those_of_this_file() -> None:
    """A new field on a request has to be given a place on the board, or be named here as one that has none."""
    shown = {"reference", "title", "unit", "pillar", "text", "assessment", "needed_by", "checklist", "links", "faults"}
    shown |= {"confidence"}
    kept = {"wanted", "context", "form", "response_id", "submitted_by", "submitted_at", "source"}
    kept |= {"control_priority", "control_version", "nim_level", "intelligence_gap"}
    assert set(TaskRequest.__dataclass_fields__) == shown | kept | {"classification", "external_references"}
