"""A tenant written down as YAML: people, groups, plans with their tasks, lists, forms and webhooks.
Everything but people and teams is made by Graph calls of an app, so a seed cannot hold what Graph would refuse.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import yaml

from m365_emulator.forms.model import FormFault, form_from_json
from m365_emulator.forms.submit import form_drive, write_workbook
from m365_emulator.graph import GraphApi
from m365_emulator.odata import Json
from m365_emulator.sign_in.tokens import DEFAULT_GRANTS, Caller
from m365_emulator.tenant import Tenant

SECTIONS = ("people", "groups", "plans", "lists", "forms", "webhooks")
PRIORITIES = {"urgent": 1, "important": 3, "medium": 5, "low": 9}
PROGRESS = {"not started": 0, "in progress": 50, "completed": 100}
END_OF_DAY = time(17, 0)
UK = ZoneInfo("Europe/London")


class SeedFault(Exception):
    """The seed cannot be planted; the text names the place in the document and what is wrong."""


@dataclass(slots=True)
class Planting:
    """A seed on its way into a tenant; `ids` remembers what was made by its name in the document."""

    graph: GraphApi
    ids: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        """Where it is planted."""
        return self.graph.tenant

    def call(self, at: str, method: str, url: str, body: Json, etag: str = "") -> Json:
        """A Graph call as an app; SeedFault with Graph's own words when it is refused."""
        caller = Caller(self.tenant.options.app_id, None, DEFAULT_GRANTS)
        reply = self.graph.as_person(caller, method, url, body, headers={"If-Match": etag} if etag else {})
        answer = reply.body if isinstance(reply.body, dict) else {}
        if reply.status >= 400:
            raise SeedFault(f"{at}: {answer.get('error', {}).get('message') or reply.status}")
        return answer

    def known(self, at: str, kind: str, name: Any) -> str:
        """The id of something that the document names; SeedFault when there is no such thing."""
        found = self.ids.get((kind, str(name).casefold()))
        if found is None:
            have = sorted(known for which, known in self.ids if which == kind)
            raise SeedFault(f"{at}: there is no {kind} {name!r}; there are {', '.join(have) or 'none'}")
        return found

    def keep(self, kind: str, name: Any, made: str) -> str:
        """Remember what was made."""
        self.ids[kind, str(name).casefold()] = made
        return made


def read_seed(path: Path) -> Json:
    """The document of a YAML (or JSON) file. SeedFault when it cannot be read or is no mapping of the sections."""
    try:
        document = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise SeedFault(f"{path}: {fault}") from fault
    return _mapping(str(path), document, SECTIONS)


def plant(graph: GraphApi, document: Any) -> dict[str, int]:
    """Make everything the document names; how many of each section there were. SeedFault at the first that fails."""
    document, planting = _mapping("the seed", document, SECTIONS), Planting(graph)
    counts = {}
    for section in SECTIONS:
        entries = document.get(section) or []
        if not isinstance(entries, list):
            raise SeedFault(f"{section} has to be a list")
        for at, entry in enumerate(entries):
            _PLANTERS[section](planting, f"{section}[{at}]", entry)
        counts[section] = len(entries)
    return counts


def _person(planting: Planting, at: str, entry: Any) -> None:
    person = _mapping(
        at, entry, ("upn", "display_name", "id", "enabled", "job_title", "department", "user_type"), "upn"
    )
    directory, now = planting.tenant.directory, planting.tenant.clock.now()
    name, enabled = str(person.get("display_name", person["upn"])), bool(person.get("enabled", True))
    user = directory.add_user(str(person["upn"]), name, now, user_id=person.get("id"), enabled=enabled)
    user.job_title, user.department = person.get("job_title"), person.get("department")
    user.user_type = str(person.get("user_type", user.user_type))
    planting.keep("person", user.upn, user.id)


def _group(planting: Planting, at: str, entry: Any) -> None:
    allowed = ("mail_nickname", "display_name", "id", "members", "owners", "team", "channels")
    group = _mapping(at, entry, allowed, "mail_nickname")
    tenant, name = planting.tenant, str(group["mail_nickname"])
    now = tenant.clock.now()
    made = tenant.directory.add_group(name, str(group.get("display_name", name)), now, group_id=group.get("id"))
    made.member_ids = [planting.known(f"{at}.members", "person", upn) for upn in group.get("members") or []]
    made.owner_ids = [planting.known(f"{at}.owners", "person", upn) for upn in group.get("owners") or []]
    planting.keep("group", name, made.id)
    channels = group.get("channels") or []
    if group.get("team") or channels:
        team = tenant.teams.add_team(made.id, now)
        for channel in team.channels.values():
            planting.keep("channel", f"{name}/{channel.display_name}", channel.id)
        for title in channels:
            channel = tenant.teams.add_channel(team, str(title), now)
            planting.keep("channel", f"{name}/{title}", channel.id)


def _plan(planting: Planting, at: str, entry: Any) -> None:
    plan = _mapping(at, entry, ("title", "group", "labels", "buckets", "tasks"), "title", "group")
    group = planting.known(f"{at}.group", "group", plan["group"])
    container = {"url": f"https://graph.microsoft.com/v1.0/groups/{group}"}
    body = {"title": plan["title"], "container": container}
    plan_id = str(planting.call(at, "POST", "/planner/plans", body)["id"])
    labels = _mapping(f"{at}.labels", plan.get("labels") or {}, None)
    slots = {str(name).casefold(): f"category{number}" for number, name in labels.items()}
    if labels:
        path = f"/planner/plans/{plan_id}/details"
        names = {f"category{number}": name for number, name in labels.items()}
        etag = planting.call(at, "GET", path, {})["@odata.etag"]
        planting.call(f"{at}.labels", "PATCH", path, {"categoryDescriptions": names}, etag)
    for name in reversed(plan.get("buckets") or []):
        made = planting.call(f"{at}.buckets", "POST", "/planner/buckets", {"name": name, "planId": plan_id})
        planting.keep(f"bucket of {plan_id}", name, made["id"])
    for number, task in reversed(list(enumerate(plan.get("tasks") or []))):
        _task(planting, f"{at}.tasks[{number}]", task, plan_id, slots)


_TASK_FIELDS = ("title", "bucket", "assignees", "due", "due_in_days", "priority", "progress", "labels")
_DETAIL_FIELDS = ("description", "checklist", "references")


def _task(planting: Planting, at: str, entry: Any, plan_id: str, slots: Mapping[str, str]) -> None:
    task = _mapping(at, entry, (*_TASK_FIELDS, *_DETAIL_FIELDS), "title")
    people = [planting.known(f"{at}.assignees", "person", upn) for upn in task.get("assignees") or []]
    kind = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    body: Json = {
        "planId": plan_id,
        "title": task["title"],
        "assignments": dict.fromkeys(people, kind),
        "appliedCategories": {_of(f"{at}.labels", slots, label): True for label in task.get("labels") or []},
        "priority": _of(f"{at}.priority", PRIORITIES, task.get("priority", "medium")),
        "percentComplete": _of(f"{at}.progress", PROGRESS, task.get("progress", "not started")),
        "dueDateTime": _due(planting, at, task),
    }
    if task.get("bucket"):
        body["bucketId"] = planting.known(f"{at}.bucket", f"bucket of {plan_id}", task["bucket"])
    made = planting.call(at, "POST", "/planner/tasks", body)
    details = _details(at, task)
    if details:
        path = f"/planner/tasks/{made['id']}/details"
        planting.call(at, "PATCH", path, details, planting.call(at, "GET", path, {})["@odata.etag"])


def _details(at: str, task: Json) -> Json:
    item, link = "#microsoft.graph.plannerChecklistItem", "#microsoft.graph.plannerExternalReference"
    details: Json = {"description": task["description"]} if task.get("description") else {}
    lines = task.get("checklist") or []
    if lines:
        rows = [line if isinstance(line, dict) else {"title": line} for line in reversed(lines)]
        details["checklist"] = {
            secrets.token_hex(8): {"@odata.type": item, "title": row.get("title"), "isChecked": bool(row.get("done"))}
            for row in rows
        }
    links = _mapping(f"{at}.references", task.get("references") or {}, None)
    if links:
        details["references"] = {
            _reference_key(url): {"@odata.type": link, "alias": alias} for url, alias in links.items()
        }
    return details


def _reference_key(url: Any) -> str:
    return quote(str(url), safe="/?&=;,+!$'()*~-_").replace(".", "%2E")


def _due(planting: Planting, at: str, task: Json) -> str | None:
    due = task.get("due")
    if "due_in_days" in task:
        due = planting.tenant.clock.now().astimezone(UK).date() + timedelta(days=int(task["due_in_days"]))
    if due is None:
        return None
    if isinstance(due, str):
        try:
            due = date.fromisoformat(due)
        except ValueError as fault:
            raise SeedFault(f"{at}.due: {due!r} is no date, such as 2026-11-27") from fault
    return datetime.combine(due, END_OF_DAY, UK).isoformat()


def _list(planting: Planting, at: str, entry: Any) -> None:
    listing = _mapping(at, entry, ("name", "group", "columns", "items"), "name", "group")
    group = planting.known(f"{at}.group", "group", listing["group"])
    site = planting.call(at, "GET", f"/groups/{group}/sites/root", {})["id"]
    columns = [
        column if isinstance(column, dict) else {"name": column, "text": {"allowMultipleLines": True}}
        for column in listing.get("columns") or []
    ]
    body = {"displayName": listing["name"], "columns": columns, "list": {"template": "genericList"}}
    made = planting.call(at, "POST", f"/sites/{site}/lists", body)
    planting.keep("list", listing["name"], f"{site} {made['id']}")
    for number, fields in enumerate(listing.get("items") or []):
        path = f"/sites/{site}/lists/{made['id']}/items"
        planting.call(f"{at}.items[{number}]", "POST", path, {"fields": fields})


def _form(planting: Planting, at: str, entry: Any) -> None:
    form = _mapping(at, entry, None)
    flow = dict(form.get("flow") or {})
    if isinstance(flow.get("list"), str):
        site, _, list_id = planting.known(f"{at}.flow.list", "list", flow["list"]).partition(" ")
        flow |= {"mode": "list", "list": {"site_id": site, "list_id": list_id}}
    try:
        made = form_from_json({"form_id": form.get("slug"), **form, "flow": flow})
        form_drive(planting.tenant, made)
        write_workbook(planting.tenant, planting.tenant.forms.register(made))
    except FormFault as fault:
        raise SeedFault(f"{at}: {fault}") from fault


def _webhook(planting: Planting, at: str, entry: Any) -> None:
    webhook = _mapping(at, entry, ("name", "group", "channel"), "name", "group", "channel")
    team = planting.known(f"{at}.group", "group", webhook["group"])
    channel = planting.known(f"{at}.channel", "channel", f"{webhook['group']}/{webhook['channel']}")
    planting.tenant.workflows.create(str(webhook["name"]), team, channel)


def _mapping(at: str, value: Any, allowed: tuple[str, ...] | None, *needed: str) -> Json:
    if not isinstance(value, dict):
        raise SeedFault(f"{at} has to be a mapping")
    unknown = [name for name in value if allowed is not None and name not in allowed]
    if unknown:
        raise SeedFault(f"{at}: unknown {unknown[0]!r}; known are {', '.join(allowed or ())}")
    missing = [name for name in needed if not value.get(name)]
    if missing:
        raise SeedFault(f"{at}: {missing[0]!r} is missing")
    return value


def _of(at: str, table: Mapping[str, Any], name: Any) -> Any:
    if str(name).casefold() not in table:
        raise SeedFault(f"{at}: {name!r} is not one of {', '.join(table) or 'none'}")
    return table[str(name).casefold()]


_PLANTERS: dict[str, Callable[[Planting, str, Any], None]] = {
    "people": _person,
    "groups": _group,
    "plans": _plan,
    "lists": _list,
    "forms": _form,
    "webhooks": _webhook,
}
