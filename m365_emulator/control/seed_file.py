"""A tenant written down as YAML: people, groups, plans with their tasks, lists, forms and webhooks.
Everything but people and teams is made by Graph calls of an app, so a seed cannot hold what Graph would refuse.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import yaml

from m365_emulator.control.orders import ControlFault, read_order
from m365_emulator.control.seed_orders import ListSeed, PersonSeed, PlanSeed, Seed, TaskSeed, TeamSeed, WebhookSeed
from m365_emulator.forms.model import FormFault
from m365_emulator.forms.orders import form_from_json
from m365_emulator.forms.submit import form_drive, write_workbook
from m365_emulator.graph import GraphApi
from m365_emulator.odata import Json
from m365_emulator.sign_in.tokens import DEFAULT_GRANTS, Caller
from m365_emulator.tenant import Tenant

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
    """The document of a YAML (or JSON) file. SeedFault when it cannot be read or is no mapping."""
    try:
        document = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as fault:
        raise SeedFault(f"{path}: {fault}") from fault
    if not isinstance(document, dict):
        raise SeedFault(f"{path} has to be a mapping")
    return document


def plant(graph: GraphApi, document: Any) -> dict[str, int]:
    """As `plant_seed`; SeedFault names what does not have the form of a seed, and nothing is made then."""
    try:
        seed = read_order(Seed, document)
    except ControlFault as fault:
        raise SeedFault(str(fault)) from fault
    return plant_seed(graph, seed)


def plant_seed(graph: GraphApi, seed: Seed) -> dict[str, int]:
    """Make everything the seed names; how many of each section there were. SeedFault at the first that fails."""
    planting = Planting(graph)
    counts = {}
    for section, plant_one in _PLANTERS.items():
        entries = getattr(seed, section)
        for at, entry in enumerate(entries):
            plant_one(planting, f"{section}[{at}]", entry)
        counts[section] = len(entries)
    return counts


def _person(planting: Planting, at: str, person: PersonSeed) -> None:
    directory, now = planting.tenant.directory, planting.tenant.clock.now()
    user = directory.add_user(
        person.upn, person.display_name or person.upn, now, user_id=person.id, enabled=person.enabled
    )
    user.job_title, user.department, user.user_type = person.job_title, person.department, person.user_type
    planting.keep("person", user.upn, user.id)


def _group(planting: Planting, at: str, group: TeamSeed) -> None:
    tenant, name = planting.tenant, group.mail_nickname
    now = tenant.clock.now()
    made = tenant.directory.add_group(name, group.display_name or name, now, group_id=group.id)
    made.member_ids = [planting.known(f"{at}.members", "person", upn) for upn in group.members]
    made.owner_ids = [planting.known(f"{at}.owners", "person", upn) for upn in group.owners]
    planting.keep("group", name, made.id)
    if group.team or group.channels:
        team = tenant.teams.add_team(made.id, now)
        for channel in team.channels.values():
            planting.keep("channel", f"{name}/{channel.display_name}", channel.id)
        for title in group.channels:
            channel = tenant.teams.add_channel(team, title, now)
            planting.keep("channel", f"{name}/{title}", channel.id)


def _plan(planting: Planting, at: str, plan: PlanSeed) -> None:
    group = planting.known(f"{at}.group", "group", plan.group)
    container = {"url": f"https://graph.microsoft.com/v1.0/groups/{group}"}
    plan_id = str(planting.call(at, "POST", "/planner/plans", {"title": plan.title, "container": container})["id"])
    slots = {name.casefold(): f"category{number}" for number, name in plan.labels.items()}
    if plan.labels:
        path = f"/planner/plans/{plan_id}/details"
        names = {f"category{number}": name for number, name in plan.labels.items()}
        etag = planting.call(at, "GET", path, {})["@odata.etag"]
        planting.call(f"{at}.labels", "PATCH", path, {"categoryDescriptions": names}, etag)
    for name in reversed(plan.buckets):
        made = planting.call(f"{at}.buckets", "POST", "/planner/buckets", {"name": name, "planId": plan_id})
        planting.keep(f"bucket of {plan_id}", name, made["id"])
    for number, task in reversed(list(enumerate(plan.tasks))):
        _task(planting, f"{at}.tasks[{number}]", task, plan_id, slots)


def _task(planting: Planting, at: str, task: TaskSeed, plan_id: str, slots: Mapping[str, str]) -> None:
    people = [planting.known(f"{at}.assignees", "person", upn) for upn in task.assignees]
    kind = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
    body: Json = {
        "planId": plan_id,
        "title": task.title,
        "assignments": dict.fromkeys(people, kind),
        "appliedCategories": {_of(f"{at}.labels", slots, label): True for label in task.labels},
        "priority": _of(f"{at}.priority", PRIORITIES, task.priority),
        "percentComplete": _of(f"{at}.progress", PROGRESS, task.progress),
        "dueDateTime": _due(planting, task),
    }
    if task.bucket:
        body["bucketId"] = planting.known(f"{at}.bucket", f"bucket of {plan_id}", task.bucket)
    made = planting.call(at, "POST", "/planner/tasks", body)
    details = _details(task)
    if details:
        path = f"/planner/tasks/{made['id']}/details"
        planting.call(at, "PATCH", path, details, planting.call(at, "GET", path, {})["@odata.etag"])


def _details(task: TaskSeed) -> Json:
    item, link = "#microsoft.graph.plannerChecklistItem", "#microsoft.graph.plannerExternalReference"
    details: Json = {"description": task.description} if task.description else {}
    if task.checklist:
        details["checklist"] = {
            secrets.token_hex(8): {"@odata.type": item, "title": line.title, "isChecked": line.done}
            for line in reversed(task.checklist)
        }
    if task.references:
        details["references"] = {
            _reference_key(url): {"@odata.type": link, "alias": alias} for url, alias in task.references.items()
        }
    return details


def _reference_key(url: str) -> str:
    return quote(url, safe="/?&=;,+!$'()*~-_").replace(".", "%2E")


def _due(planting: Planting, task: TaskSeed) -> str | None:
    due = task.due
    if task.due_in_days is not None:
        due = planting.tenant.clock.now().astimezone(UK).date() + timedelta(days=task.due_in_days)
    return datetime.combine(due, END_OF_DAY, UK).isoformat() if due else None


def _list(planting: Planting, at: str, listing: ListSeed) -> None:
    group = planting.known(f"{at}.group", "group", listing.group)
    site = planting.call(at, "GET", f"/groups/{group}/sites/root", {})["id"]
    body = {"displayName": listing.name, "columns": listing.columns, "list": {"template": "genericList"}}
    made = planting.call(at, "POST", f"/sites/{site}/lists", body)
    planting.keep("list", listing.name, f"{site} {made['id']}")
    for number, fields in enumerate(listing.items):
        path = f"/sites/{site}/lists/{made['id']}/items"
        planting.call(f"{at}.items[{number}]", "POST", path, {"fields": fields})


def _form(planting: Planting, at: str, form: Json) -> None:
    flow = form.get("flow")
    if isinstance(flow, dict) and isinstance(flow.get("list"), str):
        site, _, list_id = planting.known(f"{at}.flow.list", "list", flow["list"]).partition(" ")
        flow = flow | {"mode": "list", "list": {"site_id": site, "list_id": list_id}}
    try:
        made = form_from_json({"form_id": form.get("slug"), **form, "flow": flow})
        form_drive(planting.tenant, made)
        write_workbook(planting.tenant, planting.tenant.forms.register(made))
    except FormFault as fault:
        raise SeedFault(f"{at}: {fault}") from fault


def _webhook(planting: Planting, at: str, webhook: WebhookSeed) -> None:
    team = planting.known(f"{at}.group", "group", webhook.group)
    channel = planting.known(f"{at}.channel", "channel", f"{webhook.group}/{webhook.channel}")
    planting.tenant.workflows.create(webhook.name, team, channel)


def _of(at: str, table: Mapping[str, Any], name: str) -> Any:
    if name.casefold() not in table:
        raise SeedFault(f"{at}: {name!r} is not one of {', '.join(table) or 'none'}")
    return table[name.casefold()]


_PLANTERS: dict[str, Callable[[Planting, str, Any], None]] = {
    "people": _person,
    "groups": _group,
    "plans": _plan,
    "lists": _list,
    "forms": _form,
    "webhooks": _webhook,
}
