"""The emulator inside a test's own process, without a port: the ASGI application with httpx."""

import asyncio

import httpx

from m365_emulator.control.seed_file import plant
from m365_emulator.server import build_app
from m365_emulator.tenant import TenantOptions


def test_a_test_can_call_the_application_without_a_server() -> None:
    app = build_app(TenantOptions(switches=(("planner_page_size", "5"),)))
    plant(app.state.graph, {"people": [{"upn": "ada@peakshire.example", "display_name": "Ada"}]})
    tenant = app.state.tenant
    token = tenant.app_token(tenant.options.app_id, 3600)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
            return await client.get("/v1.0/users", headers={"Authorization": f"Bearer {token}"})

    answer = asyncio.run(ask())
    assert [user["displayName"] for user in answer.json()["value"]] == ["Ada"]
    assert answer.json()["@odata.context"].startswith("http://emulator/v1.0/$metadata")
    assert tenant.traffic.passed == 1
