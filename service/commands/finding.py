"""`tasking find` and `tasking handling`: finding a task, and saying how it is to be handled."""

import json
import secrets

import click
from rich.table import Table
from sqlalchemy import Connection

from reporting.board_rows import BoardRow
from reporting.search import BY_WORDS, SearchPage, search
from reporting.wording import OPEN_IT_THERE
from service.commands.deciding import within_the_rules
from service.commands.running import console, login_or_stop
from service.wiring import Service
from tasking.audit import AuditKind
from tasking.errors import RuleBroken
from tasking.handling import set_handling
from tasking.task import Classification
from tasking.viewing import Viewer, units_below

MOST_SHOWN = 50
SOURCE = "command line"


@click.command()
@click.argument("wanted", metavar="REF_OR_WORDS", nargs=-1, required=True)
@click.option("--unit", default="", help="Only tasks of this unit and of the units below it.")
@click.option("--json", "as_json", is_flag=True, help="For another program instead of as a table.")
@click.option("--as", "who", metavar="WHO", help="Who looks, for the audit log; else your login here.")
def find(wanted: tuple[str, ...], unit: str, as_json: bool, who: str | None) -> None:
    """Find tasks by their reference, by a reference in another system, or by words of title, place or actions.

    All the words have to stand on the task; of each the beginning is enough. A restricted task is found by a reference
    alone, and shown without what was written about it. The audit log says who found which task.
    """
    actor = who or login_or_stop("looks")

    async def finding(service: Service) -> SearchPage:
        if unit and unit not in service.force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(service.force.units)}.")
        with service.store.act(actor, SOURCE, secrets.token_hex(8)) as uow:
            found = _found(uow.connection, service, " ".join(wanted), unit)
            for each in found.rows[:MOST_SHOWN]:
                uow.audit("consulted", each.reference, {}, AuditKind.CONSULTATION)
        return found

    found = within_the_rules(finding)
    shown = found.rows[:MOST_SHOWN]
    if as_json:
        click.echo(json.dumps([_told(each, found.found_by) for each in shown], indent=2, ensure_ascii=False))
    else:
        _show(shown)
    if found.advice:
        click.echo(found.advice, err=True)
    elif len(found.rows) > MOST_SHOWN:
        click.echo(f"{len(found.rows) - MOST_SHOWN} older ones are not shown: add a word or --unit.", err=True)


def _found(connection: Connection, service: Service, wanted: str, unit: str) -> SearchPage:
    """What the tab's search finds. Who types a reference knows of the task; words find no restricted one."""
    force, now = service.force, service.store.clock.now()
    units = units_below(force, unit) if unit else None
    found = search(connection, force, Viewer(units, sees_restricted=True), wanted, now)
    return found if found.found_by != BY_WORDS else search(connection, force, Viewer(units), wanted, now)


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


def _told(row: BoardRow, found_by: str) -> dict[str, object]:
    """One task for another program. Of a restricted one the title says where to read it."""
    return {
        "reference": row.reference,
        "classification": row.classification.value,
        "title": _title(row),
        "unit": row.unit,
        "unit_name": row.unit_name,
        "status": row.status_words,
        "band": row.band_words,
        "external_references": row.elsewhere,
        "found_by": found_by,
    }


def _title(row: BoardRow) -> str:
    return OPEN_IT_THERE if row.is_restricted else row.title


def _show(found: tuple[BoardRow, ...]) -> None:
    table = Table(title=f"Tasks: {len(found)}")
    for heading in ("task", "mark", "unit", "what", "state", "risk", "elsewhere"):
        table.add_column(heading, no_wrap=heading == "task")
    for each in found:
        words = (each.unit_name, _title(each), each.status_words, each.band_words, ", ".join(each.elsewhere))
        table.add_row(each.reference, each.classification, *words)
    console.print(table)
