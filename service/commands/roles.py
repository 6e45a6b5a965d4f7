"""Who does what by role: `tasking roles`."""

import json
from dataclasses import asdict

import click
from rich.table import Table

from reporting.roles import RoleRow
from reporting.roles import roles as roles_of
from reporting.strategy import strategy_at
from service.commands.deciding import within_the_rules
from service.commands.running import console
from service.wiring import Service


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for another program.")
def roles(as_json: bool) -> None:
    """Show the roles of every meeting, level and priority, beside what the national guidance (APP) calls them."""

    async def looking(service: Service) -> tuple[RoleRow, ...]:
        with service.store.open() as connection:
            strategy = strategy_at(connection, service.store.clock.now())
        return roles_of(service.force, strategy)

    found = within_the_rules(looking)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=2))
        return
    table = Table("meeting, level or priority", "unit", "in APP", "here", title="Roles")
    for row in found:
        table.add_row(row.where, row.unit, row.app_role, row.role or "nobody named in config")
    console.print(table)
