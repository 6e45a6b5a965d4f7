"""Commands by which a sample of scores is checked each cycle: `tasking qa draw`, `record` and `show`."""

import json
import secrets

import click
from rich.table import Table

from reporting.calibration import Calibration, calibration, calibration_json, candidates
from service.commands.deciding import within_the_rules
from service.commands.papers import WHO
from service.commands.running import console, login_or_stop
from service.commands.thrive import AS_JSON, CYCLE, SOURCE, cycle_meant
from service.wiring import Service
from store import quality
from tasking.audit import AuditKind
from tasking.calendar import bounds_of
from tasking.errors import RuleBroken
from tasking.quality import Sample, Verdict, draw

VERDICT = click.Choice([each.value.lower() for each in Verdict], case_sensitive=False)
CHECKER = click.option("--as", "person", required=True, help="Who checks: their sign-in name.")


@click.group()
def qa() -> None:
    """Check a random sample of scores each cycle: were they right, too high or too low?"""


@qa.command("draw")
@CYCLE
@click.option("--seed", help="What decides the chance; else one is made up. It is kept with the sample.")
@WHO
def draw_sample(cycle: str | None, seed: str | None, who: str | None) -> None:
    """Draw the sample of a cycle, once: so many high and standard scores as config/force.yaml says under 'quality'."""
    actor = who or login_or_stop("draws it")

    async def drawing(service: Service) -> Sample:
        meant, rules = cycle_meant(service, cycle), service.force.quality
        with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
            if quality.sample_of(uow.connection, meant.code):
                raise RuleBroken(f"The sample of {meant.code} is drawn already: `tasking qa show` shows it.")
            there = candidates(uow.connection, *bounds_of(meant))
            if not there:
                raise RuleBroken(f"No task was scored in {meant.code}, so there is nothing to draw from.")
            made = draw(meant.code, seed or secrets.token_hex(8), there, rules.sample_high, rules.sample_standard)
            quality.add_sample(uow.connection, uow.new_id(), made, uow.now(), actor)
            told = {"seed": (None, made.seed), "drawn": (None, [each.reference for each in made.drawn])}
            uow.audit("sample of scores drawn", made.cycle, told)
        return made

    made = within_the_rules(drawing)
    of = f"{made.of_high} high and {made.of_standard} standard scores"
    console.print(f"{made.cycle}: {len(made.drawn)} drawn of {of}, seed {made.seed}.", soft_wrap=True)
    for each in made.drawn:
        console.print(f"   {each.reference} ({each.unit})", soft_wrap=True)


@qa.command()
@click.argument("reference")
@click.argument("verdict", type=VERDICT, metavar="VERDICT")
@CYCLE
@CHECKER
@click.option("--role", required=True, help="As what, such as 'Divisional Tasking Officer'.")
@click.option("--because", "reason", required=True, help="Why.")
def record(reference: str, verdict: str, cycle: str | None, person: str, role: str, reason: str) -> None:
    """Record what was found of a drawn score. VERDICT is agreed, too_high or too_low.

    An outcome is never edited: record another, and the newest counts.
    """

    async def recording(service: Service) -> str:
        meant = cycle_meant(service, cycle)
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            task = uow.task_by_reference(reference)
            sample = quality.sample_of(uow.connection, meant.code)
            drawn = next((each for each in sample.drawn if each.task_id == task.task_id), None) if sample else None
            if drawn is None:
                raise RuleBroken(f"{task.reference} is not in the sample of {meant.code}.")
            if drawn.assessed_by.casefold() == person.casefold():
                raise RuleBroken(f"You scored {task.reference}: somebody else has to check it.")
            if not reason.strip() or not role.strip():
                raise RuleBroken("Say as what you check it, and why you find so.")
            found = Verdict(verdict.upper())
            outcome = quality.Outcome(meant.code, task.task_id, found, role, reason, person, uow.now())
            quality.add_outcome(uow.connection, outcome)
            told = {"cycle": meant.code, "verdict": found.value, "role": role, "outcome_reason": reason}
            uow.audit("score checked", task.reference, {name: (None, value) for name, value in told.items()})
        return f"{task.reference}: {_words(found.value)}, kept for {meant.code}."

    console.print(within_the_rules(recording), soft_wrap=True)


@qa.command()
@CYCLE
@AS_JSON
@WHO
def show(cycle: str | None, as_json: bool, who: str | None) -> None:
    """Show the calibration table of a cycle: of the scores drawn, how many were agreed, too high or too low."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> Calibration:
        meant = cycle_meant(service, cycle)
        with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
            found = calibration(uow.connection, meant.code)
            if found is None:
                raise RuleBroken(f"No sample of {meant.code} was drawn yet: `tasking qa draw` draws it.")
            uow.audit("consulted", f"calibration {meant.code}", {}, AuditKind.CONSULTATION)
        return found

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(calibration_json(found), ensure_ascii=False, indent=2))
        return
    table = Table("band", "drawn", "agreed", "too high", "too low", "unchecked", title=f"{found.sample.cycle}: scores")
    for row in found.rows:
        table.add_row(row.band.capitalize(), str(row.drawn), *map(str, row.counts.values()))
    console.print(table)
    for drawn, outcome in found.found:
        told = f"{_words(outcome.verdict.value)}, by the {outcome.role}" if outcome else "not checked yet"
        console.print(f"   {drawn.reference} ({drawn.unit}): {told}", soft_wrap=True)


def _words(verdict: str) -> str:
    return verdict.lower().replace("_", " ")
