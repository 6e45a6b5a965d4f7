"""POST /api/graph/notifications: Graph says that something changed, without saying what; so look there now.

It also says here what becomes of the subscription itself, which service/subscribing.py keeps. Planner has no change
notifications; SharePoint lists, libraries and channels do (the facts digest on Graph, section 4).
"""

import asyncio
import hmac
import html
import json
import logging
import re
from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.answers import problem
from planner_sync.boards import all_boards
from planner_sync.polling import Polling
from service.jobs import job_named, run
from service.provisioned import intake_place
from service.running import running
from service.subscribing import note_lifecycle
from service.wiring import Service

log = logging.getLogger(__name__)

READ_SECONDS = 2.5
"""Graph counts an address as late that takes over three seconds; what is not read by then the timer reads."""

blueprint = func.Blueprint()


@blueprint.function_name("graph_notifications")
@blueprint.route(route="graph/notifications", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
async def graph_notifications(req: func.HttpRequest) -> func.HttpResponse:
    """202 once the intake list was read or boards were asked for; what tells of neither is let go.

    The handshake's `validationToken` comes back as text with 200. The function key stands in the address that the
    subscription names (`?code=`). A notification without the right `clientState` has no effect and the same answer,
    so that nobody can try secrets out. 400 for a body that is no list of notifications; 503 without a secret set.
    """
    service = running()
    if not service.settings.notification_secret:
        return problem(503, "Notifications are not taken", ["TASKING_NOTIFICATION_SECRET is not set."])
    token = req.params.get("validationToken")
    if token is not None:
        return func.HttpResponse(html.escape(token), mimetype="text/plain")
    try:
        told = _notifications(req.get_body())
    except (ValueError, RecursionError):
        return problem(400, "These are not notifications", ['The body must be JSON: {"value": [notifications]}.'])
    genuine = [one for one in told if _is_genuine(one, service.settings.notification_secret)]
    if len(genuine) < len(told):
        log.warning("notifications without the right clientState", extra={"refused": len(told) - len(genuine)})
    await _look(service, genuine)
    return func.HttpResponse(status_code=202)


def _notifications(body: bytes) -> list[Mapping[str, Any]]:
    """The body's notifications. Raises ValueError or RecursionError where it is nothing of the kind."""
    content = json.loads(body)
    found = content.get("value") if isinstance(content, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError("no list of notifications")
    return found


def _is_genuine(notification: Mapping[str, Any], secret: str) -> bool:
    given = str(notification.get("clientState") or "")
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


async def _look(service: Service, notifications: list[Mapping[str, Any]]) -> None:
    """Asks for the boards of the groups that were named, then reads the intake list if it was, or may have been."""
    named = {part for one in notifications for part in _parts(str(one.get("resource") or ""))}
    now = service.store.clock.now()
    with service.store.open() as connection:
        boards = all_boards(connection)
        may_be = [note_lifecycle(connection, one, now) for one in notifications if "lifecycleEvent" in one]
    for unit in sorted({board.unit for board in boards if board.group_id.lower() in named}):
        Polling(service.store).ask(unit, now)
    if (intake_place(service.store).list_id or "").lower() not in named and not any(may_be):
        return
    try:
        async with asyncio.timeout(READ_SECONDS):
            await run(service, job_named("read-intake-list"))
    except TimeoutError:
        log.info("intake list not read in time for Graph: left to the timer")


def _parts(resource: str) -> list[str]:
    """What a resource's path is made of: sites/ID/lists/ID, and also teams('ID')/channels('ID')."""
    return [part for part in re.split(r"[/()']+", resource.lower()) if part]
