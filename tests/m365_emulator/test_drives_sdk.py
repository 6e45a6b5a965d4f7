"""The unmodified SDK against sites, lists and drives, with the addresses that its builders write."""

import asyncio
from typing import Any

import pytest
from azure.identity.aio import ManagedIdentityCredential
from emulator_server import RunningEmulator
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]


async def _read(graph: GraphServiceClient, group_id: str) -> dict[str, Any]:
    site = await graph.sites.by_site_id("peakshire.sharepoint.example:/sites/bcu-north").get()
    drive = await graph.groups.by_group_id(group_id).drive.get()
    assert site is not None
    assert drive is not None
    items = graph.drives.by_drive_id(str(drive.id)).items
    put = await items.by_drive_item_id("root:/In/brief.txt:").content.put(b"the content")
    assert put is not None
    lists = await graph.sites.by_site_id(str(site.id)).lists.get()
    assert lists is not None
    (one,) = lists.value or []
    told = graph.sites.by_site_id(str(site.id)).lists.by_list_id(str(one.id)).items
    delta = await told.delta.get()
    latest = await told.delta_with_token("latest").get()
    changes = await items.by_drive_item_id("root").delta.get()
    assert delta is not None
    assert latest is not None
    assert changes is not None
    return {
        "content": await items.by_drive_item_id(str(put.id)).content.get(),
        "items": [item.id for item in delta.value or []],
        "link": delta.odata_delta_link,
        "latest": latest.value,
        "files": {item.name for item in changes.value or []},
    }


async def _run(running: RunningEmulator, group_id: str) -> dict[str, Any]:
    client = GraphClientFactory.create_with_default_middleware()
    async with client, ManagedIdentityCredential() as credential:
        scopes = ["https://graph.microsoft.com/.default"]
        signing_in = AzureIdentityAuthenticationProvider(credential, scopes=scopes)
        adapter = GraphRequestAdapter(signing_in, client=client)
        adapter.base_url = running.graph_url
        try:
            return await _read(GraphServiceClient(request_adapter=adapter), group_id)
        finally:
            # The SDK's transport does not close the connections of the one inside it.
            await client._transport.transport.aclose()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:msgraph.*", "ignore::DeprecationWarning:kiota.*")
def test_the_sdk_reads_sites_lists_deltas_and_redirected_content(
    emulator: RunningEmulator, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", emulator.identity_header)
    with emulator.client() as app:
        site = app.get(f"/groups/{people['group']}/sites/root").json()["id"]
        made = app.post(f"/sites/{site}/lists", json={"displayName": "Intake"}).json()
        app.post(f"/sites/{site}/lists/{made['id']}/items", json={"fields": {"Title": "one"}})
    read = asyncio.run(_run(emulator, people["group"]))
    assert read["content"] == b"the content"
    assert read["items"] == ["1"]
    assert read["link"]
    assert read["latest"] == []
    assert {"root", "In", "brief.txt"} <= read["files"]
