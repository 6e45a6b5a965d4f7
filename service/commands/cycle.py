"""Commands about tasking cycles: `tasking cycle show`, `close` and `carry-over`."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import click
from rich.table import Table
from sqlalchemy import Connection

from reporting.cycle_documents import CARRIED_COLUMNS, carried_row, cycle_docx, cycle_html, facts_of, title_of
from reporting.cycle_report import CarriedNow, carried_now, mark_of_report, report_json
from service.commands.deciding import within_the_rules
from service.commands.papers import NEW_FILE, WHO, check_new, write_new
from service.commands.running import console, login_or_stop
from service.commands.thrive import AS_JSON
from service.cycles import close_due_cycles
from service.wiring import Service
from store import cycles
from store.cycles import StoredReport
from tasking.calendar import bounds_of, cycle_named, cycle_of
from tasking.clocks import clock_text, local_day
from tasking.cycle_report import DECIDED_AS, Choice, CycleReport
from tasking.deciding import decide
from tasking.decision import Decision, DecisionRequest
from tasking.errors import RuleBroken
from tasking.force import Force

SOURCE = "command line"
CHOICES = click.Choice([each.value.lower() for each in Choice], case_sensitive=False)


@click.group()
def cycle() -> None:
    """The report at the end of a tasking cycle, and what carries over into the next."""


@cycle.command()
@click.option("--cycle", "code", metavar="CYCLE", help="Such as CYC-2027-01; else the one that ended last.")
@click.option("--unit", metavar="UNIT", help="Of the list, only this unit's own tasks.")
@click.option("--to", "path", type=NEW_FILE, metavar="FILE", help="Write it to this new file: .docx or .html.")
@AS_JSON
@WHO
def show(code: str | None, unit: str | None, path: Path | None, as_json: bool, who: str | None) -> None:
    """Show the report of a cycle: its numbers, what carried over, and what people have decided of each since."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> tuple[CycleReport, list[CarriedNow], list[tuple[str, ...]]]:
        force = service.force
        if unit and unit not in force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(force.units)}.")
        with service.store.open() as connection:
            report = _report_meant(connection, force, code).report
            whole = carried_now(connection, report, service.store.clock.now())
        found = [each for each in whole if unit in (None, each.task.unit)]
        shapes: dict[str, Callable[[], bytes]] = {
            ".docx": lambda: cycle_docx(force, report, found),
            ".html": lambda: cycle_html(force, report, found).encode(),
        }
        check_new(path, shapes)
        note = service.store.disclosed if path else service.store.consulted
        note(actor, SOURCE, f"report of {report.cycle}")
        if path:
            write_new(path, shapes[path.suffix]())
        return report, found, [carried_row(force, each) for each in found]

    report, found, rows = within_the_rules(looking)
    if path:
        console.print(f"The report of {report.cycle} is in {path}, marked {mark_of_report(report)}.", soft_wrap=True)
    elif as_json:
        click.echo(json.dumps(report_json(report, found), ensure_ascii=False, indent=2))
    else:
        _show(report, rows)


@cycle.command()
@click.option("--as", "person", required=True, help="Who closes it: their sign-in name.")
def close(person: str) -> None:
    """Make and tell the report of a cycle that has ended, where the clock has not done it yet.

    It closes no task, and a report is made once.
    """

    async def closing(service: Service) -> list[CycleReport]:
        made = close_due_cycles(service.store, service.force, person, SOURCE)
        if not made:
            raise RuleBroken(_why_none(service))
        await service.worker.deliver_due()
        return made

    for report in within_the_rules(closing):
        console.print(f"{report.cycle} is closed: {len(report.carried)} tasks carry over.", soft_wrap=True)


@cycle.command("carry-over")
@click.argument("reference")
@click.argument("choice", type=CHOICES, metavar="CHOICE")
@click.option("--as", "person", required=True, help="Who decided: their sign-in name.")
@click.option("--role", required=True, help="As what: a role that config names, such as 'Duty Inspector'.")
@click.option("--because", "rationale", required=True, help="The rationale. A decision is not taken without one.")
@click.option("--meeting", "meeting_ref", default="", help="The meeting it was decided at.")
@click.option("--unit", default="", help="The unit that decides, where the task stands with several.")
@click.option("--reason", "trigger", default="", help="escalate: the trigger code, such as BEYOND_RESOURCES.")
@click.option("--resources", default="", help="escalate: what is asked for: what, how much, when.")
@click.option("--hours", type=float, help="escalate: how many hours that is.")
def carry_over(reference: str, choice: str, person: str, **given: object) -> None:
    """Decide what becomes of a task that carried over. CHOICE is keep, close or escalate.

    Each is a decision on the record, as by `tasking decide`: CARRY_OVER, NO_TASKING or ESCALATE. None is edited: of
    several the newest counts.
    """
    kind = DECIDED_AS[Choice(choice.upper())]
    request = DecisionRequest(reference, kind, person, **given)  # type: ignore[arg-type]

    async def deciding(service: Service) -> tuple[Decision, str]:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            stored = _report_meant(uow.connection, service.force, None)
            task = uow.task_by_reference(reference)
            if task.task_id not in {each.task_id for each in stored.report.carried}:
                of = stored.report.cycle
                raise RuleBroken(f"{task.reference} is not on the list of {of}: use `tasking decide` for it.")
            made = decide(uow, service.force, service.policy, request)
        await service.worker.deliver_due()
        return made, stored.report.cycle

    made, of = within_the_rules(deciding)
    console.print(f"{made.decision_ref}: {made.task_reference} of {of}, {made.text}.", soft_wrap=True)


def _report_meant(connection: Connection, force: Force, code: str | None) -> StoredReport:
    """The report of the cycle with this name, else the newest. Raises RuleBroken where there is none."""
    if code:
        return cycles.read(connection, cycle_named(force, code).code)
    newest = cycles.newest(connection)
    if newest is None:
        raise RuleBroken("No cycle has been closed yet: its report is made when one has ended.")
    return newest


def _why_none(service: Service) -> str:
    now = service.store.clock.now()
    running = cycle_of(service.force, local_day(now))
    if running is None:
        return "config/force.yaml counts no tasking cycle: give it 'cycle' with a first day."
    return f"No cycle is to be closed: {running.code} ends {clock_text(bounds_of(running)[1])}."


def _show(report: CycleReport, rows: list[tuple[str, ...]]) -> None:
    console.print(f"{mark_of_report(report)}\n{title_of(report)}", soft_wrap=True)
    every = report.counts_of([each.unit for each in report.counts])
    told = [(name, words) for name, words in facts_of(report) if words]
    for name, words in (*told, *((title, str(number)) for title, number in every.in_words())):
        console.print(f"{name}: {words}", soft_wrap=True)
    table = Table(title=f"Carried over: {len(rows)}")
    for heading in CARRIED_COLUMNS:
        table.add_column(heading.lower())
    for row in rows:
        table.add_row(*row)
    console.print(table)
