"""`tasking offers`: what units lend each other for a time."""

import json
import secrets
from dataclasses import asdict
from datetime import datetime

import click
from rich.table import Table

from service.commands.deciding import MOMENT, within_the_rules
from service.commands.running import console
from service.wiring import Service
from tasking.clocks import clock_text
from tasking.offers import Offer
from tasking.offers_between_units import make_offer, withdraw_offer

SOURCE = "command line"


@click.group()
def offers() -> None:
    """Offer people, skills or equipment to other units for a time. Packs of divisions and the force show what stands.

    Packs suggest which request an offer is for, and print the rule. What is given is decided by `tasking decide`.
    """


@offers.command("add")
@click.option("--unit", required=True, help="The unit that offers.")
@click.option("--skill", required=True, help="A code listed under skills in force.yaml, such as DRONE.")
@click.option("--how-many", type=click.IntRange(1), default=1, show_default=True, help="How many people or pieces.")
@click.option("--from", "starts_at", type=MOMENT, required=True, help="From when, such as 2027-01-04T14:00.")
@click.option("--until", "ends_at", type=MOMENT, required=True, help="Until when.")
@click.option("--within", default="", help="The unit in whose area it may be used; else the whole force.")
@click.option("--as", "person", required=True, help="Who offers: their sign-in name.")
def add(unit: str, skill: str, how_many: int, starts_at: datetime, ends_at: datetime, within: str, person: str) -> None:
    """Offer something."""

    async def adding(service: Service) -> Offer:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            return make_offer(uow, service.force, unit, skill, how_many, starts_at, ends_at, within, person)

    made = within_the_rules(adding)
    console.print(f"{made.offer_ref}: {made.how_many} of {made.skill} offered by {made.unit}.", soft_wrap=True)


@offers.command("list")
@click.option("--unit", default="", help="Only what this unit offers.")
@click.option("--json", "as_json", is_flag=True, help="For another program instead of as a table.")
def list_offers(unit: str, as_json: bool) -> None:
    """List the offers that are neither over nor withdrawn."""

    async def listing(service: Service) -> list[Offer]:
        with service.store.act("service", SOURCE, secrets.token_hex(8)) as uow:
            return [each for each in uow.standing_offers() if unit in ("", each.unit)]

    found = within_the_rules(listing)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, default=str))
        return
    table = Table(title=f"Offers: {len(found)}")
    for heading in ("offer", "unit", "skill", "how many", "from", "until", "within"):
        table.add_column(heading, no_wrap=heading == "offer")
    for each in found:
        window = (clock_text(each.starts_at), clock_text(each.ends_at))
        table.add_row(each.offer_ref, each.unit, each.skill, str(each.how_many), *window, each.within)
    console.print(table)


@offers.command("withdraw")
@click.argument("offer_ref", metavar="OFFER")
@click.option("--because", required=True, help="Why; it is kept on the record.")
@click.option("--as", "person", required=True, help="Who withdraws it: their sign-in name.")
def withdraw(offer_ref: str, because: str, person: str) -> None:
    """Take an offer back. It stays on the record."""

    async def withdrawing(service: Service) -> Offer:
        with service.store.act(person, SOURCE, secrets.token_hex(8)) as uow:
            return withdraw_offer(uow, offer_ref, person, because)

    console.print(f"{within_the_rules(withdrawing).offer_ref} is withdrawn.")
