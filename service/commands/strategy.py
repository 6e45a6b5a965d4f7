"""The control strategy: `tasking strategy set`, `publish`, `show`, `candidates`, `share`, `place` and `tasks`."""

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from reporting.strategy import (
    CycleShare,
    card_json,
    model_tasks,
    priority_cards,
    published_version,
    share_words,
    shares,
    strategy_at,
)
from service.commands.deciding import within_the_rules
from service.commands.running import console, login_or_stop
from service.publishing import publish_strategy
from service.strategy_file import read_strategy
from service.wiring import Service
from store import strategies
from tasking.control_strategy import KINDS_OF_WORK, NIM_WORDS, Placing, date_words, place
from tasking.deciding import decide as take_decision
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.strategy import ControlStrategy

SOURCE = "command line"
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for another program.")
WHO = click.option("--as", "who", metavar="WHO", help="Who looks at it, for the audit log; else your login here.")
VERSION = click.option("--version", type=int, help="This version; else the one in force today.")


@click.group()
def strategy() -> None:
    """The control strategy: what the force puts first. Only the strategic meeting sets or changes it."""


@strategy.command("set")
@click.argument("reference")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@click.option("--as", "person", required=True, help="Who decided: their sign-in name.")
@click.option("--role", required=True, help="The chair's or a deputy's role.")
@click.option("--meeting", "meeting_ref", required=True, help="Such as 'FORCE_STRATEGIC 2027-02-02'.")
@click.option("--because", "rationale", required=True, help="The rationale.")
def set_strategy(reference: str, path: Path, person: str, role: str, meeting_ref: str, rationale: str) -> None:
    """Set the control strategy as the strategic meeting decided it about the paper REFERENCE, a task.

    FILE holds its priorities, every candidate with the reason why it was taken or left, and the strategic intelligence
    requirement; docs/how_to/control_strategy.md shows one. What was in force before stays on record.
    """

    async def setting(service: Service) -> tuple[Decision, ControlStrategy]:
        request = DecisionRequest(
            reference=reference,
            decision_type=DecisionType.CONTROL_STRATEGY_SET,
            decided_by=person,
            role=role,
            rationale=rationale,
            meeting_ref=meeting_ref,
            strategy=read_strategy(path),
        )
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            made = take_decision(uow, service.force, service.policy, request)
            newest = uow.control_strategies()[-1]
        await service.worker.deliver_due()
        return made, newest

    made, newest = within_the_rules(setting)
    console.print(f"{made.decision_ref}: control strategy version {newest.version}, not yet published.", soft_wrap=True)


@strategy.command()
@click.option("--as", "person", required=True, help="Who publishes it: their sign-in name.")
def publish(person: str) -> None:
    """Tell every unit's channel once of the newest version, with its intelligence requirement."""

    async def publishing(service: Service) -> tuple[int, int]:
        told = publish_strategy(service.store, service.force, person)
        await service.worker.deliver_due()
        return told

    version, channels = within_the_rules(publishing)
    console.print(f"Control strategy version {version} is published: {channels} channels are told.")


@strategy.command()
@VERSION
@JSON
@WHO
def show(version: int | None, as_json: bool, who: str | None) -> None:
    """Show each priority with its owner, plan and tasks, and the strategic intelligence requirement."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> dict[str, Any]:
        now = service.store.clock.now()
        found = _version_of(service, version)
        with service.store.open() as connection:
            cards = priority_cards(connection, service.force, found, now)
            is_published = published_version(connection) >= found.version
        service.store.consulted(actor, SOURCE, found.name)
        return {
            "version": found.version,
            "in_force_from": found.in_force_from.isoformat(),
            "in_force_until": found.in_force_until.isoformat() if found.in_force_until else None,
            "decision": found.decision_ref,
            "meeting": found.meeting_ref,
            "is_published": is_published,
            "priorities": [card_json(card) for card in cards],
            "intelligence_gaps": [asdict(gap) for gap in found.gaps],
            "review_on": found.review_on.isoformat(),
        }

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(found)


@strategy.command()
@VERSION
@JSON
@WHO
def candidates(version: int | None, as_json: bool, who: str | None) -> None:
    """Show what was weighed: which candidate became a priority, which did not, and why."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> ControlStrategy:
        found = _version_of(service, version)
        service.store.consulted(actor, SOURCE, found.name)
        return found

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found.candidates], ensure_ascii=False, indent=2))
        return
    table = Table("candidate", "taken as", "why", title=f"Version {found.version}: {len(found.candidates)} candidates")
    for each in found.candidates:
        table.add_row(each.title, each.code or "not taken", each.reason)
    console.print(table)


@strategy.command()
@click.option("--unit", metavar="UNIT", help="Only this unit's own tasks; else the whole force.")
@JSON
@WHO
def share(unit: str | None, as_json: bool, who: str | None) -> None:
    """Show how many of the tasks raised in each of the last four cycles serve the control strategy."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> tuple[CycleShare, ...]:
        if unit is not None and unit not in service.force.units:
            raise RuleBroken(f"There is no unit {unit}; there are {', '.join(service.force.units)}.")
        with service.store.open() as connection:
            found = shares(connection, service.force, service.store.clock.now(), [unit] if unit else [])
        service.store.consulted(actor, SOURCE, "share of the control strategy")
        return found

    found = within_the_rules(looking)
    if as_json:
        told = [{**asdict(each), "starts": each.starts.isoformat(), "percent": each.percent} for each in found]
        click.echo(json.dumps(told, indent=2))
        return
    for each in found:
        console.print(f"from {date_words(each.starts)}: {share_words(each)}")


@strategy.command("place")
@click.argument("reference")
@click.option("--as", "person", required=True, help="Who places it: their sign-in name.")
@click.option("--priority", help="The code of a priority of the strategy in force; '' takes it off.")
@click.option(
    "--level", "nim_level", type=click.IntRange(1, 3), help="; ".join(f"{n} {w}" for n, w in NIM_WORDS.items())
)
@click.option("--gap", help="The code of the intelligence gap that it meets; '' takes it off.")
def place_task(reference: str, person: str, priority: str | None, nim_level: int | None, gap: str | None) -> None:
    """Put the task REFERENCE under a priority, at a level of the intelligence model, or to an intelligence gap."""

    async def placing(service: Service) -> str:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            task = place(uow, reference, Placing(priority, nim_level, gap))
        await service.worker.deliver_due()
        told = f"priority {task.control_priority or 'none'}, level {task.nim_level or 'not said'}"
        return f"{task.reference}: {told}, gap {task.intelligence_gap or 'none'}."

    console.print(within_the_rules(placing), soft_wrap=True)


@strategy.command("tasks")
@click.option("--priority", help="Only under this priority.")
@click.option("--level", type=click.IntRange(1, 3), help="Only at this level of the intelligence model.")
@click.option("--gap", help="Only to this intelligence gap.")
@click.option("--kind", type=click.Choice(KINDS_OF_WORK, case_sensitive=False), help="Only this kind of work.")
@click.option("--unit", metavar="UNIT", help="Only of this unit.")
@JSON
@WHO
def list_tasks(as_json: bool, who: str | None, **wanted: Any) -> None:
    """List open tasks by their place in the intelligence model."""
    actor = who or login_or_stop("looks at it")

    async def looking(service: Service) -> list[dict[str, Any]]:
        with service.store.open() as connection:
            found = model_tasks(connection, service.force, **wanted)
        service.store.consulted(actor, SOURCE, "tasks by the intelligence model")
        return found

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table(
        "task", "unit", "title", "priority", "level", "gap", "kind of work", title=f"Open tasks: {len(found)}"
    )
    for row in found:
        table.add_row(*(", ".join(v) if isinstance(v, list | tuple) else str(v or "") for v in row.values()))
    console.print(table)


def _version_of(service: Service, version: int | None) -> ControlStrategy:
    with service.store.open() as connection:
        if version is None:
            found = strategy_at(connection, service.store.clock.now())
        else:
            found = next((each for each in strategies.read_all(connection) if each.version == version), None)
    if found is None:
        raise RuleBroken("No control strategy is in force." if version is None else f"There is no version {version}.")
    return found


def _show(found: dict[str, Any]) -> None:
    until = f" to {found['in_force_until']}" if found["in_force_until"] else ""
    published = "published" if found["is_published"] else "not yet published"
    words = f"Version {found['version']}, in force from {found['in_force_from']}{until}, {published}"
    console.print(f"{words}. Set by {found['decision']} at {found['meeting']}.", soft_wrap=True)
    for each in found["priorities"]:
        told = f"owner {each['owner_role']}, plan {each['plan']}, level {each['nim_level']}"
        console.print(f"\n{each['code']} {each['title']}: {told}", soft_wrap=True)
        if each["only_enforces"]:
            console.print("   WARNING: its open work only enforces.")
        for task in each["tasks"]:
            late = ", overdue" if task["is_overdue"] else ""
            console.print(
                f"   {task['reference']} {task['unit']}: {task['status']}{late}. {task['title']}", soft_wrap=True
            )
    console.print(f"\nStrategic intelligence requirement, to be looked at again on {found['review_on']}:")
    for gap in found["intelligence_gaps"]:
        console.print(f"   {gap['code']} {gap['title']}", soft_wrap=True)
