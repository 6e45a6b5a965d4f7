"""How a change reaches a Planner record: If-Match, per-property clash, merge, new version, 204 or the new entity.

Concurrency follows api-reference/v1.0/resources/planner-overview.md: an older etag is good as long as nothing
that the change touches has changed since.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from m365_emulator.clock import timestamp
from m365_emulator.odata import GraphFault, Json, select, with_context
from m365_emulator.planner.etags import Path, clash
from m365_emulator.planner.shapes import REMOVED, Changes
from m365_emulator.planner.state import PlannerState, Record
from m365_emulator.routing import Call, Reply
from m365_emulator.sign_in.tokens import Caller
from m365_emulator.tenant import Tenant

MISSING_IF_MATCH = "The If-Match header must be specified for this kind of request."
WRONG_IF_MATCH = "The If-Match header contains an invalid value."
CONFLICT = (
    "The attempted changes conflicted with already accepted changes. "
    "Read the latest state of the resource and apply the changes to it."
)
KEPT_SLOTS = frozenset({"categoryDescriptions"})
"""Maps whose keys never go away: removing an entry empties it."""


_STARTS: dict[str, Callable[[str, str, Json], Json]] = {
    "assignments": lambda now, hint, identity: {
        "@odata.type": "#microsoft.graph.plannerAssignment",
        "assignedDateTime": now,
        "orderHint": hint,
        "assignedBy": identity,
    },
    "checklist": lambda now, hint, identity: {
        "@odata.type": "#microsoft.graph.plannerChecklistItem",
        "isChecked": False,
        "title": "",
        "orderHint": hint,
    },
    "references": lambda now, hint, identity: {
        "@odata.type": "#microsoft.graph.plannerExternalReference",
        "alias": None,
        "type": None,
        "previewPriority": hint,
    },
}
"""What a new entry of each map starts from: (now as text, an order hint, who did it)."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who changes something and when, for the stamps inside assignments, checklist items and references."""

    state: PlannerState
    identity: Json
    now: datetime
    _now_text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_now_text", timestamp(self.now))

    def new_entry(self, name: str) -> Json:
        """What a new entry of a map starts from."""
        return _STARTS[name](self._now_text, self.state.new_order_hint(self.now), self.identity)

    def modified(self, name: str) -> Json:
        """What is stamped on an entry each time it changes."""
        if name == "assignments":
            return {}
        return {"lastModifiedDateTime": self._now_text, "lastModifiedBy": self.identity}


def identity_of(caller: Caller) -> Json:
    """The identity set Planner stamps: ids only, names are null."""
    return {
        "user": {"displayName": None, "id": caller.user_id},
        "application": {"displayName": None, "id": caller.app_id},
    }


def stamp_of(call: Call) -> Stamp:
    """The stamp of this call."""
    return Stamp(call.tenant.planner, identity_of(call.who), call.tenant.clock.now())


def version_asked(call: Call, record: Record) -> int:
    """The version that If-Match names; 412 when it is missing or never was a version of this record."""
    header, switches = call.headers.get("if-match"), call.tenant.switches
    if not header:
        raise GraphFault(switches.planner_missing_if_match_status, "", MISSING_IF_MATCH)
    if header.strip() == "*" and switches.planner_if_match_star == "accept":
        return record.versions.current
    version = record.versions.version_of(header.strip())
    if version is None:
        raise GraphFault(412, "", WRONG_IF_MATCH)
    return version


def require_unchanged(record: Record, version: int) -> None:
    """409 when anything at all has changed since this version, as a delete demands."""
    if record.versions.current != version:
        raise GraphFault(409, "", CONFLICT)


def require_no_clash(record: Record, version: int, paths: set[Path]) -> None:
    """409 when one of these paths has changed since this version."""
    if clash(paths, record.versions.changed_since(version)):
        raise GraphFault(409, "", CONFLICT)


def merge(values: Json, changes: Changes, stamp: Stamp) -> tuple[Json, set[Path]]:
    """The values after the changes, and the paths that really differ; a change to what is there already is none.

    What was given stays as it is: maps that change are copied, and their entries are replaced as a whole.
    """
    after = dict(values)
    paths: set[Path] = set()
    for name, value in changes.plain.items():
        if after.get(name) != value:
            after[name] = value
            paths.add((name,))
    for name, entries in changes.maps.items():
        held: Json = dict(after.get(name, ()))
        after[name] = held
        for key, entry in entries.items():
            if _merge_entry(held, name, key, entry, stamp):
                paths.add((name, key))
    return after, paths


def _merge_entry(held: Json, name: str, key: str, entry: Any, stamp: Stamp) -> bool:
    if entry is REMOVED:
        if name in KEPT_SLOTS:
            changed = held.get(key) is not None
            held[key] = None
            return changed
        return held.pop(key, None) is not None
    if not isinstance(entry, dict):
        differs = bool(held.get(key) != entry)
        held[key] = entry
        return differs
    if key in held and all(held[key].get(field) == value for field, value in entry.items()):
        return False
    start = held[key] if key in held else stamp.new_entry(name)
    held[key] = start | entry | stamp.modified(name)
    return True


def commit(tenant: Tenant, record: Record, after: Json, paths: set[Path]) -> None:
    """Put the new values in place as a new version; nothing moves when nothing differs."""
    if not paths:
        return
    if tenant.switches.planner_stale_changes_seconds:
        record.remember(tenant.switches.planner_stale_changes_seconds)
    if any(path[0] == "assignments" for path in paths):
        tenant.planner.tasks.reassigned(record.values["assignments"], after["assignments"])
    record.values = after
    tenant.planner.touch(record, paths)


def entity(call: Call, record: Record, context: str, status: int = 200) -> Reply:
    """One Planner resource as the answer, cut to $select."""
    row = select(record.wire(), call.query.get("$select"))
    return Reply(status, with_context(call.base_url, context, row))


def changed(call: Call, record: Record, context: str) -> Reply:
    """The answer to a PATCH: 204, or the entity for `Prefer: return=representation`."""
    if "return=representation" not in call.headers.get("prefer", "").replace(" ", "").lower():
        return Reply(204)
    reply = entity(call, record, context)
    reply.headers["Preference-Applied"] = "return=representation"
    return reply
