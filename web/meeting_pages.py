"""/meetings: the list, one meeting, and its points one after another with decisions taken in place."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

from reporting import pack_shape
from reporting.meeting_list import ListedMeeting, meetings_between
from reporting.minutes import MinutedDecision, minutes
from reporting.pack_agenda import STAGE_WORDS
from reporting.pack_parts import PackSection
from store.tasks import read_escalations_of, read_tasks_by_references
from tasking.clocks import local_day, utc_of
from tasking.meetings import Stage
from tasking.rights import Right, sees_restricted
from web.acts import Link, in_groups
from web.deciding import choices_of, form_of, take
from web.decision_page import kind_asked, typed_again
from web.meeting_view import MeetingView, for_police, meeting_seen, sees_meeting
from web.visit import Page, Visit, choices

AHEAD, BACK = timedelta(days=7), timedelta(days=14)


async def meetings_page(visit: Visit) -> Response:
    """The meetings of the person's units: today's, those to come, those that were."""
    seen = {meeting.code: meeting for meeting in visit.force.meetings if sees_meeting(visit, meeting)}
    units = {meeting.unit: visit.force.units[meeting.unit].name for meeting in seen.values()}
    unit = visit.request.query_params.get("unit", "")
    wanted = {unit} if unit in units else set(units)
    with visit.reading() as connection:
        found = meetings_between(connection, visit.force, wanted, visit.now - BACK, visit.now + AHEAD, visit.now)
    visit.looked_at("meetings")
    listed = [each for each in found if each.meeting_ref.partition(" ")[0] in seen]
    return visit.page(
        "meetings.html",
        groups=_by_day(listed, visit.now),
        units=choices(units),
        unit=unit,
        path_of=path_of,
    )


def path_of(listed: ListedMeeting) -> str:
    """A meeting's address below the tab's."""
    return f"/meetings/{quote(listed.meeting_ref)}"


def _by_day(found: list[ListedMeeting], now: datetime) -> Mapping[str, list[ListedMeeting]]:
    begins = utc_of(datetime.combine(local_day(now), time()))
    ends = utc_of(datetime.combine(local_day(now) + timedelta(days=1), time()))
    return {
        "Today": [each for each in found if begins <= each.starts_at < ends],
        "Coming": [each for each in found if each.starts_at >= ends],
        "Before today": [each for each in reversed(found) if each.starts_at < begins],
    }


async def meeting_page(visit: Visit) -> Response:
    """One meeting: what it is, who is there, the agenda, papers, and what was decided so far."""
    seen = meeting_seen(visit)
    return drawn(visit, seen)


def drawn(visit: Visit, seen: MeetingView, status: int = 200) -> Response:
    """The meeting's own page; with the faults of the form that opens it, if one was sent."""
    pack = seen.pack
    return visit.page(
        "meeting.html",
        mark=pack.classification if pack else "",
        status=status,
        meeting=seen,
        pack=pack,
        numbered=pack_shape.numbered(pack) if pack else (),
        stage_before=pack_shape.stage_before,
        has_parts=bool(pack and pack_shape.has_parts(pack)),
        part_titles=pack_shape.PART_TITLES,
        first_look=pack_shape.first_look(pack) if pack else (),
        decided=() if seen.is_partner else _decided(visit, seen),
        roles=choices({role: role for role in (seen.posts or _chairs(seen))}),
        left_out=pack_shape.left_out_lines(pack) if pack else (),
        **_for_building(visit, seen),
        **typed_again(visit),
    )


def _for_building(visit: Visit, seen: MeetingView) -> dict[str, object]:
    """What the forms offer by which the agenda is built: its points and tasks, parts and stages."""
    kind = visit.force.kind_of(seen.sitting.meeting)
    points = {each.code: f"{number}. {each.title}" for number, each in enumerate(seen.sections, 1)}
    items = {item.reference: item for section in seen.sections for item in section.items}
    tasks = {code: f"{code} {pack_shape.heading_of(item)}" for code, item in items.items()}
    out = {each.code: each.title or each.reference for each in (seen.pack.left_out if seen.pack else ())}
    return {
        "agenda_points": choices(points),
        "agenda_things": choices(points | tasks),
        "agenda_out": choices(out),
        "agenda_stages": choices({each.value: STAGE_WORDS[each] for each in Stage}) if kind and kind.stages else [],
        "agenda_parts": choices({"police": "Police only", "partners": "With partners"})
        if kind and kind.partner_sections
        else [],
    }


def _chairs(seen: MeetingView) -> tuple[str, ...]:
    meeting = seen.sitting.meeting
    return (meeting.chair_role, *meeting.deputy_roles)


def _decided(visit: Visit, seen: MeetingView) -> tuple[MinutedDecision, ...]:
    """What was decided at the meeting so far."""
    restricted = sees_restricted(visit.person)
    with visit.reading() as connection:
        return minutes(connection, visit.force, seen.ref, visit.now, restricted, leave_out=not restricted).decisions


async def point_page(visit: Visit) -> Response:
    """One point of the agenda with its tasks. What may be decided about each is offered where it stands."""
    return _point(visit, meeting_seen(visit))


async def decide_in_place(visit: Visit) -> Response:
    """The same point, with the form of one decision under its task; or takes what was sent."""
    seen = for_police(meeting_seen(visit))
    kind = kind_asked(visit)
    task = visit.task(str(visit.request.path_params["reference"]))
    if seen.listed.is_cancelled:
        raise HTTPException(404)
    form = form_of(visit, task, kind, seen.sitting)
    number = int(visit.request.path_params["number"])
    if visit.request.method == "POST" and take(visit, form):
        return visit.go(f"{seen.path}/points/{number}", "decided")
    status = 422 if visit.given else 409 if form.closed else 200
    return _point(visit, seen, status, decision=form, deciding=task.reference, **typed_again(visit))


def _point(visit: Visit, seen: MeetingView, status: int = 200, **form: object) -> Response:
    number = int(visit.request.path_params["number"])
    if not 1 <= number <= len(seen.sections):
        raise HTTPException(404)
    section, base = seen.sections[number - 1], f"{seen.path}/points/{number}"
    pack = seen.pack
    assert pack is not None
    told = {"decision": None, "deciding": "", **form}
    return visit.page(
        "point.html",
        mark=pack.classification,
        status=status,
        meeting=seen,
        pack=pack,
        number=number,
        section=section,
        base=base,
        part=pack_shape.PART_TITLES[section.part] if pack_shape.has_parts(pack) or seen.is_partner else "",
        acts=_acts(visit, seen, section, base),
        shape=pack_shape,
        choices=choices,
        **told,
    )


def _acts(
    visit: Visit, seen: MeetingView, section: PackSection, base: str
) -> dict[str, tuple[tuple[Link, ...], tuple[Link, ...]]]:
    """What may be decided about each task of the point at this meeting, by the task's reference."""
    if seen.is_partner or seen.listed.is_cancelled or not seen.posts:
        return {}
    with visit.reading() as connection:
        tasks = [
            task
            for task in read_tasks_by_references(connection, {item.reference for item in section.items})
            if visit.sees(task)
        ]
        steps = read_escalations_of(connection, {task.task_id for task in tasks})
    meeting = seen.sitting.meeting
    return {
        task.reference: in_groups(
            choices_of(visit, task, steps.get(task.task_id, ()), meeting), f"{base}/{task.reference}"
        )
        for task in tasks
    }


PAGES = (
    Page("/meetings", Right.SEE_PARTNER_PART, meetings_page, nav="Meetings", words="Agenda, decisions, pack, minutes"),
    Page("/meetings/{ref}", Right.SEE_PARTNER_PART, meeting_page),
    Page("/meetings/{ref}/points/{number:int}", Right.SEE_PARTNER_PART, point_page),
    Page(
        "/meetings/{ref}/points/{number:int}/{reference}/{decision}",
        Right.DECIDE,
        decide_in_place,
        methods=("GET", "POST"),
    ),
)
