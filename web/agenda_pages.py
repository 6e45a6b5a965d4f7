"""/meetings/{ref}/agenda/…: the agenda of one meeting, built by hand by those who run it, until its pack is frozen."""

from collections.abc import Callable

from starlette.responses import Response

from reporting.pack_agenda import on_agenda
from store.unit_of_work import SqlUnitOfWork
from tasking import agenda_building as building
from tasking.agenda import MOST_REASON, MOST_WORDS
from tasking.errors import RuleBroken, UnknownTask
from tasking.meetings import Stage
from tasking.rights import Right, sees_restricted
from web.meeting_pages import drawn
from web.meeting_view import MeetingView, for_police, meeting_seen
from web.visit import NotAllowed, Page, Visit

Doing = Callable[[SqlUnitOfWork], object]
NOT_YOURS = "You may not build the agenda of this meeting."


async def add_page(visit: Visit) -> Response:
    """Adds a task or a plain point."""
    seen, form = _seen(visit), visit.form
    reference = form.text("agenda_task", "Task", most=20)
    words = form.text("agenda_words", "Point", most=MOST_WORDS)
    stage = form.choice("agenda_stage", "Stage", {each.value: "" for each in Stage}, needed=False)
    part = form.choice("agenda_part", "Part", {"partners": "", "police": ""}, needed=False)
    before = form.choice("agenda_before", "Before", _codes(seen), needed=False)
    if not form.faults and reference:
        _check_seen(visit, reference)
    new = building.NewPoint(reference, words, part == "partners", Stage(stage) if stage else None, before)
    return _done(
        visit, seen, "agenda_task", lambda uow: building.add_point(uow, visit.force, seen.ref, _who(visit), new)
    )


async def move_page(visit: Visit) -> Response:
    """Moves a point."""
    seen, form = _seen(visit), visit.form
    point = form.choice("move_point", "Point", _codes(seen))
    before = form.choice("move_before", "Before", _codes(seen), needed=False)
    return _done(
        visit,
        seen,
        "move_point",
        lambda uow: building.move_point(uow, visit.force, seen.ref, _who(visit), point, before),
    )


async def leave_out_page(visit: Visit) -> Response:
    """Leaves a point or a task out, with the reason."""
    seen, form = _seen(visit), visit.form
    point = form.choice("out_point", "What is left out", _codes(seen) | _tasks(seen))
    because = form.text("out_because", "Why", needed=True, most=MOST_REASON)

    def leaving(uow: SqlUnitOfWork) -> object:
        restricted = sees_restricted(visit.person)
        there = on_agenda(uow.connection, visit.force, seen.sitting, uow.now(), restricted)
        return building.leave_out(uow, visit.force, seen.ref, _who(visit), point, because, there)

    return _done(visit, seen, "out_point", leaving)


async def put_back_page(visit: Visit) -> Response:
    """Puts back what was left out."""
    seen = _seen(visit)
    out = {each.code: "" for each in seen.pack.left_out} if seen.pack else {}
    point = visit.form.choice("back_point", "What is put back", out)
    return _done(
        visit, seen, "back_point", lambda uow: building.put_back(uow, visit.force, seen.ref, _who(visit), point)
    )


def _seen(visit: Visit) -> MeetingView:
    seen = for_police(meeting_seen(visit))
    if not seen.may_run:
        raise NotAllowed(NOT_YOURS)
    return seen


def _who(visit: Visit) -> str:
    return visit.person.upn


def _codes(seen: MeetingView) -> dict[str, str]:
    return {section.code: section.title for section in seen.sections}


def _tasks(seen: MeetingView) -> dict[str, str]:
    return {item.reference: item.title for section in seen.sections for item in section.items}


def _check_seen(visit: Visit, reference: str) -> None:
    """Notes a fault, in the same words, where there is no such task and where the person may not see it."""
    try:
        visit.task(reference)
    except UnknownTask as error:
        visit.form.fault("agenda_task", str(error))


def _done(visit: Visit, seen: MeetingView, field: str, do: Doing) -> Response:
    """Does it once, and goes back to the meeting; or shows the meeting with what is wrong."""
    if not visit.form.faults:
        try:
            with visit.acting() as uow:
                do(uow)
            return visit.go(seen.path, "agenda")
        except RuleBroken as error:
            visit.form.fault(field, str(error))
    return drawn(visit, seen, 422)


PAGES = (
    Page("/meetings/{ref}/agenda/add", Right.RUN_MEETING, add_page, methods=("POST",)),
    Page("/meetings/{ref}/agenda/move", Right.RUN_MEETING, move_page, methods=("POST",)),
    Page("/meetings/{ref}/agenda/leave-out", Right.RUN_MEETING, leave_out_page, methods=("POST",)),
    Page("/meetings/{ref}/agenda/put-back", Right.RUN_MEETING, put_back_page, methods=("POST",)),
)
