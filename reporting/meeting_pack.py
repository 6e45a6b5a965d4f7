"""The pack of a meeting: built by one query layer, frozen with its time stamp and hash, compared with the last one.

What is built at a moment and what was frozen at it are the same; a page, a print and a document are only its shapes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from reporting.pack_agenda import BuiltAgenda, Point, built_agenda, matters_of
from reporting.pack_asking import asked_of, asked_with_figures, tried_of
from reporting.pack_changes import changes_since
from reporting.pack_conditions import is_undecided_past_limit, wants_a_decision
from reporting.pack_parts import PARTNERS, Pack, PackItem, PackSection, Standing, from_document, to_document
from reporting.pack_reasons import ADDED, BY_CODE, FOR_DECISION, SAID_ANYWAY, Found, exceptions_among
from reporting.pack_sections import RULES, Matter, order_of, placed, places_of
from reporting.pack_view import View, view_of, without_restricted
from reporting.wording import band_words, highest, references_in_words, unit_name
from store import packs
from store.unit_of_work import SqlUnitOfWork
from tasking import agenda
from tasking.calendar import meeting_ref
from tasking.events import PackFrozen
from tasking.force import Force, TaskingMeeting
from tasking.meetings import AgendaSection
from tasking.rag import RAG_WORDS, rag_of, rag_reason
from tasking.restricted import is_restricted
from tasking.task import Classification, Task

MOST_WHY = 4
"""So many reasons are said of one task at most, the most pressing of them."""
LAST_HOUR = agenda.LAST_HOUR
"""So long before its meeting the pack that counts is frozen and told to the channel."""


def build_pack(
    connection: Connection,
    force: Force,
    meeting: TaskingMeeting,
    starts_at: datetime,
    now: datetime,
    previous: Pack | None = None,
    with_restricted: bool = True,
) -> Pack:
    """The pack of the meeting that starts at `starts_at`, as at `now` (both UTC); writes nothing.

    `previous` is the last pack of the same meeting code, to say what changed since. Without
    `with_restricted` restricted tasks are not there at all, in counts neither; else their reference alone is. The
    number of queries is the same however many tasks there are.
    """
    view = view_of(connection, force, meeting, starts_at, now)
    view = view if with_restricted else without_restricted(view)
    matters = matters_of(view)
    taken = placed(view, matters)
    built = built_agenda(view, taken, matters)
    before_it = _before_the_meeting(view, matters, taken)
    shown = _shown(view, before_it, built)
    sections = tuple(_section(view, point, shown) for point in built.points)
    standing = tuple(_standing(view, matter) for matter in before_it if wants_a_decision(matter.seen))
    further = tuple(each for each in standing if each.task_id not in shown | built.out_ids)
    return Pack(
        meeting_ref=meeting_ref(meeting, starts_at),
        code=meeting.code,
        meeting=meeting.name,
        kind=view.kind.name,
        unit=meeting.unit,
        unit_name=unit_name(force, meeting.unit),
        chair_role=meeting.chair_role,
        deputy_roles=meeting.deputy_roles,
        starts_at=starts_at,
        as_at=now,
        classification=mark_of_sections(sections),
        sections=sections,
        changed_since=changes_since(connection, force, meeting.unit, previous, standing) if previous else None,
        not_shown=len(further),
        further=further,
        standing=standing,
        left_out=built.left_out,
    )


def pack_now(connection: Connection, force: Force, meeting: TaskingMeeting, starts_at: datetime, now: datetime) -> Pack:
    """The pack as at `now` (UTC), compared with the newest one that was frozen for the same meeting code before."""
    last = packs.latest_of(connection, meeting.code, before=now)
    previous = from_document(last.document) if last else None
    return build_pack(connection, force, meeting, starts_at, now, previous)


def freeze_pack(uow: SqlUnitOfWork, pack: Pack, frozen_by: str, tell_again: bool = False) -> str:
    """Keeps the pack as it is, with its hash, and gives its id. Freezing again keeps one more.

    Says PackFrozen, but of several in the last hour before the meeting only once, unless `tell_again`.
    """
    is_told = packs.has_since(uow.connection, pack.meeting_ref, pack.starts_at - LAST_HOUR)
    pack_id = uow.new_id()
    fingerprint = packs.add(
        uow.connection, pack_id, pack.meeting_ref, pack.code, pack.as_at, frozen_by, to_document(pack)
    )
    uow.audit("pack frozen", pack.meeting_ref, {"pack": (None, pack_id), "sha256": (None, fingerprint)})
    if tell_again or not is_told:
        uow.emit(PackFrozen(pack_id))
    return pack_id


def read_pack(connection: Connection, pack_id: str) -> Pack:
    """A frozen pack. Raises RuleBroken where there is none of this id."""
    return from_document(packs.read(connection, pack_id).document)


def partner_part(pack: Pack) -> Pack:
    """What partners may see of a pack: their part of the agenda, marked by what that part holds, and nothing else."""
    sections = tuple(section for section in pack.sections if section.part == PARTNERS)
    return replace(
        pack,
        sections=sections,
        classification=mark_of_sections(sections),
        changed_since=None,
        not_shown=0,
        further=(),
        standing=(),
        left_out=(),
    )


def _before_the_meeting(
    view: View, matters: Iterable[Matter], taken: dict[AgendaSection, list[Matter]]
) -> list[Matter]:
    """Tasks under any point, left out or not, and on a daily meeting every exception, the most pressing first."""
    ids = {matter.seen.task.task_id for there in taken.values() for matter in there}
    found = [
        matter
        for matter in matters
        if matter.seen.task.task_id in ids
        or ADDED in matter.found
        or (view.kind.is_daily and exceptions_among(matter.found))
    ]
    return sorted(found, key=order_of(view))


def _shown(view: View, before_it: list[Matter], built: BuiltAgenda) -> frozenset[str]:
    """Ids of the tasks that the pack shows; the meeting's kind may say how many at most, besides those by hand."""
    there = [matter for matter in before_it if matter.seen.task.task_id not in built.out_ids]
    by_hand = [matter for matter in there if ADDED in matter.found]
    on_agenda = [matter for matter in there if places_of(view, matter)]
    return frozenset(matter.seen.task.task_id for matter in (*on_agenda[: view.kind.most_items], *by_hand))


def _section(view: View, point: Point, shown: frozenset[str]) -> PackSection:
    rule = RULES.get(point.section) if point.section else None
    reasons = rule.reasons if rule else frozenset({ADDED})
    return PackSection(
        code=point.code,
        title=point.title,
        part=point.part,
        note=point.note,
        lines=(*(view.missed if point.section is view.kind.agenda[0] else ()), *(rule.lines(view) if rule else ())),
        counts=rule.counts(view) if rule else (),
        items=tuple(
            _item(view, matter, reasons, point.part == PARTNERS)
            for matter in point.matters
            if matter.seen.task.task_id in shown
        ),
        decisions=rule.decisions(view) if rule else (),
        stage=point.stage,
        is_by_hand=rule is None,
    )


def _item(view: View, matter: Matter, reasons: frozenset[str], is_for_partners: bool) -> PackItem:
    task, force = matter.seen.task, view.force
    hidden = is_restricted(force, task)
    undecided = is_undecided_past_limit(matter.seen, view.now)
    codes = _said_first(matter.found, reasons, is_for_partners)
    first = BY_CODE[codes[0]]
    return PackItem(
        task_id=task.task_id,
        reference=task.reference,
        classification=task.classification,
        is_restricted=hidden,
        title="" if hidden else task.title,
        unit=task.unit,
        unit_name=unit_name(force, task.unit),
        pillar_name="" if hidden else force.pillars[task.pillar].label,
        stands_with=unit_name(force, task.top_unit),
        band=task.working_band or "",
        band_words=band_words(task, with_score=not is_for_partners),
        rag=rag_of(task, view.now, undecided),
        rag_words=_rag_words(task, view.now, undecided),
        is_owned=bool(task.owner_ids),
        actions_done=sum(line.is_done for line in task.checklist),
        actions_all=len(task.checklist),
        smart_gaps=smart_gaps(task),
        why=tuple(matter.found[code] for code in codes[:MOST_WHY]),
        asked="" if hidden else (asked_of if is_for_partners else asked_with_figures)(matter.seen, view),
        needed=first.asks,
        is_for_decision=not FOR_DECISION.isdisjoint(codes),
        decide_by=first.decide_by(matter.seen, view),
        due_at=task.due_at,
        external_references=() if hidden or is_for_partners else references_in_words(force, task),
        tried="" if hidden or is_for_partners else tried_of(matter.seen, view),
    )


def _rag_words(task: Task, now: datetime, undecided: bool) -> str:
    status, reason = RAG_WORDS[rag_of(task, now, undecided)], rag_reason(task, now, undecided)
    return status if status == reason else f"{status}: {reason.lower()}"


def smart_gaps(task: Task) -> tuple[str, ...]:
    """What a task lacks to be a SMART action; a warning only, it stops nothing (requirement 65)."""
    gaps = (
        ("No owner", not task.owner_ids),
        ("No due date", task.due_at is None),
        ("No measure of success", not task.text.good_looks_like.strip()),
    )
    return tuple(words for words, lacks in gaps if lacks and task.is_open)


def _said_first(found: Found, reasons: frozenset[str], is_for_partners: bool) -> list[str]:
    """Codes of a task's reasons: the point's own first, then other exceptions, which are no partner's business."""
    here = [code for code in found if code in reasons]
    others = [code for code in exceptions_among(found) if code not in here and code not in SAID_ANYWAY]
    return here if is_for_partners else here + others


def _standing(view: View, matter: Matter) -> Standing:
    task = matter.seen.task
    return Standing(
        task_id=task.task_id,
        reference=task.reference,
        unit_name=unit_name(view.force, task.unit),
        stands_with=unit_name(view.force, task.top_unit),
        band=task.working_band or "",
        is_owned=bool(task.owner_ids),
        due_at=task.due_at,
        actions_done=sum(line.is_done for line in task.checklist),
        status=task.status.value,
        why=next(iter(matter.found.values())),
    )


def mark_of_sections(sections: Sequence[PackSection]) -> Classification:
    """The highest mark of all that stands under these points."""
    items = [item.classification for section in sections for item in section.items]
    return highest([*items, *(each.classification for section in sections for each in section.decisions)])
