"""Lists and their deltas, against the emulator over real HTTP."""

import pytest

from graph_client.client import GraphClient
from graph_client.errors import Gone, ResyncRequired, RetryLater
from graph_client.sharepoint import NewColumn
from tests.emulator_server import RunningEmulator
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Answer, Asked, ToldGraph

pytestmark = pytest.mark.anyio
COLUMNS = (NewColumn("ResponseId", indexed=True), NewColumn("Answers", "long_text"))


@pytest.fixture
async def intake(tenant: GraphClient, people: People) -> tuple[str, str]:
    """The ids of a site and of a list in it."""
    site = await tenant.sharepoint.site_of_group(people.group_id)
    made = await tenant.sharepoint.create_list(site.site_id, "Intake", COLUMNS)
    return site.site_id, made.list_id


async def test_a_groups_site_is_found_by_its_address_too(tenant: GraphClient, people: People) -> None:
    site = await tenant.sharepoint.site_of_group(people.group_id)
    assert site.web_url
    host, _, path = site.web_url.removeprefix("https://").partition("/")
    assert await tenant.sharepoint.site_by_path(host, path) == site
    with pytest.raises(Gone):
        await tenant.sharepoint.site_by_path(host, "sites/nowhere")


async def test_a_new_list_is_listed_with_its_columns(tenant: GraphClient, intake: tuple[str, str]) -> None:
    assert "Intake" in {one.name for one in await tenant.sharepoint.lists(intake[0])}
    names = {column.name for column in await tenant.sharepoint.columns(*intake)}
    assert {"Title", "ResponseId", "Answers"} <= names


async def test_the_delta_tells_what_changed_since_the_last_time(tenant: GraphClient, intake: tuple[str, str]) -> None:
    one = await tenant.sharepoint.create_item(*intake, {"ResponseId": "1", "Answers": '{"a": "é"}'})
    first = await tenant.sharepoint.items_delta(*intake)
    assert [dict(item.fields)["Answers"] for item in first.items] == ['{"a": "é"}']
    assert first.items[0].created_at is not None
    nothing = await tenant.sharepoint.items_delta(*intake, first.delta_link)
    assert nothing.items == ()
    await tenant.sharepoint.create_item(*intake, {"ResponseId": "2"})
    await tenant.sharepoint.update_item_fields(*intake, one.item_id, {"Answers": "changed"})
    second = await tenant.sharepoint.items_delta(*intake, nothing.delta_link)
    assert {item.fields["ResponseId"]: item.fields.get("Answers") for item in second.items} == {
        "1": "changed",
        "2": None,
    }


async def test_all_pages_of_a_delta_are_read_and_an_item_told_twice_comes_once(
    tenant: GraphClient, intake: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"sharepoint_page_size": 2, "sharepoint_delta_repeats": True})
    made = [await tenant.sharepoint.create_item(*intake, {"ResponseId": str(n)}) for n in range(5)]
    delta = await tenant.sharepoint.items_delta(*intake)
    assert sorted(item.item_id for item in delta.items) == sorted(item.item_id for item in made)


async def test_a_link_that_is_too_old_asks_for_everything_again(
    tenant: GraphClient, intake: tuple[str, str], emulator: RunningEmulator
) -> None:
    await tenant.sharepoint.create_item(*intake, {"ResponseId": "1"})
    first = await tenant.sharepoint.items_delta(*intake)
    emulator.control("delta/expire", {"of": "sharepoint"})
    with pytest.raises(ResyncRequired) as caught:
        await tenant.sharepoint.items_delta(*intake, first.delta_link)
    assert caught.value.location
    again = await tenant.sharepoint.items_delta(*intake, caught.value.location)
    assert [item.fields["ResponseId"] for item in again.items] == ["1"]


async def test_items_that_come_without_their_fields_are_read_one_by_one(graph: ToldGraph, client: GraphClient) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.endswith("/$batch"):
            two, three = (item["id"] for item in asked.json["requests"])
            urls = [item["url"] for item in asked.json["requests"]]
            assert urls == [f"/sites/h,1,2/lists/l/items/{n}?$expand=fields" for n in (2, 3)]
            whole = {"id": "2", "fields": {"@odata.etag": "e", "A": "b"}}
            told = [{"id": three, "status": 404}, {"id": two, "status": 200, "body": whole}]
            return Answer(body={"responses": told})
        items = [
            {"id": "1", "deleted": {"state": "deleted"}},
            {"id": "2"},
            {"id": "3"},
            {"id": "4", "fields": {"A": "c"}},
        ]
        return Answer(body={"value": items, "@odata.deltaLink": f"{graph.url}/v1.0/next"})

    graph.tell_by(script)
    delta = await client.sharepoint.items_delta("h,1,2", "l")
    assert [(i.item_id, i.deleted, dict(i.fields)) for i in delta.items] == [
        ("1", True, {}),
        ("2", False, {"A": "b"}),
        ("3", True, {}),
        ("4", False, {"A": "c"}),
    ]


async def test_a_delta_without_a_link_for_the_next_time_is_not_taken(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(body={"value": []}))
    with pytest.raises(RetryLater, match="no link for the next time"):
        await client.sharepoint.items_delta("s", "l")
