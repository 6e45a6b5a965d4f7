"""Excel's workbook API on the response workbook (facts §8.3, §11 point 62)."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.table import Table

HEADERS = ["Id", "Completion time", "What is asked?"]
WHEN = datetime(2026, 3, 29, 12, 0, tzinfo=UTC).replace(tzinfo=None)
SERIAL = 46110.5


def response_workbook(rows: int) -> bytes:
    """A workbook as Forms keeps it, with so many responses."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sheet1"
    sheet.append(HEADERS)
    for number in range(1, rows + 1):
        sheet.append([number, WHEN, f"Patrol {number}"])
    sheet.add_table(Table(displayName="OfficeForms.Table", ref=f"A1:C{rows + 1}"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Responses:
    """Ann's client, and the address of the workbook in her group's library."""

    def __init__(self, emulator: RunningEmulator, app: httpx.Client, ann: httpx.Client, group: str) -> None:
        self.emulator, self.app, self.ann = emulator, app, ann
        drive = app.get(f"/groups/{group}/drive").json()["id"]
        self.path = f"/drives/{drive}/root:/Raise a task(1).xlsx:"
        item = app.put(f"{self.path}/content", content=response_workbook(12)).json()["id"]
        self.book = f"/drives/{drive}/items/{item}/workbook"
        self.rows = f"{self.book}/tables/OfficeForms.Table/rows"

    def kept(self) -> list[Any]:
        """The column of ids in the file as it lies in the library."""
        content = self.app.get(f"{self.path}/content", follow_redirects=True).content
        return [row[0] for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(2, values_only=True)]


@pytest.fixture
def responses(emulator: RunningEmulator, people: dict[str, str]) -> Iterator[Responses]:
    token = emulator.person_token("ann@peakshire.example", "Files.ReadWrite")
    with emulator.client() as app, emulator.client(token) as ann:
        yield Responses(emulator, app, ann, people["group"])


@pytest.mark.parametrize(("switch", "status"), [(None, 403), ("refuse", 403), ("allow", 200)])
def test_point_62_an_app_alone_is_refused_unless_switched(
    responses: Responses, switch: str | None, status: int
) -> None:
    if switch:
        responses.emulator.control("switches", {"workbook_app_only": switch})
    reply = responses.app.get(responses.rows)
    assert reply.status_code == status
    if status == 403:
        error = reply.json()["error"]
        assert (error["code"], error["message"]) == ("AccessDenied", "Could not obtain a WAC access token.")


def test_point_62_rows_are_paged_two_dimensional_and_dates_are_serial(responses: Responses) -> None:
    page = responses.ann.get(f"{responses.rows}?$top=5&$skip=10").json()["value"]
    assert page == [
        {"index": 10, "values": [[11, SERIAL, "Patrol 11"]]},
        {"index": 11, "values": [[12, SERIAL, "Patrol 12"]]},
    ]
    assert len(responses.ann.get(f"{responses.rows}?$top=5").json()["value"]) == 5
    assert len(responses.ann.get(responses.rows).json()["value"]) == 12


@pytest.mark.parametrize("name", ["OfficeForms.Table", "officeforms%2Etable", "1"])
@pytest.mark.parametrize("form", ["/tables/{}", "/tables('{}')", "/worksheets/Sheet1/tables"])
def test_point_62_the_table_of_responses_is_found_by_name_and_id(responses: Responses, name: str, form: str) -> None:
    body = responses.ann.get(responses.book + form.format(name)).json()
    table = body["value"][0] if "value" in body else body
    assert (table["name"], table["id"]) == ("OfficeForms.Table", "1")


def test_point_62_the_workbook_is_reached_by_path_too(responses: Responses) -> None:
    reply = responses.ann.get(f"{responses.path}/workbook/tables('OfficeForms.Table')/rows?$top=1")
    assert reply.json()["value"][0]["values"] == [[1, SERIAL, "Patrol 1"]]


def test_point_62_ranges_give_address_values_text_and_formats(responses: Responses) -> None:
    used = responses.ann.get(f"{responses.book}/worksheets/Sheet1/usedRange(valuesOnly=true)").json()
    assert used["address"] == "Sheet1!A1:C13"
    assert used["values"][0] == HEADERS
    assert used["values"][1] == [1, SERIAL, "Patrol 1"]
    assert used["text"][1] == ["1", "3/29/26 12:00:00", "Patrol 1"]
    assert used["numberFormat"][1][1] == "yyyy-mm-dd h:mm:ss"
    part = responses.ann.get(f"{responses.book}/worksheets('Sheet1')/range(address='A2:A3')").json()
    assert (part["values"], part["valueTypes"]) == ([[1], [2]], [["Double"], ["Double"]])
    header = responses.ann.get(f"{responses.book}/tables/1/headerRowRange").json()
    body = responses.ann.get(f"{responses.book}/tables/1/dataBodyRange").json()
    assert (header["values"], body["rowCount"]) == ([HEADERS], 12)
    columns = responses.ann.get(f"{responses.book}/tables/1/columns").json()["value"]
    assert [column["name"] for column in columns] == HEADERS


def test_point_62_what_a_session_that_does_not_persist_writes_is_gone_with_it(responses: Responses) -> None:
    made = responses.ann.post(f"{responses.book}/createSession", json={"persistChanges": False})
    assert (made.status_code, made.json()["persistChanges"]) == (201, False)
    headers = {"workbook-session-id": made.json()["id"]}
    added = responses.ann.post(responses.rows, json={"index": None, "values": [[13, 1, "x"]]}, headers=headers)
    assert (added.status_code, added.json()["index"]) == (201, 12)
    assert len(responses.ann.get(responses.rows, headers=headers).json()["value"]) == 13
    assert len(responses.ann.get(responses.rows).json()["value"]) == 12
    assert responses.ann.post(f"{responses.book}/refreshSession", headers=headers).status_code == 204
    assert responses.ann.post(f"{responses.book}/closeSession", headers=headers).status_code == 204
    gone = responses.ann.get(responses.rows, headers=headers)
    assert gone.json()["error"]["code"] == "invalidSessionReCreatable"
    assert responses.kept() == list(range(1, 13))


def test_point_62_a_session_left_alone_is_over_after_some_minutes(responses: Responses) -> None:
    made = responses.ann.post(f"{responses.book}/createSession", json={"persistChanges": True}).json()
    headers = {"workbook-session-id": made["id"]}
    responses.emulator.control("clock", {"advance_seconds": 299})
    assert responses.ann.get(responses.rows, headers=headers).status_code == 200
    responses.emulator.control("clock", {"advance_seconds": 301})
    assert responses.ann.get(responses.rows, headers=headers).status_code == 404
    assert responses.ann.post(f"{responses.book}/refreshSession").status_code == 400


def test_point_62_a_row_added_stands_in_the_file(responses: Responses) -> None:
    made = responses.ann.post(f"{responses.book}/createSession", json={"persistChanges": True}).json()
    headers = {"workbook-session-id": made["id"]}
    for sent in ({"values": [[13, None, "by hand"]]}, {"values": [[14, 2.5, True]]}):
        assert responses.ann.post(responses.rows, json=sent, headers=headers).status_code == 201
    assert responses.kept() == list(range(1, 15))
    assert len(responses.ann.get(responses.rows).json()["value"]) == 14


@pytest.mark.parametrize(
    ("below", "status"),
    [
        ("/tables/none/rows", 404),
        ("/worksheets/none/usedRange", 404),
        ("/worksheets/Sheet1/range(address='nowhere')", 400),
        ("/worksheets/Sheet1/range(address='A1:ZZZ999999')", 413),
        ("/tables/1/rows?$top=-1", 400),
        ("/charts", 400),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_refused(responses: Responses, below: str, status: int) -> None:
    assert responses.ann.get(responses.book + below).status_code == status


@pytest.mark.parametrize("values", [None, [], [[1]], [[1, 2, {"a": 1}]], "x", [1, 2, 3]])
def test_rows_of_another_shape_are_refused(responses: Responses, values: Any) -> None:
    assert responses.ann.post(responses.rows, json={"values": values}).status_code == 400
    assert responses.kept() == list(range(1, 13))


def test_a_file_that_is_no_workbook_cannot_be_opened(responses: Responses) -> None:
    item = responses.app.put(f"{responses.path.replace('(1)', '(2)')}/content", content=b"not a workbook").json()
    reply = responses.ann.get(f"{responses.book.rsplit('/', 2)[0]}/{item['id']}/workbook/tables")
    assert reply.status_code == 400
