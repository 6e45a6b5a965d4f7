"""One meeting as a person may see it: its pack, whole or the partner part, the record of it, and what they may do."""

from dataclasses import dataclass

from reporting.meeting_list import ListedMeeting, meeting_named, sitting_on_record
from reporting.meeting_pack import partner_part
from reporting.pack_for import pack_for
from reporting.pack_parts import Pack, PackSection
from store import meetings, packs
from tasking.agenda import LAST_HOUR
from tasking.agenda_building import why_closed
from tasking.authority import in_the_chair
from tasking.calendar import Sitting, previous_meeting
from tasking.errors import UnknownMeeting
from tasking.force import TaskingMeeting
from tasking.meetings import Attendance, MeetingRecord
from tasking.rights import Right, posts_of, sees_restricted
from tasking.roster import expected_of, quorum_of
from web.visit import NotAllowed, Visit

NOT_THERE = "There is no meeting with this reference that you may see."
FOR_POLICE = "This part of the meeting is for the police alone."


@dataclass(frozen=True, slots=True)
class MeetingView:
    """A meeting for one person. `pack` is None where it is over and none was frozen; a partner gets their part.
    `agenda_closed` says why its agenda can be changed no more, and is empty while it can."""

    sitting: Sitting
    listed: ListedMeeting
    pack: Pack | None
    record: MeetingRecord | None
    last_record: MeetingRecord | None
    is_partner: bool
    posts: tuple[str, ...]
    may_run: bool
    agenda_closed: str

    @property
    def ref(self) -> str:
        """Its reference."""
        return self.listed.meeting_ref

    @property
    def path(self) -> str:
        """Its address below the tab's."""
        return f"/meetings/{self.ref.replace(' ', '%20')}"

    @property
    def sections(self) -> tuple[PackSection, ...]:
        """The points of the agenda, in the order of the meeting's kind."""
        return self.pack.sections if self.pack else ()

    @property
    def expected(self) -> tuple[Attendance, ...]:
        """Who is on record as attending, else who attended the last time; and whoever else is on the roster."""
        known = self.record or self.last_record
        there = known.attendance if known else ()
        return (*there, *expected_of(self.sitting.meeting, there))

    def deputies_of(self, entry: Attendance) -> tuple[str, ...]:
        """Who may be there instead of this seat of the roster."""
        seats = self.sitting.meeting.roster
        return next((seat.deputies for seat in seats if (seat.role, seat.agency) == (entry.role, entry.agency)), ())

    @property
    def too_few(self) -> str:
        """That fewer of the tasking team are there than are needed, once it is open; empty else."""
        quorum = quorum_of(self.sitting.meeting, self.record)
        return quorum.warning if quorum else ""


def meeting_seen(visit: Visit) -> MeetingView:
    """The meeting that the address names, its view audited. Raises UnknownMeeting, in the same words, where there is
    none and where the person may not see it."""
    reference = str(visit.request.path_params["ref"])
    force = visit.force
    with visit.reading() as connection:
        sitting = sitting_on_record(connection, force, reference)
        if sitting is None or not sees_meeting(visit, sitting.meeting):
            raise UnknownMeeting(NOT_THERE)
        listed = meeting_named(connection, force, reference, visit.now)
        assert listed is not None
        is_partner = is_for_partner(visit, sitting.meeting)
        pack = pack_for(connection, force, sitting, visit.now, sees_restricted(visit.person))
        record = meetings.read(connection, reference)
        before = previous_meeting(sitting.meeting, sitting.starts_at, cancelled=meetings.cancelled(connection))
        last = meetings.read(connection, before.meeting_ref) if before else None
        is_frozen = packs.has_since(connection, reference, sitting.starts_at - LAST_HOUR)
    visit.looked_at(reference)
    chairs = in_the_chair(sitting.meeting)
    held = posts_of(visit.person, force, sitting.meeting.unit)
    return MeetingView(
        sitting=sitting,
        listed=listed,
        pack=partner_part(pack) if pack and is_partner else pack,
        record=record,
        last_record=last,
        is_partner=is_partner,
        posts=tuple(role for role in chairs if role in held),
        may_run=sitting.meeting.unit in visit.units(Right.RUN_MEETING) and not listed.is_cancelled,
        agenda_closed=why_closed(sitting, visit.now, is_cancelled=listed.is_cancelled, is_frozen=is_frozen),
    )


def sees_meeting(visit: Visit, meeting: TaskingMeeting) -> bool:
    """Whether the meeting is there for the person: of their units, and for a partner one with a part for partners."""
    if meeting.unit not in visit.units(Right.SEE_PARTNER_PART):
        return False
    kind = visit.force.kind_of(meeting)
    return not is_for_partner(visit, meeting) or bool(kind and kind.partner_sections)


def is_for_partner(visit: Visit, meeting: TaskingMeeting) -> bool:
    """Whether the person sees the partner part alone."""
    return meeting.unit not in visit.units(Right.SEE_MEETINGS)


def for_police(seen: MeetingView) -> MeetingView:
    """The meeting, for what is no partner's business. Raises NotAllowed."""
    if seen.is_partner:
        raise NotAllowed(FOR_POLICE)
    return seen
