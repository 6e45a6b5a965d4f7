"""Commands for the calendar of meetings: `tasking meeting list`, `sheet`, `open` and `cancel`."""

import json
import secrets
from datetime import datetime, timedelta

import click
from rich.table import Table

from reporting.meeting_sheet import SheetRow, meeting_sheet, sheet_json
from reporting.wording import short_time
from service.commands.deciding import MOMENT, within_the_rules
from service.commands.papers import WHO
from service.commands.running import console, login_or_stop
from service.commands.thrive import AS_JSON
from service.wiring import Service
from tasking import holding
from tasking.authority import meeting_named
from tasking.calendar import meeting_ref, occurrences
from tasking.clocks import clock_text
from tasking.errors import RuleBroken
from tasking.force import Force, TaskingMeeting
from tasking.meetings import attended, excused
from tasking.roster import quorum_of

AHEAD_DAYS = 7
"""How far `tasking meeting list` looks ahead unless told."""


@click.group()
def meeting() -> None:
    """See, open and cancel meetings."""


@meeting.command("list")
@click.option("--unit", help="Only this unit's.")
@click.option("--days", default=AHEAD_DAYS, show_default=True, type=click.IntRange(1, 366))
def list_meetings(unit: str | None, days: int) -> None:
    """The meetings to come, by the calendar in force.yaml."""

    async def listing(service: Service) -> list[tuple[datetime, TaskingMeeting, str]]:
        now = service.store.clock.now()
        with service.store.act("reader", "command line", secrets.token_hex(8)) as uow:
            cancelled = uow.cancelled_meetings()
        found = [
            (at, each, "cancelled" if meeting_ref(each, at) in cancelled else "")
            for each in service.force.meetings
            if unit in (None, each.unit)
            for at in occurrences(each, now, now + timedelta(days=days))
        ]
        return sorted(found, key=lambda entry: (entry[0], entry[1].code))

    table = Table("reference", "when", "meeting", "chair", "state", title=f"Meetings of the next {days} days")
    for at, each, state in within_the_rules(listing):
        table.add_row(meeting_ref(each, at), clock_text(at), each.name, each.chair_role, state)
    console.print(table)


@meeting.command("sheet")
@click.option("--unit", help="Only this unit's.")
@AS_JSON
@WHO
def show_sheet(unit: str | None, as_json: bool, who: str | None) -> None:
    """The admin sheet: every meeting with its policy, how often it takes place, when it was held last and is next.

    It says which were missed since, where the meeting's kind names its policy, and when one that is rarer than policy
    allows is looked at in between.
    """
    actor = who or login_or_stop("looks at it")

    async def reading(service: Service) -> tuple[SheetRow, ...]:
        if unit and unit not in service.force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(service.force.units)}.")
        with service.store.open() as connection:
            rows = meeting_sheet(connection, service.force, service.store.clock.now(), unit)
        service.store.consulted(actor, "command line", f"meeting sheet {unit}" if unit else "meeting sheet")
        return rows

    rows = within_the_rules(reading)
    if as_json:
        click.echo(json.dumps(sheet_json(rows), ensure_ascii=False, indent=2))
        return
    table = Table(
        "meeting", "level", "how often", "policy", "last held", "next", "to know", title=f"Meetings: {len(rows)}"
    )
    for row in rows:
        policy = ", ".join(filter(None, (row.policy_url, f"at most {row.longest_gap}" if row.longest_gap else "")))
        missed = f"MISSED: {', '.join(row.missed)}" if row.missed else ""
        interim = f"interim review {short_time(row.interim_at)}" if row.interim_at else ""
        held = clock_text(row.last_held) if row.last_held else "never on record"
        to_know = "; ".join(filter(None, (missed, interim)))
        place = (f"{row.code} {row.name}", row.level, row.cadence or "not in the calendar", policy)
        table.add_row(*place, held, short_time(row.next_at), to_know)
    console.print(table)


@meeting.command("open")
@click.argument("code")
@click.argument("starts_at", type=MOMENT, metavar="TIME")
@click.option("--as", "person", required=True, help="Who takes the chair: their sign-in name.")
@click.option("--role", required=True, help="The chair's or a deputy's role.")
@click.option("--there", multiple=True, help="Who is there: a role, or agency:role for a partner. Several times.")
@click.option("--apologies", multiple=True, help="Who sent apologies: a role, or agency:role. Several times.")
def open_meeting(
    code: str, starts_at: datetime, person: str, role: str, there: tuple[str, ...], apologies: tuple[str, ...]
) -> None:
    """Open the meeting CODE of TIME, with who is there and who sent apologies.

    Opening it again adds who has come. Nobody is taken off: name who did not come with --apologies.
    """
    attendance = (*map(attended, there), *map(excused, apologies))

    async def opening(service: Service) -> tuple[str, str]:
        _check_takes_place(service.force, code, starts_at)
        with service.store.act(person, "command line", secrets.token_hex(8)) as uow:
            record = holding.open_meeting(uow, service.force, code, starts_at, person, role, attendance)
        came = sum(each.partner_part or each.police_part for each in record.attendance)
        excused = len(record.attendance) - came
        told = f", {excused} with apologies" if excused else ""
        quorum = quorum_of(service.force.meeting(code), record)
        said = f"{record.meeting_ref} is open, {came} there besides the chair{told}."
        return said, f"Warning: {quorum.warning}" if quorum and quorum.warning else ""

    for line in within_the_rules(opening):
        if line:
            console.print(line, soft_wrap=True)


@meeting.command("cancel")
@click.argument("code")
@click.argument("starts_at", type=MOMENT, metavar="TIME")
@click.option("--as", "person", required=True, help="Who cancels it: their sign-in name.")
@click.option("--because", "reason", required=True, help="Why.")
def cancel_meeting(code: str, starts_at: datetime, person: str, reason: str) -> None:
    """Cancel the meeting CODE of TIME. What it was to decide goes to the unit's next daily meeting."""

    async def cancelling(service: Service) -> str:
        _check_takes_place(service.force, code, starts_at)
        with service.store.act(person, "command line", secrets.token_hex(8)) as uow:
            moved = len(uow.awaiting_forum(meeting_ref(service.force.meeting(code), starts_at)))
            record = holding.cancel_meeting(uow, service.force, code, starts_at, reason)
        return f"{record.meeting_ref} is cancelled; {moved} undecided escalations went to the next daily meeting."

    console.print(within_the_rules(cancelling))


def _check_takes_place(force: Force, code: str, starts_at: datetime) -> None:
    """Raises RuleBroken where the calendar has no such meeting at that time."""
    meeting = meeting_named(force, code)
    if starts_at not in occurrences(meeting, starts_at, starts_at + timedelta(minutes=1)):
        raise RuleBroken(
            f"The calendar has no {meeting.name} at {clock_text(starts_at)}: `tasking meeting list` shows what it has."
        )
