"""/meetings/{ref}/open and /meetings/{ref}/files/…: who is there, and pack and minutes as files."""

from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from reporting.minutes import Minutes, minutes
from reporting.minutes_documents import minutes_docx, minutes_html
from reporting.pack_documents import pack_docx
from reporting.pack_page import pack_html
from tasking.authority import in_the_chair
from tasking.errors import RuleBroken
from tasking.holding import open_meeting
from tasking.meetings import Attendance, attended, excused
from tasking.rights import Right, sees_restricted
from web.meeting_pages import drawn
from web.meeting_view import MeetingView, for_police, meeting_seen
from web.visit import NotAllowed, Page, Visit

MOST_PEOPLE, LONGEST_ENTRY = 60, 120
SEAT = "seat:"
THERE, APOLOGIES, DEPUTY = "there", "apologies", "deputy:"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS: Mapping[str, str] = {"docx": WORD, "html": "text/html; charset=utf-8"}
MINUTES: Mapping[str, Callable[[Minutes], bytes]] = {
    "docx": minutes_docx,
    "html": lambda made: minutes_html(made).encode(),
}


async def open_page(visit: Visit) -> Response:
    """Opens the meeting with who is there, or adds who has come."""
    seen = for_police(meeting_seen(visit))
    if not seen.may_run:
        raise NotAllowed("You may not open this meeting.")
    form, chairs = visit.form, in_the_chair(seen.sitting.meeting)
    role = form.choice("role", "Who takes the chair", dict.fromkeys(seen.posts or chairs, ""))
    chaired_by = visit.person.upn if seen.posts else form.text("chaired_by", "Sign-in name", needed=True, most=120)
    attendance = _attendance(visit)
    if not form.faults:
        try:
            with visit.acting() as uow:
                code, starts_at = seen.sitting.meeting.code, seen.sitting.starts_at
                open_meeting(uow, visit.force, code, starts_at, chaired_by.casefold(), role, attendance)
            return visit.go(seen.path, "opened")
        except RuleBroken as error:
            form.fault("role", str(error))
    return drawn(visit, seen, 422)


def _attendance(visit: Visit) -> tuple[Attendance, ...]:
    """Everybody who was ticked or written down: a role, or `agency: role` for a partner."""
    form = visit.form
    ticked = {name.removeprefix(SEAT): form.text(name) for name in form.values if name.startswith(SEAT)}
    there = [
        *(name for name, told in ticked.items() if told == THERE),
        *(_instead(name, told) for name, told in ticked.items() if told.startswith(DEPUTY)),
        *_lines(form.text("there", "Who else is there")),
    ]
    away = [
        *(name for name, told in ticked.items() if told == APOLOGIES),
        *_lines(form.text("away", "Apologies")),
    ]
    if len(there) + len(away) > MOST_PEOPLE or any(len(entry) > LONGEST_ENTRY for entry in (*there, *away)):
        form.fault("there", f"At most {MOST_PEOPLE} people, each in at most {LONGEST_ENTRY} characters, one on a line.")
    return (*map(attended, there), *map(excused, away))


def _instead(entry: str, told: str) -> str:
    """The deputy who is there for a seat, of the same agency."""
    agency, colon, _ = entry.rpartition(":")
    return f"{agency}{colon}{told.removeprefix(DEPUTY)}"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


async def pack_file(visit: Visit) -> Response:
    """The pack as a file; for a partner the partner part alone."""
    seen = meeting_seen(visit)
    shape = str(visit.request.path_params["shape"])
    if shape not in KINDS or seen.pack is None:
        raise HTTPException(404)
    visit.took_out(seen.ref)
    content = pack_docx(seen.pack) if shape == "docx" else pack_html(seen.pack).encode()
    return _file(seen, "partner-pack" if seen.is_partner else "pack", shape, content)


async def minutes_file(visit: Visit) -> Response:
    """Draft minutes as a file. Without the role for it restricted matter is not in them."""
    seen = for_police(meeting_seen(visit))
    shape = str(visit.request.path_params["shape"])
    if shape not in KINDS:
        raise HTTPException(404)
    restricted = sees_restricted(visit.person)
    with visit.reading() as connection:
        made = minutes(connection, visit.force, seen.ref, visit.now, restricted, leave_out=not restricted)
    visit.took_out(f"minutes of {seen.ref}")
    return _file(seen, "minutes", shape, MINUTES[shape](made))


def _file(seen: MeetingView, name: str, shape: str, content: bytes) -> Response:
    told = f'attachment; filename="{seen.ref.replace(" ", "_")}_{name}.{shape}"'
    return Response(content, media_type=KINDS[shape], headers={"Content-Disposition": told})


PAGES = (
    Page("/meetings/{ref}/open", Right.RUN_MEETING, open_page, methods=("POST",)),
    Page("/meetings/{ref}/files/pack.{shape}", Right.SEE_PARTNER_PART, pack_file),
    Page("/meetings/{ref}/files/minutes.{shape}", Right.SEE_MEETINGS, minutes_file),
)
