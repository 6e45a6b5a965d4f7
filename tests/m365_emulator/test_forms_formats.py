"""The two encodings of a response, exactly as facts.md §2.2 and §2.3 give them. No server is needed."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from m365_emulator.forms.formats import CellValue, flow_body, read_answers, us_utc, workbook_headers, workbook_row
from m365_emulator.forms.model import Form, FormFault, Response, UploadedFile
from m365_emulator.forms.orders import form_from_json
from m365_emulator.forms.workbook import SHEET_NAME, TABLE_NAME, with_rows


def local(*parts: int) -> datetime:
    """A time without a zone, as a workbook holds it."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type,misc]


def key(number: int) -> str:
    """A question key of Forms' form."""
    return f"r{number:032x}"


def form(*questions: dict[str, Any], **more: Any) -> Form:
    """A form with these questions, keyed 1, 2, 3..."""
    keyed = [{"key": key(n), "type": "text", **q} for n, q in enumerate(questions, start=1)]
    base = {"form_id": "F1", "slug": "raise", "title": "Raise", "mail_nickname": "bcu-north"}
    return form_from_json({**base, "questions": keyed, **more})


def response(of: Form, given: dict[str, Any], at: datetime, files: tuple[UploadedFile, ...] = ()) -> Response:
    """Response 7 by Ann."""
    answers, stopped_by = read_answers(of, given)
    who = ("ann@peakshire.example", "Ann Example")
    return Response(7, *who, at - timedelta(minutes=2), at, answers, stopped_by)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 7, 4, 0, 5, 9, tzinfo=UTC), "7/4/2026 12:05:09 AM"),
        (datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC), "11/30/2026 12:00:00 PM"),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "11/30/2026 11:59:59 PM"),
    ],
)
def test_submit_date_is_utc_in_us_order(moment: datetime, text: str) -> None:
    assert us_utc(moment) == text


def test_point_63_one_response_has_two_encodings() -> None:
    asked = form(
        {"title": "What needs doing?"},
        {"title": "What do you want?", "type": "multi_choice", "choices": ["Advice", "Resources"]},
        {"title": "Needed by", "type": "date"},
        {"title": "Hours", "type": "number"},
        {"title": "How sure?", "type": "rating"},
        {"title": "Not answered"},
    )
    given = {
        "What needs doing?": "Search the land",
        key(2): ["Resources", "Advice"],
        key(3): "2026-07-05",
        "Hours": "20",
        "How sure?": "2",
    }
    at = datetime(2026, 7, 4, 18, 30, 0, tzinfo=UTC)
    answered = response(asked, given, at)
    assert flow_body(asked, answered) == {
        "responder": "ann@peakshire.example",
        "submitDate": "7/4/2026 6:30:00 PM",
        key(1): "Search the land",
        key(2): '["Advice","Resources"]',
        key(3): "2026-07-05",
        key(4): "20",
        key(5): "2",
        key(6): "",
        "formId": "F1",
        "responseId": "7",
        "schemaVersion": 1,
    }
    fixed = ["Id", "Start time", "Completion time", "Email", "Name"]
    titles = ["What needs doing?", "What do you want?", "Needed by", "Hours", "How sure?", "Not answered"]
    assert workbook_headers(asked) == fixed + titles
    times = [local(2026, 7, 4, 19, 28), local(2026, 7, 4, 19, 30)]
    who = ["ann@peakshire.example", "Ann Example"]
    answers = ["Search the land", "Advice;Resources;", local(2026, 7, 5), 20, 2, None]
    assert workbook_row(asked, answered) == [7, *times, *who, *answers]


def test_the_workbook_is_in_winter_time_in_winter() -> None:
    asked = form({"title": "What?"})
    row = workbook_row(asked, response(asked, {"What?": "x"}, datetime(2026, 12, 1, 9, 0, tzinfo=UTC)))
    assert row[2] == local(2026, 12, 1, 9, 0)


def test_an_uploaded_file_is_a_string_that_holds_a_json_array() -> None:
    asked = form({"title": "Photo", "type": "file"})
    kept = UploadedFile("gate_Ann.jpg", "https://example.org/gate_Ann.jpg", "01ABC", "b!xyz", 12)
    answered = response(asked, {"Photo": [kept]}, datetime(2026, 7, 4, tzinfo=UTC))
    value = flow_body(asked, answered)[key(1)]
    assert isinstance(value, str)
    (file,) = json.loads(value)
    assert list(file) == [
        "name",
        "link",
        "id",
        "type",
        "size",
        "referenceId",
        "driveId",
        "status",
        "uploadSessionUrl",
    ]
    assert (file["id"], file["driveId"], file["size"], file["status"]) == ("01ABC", "b!xyz", 12, 1)
    assert (file["type"], file["uploadSessionUrl"]) == (None, None)


def test_a_branch_that_is_not_shown_is_blank_even_when_an_answer_was_sent() -> None:
    asked = form(
        {"title": "More?", "type": "choice", "choices": ["Yes", "No"]},
        {"title": "What more?", "required": True, "show_if": {"key": key(1), "value": "Yes"}},
    )
    answers, _ = read_answers(asked, {"More?": "No", "What more?": "left over"})
    assert answers == {key(1): "No"}
    with pytest.raises(FormFault) as refused:
        read_answers(asked, {"More?": "Yes"})
    assert set(refused.value.problems) == {key(2)}


def test_a_stop_answer_ends_the_form_and_blanks_what_follows() -> None:
    asked = form(
        {"title": "Risk to life?", "type": "choice", "choices": ["Yes", "No"], "stop_value": "Yes"},
        {"title": "What?", "required": True},
    )
    answers, stopped_by = read_answers(asked, {"Risk to life?": "Yes", "What?": "details"})
    assert (answers, stopped_by) == ({key(1): "Yes"}, key(1))


def test_every_faulty_answer_is_named_at_once() -> None:
    asked = form(
        {"title": "What?", "required": True},
        {"title": "Hours", "type": "number"},
        {"title": "By", "type": "date"},
        {"title": "Pick", "type": "choice", "choices": ["A"]},
    )
    with pytest.raises(FormFault) as refused:
        read_answers(asked, {"Hours": "many", "By": "soon", "Pick": "B", "Nope": "x"})
    assert set(refused.value.problems) == {key(1), key(2), key(3), key(4), "Nope"}


def test_every_fault_of_a_form_is_named_at_once() -> None:
    with pytest.raises(FormFault) as refused:
        form_from_json({"slug": "No Good", "timezone": "Mars/North", "questions": [{}], "flow": {"mode": "mail"}})
    assert set(refused.value.problems) == {
        "form_id",
        "title",
        "mail_nickname",
        "slug",
        "timezone",
        "questions[0].key",
        "questions[0].title",
        "questions[0].type",
        "flow.mode",
    }


def test_the_workbook_has_forms_own_table_and_real_dates_and_adding_twice_changes_nothing() -> None:
    headers = ["Id", "When", "What?"]
    rows: list[list[CellValue]] = [[1, local(2026, 7, 4, 19, 30), "=1+1"], [2, local(2026, 7, 5, 8, 0), "b\x07ell"]]
    content = with_rows(with_rows(None, headers, []), headers, rows)
    content = with_rows(content, headers, rows[1:])
    sheet = load_workbook(io.BytesIO(content))[SHEET_NAME]
    assert list(sheet.tables) == [TABLE_NAME] == ["OfficeForms.Table"]
    assert sheet.tables[TABLE_NAME].ref == "A1:C3"
    assert [c.name for c in sheet.tables[TABLE_NAME].tableColumns] == headers
    assert list(sheet.iter_rows(min_row=2, values_only=True)) == [
        (1, local(2026, 7, 4, 19, 30), "=1+1"),
        (2, local(2026, 7, 5, 8, 0), "bell"),
    ]
    assert sheet["C2"].data_type == "s"


def test_a_title_used_twice_is_numbered_in_the_workbook() -> None:
    assert workbook_headers(form({"title": "Name"}, {"title": "Why"}, {"title": "Why"}))[5:] == [
        "Name2",
        "Why",
        "Why2",
    ]


def test_a_question_that_came_later_gets_a_column_at_the_end_of_the_workbook() -> None:
    content = with_rows(None, ["Id", "What?"], [[1, "old"]])
    content = with_rows(content, ["Id", "Where?", "What?"], [[2, "north", "new"]])
    sheet = load_workbook(io.BytesIO(content))[SHEET_NAME]
    assert list(sheet.iter_rows(values_only=True)) == [
        ("Id", "What?", "Where?"),
        (1, "old", None),
        (2, "new", "north"),
    ]
    assert sheet.tables[TABLE_NAME].ref == "A1:C3"
    assert [c.name for c in sheet.tables[TABLE_NAME].tableColumns] == ["Id", "What?", "Where?"]
