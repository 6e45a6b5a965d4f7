"""`tasking routes`: how tasks go up and come back down, as config has it."""

import json
from dataclasses import asdict

import click
from rich.table import Table

from service.commands.running import console, settings_or_stop, told
from service.force_config import load_force
from service.policy_config import load_policy
from tasking.routes import Route, routes

COLUMNS = {
    "from_level": "from",
    "to_level": "to",
    "reason": "reason code",
    "words": "for what",
    "needs": "has to be said",
    "agrees": "who agrees",
    "decides": "who decides",
    "by_when": "by when",
}


@click.command("routes")
@click.option("--json", "as_json", is_flag=True, help="For another program instead of as a table.")
def show_routes(as_json: bool) -> None:
    """Show the routes up and down: from, to, reason code, who agrees, who decides and by when.

    They are those of config/force.yaml and config/escalation_policy.yaml; no record is read.
    """
    settings = settings_or_stop()
    with told():
        force, _ = load_force(settings.config_dir)
        policy = load_policy(settings.config_dir, force)
    found = routes(force, policy)
    if as_json:
        click.echo(json.dumps({"policy": policy.version, "routes": [asdict(route) for route in found]}, indent=2))
        return
    for direction in ("up", "down"):
        some = [route for route in found if route.direction == direction]
        console.print(_table(f"{len(some)} routes {direction} (policy {policy.version})", some))


def _table(title: str, found: list[Route]) -> Table:
    table = Table(*COLUMNS.values(), title=title)
    for route in found:
        table.add_row(*(str(getattr(route, name)) for name in COLUMNS))
    return table
