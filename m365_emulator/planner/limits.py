"""Planner's service limits: 403 whose code is the limit's name; every number is a switch (planner-overview.md)."""

from collections.abc import Iterable

from m365_emulator.odata import GraphFault, Json
from m365_emulator.planner.values import invalid
from m365_emulator.routing import Call


def over(name: str, count: int, limit: int) -> None:
    """Raise the limit's 403 when `count` is above it; a limit of 0 is none."""
    if limit and count > limit:
        raise GraphFault(403, name, "The request exceeded allowed limits.")


def require_room_for_plan(call: Call, group_id: str) -> None:
    """One more plan in the group."""
    count = len(call.tenant.planner.plans_of_group(group_id)) + 1
    over("MaximumPlannerPlans", count, call.tenant.switches.planner_max_plans_per_group)


def require_room_for_bucket(call: Call, plan_id: str) -> None:
    """One more bucket in the plan."""
    count = len(call.tenant.planner.buckets_of_plan(plan_id)) + 1
    over("MaximumBucketsInProject", count, call.tenant.switches.planner_max_buckets)


def require_room_for_task(call: Call, values: Json) -> None:
    """One more task in the plan, active unless it is complete, and by its creator."""
    state, switches = call.tenant.planner, call.tenant.switches
    over("MaximumTasksInProject", len(state.tasks.of_plan(values["planId"])) + 1, switches.planner_max_tasks)
    require_room_for_active(call, values, None)
    if switches.planner_max_tasks_created:
        own = sum(t.task.values["createdBy"] == values["createdBy"] for t in state.tasks.values())
        over("MaximumTasksCreatedByUser", own + 1, switches.planner_max_tasks_created)
    require_room_for_assignees(call, values, values["assignments"])


def require_room_for_active(call: Call, values: Json, task_id: str | None) -> None:
    """The plan's active tasks with this one, which may be there already; counted only where they could be too many."""
    limit = call.tenant.switches.planner_max_active_tasks
    tasks = call.tenant.planner.tasks.of_plan(values["planId"])
    if values["percentComplete"] == 100 or not limit or len(tasks) < limit:
        return
    active = sum(t.task.values["percentComplete"] < 100 and t.task.id != task_id for t in tasks.values())
    over("MaximumActiveTasksInProject", active + 1, limit)


def require_room_for_assignees(call: Call, values: Json, added: Iterable[str]) -> None:
    """The assignees of one task, the tasks of each one added, and whether they may be assigned at all."""
    switches, state = call.tenant.switches, call.tenant.planner
    over("MaximumAssigneesInTasks", len(values["assignments"]), switches.planner_max_assignees)
    for user_id in added:
        _require_assignable(call, values["planId"], user_id)
        count = state.tasks.assigned_to(user_id) + 1
        over("MaximumTasksAssignedToUser", count, switches.planner_max_tasks_assigned)


def require_room_in_details(call: Call, before: Json, after: Json) -> None:
    """Checklist items and references of one task, where there are more of them than before."""
    switches = call.tenant.switches
    if len(after["checklist"]) > len(before["checklist"]):
        over("MaximumChecklistItemsOnTask", len(after["checklist"]), switches.planner_max_checklist_items)
    if len(after["references"]) > len(before["references"]):
        over("MaximumReferencesOnTask", len(after["references"]), switches.planner_max_references)


def _require_assignable(call: Call, plan_id: str, user_id: str) -> None:
    switches, directory = call.tenant.switches, call.tenant.directory
    known = user_id.lower() in directory.users
    if not known and switches.planner_unknown_assignee == "refuse":
        raise invalid(f"The user '{user_id}' does not exist.")
    group = directory.groups.get(call.tenant.planner.plans[plan_id].group_id)
    if known and switches.planner_non_member_assignee == "refuse" and group and user_id not in group.member_ids:
        raise invalid(f"The user '{user_id}' is not a member of the group of the plan.")
