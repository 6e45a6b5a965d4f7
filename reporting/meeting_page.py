"""The page of a meeting: its pack as this viewer may see it, live or frozen, who is there, and draft minutes."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from reporting.meeting_pack import build_pack, mark_of_sections, partner_part
from reporting.minutes import Minutes, minutes
from reporting.pack_parts import Changes, Pack, PackSection, from_document
from reporting.visible import only_seen
from reporting.wording import highest
from store import meetings, packs
from tasking.authority import meeting_named
from tasking.calendar import sitting_of
from tasking.errors import RuleBroken
from tasking.force import Force, TaskingMeeting
from tasking.meetings import MeetingRecord
from tasking.viewing import Viewer

NOT_THEIRS = "There is no such meeting, or it is not one of yours."
NO_COUNTS = "Counts are left out."


@dataclass(frozen=True, slots=True)
class FrozenPack:
    """A pack that was frozen: `as_at` (UTC), by whom, and whether it is still what was frozen."""

    pack_id: str
    as_at: datetime
    frozen_by: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """One meeting: the live pack, what is on record of the meeting, None where nothing is, and the frozen packs."""

    pack: Pack
    record: MeetingRecord | None
    frozen: tuple[FrozenPack, ...]


def meeting_page(connection: Connection, force: Force, viewer: Viewer, meeting_ref: str, now: datetime) -> MeetingPage:
    """The page of the meeting with this reference, such as `HP_DAILY 2027-01-04`, as at `now` (UTC).

    Made and counted of what the viewer may see alone; a partner gets the partner part. Raises RuleBroken in the same
    words for a meeting that there is not and one of a unit that is not the viewer's.
    """
    sitting = sitting_of(force, meeting_ref)
    record = meetings.read(connection, meeting_ref)
    meeting = _theirs(force, viewer, meeting_ref)
    starts_at = record.starts_at if record else sitting.starts_at if sitting else None
    if starts_at is None:
        raise RuleBroken(NOT_THEIRS)
    last = packs.latest_of(connection, meeting.code, before=now)
    within = _in_a_pack(viewer)
    previous = _only(connection, force, within, from_document(last.document)) if last else None
    pack = build_pack(connection, force, meeting, starts_at, now, previous, viewer=within)
    kept = packs.of_meeting(connection, meeting_ref)
    frozen = tuple(FrozenPack(each.pack_id, each.as_at, each.frozen_by, each.is_whole) for each in kept)
    return MeetingPage(partner_part(pack) if viewer.is_partner else pack, record, frozen)


def frozen_pack(connection: Connection, force: Force, viewer: Viewer, pack_id: str) -> Pack:
    """A frozen pack as this viewer may see it; without what is restricted its counts are left out, as they count that.

    Raises RuleBroken in the same words where there is none and where it is not one of the viewer's units.
    """
    try:
        stored = packs.read(connection, pack_id)
    except RuleBroken as unknown:
        raise RuleBroken(NOT_THEIRS) from unknown
    _theirs(force, viewer, stored.meeting_ref)
    pack = from_document(stored.document)
    if not viewer.may_see_restricted:
        pack = _only(connection, force, _in_a_pack(viewer), pack)
    return partner_part(pack) if viewer.is_partner else pack


def meeting_minutes(connection: Connection, force: Force, viewer: Viewer, meeting_ref: str, now: datetime) -> Minutes:
    """Draft minutes as this viewer may see them: what concerns restricted matter is not there without the right to it.

    Raises RuleBroken as above, and for a partner.
    """
    _theirs(force, viewer, meeting_ref)
    if viewer.is_partner:
        raise RuleBroken("Minutes are for the police part of the meeting; ask its chair for yours.")
    whole = minutes(connection, force, meeting_ref, now, with_restricted=viewer.may_see_restricted)
    seen = only_seen(connection, force, viewer, _references(whole))
    decided = tuple(each for each in whole.decisions if each.reference in seen and not each.is_hidden)
    actions = tuple(each for each in whole.actions if each.reference in seen)
    marks = [*(each.classification for each in decided), *(each.classification for each in actions)]
    return replace(whole, decisions=decided, actions=actions, classification=highest(marks))


def _references(whole: Minutes) -> set[str]:
    return {each.reference for each in whole.decisions} | {each.reference for each in whole.actions}


def _theirs(force: Force, viewer: Viewer, meeting_ref: str) -> TaskingMeeting:
    try:
        meeting = meeting_named(force, meeting_ref)
    except RuleBroken as unknown:
        raise RuleBroken(NOT_THEIRS) from unknown
    if not viewer.may_see_unit(meeting.unit):
        raise RuleBroken(NOT_THEIRS)
    return meeting


def _in_a_pack(viewer: Viewer) -> Viewer:
    """A partner in the room sees all of the partner part but what is restricted, whoever leads."""
    return replace(viewer, is_partner=False, sees_restricted=viewer.may_see_restricted)


def _only(connection: Connection, force: Force, viewer: Viewer, pack: Pack) -> Pack:
    """The pack without the tasks that this viewer may not see."""
    if viewer.may_see_restricted and viewer.units is None:
        return pack
    listed = [*(item.reference for item in pack.items), *(each.reference for each in (*pack.standing, *pack.further))]
    decided = [each.reference for section in pack.sections for each in section.decisions]
    changes = pack.changed_since
    changed = [each.reference for each in (*changes.new, *changes.gone, *changes.moved)] if changes else []
    seen = only_seen(connection, force, viewer, {*listed, *decided, *changed})
    sections = tuple(_section(section, seen, viewer.may_see_restricted) for section in pack.sections)
    further = tuple(each for each in pack.further if each.reference in seen)
    return replace(
        pack,
        sections=sections,
        classification=mark_of_sections(sections),
        changed_since=_changes(changes, seen) if changes else None,
        not_shown=len(further),
        further=further,
        standing=tuple(each for each in pack.standing if each.reference in seen),
    )


def _section(section: PackSection, seen: Collection[str], with_counts: bool) -> PackSection:
    is_counted = bool(section.counts) and not with_counts
    return replace(
        section,
        note=f"{section.note} {NO_COUNTS}".strip() if is_counted else section.note,
        counts=() if is_counted else section.counts,
        items=tuple(each for each in section.items if each.reference in seen),
        decisions=tuple(
            each for each in section.decisions if each.reference in seen and (with_counts or not each.is_restricted)
        ),
    )


def _changes(changes: Changes, seen: Collection[str]) -> Changes:
    return replace(
        changes,
        new=tuple(each for each in changes.new if each.reference in seen),
        gone=tuple(each for each in changes.gone if each.reference in seen),
        moved=tuple(each for each in changes.moved if each.reference in seen),
    )
