"""Planner's lists: pages of the service's own size. By switches they lag behind what reading by id says: new tasks
are absent, changed ones stand there as they were, deleted ones are still there.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence

from m365_emulator.odata import Json, cut, page_body, select, with_context
from m365_emulator.planner.state import Record, TaskParts
from m365_emulator.routing import Call, Reply
from m365_emulator.tenant import Tenant


def listing(call: Call, records: Sequence[Record], context: str, wire: Callable[[Record], Json] = Record.wire) -> Reply:
    """One page of a Planner list. $top, $filter and $orderby are passed over, as the service does."""
    size, wanted = call.tenant.switches.planner_page_size, call.query.get("$select")
    found, link = cut(records, call.query, call.url, size, lambda record: record.id)
    rows = [select(wire(record), wanted) for record in found]
    reply = Reply(200, with_context(call.base_url, context, page_body(rows, link, len(records))))
    if wire is Record.wire and not wanted:
        head = json.dumps(with_context(call.base_url, context, page_body([], link, len(records))))
        reply.encoded = (head.removesuffix("]}") + ", ".join(record.text() for record in found) + "]}").encode()
    return reply


def task_listing(
    call: Call,
    live: Iterable[TaskParts],
    fits: Callable[[Json], bool],
    context: str,
    more: Callable[[str], Json] | None = None,
) -> Reply:
    """One page of the tasks whose values, as the list knows them, fit. `more` are further parts of a row by task id."""
    lag = call.tenant.switches.planner_stale_changes_seconds
    moment = time.monotonic() - lag
    records = [
        parts.task
        for parts in _listed(call.tenant, live)
        if fits(parts.task.as_of(moment)[1] if lag else parts.task.values)
    ]
    if not lag and more is None:
        return listing(call, records, context)

    def wire(record: Record) -> Json:
        row = record.wire_as_of(moment) if lag else record.wire()
        return row | more(record.id) if more else row

    return listing(call, records, context, wire)


def _listed(tenant: Tenant, live: Iterable[TaskParts]) -> Iterable[TaskParts]:
    """The tasks that lists know of: not those too new, and with those deleted only just, each in its old place."""
    switches, gone = tenant.switches, tenant.planner.gone
    newest = switches.planner_stale_list_seconds
    if newest or switches.planner_recurrence_delay_seconds:
        live = [parts for parts in live if parts.age_seconds() >= newest]
    if not switches.planner_stale_deletes_seconds or not gone:
        return live
    since = time.monotonic() - switches.planner_stale_deletes_seconds
    return sorted([*live, *(one.parts for one in gone if one.since > since)], key=lambda parts: parts.born)
