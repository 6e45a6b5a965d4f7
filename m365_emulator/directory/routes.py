"""Users and groups below /v1.0. Error codes and texts are Entra's; only direct members are listed."""

from collections.abc import Sequence
from typing import Any

from m365_emulator.clock import timestamp_seconds
from m365_emulator.directory.filter import is_eventual, refined, require_consistency, wants_count
from m365_emulator.directory.state import Group, User
from m365_emulator.known_properties import require_known
from m365_emulator.odata import GraphFault, Json, page, select, whole_number, with_context
from m365_emulator.routing import Call, Reply, Route, of_family
from m365_emulator.words import Assumed, Family

USER_DEFAULTS = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
MAX_TOP = 999
GROUP_WRITABLE = {"displayName": "display_name", "description": "description", "visibility": "visibility"}


def not_found(object_id: str) -> GraphFault:
    """Entra's 404 for an id that names nothing."""
    return GraphFault(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def user_row(user: User) -> Json:
    """Every property of an account that we hold; callers cut it to the default set or $select."""
    given, _, family = user.display_name.rpartition(" ")
    return {
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": given or None,
        "jobTitle": user.job_title,
        "mail": user.upn,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": family or None,
        "userPrincipalName": user.upn,
        "id": user.id,
        "accountEnabled": user.enabled,
        "userType": user.user_type,
        "department": user.department,
        "mailNickname": user.upn.split("@")[0],
        "createdDateTime": timestamp_seconds(user.created_at),
    }


def group_row(group: Group, domain: str, *, is_team: bool) -> Json:
    """A Microsoft 365 group as Graph gives it."""
    return {
        "id": group.id,
        "deletedDateTime": None,
        "classification": None,
        "createdDateTime": timestamp_seconds(group.created_at),
        "description": group.description,
        "displayName": group.display_name,
        "expirationDateTime": None,
        "groupTypes": ["Unified"],
        "isAssignableToRole": None,
        "mail": f"{group.mail_nickname}@{domain}",
        "mailEnabled": True,
        "mailNickname": group.mail_nickname,
        "membershipRule": None,
        "preferredDataLocation": None,
        "proxyAddresses": [f"SMTP:{group.mail_nickname}@{domain}"],
        "renewedDateTime": timestamp_seconds(group.created_at),
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": ["Team"] if is_team else [],
        "securityEnabled": False,
        "theme": None,
        "visibility": group.visibility,
    }


def list_users(call: Call) -> Reply:
    """GET /users: with $filter, $select, $top, and $search as an advanced query."""
    return _listing(call, _rows_of(call, list(call.tenant.directory.users)), "users", USER_DEFAULTS)


def count_users(call: Call) -> Reply:
    """GET /users/$count: text, with the header ConsistencyLevel only."""
    return _count(call, _rows_of(call, list(call.tenant.directory.users)))


def count_groups(call: Call) -> Reply:
    """GET /groups/$count: text, with the header ConsistencyLevel only."""
    return _count(call, [_group_row(call, group) for group in call.tenant.directory.groups.values()])


def count_members(call: Call) -> Reply:
    """GET /groups/{id}/members/$count: text, with the header ConsistencyLevel only."""
    return _count(call, _rows_of(call, group_at(call).member_ids))


def get_user(call: Call) -> Reply:
    """GET /users/{id or UPN}: the default properties, more by $select."""
    user = call.tenant.directory.user(call.params["user_id"])
    if user is None:
        raise not_found(call.params["user_id"])
    return _user_reply(call, user)


def get_me(call: Call) -> Reply:
    """GET /me: the person of a delegated token."""
    user = call.tenant.directory.user(call.who.user_id or "")
    if user is None:
        raise not_found(call.who.user_id or "me")
    return _user_reply(call, user)


def list_groups(call: Call) -> Reply:
    """GET /groups: with $filter, $select, $top, and $search as an advanced query."""
    rows = [_group_row(call, g) for g in call.tenant.directory.groups.values()]
    return _listing(call, rows, "groups", None)


def get_group(call: Call) -> Reply:
    """GET /groups/{id}: the group."""
    row = select(_group_row(call, group_at(call)), call.query.get("$select"))
    return Reply(200, with_context(call.base_url, "groups/$entity", row))


def create_group(call: Call) -> Reply:
    """POST /groups: Microsoft 365 groups only, with owners and members by @odata.bind."""
    body, directory = call.json(), call.tenant.directory
    require_known(body, "group", "Request_BadRequest")
    for name in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
        if body.get(name) in (None, ""):
            raise GraphFault(
                400, "Request_BadRequest", f"A value is required for property '{name}' of resource 'Group'."
            )
    for name in ("displayName", "mailNickname"):
        if not isinstance(body[name], str):
            raise GraphFault(400, "Request_BadRequest", f"Invalid value specified for property '{name}'.")
    if "Unified" not in _list_in(body, "groupTypes"):
        raise GraphFault(400, "Request_BadRequest", "Only Microsoft 365 groups (groupTypes 'Unified') are modelled.")
    if any(g.mail_nickname.lower() == body["mailNickname"].lower() for g in directory.groups.values()):
        raise GraphFault(
            400,
            "Request_BadRequest",
            "Another object with the same value for property mailNickname already exists.",
        )
    owners = [_bound(call, ref) for ref in _list_in(body, "owners@odata.bind")]
    members = [_bound(call, ref) for ref in _list_in(body, "members@odata.bind")]
    group = directory.add_group(body["mailNickname"], body["displayName"], call.tenant.clock.now())
    group.description = str(body["description"]) if body.get("description") else None
    group.visibility = "Private" if body.get("visibility") == "Private" else "Public"
    caller = call.who.user_id
    group.owner_ids.extend(dict.fromkeys([*owners, *([caller] if caller else [])]))
    group.member_ids.extend(dict.fromkeys([*members, *([caller] if caller else [])]))
    row = with_context(call.base_url, "groups/$entity", _group_row(call, group))
    return Reply(201, row, {"Location": f"{call.base_url}/v1.0/groups/{group.id}"})


def update_group(call: Call) -> Reply:
    """PATCH /groups/{id}: display name, description, visibility."""
    group, body = group_at(call), call.json()
    for name in body:
        if name not in GROUP_WRITABLE and not name.startswith("@"):
            raise GraphFault(400, "Request_BadRequest", f"Property '{name}' is read-only or not modelled.")
    for name in GROUP_WRITABLE:
        if name in body and not isinstance(body[name], str) and (name != "description" or body[name] is not None):
            raise GraphFault(400, "Request_BadRequest", f"Invalid value specified for property '{name}'.")
    for name, attribute in GROUP_WRITABLE.items():
        if name in body:
            setattr(group, attribute, body[name])
    return Reply(204)


def delete_group(call: Call) -> Reply:
    """DELETE /groups/{id}: its plans and its team go with it."""
    group, tenant = group_at(call), call.tenant
    for parts in tenant.planner.plans_of_group(group.id):
        tenant.planner.drop_plan(parts.plan.id)
    tenant.teams.teams.pop(group.id, None)
    del tenant.directory.groups[group.id]
    return Reply(204)


def list_members(call: Call) -> Reply:
    """GET /groups/{id}/members: direct members, pages of 100."""
    return _people(call, group_at(call).member_ids)


def list_owners(call: Call) -> Reply:
    """GET /groups/{id}/owners: pages of 100."""
    return _people(call, group_at(call).owner_ids)


def add_member(call: Call) -> Reply:
    """POST /groups/{id}/members/$ref: one more; 400 for one who is there already."""
    return _add_reference(call, group_at(call).member_ids, "members")


def add_owner(call: Call) -> Reply:
    """POST /groups/{id}/owners/$ref: one more; 400 for one who is there already."""
    return _add_reference(call, group_at(call).owner_ids, "owners")


def remove_member(call: Call) -> Reply:
    """DELETE /groups/{id}/members/{id}/$ref: one fewer."""
    return _remove_reference(call, group_at(call).member_ids)


def remove_owner(call: Call) -> Reply:
    """DELETE /groups/{id}/owners/{id}/$ref: one fewer."""
    return _remove_reference(call, group_at(call).owner_ids)


def group_at(call: Call) -> Group:
    """The group that the path names by id; 404 if there is none."""
    group = call.tenant.directory.groups.get(call.params["group_id"].lower())
    if group is None:
        raise not_found(call.params["group_id"])
    return group


def _group_row(call: Call, group: Group) -> Json:
    return group_row(group, call.tenant.directory.domain, is_team=group.id in call.tenant.teams.teams)


def _user_reply(call: Call, user: User) -> Reply:
    row = select(user_row(user), call.query.get("$select") or ",".join(USER_DEFAULTS))
    return Reply(200, with_context(call.base_url, "users/$entity", row))


def _listing(call: Call, rows: list[Json], name: str, defaults: Sequence[str] | None) -> Reply:
    require_consistency(call)
    rows = refined(call, rows)
    wanted = call.query.get("$select") or (",".join(defaults) if defaults else None)
    body = _page(call, rows)
    body["value"] = [select(row, wanted) for row in body["value"]]
    return Reply(200, with_context(call.base_url, name, body))


def _page(call: Call, rows: list[Json]) -> Json:
    """One page; the count stands on the first one only."""
    body = page(rows, call.query, call.url, _page_size(call))
    counted = wants_count(call) and "$skiptoken" not in call.query
    return {"@odata.count": len(rows), **body} if counted else body


def _count(call: Call, rows: list[Json]) -> Reply:
    if not is_eventual(call):
        raise GraphFault(400, "Request_BadRequest", "$count is not currently supported.")
    call.query["$count"] = "true"
    return Reply(200, str(len(refined(call, rows))).encode(), media_type="text/plain")


def _people(call: Call, ids: list[str]) -> Reply:
    require_consistency(call, always=True)
    wanted = call.query.get("$select") or ",".join(USER_DEFAULTS)
    body = _page(call, refined(call, _rows_of(call, ids)))
    body["value"] = [{"@odata.type": "#microsoft.graph.user", **select(r, wanted)} for r in body["value"]]
    return Reply(200, with_context(call.base_url, "directoryObjects", body))


def _rows_of(call: Call, ids: list[str]) -> list[Json]:
    users = call.tenant.directory.users
    return [user_row(users[user_id]) for user_id in ids if user_id in users]


def _page_size(call: Call) -> int:
    top = call.query.get("$top")
    if top is None:
        return call.tenant.switches.directory_page_size
    size = whole_number(top)
    if size is None or not 1 <= size <= MAX_TOP:
        raise GraphFault(
            400, "Request_BadRequest", f"Invalid page size specified: '{top}'. Must be between 1 and 999 inclusive."
        )
    return size


def _list_in(body: Json, name: str) -> list[Any]:
    value = body.get(name) or []
    if not isinstance(value, list):
        raise GraphFault(400, "Request_BadRequest", f"Invalid value specified for property '{name}'.")
    return value


def _bound(call: Call, reference: Any) -> str:
    object_id = str(reference).rstrip("/").rsplit("/", 1)[-1]
    user = call.tenant.directory.user(object_id)
    if user is None:
        raise not_found(object_id)
    return user.id


def _add_reference(call: Call, ids: list[str], relation: str) -> Reply:
    user_id = _bound(call, call.json().get("@odata.id", ""))
    if user_id in ids:
        message = (
            f"One or more added object references already exist for the following modified properties: '{relation}'."
        )
        raise GraphFault(400, "Request_BadRequest", message)
    ids.append(user_id)
    return Reply(204)


def _remove_reference(call: Call, ids: list[str]) -> Reply:
    user_id = call.params["user_id"].lower()
    if user_id not in ids:
        raise not_found(user_id)
    ids.remove(user_id)
    return Reply(204)


FAMILY = Family(
    "Directory",
    modelled=(
        "Advanced queries (`ne`, `not`, `endsWith`, `$search`, a sorted filter, any option on members) need "
        "`ConsistencyLevel: eventual` and `$count=true` on every page; the count stands on the first.",
        "People are disabled, enabled and removed by `POST` and `DELETE /_emulator/people/{person}`, and leave a group "
        "by `POST /_emulator/members` with `remove`. Assignments keep the id of an account that is gone.",
    ),
    assumed=(Assumed("Permissions of adding members by `$ref`", "from Microsoft's page of the call"),),
    refused=(
        "The delay of the index behind advanced queries, nested groups, creating users, deleted items, delta.",
        "Guests as a kind of their own.",
    ),
)
ROUTES = of_family(
    FAMILY,
    (
        Route("GET", "/users", list_users),
        Route("GET", "/users/$count", count_users, "GET /users"),
        Route("GET", "/users/{user_id}", get_user),
        Route("GET", "/me", get_me),
        Route("GET", "/groups", list_groups),
        Route("GET", "/groups/$count", count_groups, "GET /groups"),
        Route("POST", "/groups", create_group),
        Route("GET", "/groups/{group_id}", get_group),
        Route("PATCH", "/groups/{group_id}", update_group),
        Route("DELETE", "/groups/{group_id}", delete_group),
        Route("GET", "/groups/{group_id}/members", list_members),
        Route("GET", "/groups/{group_id}/members/$count", count_members, "GET /groups/{id}/members"),
        Route("GET", "/groups/{group_id}/members/microsoft.graph.user", list_members, "GET /groups/{id}/members"),
        Route("POST", "/groups/{group_id}/members/$ref", add_member, "POST /groups/{id}/members"),
        Route("DELETE", "/groups/{group_id}/members/{user_id}/$ref", remove_member, "DELETE /groups/{id}/members/{id}"),
        Route("GET", "/groups/{group_id}/owners", list_owners),
        Route("POST", "/groups/{group_id}/owners/$ref", add_owner, "POST /groups/{id}/owners"),
        Route("DELETE", "/groups/{group_id}/owners/{user_id}/$ref", remove_owner, "DELETE /groups/{id}/owners/{id}"),
    ),
)
