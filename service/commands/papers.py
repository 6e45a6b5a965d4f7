"""Commands about what meetings read and leave behind: `tasking pack`, `minutes`, `inbox` and `register`.

Each look and each file is in the audit log before it is shown or written.
"""

import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.table import Table

from reporting import meeting_pack, pack_shape
from reporting.inbox import InboxEntry, inbox_json, tasking_inbox
from reporting.minutes import Minutes
from reporting.minutes import minutes as draft_minutes
from reporting.minutes_documents import heading_of, lines_of, minutes_docx, minutes_html
from reporting.pack_documents import pack_docx
from reporting.pack_page import pack_html
from reporting.pack_parts import PARTNERS, Pack, from_document
from reporting.register import RegisterRow, mark_of, register_csv, register_json
from reporting.register import register as decision_register
from reporting.wording import time_words
from service.commands.deciding import within_the_rules
from service.commands.running import console, login_or_stop
from service.wiring import Service
from store import packs
from tasking.audit import AuditKind
from tasking.authority import meeting_named
from tasking.calendar import Sitting, occurrences, sitting_of
from tasking.clocks import clock_text, utc_of
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.force import Force

DAY = click.DateTime(formats=["%Y-%m-%d"])
NEW_FILE = click.Path(path_type=Path, dir_okay=False)
SOURCE = "command line"
LOOKS_AHEAD = timedelta(days=400)
REGISTER_DAYS = 28
WHO = click.option("--as", "who", metavar="WHO", help="Who looks at it, for the audit log; else your login here.")
RESTRICTED = click.option(
    "--restricted",
    is_flag=True,
    help="Also what people wrote about restricted matter, for somebody who is entitled to it. The audit log says so.",
)


@click.command()
@click.argument("meeting", metavar="MEETING")
@click.option(
    "--at", "day", type=DAY, metavar="DATE", help="The day of the meeting, such as 2027-01-04; else the next."
)
@click.option("--to", "path", type=NEW_FILE, metavar="FILE", help="Write it to this new file: .docx or .html.")
@click.option(
    "--freeze", is_flag=True, help="Also keep it as it is now, with its hash, and tell the meeting's channel."
)
@click.option(
    "--tell-again", is_flag=True, help="With --freeze: tell the channel even where it was told within this last hour."
)
@click.option("--partners", is_flag=True, help="Only the part that partners are there for.")
@WHO
def pack(
    meeting: str,
    day: datetime | None,
    path: Path | None,
    freeze: bool,
    tell_again: bool,
    partners: bool,
    who: str | None,
) -> None:
    """Show the pack of MEETING, by its code such as HP_DAILY, or write it to a file.

    It says what changed since the last pack that was frozen for the same meeting. Of a meeting that is over it is the
    pack that was frozen for it last.
    """
    actor = who or login_or_stop("looks at it")
    shapes: dict[str, Callable[[Pack], bytes]] = {".docx": pack_docx, ".html": lambda made: pack_html(made).encode()}

    async def making(service: Service) -> Pack:
        sitting = _sitting(service.force, meeting, day, service.store.clock.now())
        check_new(path, shapes)
        whole = _pack_of(service, sitting, actor, freeze, tell_again)
        made = meeting_pack.partner_part(whole) if partners else whole
        _note(service, actor, made.meeting_ref, path)
        if path:
            write_new(path, shapes[path.suffix](made))
        if freeze:
            await service.worker.deliver_due()
        return made

    made = within_the_rules(making)
    if path is None:
        _show_pack(made)
    else:
        console.print(f"The pack of {made.meeting_ref} is in {path}, marked {made.classification}.", soft_wrap=True)


@click.command()
@click.argument("meeting_ref", metavar="MEETING_REF")
@click.option("--to", "path", type=NEW_FILE, metavar="FILE", help="Write them to this new file: .docx or .html.")
@RESTRICTED
@WHO
def minutes(meeting_ref: str, path: Path | None, restricted: bool, who: str | None) -> None:
    """Draft the minutes of a meeting from its record. MEETING_REF is like 'HP_DAILY 2027-01-04': code and day."""
    actor = who or login_or_stop("looks at it")
    shapes: dict[str, Callable[[Minutes], bytes]] = {
        ".docx": minutes_docx,
        ".html": lambda made: minutes_html(made).encode(),
    }

    async def drafting(service: Service) -> Minutes:
        check_new(path, shapes)
        with service.store.open() as connection:
            made = draft_minutes(connection, service.force, meeting_ref, service.store.clock.now(), restricted)
        _note(service, actor, made.meeting_ref, path, restricted)
        if path:
            write_new(path, shapes[path.suffix](made))
        return made

    made = within_the_rules(drafting)
    if path is None:
        _show_minutes(made)
    else:
        console.print(
            f"Draft minutes of {made.meeting_ref} are in {path}, marked {made.classification}.", soft_wrap=True
        )


@click.command()
@click.option("--unit", metavar="UNIT", help="Only what concerns this unit.")
@click.option("--meeting", "code", metavar="CODE", help="Only what concerns the unit of this meeting, like HP_DAILY.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for another program.")
@WHO
def inbox(unit: str | None, code: str | None, as_json: bool, who: str | None) -> None:
    """Show what a tasking officer has to look after: unowned, overdue, unscored, stale, undecided, held."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> list[InboxEntry]:
        _check_units(service.force, [unit] if unit else [])
        only = _unit_of_meeting(service.force, code, unit) if code else unit
        with service.store.open() as connection:
            found = tasking_inbox(connection, service.force, service.store.clock.now(), only)
        service.store.consulted(actor, SOURCE, f"inbox of {code or unit}" if only else "inbox")
        return found

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(inbox_json(found), ensure_ascii=False, indent=2))
        return
    table = Table("what", "task", "unit", "since", "why", "for", title=f"To look after: {len(found)}")
    for entry in found:
        since = clock_text(entry.since)
        table.add_row(entry.kind_words, entry.reference, entry.unit_name, since, entry.why, entry.looked_after_by)
    console.print(table)


def _unit_of_meeting(force: Force, code: str, unit: str | None) -> str:
    """Raises RuleBroken for a meeting that config does not have, and for one that is another unit's than asked for."""
    meeting = next((each for each in force.meetings if each.code == code), None)
    if meeting is None:
        known = ", ".join(each.code for each in force.meetings)
        raise RuleBroken(f"There is no meeting {code}; there are {known}.")
    if unit and unit != meeting.unit:
        raise RuleBroken(f"{code} is a meeting of {meeting.unit}, not of {unit}: give one of the two.")
    return meeting.unit


@click.command()
@click.option("--since", type=DAY, metavar="DATE", help=f"First day; else {REGISTER_DAYS} days ago.")
@click.option("--until", type=DAY, metavar="DATE", help="Last day; else today.")
@click.option("--unit", "units", multiple=True, metavar="UNIT", help="Only this unit's. Several times.")
@click.option(
    "--type", "types", multiple=True, type=click.Choice(list(DecisionType), case_sensitive=False), metavar="TYPE"
)
@click.option("--text", default="", help="Only decisions in which this stands: words, a task or a meeting.")
@click.option("--csv", "path", type=NEW_FILE, metavar="FILE", help="Write them to this new file: .csv or .json.")
@RESTRICTED
@WHO
def register(
    since: datetime | None,
    until: datetime | None,
    units: tuple[str, ...],
    types: tuple[DecisionType, ...],
    text: str,
    path: Path | None,
    restricted: bool,
    who: str | None,
) -> None:
    """Show the register of decisions, oldest first, or write it to a file."""
    actor = who or login_or_stop("looks at it")
    shapes = {".csv": register_csv, ".json": register_json}

    async def reading(service: Service) -> tuple[RegisterRow, ...]:
        _check_units(service.force, units)
        check_new(path, shapes)
        now = service.store.clock.now()
        first = utc_of(since) if since else now - timedelta(days=REGISTER_DAYS)
        end = utc_of(until + timedelta(days=1)) if until else now + timedelta(microseconds=1)
        with service.store.open() as connection:
            found = (units or None, types or None, text, restricted)
            rows = decision_register(connection, service.force, first, end, *found)
        _note(service, actor, "decision register", path, restricted)
        if path:
            write_new(path, shapes[path.suffix](rows))
        return rows

    rows = within_the_rules(reading)
    if path is None:
        _show_register(rows)
    else:
        console.print(f"Decisions in {path}: {len(rows)}, marked {mark_of(rows)}.", soft_wrap=True)


def _sitting(force: Force, named: str, day: datetime | None, now: datetime) -> Sitting:
    """The occasion that somebody means: of that day, else the one that is on or next. Raises RuleBroken."""
    meeting = meeting_named(force, named)
    if day is not None or " " in named:
        reference = f"{meeting.code} {day.date().isoformat()}" if day else named
        if found := sitting_of(force, reference):
            return found
        raise RuleBroken(f"The calendar has no {reference}: `tasking meeting list` shows what it has.")
    length = timedelta(minutes=meeting.recurrence.minutes if meeting.recurrence else 0)
    start = next(iter(occurrences(meeting, now - length, now + LOOKS_AHEAD)), None)
    if start is None:
        raise RuleBroken(f"The calendar has no {meeting.name} to come.")
    return Sitting(meeting, start)


def _pack_of(service: Service, sitting: Sitting, actor: str, freeze: bool, tell_again: bool) -> Pack:
    """The pack as it is now, frozen where that is wanted; the newest frozen one where the meeting is over."""
    with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
        if sitting.ends_at < uow.now():
            kept = packs.of_meeting(uow.connection, sitting.meeting_ref)
            if not kept or freeze:
                raise RuleBroken(f"{sitting.meeting_ref} is over{'' if kept else ', and no pack was frozen for it'}.")
            return from_document(kept[-1].document)
        made = meeting_pack.pack_now(uow.connection, service.force, sitting.meeting, sitting.starts_at, uow.now())
        if freeze:
            meeting_pack.freeze_pack(uow, made, actor, tell_again)
        return made


def _check_units(force: Force, units: tuple[str, ...] | list[str]) -> None:
    if strangers := [unit for unit in units if unit not in force.units]:
        raise RuleBroken(f"There is no unit {strangers[0]}; there are {', '.join(force.units)}.")


def check_new(path: Path | None, shapes: object) -> None:
    """Raises RuleBroken where the file is there already or its ending is none of those that can be written."""
    endings = list(shapes) if isinstance(shapes, dict) else []
    if path is not None and path.suffix not in endings:
        raise RuleBroken(f"{path}: its name must end in {' or '.join(endings)}.")
    if path is not None and path.exists():
        raise RuleBroken(f"{path}: there is a file already; nothing was written.")


def _note(service: Service, actor: str, object_ref: str, path: Path | None, restricted: bool = False) -> None:
    """Audits the look, or that it is taken out as a file, and whether with what people wrote of restricted matter."""
    action, kind = ("disclosed", AuditKind.DISCLOSURE) if path else ("consulted", AuditKind.CONSULTATION)
    with service.store.act(actor, SOURCE, service.store.new_delivery_id()) as uow:
        uow.audit(action, object_ref, {"restricted": (None, True)} if restricted else {}, kind)


def write_new(path: Path, content: bytes) -> None:
    """A file that only its owner may read."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)


def _show_pack(made: Pack) -> None:
    console.print(f"{made.classification}\n{made.meeting}, {time_words(made.starts_at)}", soft_wrap=True)
    figures = ", ".join(f"{each.number} {each.words}" for each in pack_shape.first_look(made))
    console.print(f"As at {time_words(made.as_at)}: {figures}.", soft_wrap=True)
    if made.changed_since:
        changes = made.changed_since
        numbers = f"{len(changes.new)} new, {len(changes.gone)} gone, {len(changes.moved)} moved"
        console.print(f"Since the pack of {time_words(changes.as_at)}: {numbers}.", soft_wrap=True)
    for number, section in pack_shape.numbered(made):
        if stage := pack_shape.stage_before(made, number):
            console.print(f"\n{stage}")
        part = " (with partners)" if section.part == PARTNERS else ""
        console.print(f"\n{number}. {section.title}{part}")
        for line in section.lines:
            console.print(f"   {line}", soft_wrap=True)
        for item in section.items:
            title = pack_shape.heading_of(item)
            console.print(f"   {item.reference} {title}: {item.band_words}. {'; '.join(item.why)}", soft_wrap=True)
        for decision in section.decisions:
            told = f"{decision.decision_ref} {decision.reference}: {decision.what}"
            console.print(f"   {told}. {pack_shape.decided_by(decision)}", soft_wrap=True)
        if section.is_empty:
            console.print(f"   {pack_shape.NOTHING}")
    for line in pack_shape.left_out_lines(made):
        console.print(f"Left out: {line}", soft_wrap=True)


def _show_minutes(made: Minutes) -> None:
    console.print(f"{made.classification}\nDRAFT minutes: {made.meeting}, {time_words(made.starts_at)}", soft_wrap=True)
    for person in (*made.partner_part, *(each for each in made.police_part if each not in made.partner_part)):
        console.print(f"   there: {person}", soft_wrap=True)
    for decision in made.decisions:
        console.print(f"\n{heading_of(decision)}", soft_wrap=True)
        for name, words in lines_of(decision):
            console.print(f"   {name}: {words}", soft_wrap=True)
    for action in made.actions:
        console.print(f"\n{action.reference}: {action.owner}, {action.status}", soft_wrap=True)
    for line in made.agenda:
        console.print(f"   agenda: {line}", soft_wrap=True)


def _show_register(rows: tuple[RegisterRow, ...]) -> None:
    table = Table(title=f"{mark_of(rows)}. Decisions: {len(rows)}")
    for heading in ("decision", "when", "unit", "task", "what", "why"):
        table.add_column(heading, no_wrap=heading == "decision")
    for row in rows:
        what = f"{row.what} (superseded by {row.superseded_by})" if row.superseded_by else row.what
        when = clock_text(row.decided_at)
        why = row.text if row.is_hidden else row.rationale
        table.add_row(row.decision_ref, when, row.unit_name, row.reference, what, why)
    console.print(table)
