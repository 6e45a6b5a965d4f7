"""`tasking agenda`: the agenda of one meeting, built by hand until its pack is frozen."""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict

import click
from rich.table import Table

from reporting.pack_agenda import on_agenda
from reporting.pack_for import pack_for
from reporting.pack_parts import Pack
from reporting.pack_shape import left_out_lines, numbered
from service.commands.deciding import within_the_rules
from service.commands.running import console, login_or_stop
from service.wiring import Service
from store.unit_of_work import SqlUnitOfWork
from tasking import agenda_building as building
from tasking.agenda import AgendaStep
from tasking.authority import meeting_named
from tasking.calendar import Sitting, sitting_of
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.meetings import Stage

SOURCE = "command line"
MEETING = click.argument("meeting_ref", metavar="MEETING_REF")
POINT = click.argument("point", metavar="POINT")
PERSON = click.option("--as", "person", required=True, help="Who does it: their sign-in name.")
BEFORE = click.option("--before", default="", metavar="POINT", help="The point before which it comes; else last.")


@click.group()
def agenda() -> None:
    """Build the agenda of one meeting by hand, until its pack is frozen an hour before it begins.

    MEETING_REF is like 'HP_LOCAL 2027-01-05': code and day. POINT is what `tasking agenda list` shows first.
    """


@agenda.command("list")
@MEETING
@click.option("--json", "as_json", is_flag=True, help="For another program instead of as a table.")
@click.option("--as", "who", metavar="WHO", help="Who looks at it, for the audit log; else your login here.")
def list_points(meeting_ref: str, as_json: bool, who: str | None) -> None:
    """List the points of a meeting in their order, and what was left out."""
    actor = who or login_or_stop("looks at it")

    async def listing(service: Service) -> Pack:
        sitting = _sitting(service.force, meeting_ref)
        with service.store.open() as connection:
            found = pack_for(connection, service.force, sitting, service.store.clock.now(), with_restricted=True)
        if found is None:
            raise RuleBroken(f"{sitting.meeting_ref} is over, and no pack was frozen for it.")
        service.store.consulted(actor, SOURCE, sitting.meeting_ref)
        return found

    made = within_the_rules(listing)
    if as_json:
        points = [
            {"point": each.code, "title": each.title, "part": each.part, "stage": each.stage} for each in made.sections
        ]
        told = {"points": points, "left_out": [asdict(each) for each in made.left_out]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))
        return
    table = Table("point", "no", "what", "part", "stage", "tasks", title=f"Agenda of {made.meeting_ref}")
    for number, each in numbered(made):
        tasks = ", ".join(item.reference for item in each.items)
        table.add_row(each.code, str(number), each.title, each.part, each.stage, tasks)
    console.print(table)
    for line in left_out_lines(made):
        console.print(f"Left out: {line}", soft_wrap=True)


@agenda.command("add")
@MEETING
@click.option("--task", "reference", default="", metavar="TASK", help="A task of the meeting's unit or below it.")
@click.option("--words", default="", help="Or a short plain point. No names; it never goes to a card.")
@click.option("--partners", "with_partners", is_flag=True, help="In the part that partners are there for.")
@click.option(
    "--stage", type=click.Choice(list(Stage), case_sensitive=False), help="The stage, where the meeting has stages."
)
@BEFORE
@PERSON
def add(
    meeting_ref: str, reference: str, words: str, with_partners: bool, stage: Stage | None, before: str, person: str
) -> None:
    """Add a point: a task, or a few words."""
    new = building.NewPoint(reference, words, with_partners, stage, before)
    step = _doing(person, lambda uow, force: building.add_point(uow, force, meeting_ref, person, new))
    console.print(f"{step.point} is on the agenda of {step.meeting_ref}.", soft_wrap=True)


@agenda.command("move")
@MEETING
@POINT
@BEFORE
@PERSON
def move(meeting_ref: str, point: str, before: str, person: str) -> None:
    """Move a point before another, or to the end of its part and stage."""
    step = _doing(person, lambda uow, force: building.move_point(uow, force, meeting_ref, person, point, before))
    place = f"before {step.before}" if step.before else "at the end of its part and stage"
    console.print(f"{step.point} stands {place}.", soft_wrap=True)


@agenda.command("leave-out")
@MEETING
@POINT
@click.option("--because", required=True, help="Why; it is kept on the record.")
@PERSON
def leave_out(meeting_ref: str, point: str, because: str, person: str) -> None:
    """Leave POINT, or one task by its reference, out of this meeting. What is overdue for review stays."""

    def leaving(uow: SqlUnitOfWork, force: Force) -> AgendaStep:
        sitting = _sitting(force, meeting_ref)
        there = on_agenda(uow.connection, force, sitting, uow.now())
        return building.leave_out(uow, force, meeting_ref, person, point, because, there)

    step = _doing(person, leaving)
    console.print(f"{step.point} is left out of {step.meeting_ref}.", soft_wrap=True)


@agenda.command("put-back")
@MEETING
@POINT
@PERSON
def put_back(meeting_ref: str, point: str, person: str) -> None:
    """Put back what was left out."""
    step = _doing(person, lambda uow, force: building.put_back(uow, force, meeting_ref, person, point))
    console.print(f"{step.point} is on the agenda of {step.meeting_ref} again.", soft_wrap=True)


def _doing(person: str, do: Callable[[SqlUnitOfWork, Force], AgendaStep]) -> AgendaStep:
    """One step in a commit of its own; ends the command where a rule forbids it."""

    async def stepping(service: Service) -> AgendaStep:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            return do(uow, service.force)

    return within_the_rules(stepping)


def _sitting(force: Force, meeting_ref: str) -> Sitting:
    found = sitting_of(force, " ".join(meeting_ref.split()))
    if found is None:
        name = meeting_named(force, meeting_ref).name
        raise RuleBroken(f"The calendar has no {name} of that day: `tasking meeting list` shows what it has.")
    return found
