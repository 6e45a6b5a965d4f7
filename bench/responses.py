"""Responses to the Raise form, invented: one task each on the board of one section, alike but for number and place."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.stage import run_job
from bench.tenant import Tenant
from service.wiring import Service
from store import inbox

FORM = "raise_task"
WHY_NOW = (
    "Three calls this week about people gathering after dark and bottles being thrown; the next market is in two days "
    "and traders say that they will stay away."
)
ANSWERS: Mapping[str, Any] = {
    "live_risk": "No",
    "covert": "No",
    "why_now": WHY_NOW,
    "threat": "Likely within 7 days",
    "harm": "Moderate injury, distress or loss",
    "risk": "Even chance",
    "investigation": "There are lines of enquiry",
    "vulnerability": "Vulnerable because of the situation",
    "engagement": "Local people are interested",
    "alignment": "Yes, a published local priority",
    "repeats_28d": 2,
    "wanted": "More people or equipment",
    "ask": "Two officers in uniform, Friday and Saturday 18:00 to 23:00.",
    "tactic": "Hot-spot patrol",
    "good_looks_like": "No calls for 14 days",
    "constraints": "Not on market days before noon",
    "needed_by": "Within 7 days",
}
"""Scores SCHEDULED, each at a place of its own: nothing in the policy sends it up within the length of a bench."""
MISSING: Mapping[str, Any] = {"flags": ["High-risk missing person"]}
"""What sends a task up to the force at once."""


def title_of(number: int) -> str:
    """The title of response `number`, by which it is known on the boards: so no pillar is restricted."""
    return f"Bench {number:05}: keep the market place quiet"


def answers(service: Service, number: int, climbs: bool = False) -> dict[str, Any]:
    """The answers of response `number`, by field. Units of the lowest level and pillars take turns."""
    units = lowest_units(service)
    open_to_all = [each for each in service.force.pillars.values() if not (each.restricted or each.retired)]
    pillars = [each.label for each in open_to_all if each.code != "TRIAGE"]
    own = {
        "title": title_of(number),
        "unit": units[number % len(units)],
        "pillar": pillars[number % len(pillars)],
        "place": f"Market place, the steps by stall {number}",
    }
    return {**ANSWERS, **own, **(MISSING if climbs else {})}


def lowest_units(service: Service) -> Sequence[str]:
    """The names of the units that no other is the parent of, in order of their codes."""
    force = service.force
    parents = {unit.parent for unit in force.units.values()}
    return [force.units[code].name for code in sorted(force.units) if code not in parents]


def by_key(service: Service, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers by Forms' own names of the questions."""
    keys = {question.field: question.key for question in service.forms[FORM].questions}
    return {keys[field]: value for field, value in given.items()}


def submit(tenant: Tenant, service: Service, numbers: Sequence[int], responder: str) -> None:
    """Puts these responses on the intake list, as a person's form and its flow do."""
    for number in numbers:
        body = {"responder": responder, "answers": by_key(service, answers(service, number))}
        tenant.control(f"forms/{FORM}/responses", body)


async def take_in(service: Service, wanted: int) -> None:
    """Reads the intake list until so many responses have come in."""
    came = await run_job(service, "read-intake-list")
    if came != wanted:
        with service.store.open() as connection:
            raise RuntimeError(f"{came} of {wanted} responses came in; {len(inbox.held(connection))} are held")


def flow_body(service: Service, given: Mapping[str, Any], response_id: str, responder: str) -> dict[str, Any]:
    """What a flow posts to the HTTP door: every value as Forms sends it, lists as JSON in a string."""
    plain = {key: json.dumps(v) if isinstance(v, list) else str(v) for key, v in by_key(service, given).items()}
    now = datetime.now(UTC)
    stamp = f"{now.month}/{now.day}/{now.year} {now.hour % 12 or 12}:{now:%M:%S} {now:%p}"
    form_id = service.forms[FORM].form_id
    envelope = {"responder": responder, "submitDate": stamp, "formId": form_id, "responseId": response_id}
    absent = {question.key: "" for question in service.forms[FORM].questions}
    return {**absent, **plain, **envelope, "schemaVersion": 1}
