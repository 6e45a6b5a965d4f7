"""The pack that somebody may open: frozen where the meeting is over, else as it is now; by role without restricted
matter, in counts neither.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from reporting.meeting_pack import build_pack, mark_of_sections
from reporting.pack_parts import Change, Changes, Pack, PackSection, from_document
from store import packs
from store.tasks import read_tasks_by_references
from tasking.calendar import Sitting
from tasking.force import Force
from tasking.restricted import is_restricted


class Named(Protocol):
    """A part of a pack that is about one task."""

    @property
    def reference(self) -> str:
        """The task's reference."""
        ...


COUNTS_LEFT_OUT = "The counts of this frozen pack are for those who see restricted matters."


def pack_for(
    connection: Connection, force: Force, sitting: Sitting, now: datetime, with_restricted: bool
) -> Pack | None:
    """The pack of a meeting as at `now` (UTC), compared with the newest one that was frozen before. Of a meeting that
    is over it is the one that was frozen for it last; None where none was."""
    if sitting.ends_at < now:
        kept = packs.of_meeting(connection, sitting.meeting_ref)
        whole = from_document(kept[-1].document) if kept else None
        return whole if whole is None or with_restricted else without_restricted_matter(connection, force, whole)
    last = packs.latest_of(connection, sitting.meeting.code, before=now)
    previous = from_document(last.document) if last else None
    if previous is not None and not with_restricted:
        previous = without_restricted_matter(connection, force, previous)
    return build_pack(connection, force, sitting.meeting, sitting.starts_at, now, previous, with_restricted)


def without_restricted_matter(connection: Connection, force: Force, pack: Pack) -> Pack:
    """A frozen pack without what was restricted when it was frozen, or is now. Its counts were made with it, and could
    tell how much of it there was: they are left out."""
    parts: tuple[Named, ...] = (*pack.standing, *pack.further, *pack.items, *_changes(pack))
    named = {each.reference for each in parts}
    named |= {each.reference for section in pack.sections for each in section.decisions}
    named |= {reference for each in pack.left_out for reference in (each.reference, *each.tasks) if reference}
    known = {task.reference: task for task in read_tasks_by_references(connection, named)}
    hidden = {item.reference for item in pack.items if item.is_restricted}
    hidden |= {each.reference for section in pack.sections for each in section.decisions if each.is_restricted}
    hidden |= {name for name in named if name not in known or is_restricted(force, known[name])}

    def stays(each: Named) -> bool:
        return each.reference not in hidden

    whole = tuple(_section(section, stays) for section in pack.sections)
    pairs = zip(pack.sections, whole, strict=True)
    sections = tuple(left for before, left in pairs if not (left.is_by_hand and before.items and not left.items))
    further = tuple(filter(stays, pack.further))
    changes = pack.changed_since
    return replace(
        pack,
        classification=mark_of_sections(sections),
        sections=sections,
        changed_since=_changes_without(changes, stays) if changes else None,
        not_shown=len(further),
        further=further,
        standing=tuple(filter(stays, pack.standing)),
        left_out=tuple(
            replace(each, tasks=tuple(reference for reference in each.tasks if reference not in hidden))
            for each in pack.left_out
            if each.reference not in hidden
        ),
    )


def _changes(pack: Pack) -> tuple[Change, ...]:
    changes = pack.changed_since
    return (*changes.new, *changes.gone, *changes.moved) if changes else ()


def _section(section: PackSection, stays: Callable[[Named], bool]) -> PackSection:
    return replace(
        section,
        note=f"{section.note} {COUNTS_LEFT_OUT}".strip() if section.counts else section.note,
        counts=(),
        items=tuple(filter(stays, section.items)),
        decisions=tuple(filter(stays, section.decisions)),
    )


def _changes_without(changes: Changes, stays: Callable[[Named], bool]) -> Changes:
    return replace(
        changes,
        new=tuple(filter(stays, changes.new)),
        gone=tuple(filter(stays, changes.gone)),
        moved=tuple(filter(stays, changes.moved)),
    )
