"""Plans, plan details and buckets below /v1.0/planner, and the lists of a group's or person's plans."""

import re

from m365_emulator.clock import timestamp
from m365_emulator.directory.routes import group_at
from m365_emulator.odata import GraphFault, Json
from m365_emulator.planner.limits import over, require_room_for_bucket, require_room_for_plan
from m365_emulator.planner.lists import listing, task_listing
from m365_emulator.planner.place import bucket_at, not_found, plan_at, require_member
from m365_emulator.planner.shapes import BUCKET, PLAN, PLAN_DETAILS, Changes, read
from m365_emulator.planner.state import CATEGORIES, PlanParts, Record
from m365_emulator.planner.tasks import TASK_ROUTES
from m365_emulator.planner.values import invalid
from m365_emulator.planner.writes import (
    changed,
    commit,
    entity,
    identity_of,
    merge,
    require_no_clash,
    require_unchanged,
    stamp_of,
    version_asked,
)
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.words import Assumed, Family

_GROUP_URL = re.compile(r"https?://[^/]+/(?:v1\.0|beta)/groups(?:/|\(')([0-9a-fA-F-]{36})(?:'\))?/?")
_FILTER = re.compile(r"(owner|container/containerId|planId)\s+eq\s+'([^']+)'", re.IGNORECASE)
PLAN_CONTEXT, DETAILS_CONTEXT = "planner/plans/$entity", "planner/plans/details/$entity"
BUCKET_CONTEXT = "planner/buckets/$entity"


def create_plan(call: Call) -> Reply:
    """POST /planner/plans: in a group that the person, if any, is a member of."""
    body, state, now = call.json(), call.tenant.planner, call.tenant.clock.now()
    changes = read(
        PLAN,
        {k: v for k, v in body.items() if k not in ("container", "owner")},
        call.tenant.switches,
        creating=True,
    )
    if "title" not in changes.plain:
        raise invalid("The field 'title' is required.")
    group_id = _group_of(body).lower()
    if group_id not in call.tenant.directory.groups:
        raise not_found()
    require_member(call, group_id)
    require_room_for_plan(call, group_id)
    values = {
        "createdDateTime": timestamp(now),
        "owner": group_id,
        "title": changes.plain["title"],
        "createdBy": identity_of(call.who),
        "container": {
            "containerId": group_id,
            "type": "group",
            "url": f"https://graph.microsoft.com/v1.0/groups/{group_id}",
        },
    }
    plan = state.new_record("Plan", values)
    slots: Json = {"sharedWith": {}, "categoryDescriptions": dict.fromkeys(CATEGORIES)}
    details = state.new_record("PlanDetails", slots, plan.id)
    state.plans[plan.id] = PlanParts(plan, details, group_id)
    return _created(call, plan, PLAN_CONTEXT, "plans")


def get_plan(call: Call) -> Reply:
    """GET /planner/plans/{id}: the plan, without its details."""
    return entity(call, plan_at(call, call.params["plan_id"]).plan, PLAN_CONTEXT)


def update_plan(call: Call) -> Reply:
    """PATCH /planner/plans/{id}: the title."""
    plan = plan_at(call, call.params["plan_id"]).plan
    version = version_asked(call, plan)
    _apply(call, plan, version, read(PLAN, call.json(), call.tenant.switches, creating=False))
    return changed(call, plan, PLAN_CONTEXT)


def delete_plan(call: Call) -> Reply:
    """DELETE /planner/plans/{id}: its tasks are 404 from then on."""
    plan = plan_at(call, call.params["plan_id"]).plan
    require_unchanged(plan, version_asked(call, plan))
    call.tenant.planner.drop_plan(plan.id, call.tenant.switches.planner_stale_deletes_seconds)
    return Reply(204)


def get_plan_details(call: Call) -> Reply:
    """GET /planner/plans/{id}/details: labels, and whom the plan is shared with."""
    return entity(call, plan_at(call, call.params["plan_id"]).details, DETAILS_CONTEXT)


def update_plan_details(call: Call) -> Reply:
    """PATCH /planner/plans/{id}/details: category names and sharedWith."""
    details = plan_at(call, call.params["plan_id"]).details
    version = version_asked(call, details)
    changes = read(PLAN_DETAILS, call.json(), call.tenant.switches, creating=False)
    after, _ = merge(details.values, changes, stamp_of(call))
    over("MaximumUsersSharedWithProject", len(after["sharedWith"]), call.tenant.switches.planner_max_shared_with)
    _apply(call, details, version, changes)
    return changed(call, details, DETAILS_CONTEXT)


def list_plans(call: Call) -> Reply:
    """GET /planner/plans: 400, since the whole set has to be filtered by its owner."""
    group_id = _filter_value(call)
    require_member(call, group_id.lower())
    return _plan_listing(call, call.tenant.planner.plans_of_group(group_id.lower()), "planner/plans")


def list_group_plans(call: Call) -> Reply:
    """GET /groups/{id}/planner/plans: the plans of the group."""
    group = group_at(call)
    require_member(call, group.id)
    plans = call.tenant.planner.plans_of_group(group.id)
    return _plan_listing(call, plans, f"groups('{group.id}')/planner/plans")


def list_my_plans(call: Call) -> Reply:
    """GET /me/planner/plans: the plans of the groups that the person is a member of."""
    groups = call.tenant.directory.groups
    person = call.who.user_id
    plans = [
        p
        for p in call.tenant.planner.plans.values()
        if p.group_id in groups and person in groups[p.group_id].member_ids
    ]
    return _plan_listing(call, plans, f"users('{person}')/planner/plans")


def list_plan_buckets(call: Call) -> Reply:
    """GET /planner/plans/{id}/buckets: all of them."""
    plan = plan_at(call, call.params["plan_id"]).plan
    return listing(call, call.tenant.planner.buckets_of_plan(plan.id), f"planner/plans('{plan.id}')/buckets")


def list_plan_tasks(call: Call) -> Reply:
    """GET /planner/plans/{id}/tasks: pages of tasks, as stale as the switches say."""
    plan = plan_at(call, call.params["plan_id"]).plan
    return _tasks_of(call, plan.id, f"planner/plans('{plan.id}')/tasks")


def create_bucket(call: Call) -> Reply:
    """POST /planner/buckets: 201 with a name, a plan and an order hint."""
    state = call.tenant.planner
    changes = read(BUCKET, call.json(), call.tenant.switches, creating=True)
    for name in ("planId", "name"):
        if name not in changes.plain:
            raise invalid(f"The field '{name}' is required.")
    plan = plan_at(call, changes.plain["planId"]).plan
    require_room_for_bucket(call, plan.id)
    hint = changes.plain.get("orderHint") or state.new_order_hint(call.tenant.clock.now())
    values = {"name": changes.plain["name"], "planId": plan.id, "orderHint": hint}
    bucket = state.new_record("Bucket", values)
    state.buckets[bucket.id] = bucket
    return _created(call, bucket, BUCKET_CONTEXT, "buckets")


def list_buckets(call: Call) -> Reply:
    """GET /planner/buckets: 400, since the whole set has to be filtered by its plan."""
    plan = plan_at(call, _filter_value(call)).plan
    return listing(call, call.tenant.planner.buckets_of_plan(plan.id), "planner/buckets")


def get_bucket(call: Call) -> Reply:
    """GET /planner/buckets/{id}: the bucket."""
    return entity(call, bucket_at(call), BUCKET_CONTEXT)


def update_bucket(call: Call) -> Reply:
    """PATCH /planner/buckets/{id}: name and order."""
    bucket = bucket_at(call)
    version = version_asked(call, bucket)
    _apply(call, bucket, version, read(BUCKET, call.json(), call.tenant.switches, creating=False))
    return changed(call, bucket, BUCKET_CONTEXT)


def delete_bucket(call: Call) -> Reply:
    """DELETE /planner/buckets/{id}: its tasks go with it, without a next one, or lose their bucket, by switch."""
    bucket, state = bucket_at(call), call.tenant.planner
    require_unchanged(bucket, version_asked(call, bucket))
    del state.buckets[bucket.id]
    switches = call.tenant.switches
    for parts in state.tasks_of_plan(bucket.values["planId"]):
        if parts.task.values["bucketId"] != bucket.id:
            continue
        if switches.planner_delete_bucket == "orphan":
            commit(call.tenant, parts.task, parts.task.values | {"bucketId": None}, {("bucketId",)})
        elif switches.planner_delete_bucket == "delete":
            state.drop_task(parts.task.id, switches.planner_stale_deletes_seconds)
    return Reply(204)


def list_bucket_tasks(call: Call) -> Reply:
    """GET /planner/buckets/{id}/tasks: the tasks of the bucket."""
    bucket = bucket_at(call)
    in_plan = call.tenant.planner.tasks_of_plan(bucket.values["planId"])
    context = f"planner/buckets('{bucket.id}')/tasks"
    return task_listing(call, in_plan, lambda values: values["bucketId"] == bucket.id, context)


def list_tasks(call: Call) -> Reply:
    """GET /planner/tasks: 400, since the whole set has to be filtered by its plan."""
    plan = plan_at(call, _filter_value(call)).plan
    return _tasks_of(call, plan.id, "planner/tasks")


def _apply(call: Call, record: Record, version: int, changes: Changes) -> None:
    after, paths = merge(record.values, changes, stamp_of(call))
    require_no_clash(record, version, paths)
    commit(call.tenant, record, after, paths)


def _plan_listing(call: Call, plans: list[PlanParts], context: str) -> Reply:
    return listing(call, [p.plan for p in plans], context)


def _tasks_of(call: Call, plan_id: str, context: str) -> Reply:
    tasks = call.tenant.planner.tasks_of_plan(plan_id)
    return task_listing(call, tasks, lambda values: values["planId"] == plan_id, context)


def _created(call: Call, record: Record, context: str, collection: str) -> Reply:
    reply = entity(call, record, context, 201)
    reply.headers["Location"] = f"{call.base_url}/v1.0/planner/{collection}/{record.id}"
    return reply


def _group_of(body: Json) -> str:
    container = body.get("container")
    if container is None and isinstance(body.get("owner"), str):
        return str(body["owner"])
    if not isinstance(container, dict):
        raise invalid("The field 'container' is required.")
    match = _GROUP_URL.fullmatch(str(container.get("url") or ""))
    if match:
        return match[1]
    if container.get("type") == "group" and isinstance(container.get("containerId"), str):
        return str(container["containerId"])
    raise invalid("The container has to be a group: its url, or containerId with type 'group'.")


def _filter_value(call: Call) -> str:
    match = _FILTER.fullmatch(call.query.get("$filter", "").strip())
    if match is None:
        status = call.tenant.switches.planner_unfiltered_status
        raise GraphFault(status, "", "This entity set must be queried with a filter.")
    return match[2]


_PLAN, _BUCKET = "/planner/plans/{plan_id}", "/planner/buckets/{bucket_id}"
FAMILY = Family(
    "Planner plans and buckets",
    modelled=(
        "Lists pass over `$top`, `$filter` and `$orderby`, and page by the service's own size.",
        "Persons (delegated tokens) see the plans of groups that they are members of; being an owner alone is not "
        "enough.",
        "Details exist with the plan, with 25 labels. Limits of plans, buckets and tasks are a 403 with the limit's "
        "name as its code.",
    ),
    assumed=(
        Assumed(
            "Tasks of a deleted bucket",
            "deleted, those that repeat too, without a next one; by switch they lose their bucketId or keep it",
            ("planner_delete_bucket",),
        ),
        Assumed("Status for GET of a whole entity set", "400", ("planner_unfiltered_status",)),
        Assumed("Status of writes with an unknown group", "404"),
    ),
    refused=(
        "Rosters, business scenarios, premium plans.",
        "The limits `MaximumProjectsOwnedByUser` and `MaximumProjectsSharedWithUser`.",
    ),
)
ROUTES = (
    *of_family(
        FAMILY,
        (
            Route("GET", "/planner/plans", list_plans),
            Route("POST", "/planner/plans", create_plan),
            Route("GET", _PLAN, get_plan),
            Route("PATCH", _PLAN, update_plan),
            Route("DELETE", _PLAN, delete_plan),
            Route("GET", _PLAN + "/details", get_plan_details),
            Route("PATCH", _PLAN + "/details", update_plan_details),
            Route("GET", _PLAN + "/buckets", list_plan_buckets),
            Route("GET", _PLAN + "/tasks", list_plan_tasks),
            Route("GET", "/planner/buckets", list_buckets),
            Route("POST", "/planner/buckets", create_bucket),
            Route("GET", _BUCKET, get_bucket),
            Route("PATCH", _BUCKET, update_bucket),
            Route("DELETE", _BUCKET, delete_bucket),
            Route("GET", _BUCKET + "/tasks", list_bucket_tasks),
            Route("GET", "/planner/tasks", list_tasks),
            Route("GET", "/groups/{group_id}/planner/plans", list_group_plans),
            Route("GET", "/me/planner/plans", list_my_plans),
        ),
    ),
    *TASK_ROUTES,
)
