"""What intelligence puts before meetings and is asked for: `tasking recommendation` and `tasking analysis`."""

import json
import secrets
from datetime import datetime
from pathlib import Path

import click
from pydantic_core import to_jsonable_python
from rich.table import Table

from reporting.analysis import AnalysisRow, analysis_queue
from reporting.wording import READ_ON_RECORD
from service.commands.deciding import MOMENT, within_the_rules
from service.commands.running import console, login_or_stop
from service.intelligence_file import read_items
from service.wiring import Service
from store import intelligence as rows
from tasking import analysis as analyses
from tasking import intelligence
from tasking.clocks import clock_text
from tasking.decision import DecisionRequest, DecisionType
from tasking.intelligence import Answer
from tasking.intelligence_items import IntelligenceItem, ItemState
from tasking.task import Classification

SOURCE = "command line"
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for another program.")
WHO = click.option("--as", "who", metavar="WHO", help="Who looks at it, for the audit log; else your login here.")
ANSWERED = (ItemState.ACCEPTED, ItemState.MODIFIED, ItemState.DECLINED)


@click.group()
def recommendation() -> None:
    """Recommendations of the tactical assessment and the intelligence meeting, and what feeds the daily meeting."""


@recommendation.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@click.option("--as", "person", required=True, help="Who takes them in: their sign-in name.")
def import_items(path: Path, person: str) -> None:
    """Take in recommendations and feed items from the CSV FILE: all of its rows, or none where one has a fault.

    \b
    key       what its source calls it: a key that is known is not taken in again
    kind      RECOMMENDATION, or FEED for one day's meeting
    source    TACTICAL_ASSESSMENT or INTELLIGENCE_MEETING
    unit      the code of the unit whose meetings see it
    text      what is recommended, or what the meeting has to know
    mark, document, day, priority, gap    may be left out; FEED needs its day
    """

    async def importing(service: Service) -> tuple[int, int]:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            items = read_items(uow, service.force, path)
            kept = [intelligence.add_item(uow, service.force, item) for item in items]
        return sum(item is not None for item in kept), len(kept)

    new, all_rows = within_the_rules(importing)
    console.print(f"{new} taken in; {all_rows - new} of {all_rows} were known already.")


@recommendation.command("answer")
@click.argument("reference")
@click.argument("outcome", type=click.Choice([state.value for state in ANSWERED], case_sensitive=False))
@click.option("--as", "person", required=True, help="Who decided: their sign-in name.")
@click.option("--role", required=True, help="As what: a role that config names.")
@click.option("--because", "reason", required=True, help="Why.")
@click.option("--meeting", "meeting_ref", default="", help="The meeting it was decided at, of the unit it is for.")
@click.option("--agreed", default="", help="MODIFIED: what was agreed instead.")
def answer(reference: str, outcome: str, **given: str) -> None:
    """Answer the recommendation REFERENCE. What is ACCEPTED or MODIFIED becomes a task, in Triage for its THRIVE."""
    told = Answer(ItemState(outcome.upper()), **given)

    async def answering(service: Service) -> IntelligenceItem:
        with service.store.act(told.person, SOURCE, secrets.token_hex(8)) as uow:
            made = intelligence.answer(uow, service.force, service.policy, reference, told)
        await service.worker.deliver_due()
        return made

    made = within_the_rules(answering)
    became = f": {made.task_reference}, {made.decision_ref}" if made.task_reference else ""
    console.print(f"{made.reference} is {made.state.value.lower()}{became}.")


@recommendation.command("list")
@click.option("--unit", "units", multiple=True, metavar="UNIT", help="Only for this unit. Several times.")
@click.option("--all", "everything", is_flag=True, help="Also those that were answered, with the reasons.")
@JSON
@WHO
def list_items(units: tuple[str, ...], everything: bool, as_json: bool, who: str | None) -> None:
    """List the recommendations that wait for an answer."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> list[IntelligenceItem]:
        with service.store.open() as connection:
            states = (ItemState.OPEN, *(ANSWERED if everything else ()))
            found = rows.of_states(connection, states, units)
        service.store.consulted(actor, SOURCE, "recommendations")
        return found

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps([_shown(item) for item in found], ensure_ascii=False, indent=2))
        return
    table = Table("reference", "unit", "state", "task", "what", "why", title=f"Recommendations: {len(found)}")
    for item in map(_shown, found):
        told = (str(item[name] or "") for name in ("reference", "unit", "state", "task_reference", "text", "reason"))
        table.add_row(*told)
    console.print(table)


@click.group()
def analysis() -> None:
    """Commissioned analysis: asked for with terms of reference, and answered with a product or with none."""


@analysis.command()
@click.argument("reference")
@click.option("--terms", required=True, help="The terms of reference: the question, the scope, the form of the answer.")
@click.option("--due", "due_at", type=MOMENT, required=True, help="By when.")
@click.option("--as", "person", required=True, help="Who commissions it: their sign-in name.")
@click.option("--role", required=True, help="As what: a role that config names.")
@click.option("--because", "rationale", required=True, help="The rationale.")
@click.option("--meeting", "meeting_ref", default="", help="The meeting it was decided at.")
def commission(
    reference: str, terms: str, due_at: datetime, person: str, role: str, rationale: str, meeting_ref: str
) -> None:
    """Make the task REFERENCE a commissioned analysis: that is a decision, with terms of reference and a due time."""

    async def commissioning(service: Service) -> str:
        request = DecisionRequest(
            reference, DecisionType.ANALYSIS_COMMISSION, person, role, rationale, text=terms, meeting_ref=meeting_ref
        )
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            task = analyses.commission(uow, service.force, service.policy, request, due_at)
        await service.worker.deliver_due()
        return f"{task.reference} is commissioned, due {clock_text(due_at)}."

    console.print(within_the_rules(commissioning))


@analysis.command("answer")
@click.argument("reference")
@click.option("--product", required=True, help="The link or reference of what came of it, or the word none.")
@click.option("--because", "why", default="", help="With none: why nothing came of it.")
@click.option("--as", "person", required=True, help="Who answers: their sign-in name.")
def answer_analysis(reference: str, product: str, why: str, person: str) -> None:
    """Answer the analysis REFERENCE with its product, or with none and the reason. It is then complete."""

    async def answering(service: Service) -> str:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            task = analyses.answer(uow, reference, product, why)
        await service.worker.deliver_due()
        return f"{task.reference} is answered."

    console.print(within_the_rules(answering))


@analysis.command()
@click.option("--unit", metavar="UNIT", help="Only of this unit.")
@JSON
@WHO
def queue(unit: str | None, as_json: bool, who: str | None) -> None:
    """Show the analyst's queue: every commissioned analysis that has no answer, the one due first on top."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> list[AnalysisRow]:
        with service.store.open() as connection:
            found = analysis_queue(connection, service.force, service.store.clock.now(), unit)
        service.store.consulted(actor, SOURCE, "queue of analyses")
        return found

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(to_jsonable_python(found), ensure_ascii=False, indent=2))
        return
    table = Table("task", "unit", "due", "state", "terms of reference", title=f"To be answered: {len(found)}")
    for row in found:
        due = f"{clock_text(row.due_at)}{' OVERDUE' if row.is_overdue else ''}" if row.due_at else ""
        table.add_row(row.reference, row.unit_name, due, row.status, row.terms)
    console.print(table)


def _shown(item: IntelligenceItem) -> dict[str, object]:
    """An item as a list shows it; what people wrote of an OFFICIAL-SENSITIVE one is read on the record."""
    told: dict[str, object] = to_jsonable_python(item)
    hidden = item.classification is Classification.OFFICIAL_SENSITIVE
    return {**told, "text": READ_ON_RECORD, "agreed": "", "reason": ""} if hidden else told
