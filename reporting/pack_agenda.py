"""The points of one meeting in the order in which it takes them, as people built its agenda; and what they left out.

What is overdue for review stands, whoever left it out: if its review fell due afterwards, its point is back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from reporting.pack_parts import PARTNERS, POLICE, LeftOut
from reporting.pack_reasons import reasons_of
from reporting.pack_sections import RULES, Matter, note_of, part_of, placed
from reporting.pack_view import View, view_of, without_restricted
from reporting.wording import READ_ON_RECORD, short_time
from tasking.agenda import AgendaStep, section_of
from tasking.agenda_building import OnAgenda
from tasking.calendar import Sitting
from tasking.force import Force
from tasking.meetings import AgendaSection, Stage
from tasking.restricted import is_restricted

MUST_REVIEW = frozenset({"OVERDUE", "REVIEW_DUE"})
"""Reasons for which a task cannot be left out."""
TASK_BY_HAND = "Task added by hand"
BACK = "It was left out by hand, and is back: something here is overdue for review."
STAGE_WORDS: Mapping[Stage | None, str] = {
    Stage.REVIEW: "Review",
    Stage.PRIORITISE: "Prioritise",
    Stage.PLAN: "Plan",
    Stage.TASK: "Task",
    None: "",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One point as the meeting takes it. `section` is None for one that was added by hand."""

    code: str
    section: AgendaSection | None
    title: str
    part: str
    stage: str
    note: str
    matters: tuple[Matter, ...]


@dataclass(frozen=True, slots=True)
class BuiltAgenda:
    """The points that stand, what was left out, and ids of the tasks that are before the meeting no more for it."""

    points: tuple[Point, ...]
    left_out: tuple[LeftOut, ...]
    out_ids: frozenset[str]


def matters_of(view: View) -> tuple[Matter, ...]:
    """Every task that may come before the meeting, with the reasons for it."""
    return tuple(Matter(seen, reasons_of(seen, view)) for seen in (*view.open_tasks, *view.ended, *view.added))


def built_agenda(view: View, taken: Mapping[AgendaSection, Sequence[Matter]], matters: Sequence[Matter]) -> BuiltAgenda:
    """The points as they were built by hand. `taken` has what belongs under each section, `matters` everything."""
    agenda, under = view.agenda, _under(view, taken, matters)
    kept = _kept_for_review(view, under)
    standing = [code for code in agenda.order if code in under and (code not in agenda.out or code in kept)]
    owed = {matter.seen.task.reference for matter in matters if MUST_REVIEW & matter.found.keys()}
    singly = {reference for reference in agenda.out if reference not in owed}
    on = {
        code: tuple(matter for matter in under[code] if matter.seen.task.reference not in singly) for code in standing
    }
    on_ids = {matter.seen.task.task_id for there in on.values() for matter in there}
    all_ids = {matter.seen.task.task_id for there in under.values() for matter in there}
    return BuiltAgenda(
        points=tuple(_point(view, code, on[code], code in kept) for code in standing),
        left_out=_left_out(view, under, matters, owed, kept, on_ids),
        out_ids=frozenset(all_ids - on_ids),
    )


def on_agenda(
    connection: Connection, force: Force, sitting: Sitting, now: datetime, with_restricted: bool = True
) -> OnAgenda:
    """What stands on a meeting's agenda as at `now` (UTC), for the rule of what may be left out. Without
    `with_restricted` restricted tasks are not there."""
    view = view_of(connection, force, sitting.meeting, sitting.starts_at, now)
    view = view if with_restricted else without_restricted(view)
    matters = matters_of(view)
    under = _under(view, placed(view, matters), matters)
    owed: dict[str, tuple[str, ...]] = {}
    for reference, places in _places_of_owed(view, under).items():
        owed[reference] = (reference,)
        standing = [code for code in places if code not in view.agenda.out]
        if len(standing) == 1:
            owed[standing[0]] = (*owed.get(standing[0], ()), reference)
    return OnAgenda(frozenset(each.seen.task.reference for there in under.values() for each in there), owed)


def name_of(view_added: Mapping[str, AgendaStep], code: str) -> str:
    """What a point is called: its section's title, the words of one added by hand, or the task's reference."""
    section, step = section_of(code), view_added.get(code)
    if section is not None:
        return RULES[section].title
    return step.words or step.reference if step else code


def _under(
    view: View, taken: Mapping[AgendaSection, Sequence[Matter]], matters: Sequence[Matter]
) -> dict[str, tuple[Matter, ...]]:
    """What belongs under each point, left out or not. A point for a task that is not to be seen here is not there."""
    by_reference = {matter.seen.task.reference: matter for matter in matters}
    found = dict[str, tuple[Matter, ...]]()
    for code in view.agenda.order:
        section, step = section_of(code), view.agenda.added.get(code)
        if section is not None:
            found[code] = tuple(taken[section])
        elif step is not None and not step.reference:
            found[code] = ()
        elif step is not None and step.reference in by_reference:
            found[code] = (by_reference[step.reference],)
    return found


def _places_of_owed(view: View, under: Mapping[str, Collection[Matter]]) -> dict[str, tuple[str, ...]]:
    """For each task that is overdue for review the points that review it; where none does, those that it is under."""
    places = dict[str, list[str]]()
    for code, there in under.items():
        for matter in there:
            if MUST_REVIEW & matter.found.keys():
                places.setdefault(matter.seen.task.reference, []).append(code)
    return {
        reference: tuple(code for code in codes if _reviews(view, code)) or tuple(codes)
        for reference, codes in places.items()
    }


def _reviews(view: View, code: str) -> bool:
    """Whether a point is where the meeting reviews such tasks: with stages, only one in the first of them."""
    section = section_of(code)
    if section is None or not RULES[section].reasons & MUST_REVIEW:
        return False
    return view.kind.stage_of(section) in (None, Stage.REVIEW)


def _kept_for_review(view: View, under: Mapping[str, Collection[Matter]]) -> frozenset[str]:
    """Points that stand although they were left out: without them something would skip its review."""
    found = _places_of_owed(view, under).values()
    return frozenset(places[0] for places in found if all(code in view.agenda.out for code in places))


def _point(view: View, code: str, matters: tuple[Matter, ...], is_back: bool) -> Point:
    section, step = section_of(code), view.agenda.added.get(code)
    moved = view.agenda.moved.get(code)
    notes = [
        note_of(view, section) if section else "",
        f"Added by hand by {step.by}, {short_time(step.at)}." if step else "",
        f"Moved by hand by {moved.by}, {short_time(moved.at)}." if moved else "",
        BACK if is_back else "",
    ]
    return Point(
        code=code,
        section=section,
        title=RULES[section].title if section else (step.words if step else "") or TASK_BY_HAND,
        part=part_of(view, section) if section else PARTNERS if step and step.with_partners else POLICE,
        stage=STAGE_WORDS[view.kind.stage_of(section) if section else step.stage if step else None],
        note=" ".join(note for note in notes if note),
        matters=matters,
    )


def _left_out(
    view: View,
    under: Mapping[str, Collection[Matter]],
    matters: Sequence[Matter],
    owed: Collection[str],
    kept: Collection[str],
    on_ids: Collection[str],
) -> tuple[LeftOut, ...]:
    by_reference = {matter.seen.task.reference: matter for matter in matters}
    told = []
    for code, step in view.agenda.out.items():
        is_point = code in view.agenda.order
        if code in kept or (is_point and code not in under):
            continue
        if not is_point and (code in owed or code not in by_reference):
            continue
        matter = by_reference.get(step.reference)
        hidden = matter is not None and is_restricted(view.force, matter.seen.task)
        there = [each.seen.task for each in under.get(code, ())]
        told.append(
            LeftOut(
                code=code,
                reference=step.reference,
                title="" if step.reference else name_of(view.agenda.added, code),
                tasks=tuple(task.reference for task in there if task.task_id not in on_ids)
                if not step.reference
                else (),
                because=READ_ON_RECORD if hidden else step.because,
                by=step.by,
                at=step.at,
            )
        )
    return tuple(told)
