"""The unmodified msgraph-sdk and azure-identity work against the emulator over plain HTTP (facts §11, point 7)."""

import asyncio

import pytest
from azure.identity.aio import ManagedIdentityCredential
from emulator_server import RunningEmulator
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.planner_assignments import PlannerAssignments
from msgraph.generated.models.planner_task import PlannerTask
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:msgraph.*", "ignore::DeprecationWarning:kiota.*")


async def _write_and_read_tasks(graph: GraphServiceClient, plan_id: str, user_id: str) -> str:
    entry = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    assignments = PlannerAssignments(additional_data={user_id: entry})
    wanted = PlannerTask(plan_id=plan_id, title="Made by the SDK", assignments=assignments)
    made = await graph.planner.tasks.post(wanted)
    assert made is not None
    task = graph.planner.tasks.by_planner_task_id(made.id or "")
    change: RequestConfiguration[object] = RequestConfiguration()
    change.headers.add("If-Match", str(made.additional_data["@odata.etag"]))
    change.headers.add("Prefer", "return=representation")
    patched = await task.patch(PlannerTask(priority=1), change)
    assert patched is not None
    assert (patched.priority, patched.title) == (1, "Made by the SDK")
    with pytest.raises(ODataError) as refused:
        await graph.planner.tasks.by_planner_task_id("A" * 28).get()
    assert refused.value.error is not None
    assert (refused.value.response_status_code, refused.value.error.code) == (404, "")
    return made.id or ""


async def _run(running: RunningEmulator, plan_id: str, user_id: str) -> tuple[list[str | None], str]:
    client = GraphClientFactory.create_with_default_middleware()
    # msgraph_core's transport does not hand `aclose` on to the one that holds the connections.
    connections = client._transport.transport
    async with connections, ManagedIdentityCredential() as credential:
        scopes = ["https://graph.microsoft.com/.default"]
        adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(credential, scopes=scopes), client=client)
        adapter.base_url = running.graph_url
        graph = GraphServiceClient(request_adapter=adapter)
        groups = await graph.groups.get()
        assert groups is not None
        task_id = await _write_and_read_tasks(graph, plan_id, user_id)
        return [group.id for group in groups.value or []], task_id


def test_point_7_the_sdk_lists_groups_and_writes_tasks_with_a_managed_identity(
    emulator: RunningEmulator, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", emulator.identity_header)
    with emulator.client() as app:
        container = {"containerId": people["group"], "type": "group"}
        plan = app.post("/planner/plans", json={"title": "Board", "container": container}).json()
    group_ids, task_id = asyncio.run(_run(emulator, plan["id"], people["ann"]))
    kept = emulator.tenant.planner.tasks[task_id].task.values
    assert group_ids == [people["group"]]
    assert kept["createdBy"]["application"]["id"] == emulator.tenant.options.app_id
    assert list(kept["assignments"]) == [people["ann"]]
