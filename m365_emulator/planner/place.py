"""Where a Planner call lands: ids and membership. A malformed id is 400, an unknown one 404."""

from collections.abc import Mapping
from typing import TypeVar

from m365_emulator.odata import GraphFault
from m365_emulator.permissions.check import planner_denied
from m365_emulator.planner.state import ID_FORM, PlanParts, Record, TaskParts
from m365_emulator.planner.values import invalid
from m365_emulator.routing import Call

T = TypeVar("T")


def not_found() -> GraphFault:
    """Planner's 404."""
    return GraphFault(404, "", "The requested item is not found.")


def look_up(held: Mapping[str, T], wanted: str) -> T:
    """The item with this id; 400 for a malformed or wrongly cased id, 404 for an unknown one."""
    if wanted in held:
        return held[wanted]
    if not ID_FORM.fullmatch(wanted) or any(known.lower() == wanted.lower() for known in held):
        raise invalid(f"The identifier '{wanted}' is not valid.")
    raise not_found()


def require_member(call: Call, group_id: str) -> None:
    """403 for a person who is not a member of the plan's group; an app alone sees every plan."""
    person, group = call.who.user_id, call.tenant.directory.groups.get(group_id)
    if person is not None and (group is None or person not in group.member_ids):
        raise planner_denied()


def plan_at(call: Call, plan_id: str) -> PlanParts:
    """The plan, if the caller may see it."""
    parts = look_up(call.tenant.planner.plans, plan_id)
    require_member(call, parts.group_id)
    return parts


def bucket_at(call: Call) -> Record:
    """The bucket in the path, if the caller may see its plan."""
    bucket = look_up(call.tenant.planner.buckets, call.params["bucket_id"])
    plan_at(call, bucket.values["planId"])
    return bucket


def task_at(call: Call) -> TaskParts:
    """The task in the path, if the caller may see its plan."""
    parts = look_up(call.tenant.planner.tasks, call.params["task_id"])
    plan_at(call, parts.task.values["planId"])
    return parts


def task_for_assignee(call: Call) -> tuple[TaskParts, bool]:
    """The task in the path, and True when the caller sees it only as one of its assignees.

    Somebody assigned from outside the group sees the basic task and may complete it; nothing else of the plan.
    """
    parts = look_up(call.tenant.planner.tasks, call.params["task_id"])
    person = call.who.user_id
    group = call.tenant.directory.groups.get(call.tenant.planner.plans[parts.task.values["planId"]].group_id)
    outside = person is not None and (group is None or person not in group.member_ids)
    if not outside or person not in parts.task.values["assignments"]:
        return task_at(call), False
    if call.tenant.switches.planner_outside_assignee == "nothing":
        raise planner_denied()
    return parts, True


def require_bucket_of(call: Call, bucket_id: str | None, plan_id: str) -> None:
    """400 unless the bucket is one of the plan's; none at all is allowed."""
    if bucket_id is None:
        return
    bucket = call.tenant.planner.buckets.get(bucket_id)
    if bucket is None or bucket.values["planId"] != plan_id:
        raise invalid(f"The bucket '{bucket_id}' does not belong to the plan '{plan_id}'.")
