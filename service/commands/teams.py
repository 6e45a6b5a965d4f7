"""The Teams app of the tab: `tasking teams-package`."""

import sys
from pathlib import Path

import click

from service.commands.running import console, problems, settings_or_stop, told
from service.force_config import load_force
from service.teams_package import teams_package


@click.command("teams-package")
@click.option(
    "--to",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Where to write it, such as tasking.zip; a file that is there already is left as it is.",
)
def teams_package_command(path: Path) -> None:
    """Write the Teams app of the tab as a package, to upload in the Teams admin centre.

    It holds a manifest made of the tab's settings and two icons; no secret is in it. The same settings give the same
    package, and a package with a later version of the service updates the same app.
    """
    settings = settings_or_stop()
    with told():
        force, _ = load_force(settings.config_dir)
        made = teams_package(settings, force)
        if path.exists():
            problems.print(f"{path}: there is a file already; nothing was written.", soft_wrap=True)
            sys.exit(1)
        path.write_bytes(made)
    console.print(f"{path}: the Teams app of {settings.tab_url}, to upload in the Teams admin centre.", soft_wrap=True)
