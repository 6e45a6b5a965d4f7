"""The typed msgraph-sdk for Python, with its models and nothing rewritten but base address and credential."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from azure.core.credentials import AccessToken
from emulator_server import RunningEmulator
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.generated.models.column_definition import ColumnDefinition
from msgraph.generated.models.field_value_set import FieldValueSet
from msgraph.generated.models.list_ import List_
from msgraph.generated.models.list_info import ListInfo
from msgraph.generated.models.list_item import ListItem
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.planner_applied_categories import PlannerAppliedCategories
from msgraph.generated.models.planner_assignments import PlannerAssignments
from msgraph.generated.models.planner_bucket import PlannerBucket
from msgraph.generated.models.planner_checklist_items import PlannerChecklistItems
from msgraph.generated.models.planner_container_type import PlannerContainerType
from msgraph.generated.models.planner_external_references import PlannerExternalReferences
from msgraph.generated.models.planner_plan import PlannerPlan
from msgraph.generated.models.planner_plan_container import PlannerPlanContainer
from msgraph.generated.models.planner_preview_type import PlannerPreviewType
from msgraph.generated.models.planner_task import PlannerTask
from msgraph.generated.models.planner_task_details import PlannerTaskDetails
from msgraph.generated.models.text_column import TextColumn
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory
from msgraph_core.tasks.page_iterator import PageIterator

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:msgraph.*", "ignore::DeprecationWarning:kiota.*")
T = TypeVar("T")
ASSIGNED = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}


@dataclass(frozen=True, slots=True)
class Ready:
    """A credential that has its token already."""

    token: str

    async def get_token(self, *scopes: str, **more: Any) -> AccessToken:
        return AccessToken(self.token, int(datetime.now(UTC).timestamp()) + 3000)

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def sdk(running: RunningEmulator, token: str) -> AsyncIterator[GraphServiceClient]:
    """The SDK at the emulator's address."""
    client = GraphClientFactory.create_with_default_middleware(options=options)
    # msgraph_core's transport does not hand `aclose` on to the one that holds the connections.
    async with client._transport.transport:
        scopes = ["https://graph.microsoft.com/.default"]
        adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(Ready(token), scopes=scopes), client=client)
        adapter.base_url = running.graph_url
        yield GraphServiceClient(request_adapter=adapter)


def with_sdk(running: RunningEmulator, work: Callable[[GraphServiceClient], Awaitable[T]], token: str = "") -> T:
    """Do something with the SDK under the app's token, or another."""

    async def inside() -> T:
        async with sdk(running, token or running.app_token()) as graph:
            return await work(graph)

    return asyncio.run(inside())


def matching(entity: Any, *, prefer: bool = False) -> RequestConfiguration[Any]:
    """If-Match with the entity's etag."""
    configuration: RequestConfiguration[Any] = RequestConfiguration()
    configuration.headers.add("If-Match", entity.additional_data["@odata.etag"])
    if prefer:
        configuration.headers.add("Prefer", "return=representation")
    return configuration


async def new_plan(graph: GraphServiceClient, group_id: str) -> PlannerPlan:
    container = PlannerPlanContainer(container_id=group_id, type=PlannerContainerType.Group)
    plan = await graph.planner.plans.post(PlannerPlan(title="Typed", container=container))
    assert plan is not None
    assert plan.id
    return plan


def test_a_plan_a_bucket_and_a_task_are_made_changed_and_deleted(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    ann, ben = people["ann"], people["ben"]

    async def work(graph: GraphServiceClient) -> None:
        plan = await new_plan(graph, people["group"])
        assert plan.container is not None
        assert plan.container.type is PlannerContainerType.Group
        bucket = await graph.planner.buckets.post(PlannerBucket(name="First", plan_id=plan.id, order_hint=" !"))
        assert bucket is not None
        due = datetime(2026, 12, 24, 12, tzinfo=UTC)
        wanted = PlannerTask(
            plan_id=plan.id,
            bucket_id=bucket.id,
            title="Patrol plan",
            due_date_time=due,
            assignments=PlannerAssignments(additional_data={ann: ASSIGNED}),
            applied_categories=PlannerAppliedCategories(additional_data={"category3": True}),
        )
        made = await graph.planner.tasks.post(wanted)
        assert made is not None
        assert (made.priority, made.percent_complete, made.due_date_time) == (5, 0, due)
        assert made.preview_type is PlannerPreviewType.Automatic
        assert made.created_by is not None
        one = graph.planner.tasks.by_planner_task_id(made.id or "")
        both = PlannerTask(assignments=PlannerAssignments(additional_data={ann: None, ben: ASSIGNED}))
        patched = await one.patch(both, matching(made, prefer=True))
        assert patched is not None
        assert patched.assignments is not None
        assert list(patched.assignments.additional_data) == [ben]
        assert patched.applied_categories is not None
        assert patched.applied_categories.additional_data == {"category3": True}
        assert await one.patch(PlannerTask(percent_complete=100), matching(patched)) is None
        done = await one.get()
        assert done is not None
        assert done.completed_date_time is not None
        with pytest.raises(ODataError) as stale:
            await one.delete(matching(made))
        assert stale.value.response_status_code == 409
        await one.delete(matching(done))
        with pytest.raises(ODataError) as gone:
            await one.get()
        assert gone.value.error is not None
        assert (gone.value.response_status_code, gone.value.error.code) == (404, "")
        assert gone.value.error.inner_error is not None
        assert gone.value.error.inner_error.request_id

    with_sdk(emulator, work)


def test_details_take_checklist_and_references_from_additional_data(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    async def work(graph: GraphServiceClient) -> PlannerTask | None:
        plan = await new_plan(graph, people["group"])
        task = await graph.planner.tasks.post(PlannerTask(plan_id=plan.id, title="With details"))
        assert task is not None
        one = graph.planner.tasks.by_planner_task_id(task.id or "")
        details = await one.details.get()
        item = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "title": "Ask", "isChecked": False}
        link = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Brief", "type": "Word"}
        wanted = PlannerTaskDetails(
            description="Plain words",
            preview_type=PlannerPreviewType.Checklist,
            checklist=PlannerChecklistItems(additional_data={"a1": item}),
            references=PlannerExternalReferences(additional_data={"https%3A//contoso%2Eexample/brief": link}),
        )
        after = await one.details.patch(wanted, matching(details, prefer=True))
        assert after is not None
        assert after.checklist is not None
        assert after.checklist.additional_data["a1"]["title"] == "Ask"
        assert after.references is not None
        assert list(after.references.additional_data) == ["https%3A//contoso%2Eexample/brief"]
        return await one.get()

    task = with_sdk(emulator, work)
    assert task is not None
    assert (task.has_description, task.checklist_item_count, task.reference_count) == (True, 1, 1)
    assert task.preview_type is PlannerPreviewType.Checklist


@pytest.mark.parametrize("size", [400, 3])
def test_the_page_iterator_brings_every_task_once(emulator: RunningEmulator, people: dict[str, str], size: int) -> None:
    emulator.control("switches", {"planner_page_size": size})

    async def work(graph: GraphServiceClient) -> list[str | None]:
        plan = await new_plan(graph, people["group"])
        for number in range(10):
            await graph.planner.tasks.post(PlannerTask(plan_id=plan.id, title=f"Task {number}"))
        first = await graph.planner.plans.by_planner_plan_id(plan.id or "").tasks.get()
        assert first is not None
        found: list[str | None] = []

        def keep(task: PlannerTask) -> bool:
            found.append(task.title)
            return True

        await PageIterator(first, graph.request_adapter).iterate(keep)
        return found

    assert sorted(map(str, with_sdk(emulator, work))) == [f"Task {number}" for number in range(10)]


def test_lists_and_their_items_are_made_filled_and_changed(emulator: RunningEmulator, people: dict[str, str]) -> None:
    async def work(graph: GraphServiceClient) -> dict[str, Any]:
        site = await graph.groups.by_group_id(people["group"]).sites.by_site_id("root").get()
        assert site is not None
        lists = graph.sites.by_site_id(site.id or "").lists
        columns = [ColumnDefinition(name="FormId", text=TextColumn(allow_multiple_lines=False))]
        made = await lists.post(List_(display_name="Intake", list_=ListInfo(template="genericList"), columns=columns))
        assert made is not None
        items = lists.by_list_id(made.id or "").items
        fields = FieldValueSet(additional_data={"Title": "One", "FormId": "F1"})
        item = await items.post(ListItem(fields=fields))
        assert item is not None
        one = items.by_list_item_id(item.id or "")
        await one.fields.patch(FieldValueSet(additional_data={"FormId": "F2"}))
        read = await one.get()
        assert read is not None
        assert read.fields is not None
        return read.fields.additional_data

    fields = with_sdk(emulator, work)
    assert (fields["Title"], fields["FormId"]) == ("One", "F2")


def test_people_are_searched_with_the_header_that_it_needs(emulator: RunningEmulator, people: dict[str, str]) -> None:
    # Not at the top: this import warns, which pytest turns into an error outside of a test.
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    async def work(graph: GraphServiceClient) -> tuple[list[str | None], int | None]:
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            search='"displayName:ann"', count=True, select=["id", "accountEnabled"]
        )
        configuration = RequestConfiguration(query_parameters=query)
        with pytest.raises(ODataError):
            await graph.users.get(configuration)
        configuration.headers.add("ConsistencyLevel", "eventual")
        found = await graph.users.get(configuration)
        assert found is not None
        assert [user.account_enabled for user in found.value or []] == [True]
        return [user.id for user in found.value or []], found.odata_count

    assert with_sdk(emulator, work) == ([people["ann"]], 1)


def test_a_group_its_members_and_its_plans_are_listed_for_a_person(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    async def work(graph: GraphServiceClient) -> list[str | None]:
        plan = await new_plan(graph, people["group"])
        group = graph.groups.by_group_id(people["group"])
        members = await group.members.get()
        assert members is not None
        assert {type(member).__name__ for member in members.value or []} == {"User"}
        plans = await group.planner.plans.get()
        mine = await graph.me.planner.plans.get()
        assert plans is not None
        assert mine is not None
        assert [each.id for each in plans.value or []] == [each.id for each in mine.value or []] == [plan.id]
        return [member.id for member in members.value or []]

    token = emulator.person_token("ann@peakshire.example", "Tasks.ReadWrite", "GroupMember.Read.All")
    assert with_sdk(emulator, work, token) == [people["ann"], people["ben"]]
