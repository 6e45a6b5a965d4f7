"""Commands about how long work takes: `tasking ageing`, `pause` and `resume`."""

import json
import secrets
from datetime import datetime

import click
from rich.table import Table

from reporting.ageing import BAND_NAMES, AgedTask, ageing_json, counts_by_age
from reporting.ageing import ageing as open_by_age
from reporting.wording import highest, short_time
from service.commands.deciding import MOMENT, within_the_rules
from service.commands.papers import WHO
from service.commands.running import console, login_or_stop
from service.commands.thrive import AS_JSON
from service.wiring import Service
from tasking.deciding import decide
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.errors import RuleBroken

SOURCE = "command line"
PERSON = click.option("--as", "person", required=True, help="Who decided: their sign-in name.")
ROLE = click.option("--role", required=True, help="As what: a role that config names, such as 'Duty Inspector'.")
WHY = click.option("--because", "rationale", required=True, help="The reason; it is kept with the decision.")
MEETING = click.option("--meeting", "meeting_ref", default="", help="The meeting it was decided at.")
UNIT = click.option("--unit", default="", help="The unit that decides, where the task stands with several.")
AT = click.option("--at", "decided_at", type=MOMENT, help="When it was decided, if that was earlier.")


@click.command()
@click.option("--unit", metavar="UNIT", help="Only this unit's tasks and those of the units below it.")
@click.option("--pillar", metavar="PILLAR", help="Only this pillar's, by its code.")
@AS_JSON
@WHO
def ageing(unit: str | None, pillar: str | None, as_json: bool, who: str | None) -> None:
    """Show open work by its age: how many tasks of each pillar are how old, then the tasks, the oldest first."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> tuple[datetime, tuple[AgedTask, ...]]:
        force, now = service.force, service.store.clock.now()
        if unit and unit not in force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(force.units)}.")
        if pillar and pillar not in force.pillars:
            raise RuleBroken(f"There is no pillar {pillar}; there are {', '.join(force.pillars)}.")
        with service.store.open() as connection:
            found = open_by_age(connection, force, now, unit, pillar)
        service.store.consulted(actor, SOURCE, " ".join(filter(None, ("ageing report", unit, pillar))))
        return now, found

    now, found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(ageing_json(found, now), ensure_ascii=False, indent=2))
        return
    counts = Table("pillar", *BAND_NAMES, "late", "paused", title=f"Open work by age in days: {len(found)}")
    for name, row in counts_by_age(found).items():
        counts.add_row(name, *map(str, row.values()))
    console.print(counts)
    headings = ("task", "what", "unit", "risk", "days", "paused", "due", "state")
    listed = Table(*headings, title=f"{highest(each.classification for each in found)}. The oldest first")
    for each in found:
        place = (each.reference, each.title, each.unit_name, each.band_words)
        listed.add_row(*place, str(each.age_days), str(each.paused_days), short_time(each.due_at), _state(each))
    console.print(listed)


@click.command()
@click.argument("reference")
@click.option("--review", "review_at", type=MOMENT, required=True, help="When the pause is to be looked at again.")
@PERSON
@ROLE
@WHY
@MEETING
@UNIT
@AT
def pause(reference: str, person: str, **given: object) -> None:
    """Stop a task's clock for a reason: until it runs again the task is not late. It comes back for review in time.

    Its risk is still assessed, and an Immediate task's clock is never stopped. Of a task that is paused already the
    time of review is changed.
    """
    request = DecisionRequest(reference, DecisionType.PAUSE, person, **given)  # type: ignore[arg-type]
    made = within_the_rules(lambda service: _decided(service, request))
    console.print(f"{made.decision_ref}: the clock of {made.task_reference} is stopped.", soft_wrap=True)
    console.print(f"It comes back on {short_time(made.review_at)}.", soft_wrap=True)


@click.command()
@click.argument("reference")
@PERSON
@ROLE
@WHY
@MEETING
@UNIT
@AT
def resume(reference: str, person: str, **given: object) -> None:
    """Let a task's clock run again. A due time that the service set moves by as long as it stood; one that a person
    set, on a form, on the board or by a decision, stays."""
    request = DecisionRequest(reference, DecisionType.RESUME, person, **given)  # type: ignore[arg-type]
    made = within_the_rules(lambda service: _decided(service, request))
    console.print(f"{made.decision_ref}: the clock of {made.task_reference} runs again.", soft_wrap=True)


async def _decided(service: Service, request: DecisionRequest) -> Decision:
    with service.store.act(request.decided_by, SOURCE, secrets.token_hex(8)) as uow:
        made = decide(uow, service.force, service.policy, request)
    await service.worker.deliver_due()
    return made


def _state(task: AgedTask) -> str:
    if task.review_at is not None:
        return f"clock stopped, review {short_time(task.review_at)}"
    return "LATE" if task.is_overdue else "" if task.is_owned else "nobody owns it"
