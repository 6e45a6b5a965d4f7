"""Commands about scores: `tasking thrive history`, `brief` and `rates`. Each look is in the audit log."""

import json
import secrets
from datetime import datetime

import click
from rich.table import Table

from reporting.regrading import MOVES, Regrading, rates_json, regrading, rows_of
from reporting.score_history import ScoreEntry, curve, entries_of, history_json, score_words
from reporting.wording import READ_ON_RECORD, band_words, unit_name
from service.commands.deciding import within_the_rules
from service.commands.papers import RESTRICTED, WHO
from service.commands.running import console, login_or_stop
from service.wiring import Service
from store.tasks import read_assessments
from tasking.audit import BRIEF_SEEN, SCORES_SEEN, AuditKind
from tasking.calendar import bounds_of, cycle_named, cycle_of
from tasking.clocks import clock_text, local_day
from tasking.errors import RuleBroken
from tasking.meetings import Cycle
from tasking.restricted import is_restricted
from tasking.task import Task
from tasking.viewing import units_below

SOURCE = "command line"
AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for another program.")
CYCLE = click.option("--cycle", "cycle", metavar="CYCLE", help="Such as CYC-2027-01; else the one that is on.")


@click.group()
def thrive() -> None:
    """Scores: how a task's went, what a second assessor reads, how often scores move."""


@thrive.command()
@click.argument("reference")
@AS_JSON
@RESTRICTED
@WHO
def history(reference: str, as_json: bool, restricted: bool, who: str | None) -> None:
    """Show every score of a task: when, the band, by which rules, how sure, by whom, and why it was scored again."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> tuple[Task, tuple[ScoreEntry, ...]]:
        with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
            task = uow.task_by_reference(reference)
            hides = is_restricted(service.force, task) and not restricted
            told = {"restricted": (None, True)} if restricted else {}
            uow.audit(SCORES_SEEN, task.reference, told, AuditKind.CONSULTATION)
            return task, entries_of(read_assessments(uow.connection, task.task_id), READ_ON_RECORD if hides else None)

    task, entries = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(history_json(task.reference, entries), ensure_ascii=False, indent=2))
        return
    table = Table("when", "score", "rules", "how sure", "by", "why", title=f"{task.classification}. {task.reference}")
    for each in entries:
        sure = ", ".join(filter(None, (each.confidence, each.source)))
        occasion = f"{each.occasion}: {each.assessed_by}"
        table.add_row(clock_text(each.at), score_words(each), each.rules, sure, occasion, each.reason)
    console.print(table)
    console.print(f"The score went: {curve(entries) or 'there is none yet'}.", soft_wrap=True)


@thrive.command()
@click.argument("reference")
@RESTRICTED
@WHO
def brief(reference: str, restricted: bool, who: str | None) -> None:
    """Show what a second assessor needs to score a task with `tasking assess --review`.

    With `blind_second_score` in config/force.yaml neither score nor band is shown.
    """
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> list[str]:
        force = service.force
        with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
            task = uow.task_by_reference(reference)
            told = {"restricted": (None, True)} if restricted else {}
            action = BRIEF_SEEN if force.quality.blind_second_score else SCORES_SEEN
            uow.audit(action, task.reference, told, AuditKind.CONSULTATION)
        text = task.text
        facts = {"Ask": text.ask, "Why now": text.why_now, "Place": text.place, "Constraints": text.constraints}
        hides = is_restricted(force, task) and not restricted
        lines = [f"{task.classification} · {task.reference} · {unit_name(force, task.unit)}"]
        lines += [READ_ON_RECORD] if hides else [task.title, *(f"{k}: {v}" for k, v in facts.items() if v)]
        blind = "Scored blind: the first score is told once yours is on record."
        return [*lines, blind if force.quality.blind_second_score else f"Risk: {band_words(task)}"]

    for line in within_the_rules(looking):
        console.print(line, soft_wrap=True)


@thrive.command()
@click.option("--unit", metavar="UNIT", help="Only this unit's tasks and those of the units below it.")
@CYCLE
@AS_JSON
@WHO
def rates(unit: str | None, cycle: str | None, as_json: bool, who: str | None) -> None:
    """Show how often scores were raised, lowered or kept by second assessors and when scored again, in numbers."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> tuple[Cycle, Regrading]:
        force = service.force
        if unit and unit not in force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(force.units)}.")
        meant = cycle_meant(service, cycle)
        family = units_below(force, unit) | {unit} if unit else None
        with service.store.open() as connection:
            found = regrading(connection, *bounds_of(meant), family)
        service.store.consulted(actor, SOURCE, f"score rates {meant.code}{f' {unit}' if unit else ''}")
        return meant, found

    meant, found = within_the_rules(looking)
    if as_json:
        told = {"cycle": meant.code, "unit": unit, "rates": rates_json(found)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    table = Table("what", "of", *(move.lower() for move in MOVES), title=f"{meant.code}: how scores moved")
    for row in rows_of(found):
        cells = (f"{number} ({percent} %)" for number, percent in zip(row.numbers, row.percents, strict=True))
        table.add_row(row.words, str(row.of), *cells)
    console.print(table)


def cycle_meant(service: Service, named: str | None, now: datetime | None = None) -> Cycle:
    """The cycle of this name, else the one that is on. Raises RuleBroken where config counts none."""
    if named:
        return cycle_named(service.force, named)
    found = cycle_of(service.force, local_day(now or service.store.clock.now()))
    if found is None:
        raise RuleBroken("config/force.yaml counts no tasking cycle: give it 'cycle' with a first day.")
    return found
