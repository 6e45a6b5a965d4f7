"""What people can do to the intake in the tenant: rename a column, add an item by hand, edit or spoil the workbook."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from openpyxl import load_workbook
from stage import Stage

from service.provisioned import IntakePlace, intake_place
from service.wiring import Service

WORKBOOK = "/root:/Raise%20a%20task.xlsx:/content"


async def _place(service: Service) -> IntakePlace:
    return intake_place(service.store)


@contextmanager
def _administrator(stage: Stage) -> Iterator[tuple[httpx.Client, str, str]]:
    place = stage.do(_place)
    token = stage.emulator.app_token("Sites.Manage.All", "Sites.ReadWrite.All", "Files.ReadWrite.All")
    with stage.emulator.client(token) as client:
        yield client, f"/sites/{place.site_id}/lists/{place.list_id}", f"/drives/{place.drive_id}"


def rename_column(stage: Stage, name: str, new_name: str) -> None:
    """Renames a column of the intake list."""
    with _administrator(stage) as (client, intake_list, _):
        columns = client.get(f"{intake_list}/columns").raise_for_status().json()["value"]
        column = next(each for each in columns if each["name"] == name)
        client.patch(f"{intake_list}/columns/{column['id']}", json={"name": new_name}).raise_for_status()


def add_item(stage: Stage, fields: dict[str, str]) -> None:
    """Puts an item on the intake list by hand."""
    with _administrator(stage) as (client, intake_list, _):
        client.post(f"{intake_list}/items", json={"fields": fields}).raise_for_status()


def upload(stage: Stage, content: bytes) -> None:
    """Replaces the Raise form's response workbook."""
    with _administrator(stage) as (client, _, drive):
        headers = {"Content-Type": "application/octet-stream"}
        client.put(drive + WORKBOOK, content=content, headers=headers).raise_for_status()


def rename_header(stage: Stage, header: str, new_header: str) -> None:
    """Writes over one header of the Raise form's response workbook."""
    write_cell(stage, header, new_header, row=1)


def read_cell(stage: Stage, header: str, row: int = 2) -> object:
    """What stands in that cell."""
    return _cell(_workbook(stage), header, row).value


def write_cell(stage: Stage, header: str, value: object, row: int = 2) -> None:
    """Writes over one cell of the Raise form's response workbook, in the column with this header."""
    book = _workbook(stage)
    _cell(book, header, row).value = value
    out = io.BytesIO()
    book.save(out)
    upload(stage, out.getvalue())


def _workbook(stage: Stage) -> Any:
    with _administrator(stage) as (client, _, drive):
        content = client.get(drive + WORKBOOK, follow_redirects=True).raise_for_status().content
    return load_workbook(io.BytesIO(content))


def _cell(book: Any, header: str, row: int) -> Any:
    sheet = book.worksheets[0]
    return sheet.cell(row, next(cell.column for cell in sheet[1] if cell.value == header))
