"""Planner as the service uses it, against the emulator over real HTTP."""

from datetime import UTC, datetime

import pytest

from graph_client.client import GraphClient
from graph_client.errors import Conflict, Gone, NotPermitted, Rejected, RetryLater
from graph_client.planner import (
    ChecklistChange,
    DetailsChanges,
    NewTask,
    PlannerTask,
    ReferenceChange,
    TaskChanges,
    order_hint,
)
from tests.emulator_server import RunningEmulator
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Answer, Naps, ToldGraph

pytestmark = pytest.mark.anyio
DUE = datetime(2026, 6, 1, 10, tzinfo=UTC)


@pytest.fixture
async def board(tenant: GraphClient, people: People) -> tuple[str, str]:
    """The ids of a plan and of a bucket on it."""
    plan = await tenant.planner.create_plan(people.group_id, "North tasking")
    bucket = await tenant.planner.create_bucket(plan.plan_id, "Violence")
    return plan.plan_id, bucket.bucket_id


@pytest.fixture
async def task(tenant: GraphClient, board: tuple[str, str]) -> PlannerTask:
    return await tenant.planner.create_task(NewTask(*board, "Find the van"))


async def test_a_plan_is_found_through_its_group(tenant: GraphClient, people: People) -> None:
    made = await tenant.planner.create_plan(people.group_id, "North tasking")
    assert await tenant.planner.plans_of_group(people.group_id) == (made,)
    assert await tenant.planner.plan(made.plan_id) == made
    assert (made.title, made.group_id) == ("North tasking", people.group_id)


async def test_a_deleted_plan_is_gone(tenant: GraphClient, people: People) -> None:
    made = await tenant.planner.create_plan(people.group_id, "North tasking")
    await tenant.planner.delete_plan(made.plan_id, made.etag)
    with pytest.raises(Gone):
        await tenant.planner.plan(made.plan_id)


async def test_labels_are_named_and_unnamed(tenant: GraphClient, board: tuple[str, str]) -> None:
    before = await tenant.planner.plan_details(board[0])
    assert len(before.categories) == 25
    named = await tenant.planner.update_plan_details(board[0], {"category3": "High risk"}, before.etag)
    assert named.categories["category3"] == "High risk"
    after = await tenant.planner.update_plan_details(board[0], {"category3": None}, named.etag)
    assert after.categories["category3"] is None


async def test_buckets_stand_in_the_order_of_the_board(tenant: GraphClient, board: tuple[str, str]) -> None:
    plan_id, _ = board
    hint = order_hint()
    for name in ("Theft", "Drugs"):
        hint = order_hint(after=hint)
        await tenant.planner.create_bucket(plan_id, name, hint)
    buckets = await tenant.planner.buckets(plan_id)
    assert {bucket.name for bucket in buckets} == {"Violence", "Theft", "Drugs"}
    assert [b.order_hint for b in buckets] == sorted(b.order_hint for b in buckets)
    first = buckets[0]
    renamed = await tenant.planner.update_bucket(first.bucket_id, first.etag, name="Renamed")
    assert renamed.name == "Renamed"


async def test_a_new_task_comes_back_whole(tenant: GraphClient, board: tuple[str, str], people: People) -> None:
    new = NewTask(
        *board,
        "Find the van",
        due_at=DUE,
        priority=1,
        assignee_ids=(people.bob, people.amy),
        categories=frozenset({"category2"}),
    )
    task = await tenant.planner.create_task(new)
    assert (task.plan_id, task.bucket_id, task.title) == (*board, "Find the van")
    assert (task.due_at, task.priority, task.percent_complete) == (DUE, 1, 0)
    assert set(task.assignee_ids) == {people.amy, people.bob}
    assert task.categories == {"category2"}
    assert task.created_by_app_id
    assert task.created_by_user_id is None
    assert await tenant.planner.task(task.task_id) == task


async def test_a_task_without_a_word_on_priority_gets_planners_own(task: PlannerTask) -> None:
    assert task.priority == 5


async def test_a_change_gives_the_task_as_it_is_now(tenant: GraphClient, task: PlannerTask, people: People) -> None:
    changes = TaskChanges(
        title="Found the van",
        percent_complete=50,
        start_at=DUE,
        due_at=DUE,
        assign=(people.amy,),
        set_categories=frozenset({"category1", "category25"}),
    )
    after = await tenant.planner.update_task(task.task_id, changes, task.etag)
    assert (after.title, after.percent_complete, after.due_at) == ("Found the van", 50, DUE)
    assert (after.assignee_ids, after.categories) == (
        (people.amy,),
        frozenset({"category1", "category25"}),
    )
    assert after.etag > task.etag
    emptied = await tenant.planner.update_task(
        task.task_id,
        TaskChanges(due_at=None, start_at=None, unassign=(people.amy,), remove_categories=frozenset({"category1"})),
        after.etag,
    )
    assert (emptied.due_at, emptied.start_at, emptied.assignee_ids) == (None, None, ())
    assert emptied.categories == {"category25"}


async def test_completing_a_task_is_stamped(tenant: GraphClient, task: PlannerTask) -> None:
    done = await tenant.planner.update_task(task.task_id, TaskChanges(percent_complete=100), task.etag)
    assert done.completed_at is not None
    assert done.completed_at.tzinfo is UTC


async def test_a_change_of_nothing_is_refused_before_it_is_sent(tenant: GraphClient, task: PlannerTask) -> None:
    with pytest.raises(ValueError, match="nothing to change"):
        await tenant.planner.update_task(task.task_id, TaskChanges(), task.etag)


async def test_changes_of_other_things_by_another_person_do_not_clash(tenant: GraphClient, task: PlannerTask) -> None:
    await tenant.planner.update_task(task.task_id, TaskChanges(title="Theirs"), task.etag)
    after = await tenant.planner.update_task(task.task_id, TaskChanges(priority=1), task.etag)
    assert (after.title, after.priority) == ("Theirs", 1)


async def test_changes_of_the_same_thing_are_a_conflict(tenant: GraphClient, task: PlannerTask) -> None:
    await tenant.planner.update_task(task.task_id, TaskChanges(title="Theirs"), task.etag)
    with pytest.raises(Conflict) as caught:
        await tenant.planner.update_task(task.task_id, TaskChanges(title="Ours"), task.etag)
    assert not caught.value.stale_version
    assert (await tenant.planner.task(task.task_id)).title == "Theirs"


async def test_an_etag_of_something_else_is_a_stale_version(tenant: GraphClient, task: PlannerTask) -> None:
    with pytest.raises(Conflict) as caught:
        await tenant.planner.update_details(task.task_id, DetailsChanges(description="x"), task.etag)
    assert caught.value.stale_version


async def test_details_are_changed_and_come_back_whole(tenant: GraphClient, task: PlannerTask) -> None:
    before = await tenant.planner.details(task.task_id)
    assert (before.description, before.checklist, before.references) == ("", (), ())
    link = "https://peakshire.sharepoint.com/a%20b?x=1#top"
    first, second = order_hint(), order_hint(after=order_hint())
    after = await tenant.planner.update_details(
        task.task_id,
        DetailsChanges(
            description="Line 1\nLine 2",
            preview_type="checklist",
            checklist=(
                ChecklistChange("line-1", "Ask the owner", False, first),
                ChecklistChange("line-2", "Check the cameras", True, second),
            ),
            references=(ReferenceChange(link, "Map", "Other"),),
        ),
        before.etag,
    )
    assert (after.description, after.preview_type) == ("Line 1\nLine 2", "checklist")
    assert [(line.title, line.is_checked) for line in after.checklist] == [
        ("Ask the owner", False),
        ("Check the cameras", True),
    ]
    assert [(one.url, one.alias, one.kind) for one in after.references] == [(link, "Map", "Other")]
    whole = await tenant.planner.task(task.task_id)
    assert (whole.has_description, whole.checklist_item_count, whole.reference_count) == (True, 2, 1)
    changes = DetailsChanges(
        checklist=(ChecklistChange("line-1", is_checked=True),),
        remove_checklist=("line-2",),
        remove_references=(link,),
    )
    last = await tenant.planner.update_details(task.task_id, changes, after.etag)
    assert [(line.title, line.is_checked) for line in last.checklist] == [("Ask the owner", True)]
    assert last.references == ()


async def test_details_of_many_tasks_come_in_few_calls_and_say_which_are_gone(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    tasks = [await tenant.planner.create_task(NewTask(*board, f"Task {n}")) for n in range(25)]
    lost = tasks[3]
    await tenant.planner.delete_task(lost.task_id, lost.etag)
    before = emulator.control("state", method="GET")["exchanges"]
    details, troubles = await tenant.planner.details_of([task.task_id for task in tasks])
    assert emulator.control("state", method="GET")["exchanges"] - before == 2
    assert details.keys() == {task.task_id for task in tasks if task is not lost}
    assert troubles == []


async def test_all_tasks_are_listed_however_many_pages_there_are(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"planner_page_size": 2})
    made = {(await tenant.planner.create_task(NewTask(*board, f"Task {n}"))).task_id for n in range(5)}
    assert {task.task_id for task in await tenant.planner.tasks(board[0])} == made


async def test_a_list_that_is_short_of_its_own_count_is_not_taken(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(body={"@odata.count": 3, "value": []}))
    with pytest.raises(RetryLater, match="short of its own count"):
        await client.planner.tasks("p")


async def test_a_page_that_fails_fails_the_whole_list(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"planner_page_size": 1})
    for n in range(2):
        await tenant.planner.create_task(NewTask(*board, f"Task {n}"))
    order = {"method": "GET", "path": r"/tasks", "status": 503, "times": 100}
    emulator.control("faults/fail_next", order)
    with pytest.raises(RetryLater):
        await tenant.planner.tasks(board[0])


async def test_a_deleted_task_is_gone_and_deleting_it_twice_says_so(tenant: GraphClient, task: PlannerTask) -> None:
    await tenant.planner.delete_task(task.task_id, task.etag)
    with pytest.raises(Gone):
        await tenant.planner.task(task.task_id)
    with pytest.raises(Gone):
        await tenant.planner.delete_task(task.task_id, task.etag)


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
async def test_a_task_whose_answer_is_lost_is_made_once_and_told_as_uncertain(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator, lost_as: str
) -> None:
    emulator.control("faults/lose_next_answer", {"method": "POST", "path": "/planner/tasks", "as": lost_as})
    with pytest.raises(RetryLater) as caught:
        await tenant.planner.create_task(NewTask(*board, "Find the van"))
    assert caught.value.uncertain
    assert [task.title for task in await tenant.planner.tasks(board[0])] == ["Find the van"]


async def test_a_throttled_create_made_nothing_and_says_when_to_ask_again(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    order = {"path": "/planner/tasks", "times": 1, "retry_after": "fractional", "value": 2.128}
    emulator.control("faults/throttle", order)
    with pytest.raises(RetryLater) as caught:
        await tenant.planner.create_task(NewTask(*board, "Find the van"))
    assert not caught.value.uncertain
    assert caught.value.after_seconds == pytest.approx(2.128)
    assert await tenant.planner.tasks(board[0]) == ()


@pytest.mark.parametrize("form", ["whole", "fractional", "date", "none"])
async def test_a_throttled_list_is_read_after_the_wait_in_every_form(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator, naps: Naps, form: str
) -> None:
    emulator.control("faults/throttle", {"workload": "planner", "retry_after": form, "value": 3, "times": 2})
    assert await tenant.planner.tasks(board[0]) == ()
    if form == "none":
        assert all(seconds <= 15 for seconds in naps.seconds)
    else:
        assert naps.seconds == [pytest.approx(3, abs=1)] * 2


async def test_a_full_plan_is_told_by_the_name_of_its_limit(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"planner_max_tasks": 1})
    await tenant.planner.create_task(NewTask(*board, "The last that fits"))
    with pytest.raises(Rejected) as caught:
        await tenant.planner.create_task(NewTask(*board, "One too many"))
    assert caught.value.limit == "MaximumTasksInProject"


async def test_a_missing_permission_is_not_permitted(
    tenant: GraphClient, people: People, emulator: RunningEmulator
) -> None:
    emulator.control("consent", {"revoke": ["Tasks.ReadWrite.All"]})
    with pytest.raises(NotPermitted) as caught:
        await tenant.planner.plans_of_group(people.group_id)
    assert caught.value.status == 403


async def test_a_changed_task_is_read_again_where_graph_gives_no_representation(
    graph: ToldGraph, client: GraphClient
) -> None:
    task = {"@odata.etag": "e2", "id": "t", "planId": "p", "title": "T"}
    graph.tell(Answer(204), Answer(body=task))
    after = await client.planner.update_task("t", TaskChanges(title="T"), "e1")
    assert after.etag == "e2"
    assert [asked.method for asked in graph.asked] == ["PATCH", "GET"]


async def test_a_changed_task_that_cannot_be_read_again_is_uncertain(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(204), Answer(404))
    with pytest.raises(RetryLater, match="could not be read again") as caught:
        await client.planner.update_task("t", TaskChanges(title="T"), "e1")
    assert caught.value.uncertain
