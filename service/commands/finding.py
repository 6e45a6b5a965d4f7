"""`tasking find` and `tasking handling`: finding a task, and saying how it is to be handled."""

import json
import secrets

import click
from rich.table import Table

from reporting.finding import FoundTask, find_tasks, found_json
from service.commands.deciding import within_the_rules
from service.commands.running import console, login_or_stop
from service.wiring import Service
from tasking.audit import AuditKind
from tasking.errors import RuleBroken
from tasking.handling import set_handling
from tasking.task import Classification

MOST_SHOWN = 50
SOURCE = "command line"


@click.command()
@click.argument("wanted", metavar="REF_OR_WORDS", nargs=-1, required=True)
@click.option("--unit", default="", help="Only tasks of this unit and of the units below it.")
@click.option("--json", "as_json", is_flag=True, help="For another program instead of as a table.")
@click.option("--as", "who", metavar="WHO", help="Who looks, for the audit log; else your login here.")
def find(wanted: tuple[str, ...], unit: str, as_json: bool, who: str | None) -> None:
    """Find tasks by their reference, by a reference in another system, or by words.

    All the words have to stand on the task. A restricted task is found by a reference alone, and shown without what
    was written about it. The audit log says who found which task.
    """
    actor = who or login_or_stop("looks")

    async def finding(service: Service) -> tuple[FoundTask, ...]:
        if unit and unit not in service.force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(service.force.units)}.")
        with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
            found = find_tasks(uow.connection, service.force, " ".join(wanted), unit)
            for each in found[:MOST_SHOWN]:
                uow.audit("consulted", each.reference, {}, AuditKind.CONSULTATION)
        return found

    found = within_the_rules(finding)
    if as_json:
        click.echo(json.dumps(found_json(found[:MOST_SHOWN]), indent=2, ensure_ascii=False))
    else:
        _show(found[:MOST_SHOWN])
    if len(found) > MOST_SHOWN:
        click.echo(f"{len(found) - MOST_SHOWN} older ones are not shown: add a word or --unit.", err=True)


@click.command()
@click.argument("reference")
@click.argument(
    "mark", type=click.Choice([each.value for each in Classification], case_sensitive=False), metavar="MARK"
)
@click.option("--as", "person", required=True, help="Who says so: their sign-in name.")
@click.option("--because", required=True, help="Why; it is kept on the record.")
def handling(reference: str, mark: str, person: str, because: str) -> None:
    """Give a task the handling mark OFFICIAL or OFFICIAL-SENSITIVE.

    What the service had written about an OFFICIAL-SENSITIVE task comes off its boards; what people wrote there
    themselves they have to take off. With OFFICIAL a task that was dragged out of a restricted pillar, or had the
    Restricted label, is restricted no longer.
    """

    async def marking(service: Service) -> str:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            task = set_handling(uow, service.force, reference, Classification(mark.upper()), because)
        await service.worker.deliver_due()
        return f"{task.reference} is marked {task.classification.value}."

    console.print(within_the_rules(marking), soft_wrap=True)


def _show(found: tuple[FoundTask, ...]) -> None:
    table = Table(title=f"Tasks: {len(found)}")
    for heading in ("task", "mark", "unit", "what", "state", "risk", "elsewhere"):
        table.add_column(heading, no_wrap=heading == "task")
    for each in found:
        elsewhere = ", ".join(each.external_references)
        table.add_row(
            each.reference, each.classification, each.unit_name, each.title, each.status, each.band, elsewhere
        )
    console.print(table)
