"""Files of a group, against the emulator over real HTTP."""

import pytest

from graph_client.client import GraphClient
from graph_client.errors import RetryLater
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Answer, ToldGraph

pytestmark = pytest.mark.anyio
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def test_a_file_comes_back_byte_for_byte(tenant: GraphClient, people: People) -> None:
    drive_id = await tenant.drives.group_drive_id(people.group_id)
    content = bytes(range(256)) * 40
    put = await tenant.drives.upload(drive_id, "Forms/Raise a task #1.xlsx", content, XLSX)
    assert (put.name, put.size) == ("Raise a task #1.xlsx", len(content))
    found = await tenant.drives.item_by_path(drive_id, "/Forms/Raise a task #1.xlsx")
    assert found is not None
    assert (found.item_id, found.drive_id, found.ctag) == (put.item_id, drive_id, put.ctag)
    assert await tenant.drives.content(drive_id, found.item_id) == content


async def test_new_content_moves_the_content_tag(tenant: GraphClient, people: People) -> None:
    drive_id = await tenant.drives.group_drive_id(people.group_id)
    first = await tenant.drives.upload(drive_id, "a.xlsx", b"one", XLSX)
    second = await tenant.drives.upload(drive_id, "a.xlsx", b"two", XLSX)
    assert second.item_id == first.item_id
    assert second.ctag != first.ctag


async def test_a_path_with_nothing_there_is_none(tenant: GraphClient, people: People) -> None:
    drive_id = await tenant.drives.group_drive_id(people.group_id)
    assert await tenant.drives.item_by_path(drive_id, "not/here.xlsx") is None


async def test_a_file_that_a_person_has_locked_is_tried_again_later(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(423, {"error": {"code": "resourceLocked", "message": ""}}))
    with pytest.raises(RetryLater) as caught:
        await client.drives.upload("d", "a b.xlsx", b"x", XLSX)
    assert not caught.value.uncertain
    asked = graph.asked[0]
    assert (asked.path, asked.content) == ("/v1.0/drives/d/root:/a%20b.xlsx:/content", b"x")
    assert asked.headers["content-type"] == XLSX
