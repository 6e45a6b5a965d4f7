"""Sets the stage: Peakshire's people and forms in the emulator, and the webhook of each channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from forms_ingest.form_mapping import FormDefinition
from forms_ingest.questions import Question
from service.demo.tenant import DemoTenant
from service.provisioned import intake_place
from service.wiring import Service
from store import notebook
from tasking.force import RESTRICTED_BOARD


@dataclass(frozen=True, slots=True)
class DemoTask:
    """One of the twenty-five: what is answered, who gets it, and what must come of it."""

    number: int
    owner: str
    answers: Mapping[str, Any]
    needed_in_days: int | None
    score: int
    band: str
    pillar: str
    unit: str


def read_tasks(config_dir: Path) -> list[DemoTask]:
    """The tasks of config/demo/tasks.yaml."""
    entries = yaml.safe_load((config_dir / "demo" / "tasks.yaml").read_text("utf-8"))["tasks"]
    return [
        DemoTask(
            entry["number"],
            entry["owner"],
            entry["answers"],
            entry.get("needed_in_days"),
            *(entry["expected"][name] for name in ("score", "band", "pillar", "unit")),
        )
        for entry in entries
    ]


def read_people(config_dir: Path) -> list[dict[str, Any]]:
    """The people of config/demo/people.yaml."""
    people: list[dict[str, Any]] = yaml.safe_load((config_dir / "demo" / "people.yaml").read_text("utf-8"))["people"]
    return people


async def seat_people(tenant: DemoTenant, service: Service, people: list[dict[str, Any]]) -> dict[str, str]:
    """Makes the accounts and puts them in their boards' groups; returns user ids by address."""
    seeded = await tenant.control(
        "seed",
        {"people": [{"upn": each["upn"], "display_name": each["name"], "job_title": each["role"]} for each in people]},
    )
    for code, board in service.force.every_board.items():
        members = [each["upn"] for each in people if _is_on(code, each) and each["kind"] != "partner"]
        await tenant.control("members", {"group": board.group_nickname, "upns": members})
    return dict(seeded["users"])


def _is_on(board: str, person: Mapping[str, Any]) -> bool:
    """Whether somebody is in a board's group."""
    return bool(person.get("restricted")) if board == RESTRICTED_BOARD else board in person["units"]


async def open_webhooks(tenant: DemoTenant, service: Service) -> dict[str, str]:
    """A Workflows webhook on each meeting's channel; the settings that tell the service of them."""
    with service.store.open() as connection:
        channels = notebook.provisioned_rows(connection, "channel")
    found = {}
    for code, row in channels.items():
        made = await tenant.control(
            "workflows", {"name": code, "team_id": row["details"]["team_id"], "channel_id": row["graph_id"]}
        )
        found[f"TASKING_WEBHOOK_{code}"] = made["url"]
    return found


async def open_forms(tenant: DemoTenant, service: Service) -> None:
    """Puts every form of config up in the emulator, as a force's administrator would in Microsoft Forms."""
    for form in service.forms.values():
        await tenant.control("forms", form_for_emulator(form, service))


def form_for_emulator(form: FormDefinition, service: Service) -> dict[str, Any]:
    """A form as the emulator's control takes it, with its flow into the intake list."""
    return {
        "form_id": form.form_id,
        "slug": form.slug,
        "title": form.title,
        "description": form.description,
        "mail_nickname": service.intake.group_nickname,
        "timezone": service.intake.time_zone.key,
        "workbook": {"path": form.workbook},
        "questions": [_question(question, service.intake.replies) for question in form.questions],
        "flow": list_flow(service),
    }


def list_flow(service: Service, copies: int = 1) -> dict[str, Any]:
    """The licence-free flow: one item on the intake list for each response."""
    place, names = intake_place(service.store), service.intake.columns
    columns = {
        "form_id": names.form_id,
        "response_id": names.response_id,
        "responder": names.responder,
        "submitted": names.submitted,
        "answers": names.answers,
    }
    where = {"site_id": place.site_id, "list_id": place.list_id, "columns": columns}
    return {"mode": "list", "list": where, "copies": copies}


def http_flow(service_address: str, slug: str, key: str) -> dict[str, Any]:
    """The flow of a force with premium connectors: it posts each response to the service."""
    url = f"{service_address}/api/forms/{slug}/responses"
    return {"mode": "http", "http": {"url": url, "key_header": "x-functions-key", "key": key}}


def _question(question: Question, replies: Mapping[str, str]) -> dict[str, Any]:
    stop = next(iter(question.stops.items()), None)
    shown = question.show_if
    return {
        "key": question.key,
        "title": question.title,
        "subtitle": question.hint,
        "type": question.type.value,
        "required": question.required,
        "choices": list(question.choices),
        "stop_value": stop[0] if stop else None,
        "stop_message": replies[stop[1]] if stop else None,
        "show_if": {"key": shown.key, "value": shown.answer} if shown else None,
    }
