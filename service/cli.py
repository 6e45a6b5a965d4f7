"""The `tasking` command. Every sub-command says what it does with --help, and ends with 1 when something is wrong."""

import asyncio
import signal
import sys
from pathlib import Path

import click
from rich.table import Table

from service.commands.account import sign_in_service_account
from service.commands.ageing import ageing, pause, resume
from service.commands.agenda import agenda
from service.commands.audit import evidence, verify_audit
from service.commands.calendar import meeting
from service.commands.cycle import cycle
from service.commands.deciding import assess, decide, link
from service.commands.finding import find, handling
from service.commands.intelligence import analysis, recommendation
from service.commands.offering import offers
from service.commands.papers import inbox, minutes, pack, register
from service.commands.quality import qa
from service.commands.roles import roles
from service.commands.routes import show_routes
from service.commands.running import console, login_or_stop, problems, settings_or_stop, stop, told, with_service
from service.commands.strategy import strategy
from service.commands.teams import teams_package_command
from service.commands.thrive import thrive
from service.jobs import JOBS, Job, job_named, run
from service.provision import Provision, Step
from service.settings import Settings
from service.wiring import Service
from store import notebook, outbox
from store.database import migrate, opened


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tasking")
def main() -> None:
    """Police tasking on Microsoft 365.

    Settings come from the environment: docs/settings.md lists them. `tasking demo` needs none.
    """


@main.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Folder of its own for the demo; made anew each time.",
)
@click.option("--port", default=7071, show_default=True, help="Port of the service's doors.")
@click.option("--emulator-port", default=8365, show_default=True, help="Port of the Microsoft 365 emulator.")
@click.option("--once", is_flag=True, help="End after the day, with exit status 0 only when all came out as expected.")
def demo(folder: Path, port: int, emulator_port: int, once: bool) -> None:
    """Run the main job on the emulator with the fictional force Peakshire, and show it."""
    from service.demo import run_demo

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with told():
        try:
            sys.exit(asyncio.run(run_demo(folder, port, emulator_port, once, console)))
        except KeyboardInterrupt:
            console.print("\nThe demo has ended.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=7071, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the doors and the clock on this machine, as Azure Functions would."""
    from service.laptop_host import LaptopHost, load_app

    settings = settings_or_stop()
    _migrated(settings)
    if not settings.function_key:
        words = "Warning: TASKING_FUNCTION_KEY is not set: whoever reaches the doors may use them."
        problems.print(words, soft_wrap=True)

    async def serving(service: Service) -> None:
        laptop = LaptopHost(service, load_app(), settings.function_key)
        await laptop.serve(host, port, lambda: console.print(f"Serving on http://{host}:{port}/api/health"))

    with_service(settings, serving)


@main.command("run")
@click.argument("job", type=click.Choice([*(job.name for job in JOBS), "all"]), metavar="JOB")
def run_job(job: str) -> None:
    """Run one job of the clock now, or `all` of them in the order of the straight path.

    \b
    read-intake-list   new responses from the SharePoint intake list
    read-workbooks     responses that only the workbooks have
    pull-boards        what people changed on the boards
    sweep-escalations  what the policy says must climb
    deliver            everything promised and due
    retire-tasks       what has stood complete on a board for long enough
    freeze-packs       packs of the meetings within the hour
    close-cycle        the report of a tasking cycle that has ended
    show-meetings      boards whose next meeting has changed
    send-digests       the digests of 07:30 and 16:30
    remind-reviews     reviews between meetings that are rare
    check-channels     one card a day in each channel, to see that it works
    renew-account      the service account's sign-in
    keep-subscriptions Graph's word that the intake list has changed
    all                the first five, delivering after each

    By hand every board is read, whether its time has come or not.
    Open troubles are said at the end; the exit status is 1 when a job could not do its work.
    """
    wanted = _all_in_order() if job == "all" else [each for each in JOBS if each.name == job]

    async def running(service: Service) -> bool:
        stopped = False
        for each in wanted:
            done = await run(service, each, by_hand=True)
            console.print(f"{each.name}: {'could not do its work' if done is None else done}")
            stopped = stopped or done is None
        with service.store.open() as connection:
            for notice in notebook.open_notices(connection):
                problems.print(f"trouble: {notice['text']}", soft_wrap=True)
        return stopped

    sys.exit(1 if with_service(settings_or_stop(), running) else 0)


@main.command()
@click.option("--dry-run", is_flag=True, help="Only look: say what is missing and make nothing.")
@click.option("--names-back", is_flag=True, help="Give buckets that people renamed the names of config again.")
def provision(dry_run: bool, names_back: bool) -> None:
    """Make in Microsoft 365 what config/force.yaml names. What is there is left as it is.

    Boards that have drifted apart are listed: missing and renamed buckets, labels with other names.
    """
    settings = settings_or_stop()
    _migrated(settings)

    async def provisioning(service: Service) -> list[Step]:
        return await Provision(service, _tell_step, only_look=dry_run, names_back=names_back).run()

    steps = with_service(settings, provisioning)
    bad = [step for step in steps if step.outcome in ("failed", "missing")]
    console.print(f"{len(steps)} looked at, {len(bad)} {'missing or failed' if bad else 'missing'}.")
    sys.exit(1 if bad else 0)


@main.command("migrate")
def migrate_database() -> None:
    """Bring the database's tables to this version."""
    _migrated(settings_or_stop())
    console.print("The database is at this version.")


@main.command()
@click.option("--dead-letter", "which", type=int, help="Deliver this dead letter again; without it, list them.")
@click.option("--all", "everything", is_flag=True, help="Deliver every dead letter again.")
@click.option(
    "--policy",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Say what this escalation policy would have done in the last cycle, doing nothing of it.",
)
@click.option("--json", "as_json", is_flag=True, help="With --policy: for another program instead of as a table.")
@click.option("--as", "who", metavar="WHO", help="Who does it or looks, for the audit log; else your login here.")
def replay(which: int | None, everything: bool, policy: Path | None, as_json: bool, who: str | None) -> None:
    """Deliver dead letters again, or try an escalation policy on the last tasking cycle."""
    from service.replaying import replay_policy

    async def replaying(service: Service) -> None:
        if policy:
            replay_policy(service, policy, console, as_json, who or login_or_stop("looks at it"))
        elif which is None and not everything:
            _show_dead_letters(service)
        else:
            actor = who or login_or_stop("puts it back")
            with service.store.act(actor, "command line", service.store.new_delivery_id()) as uow:
                ids = uow.put_back(which)
            console.print(f"{len(ids)} put back; {await service.worker.deliver_due()} deliveries tried.")

    with_service(settings_or_stop(), replaying)


@main.command("believe-board")
@click.argument("unit", metavar="UNIT")
def believe_board(unit: str) -> None:
    """Take it that people deleted every task of a board that reads empty.

    A board that suddenly reads empty changes nothing by itself, since it may be one that cannot be read. Where people
    did empty it, this treats each task as the force's deleted_task_policy says.
    """

    async def believing(service: Service) -> None:
        if unit not in service.force.every_board:
            stop([f"There is no board of {unit}; there are {', '.join(sorted(service.force.every_board))}."])
        gone = await service.in_step.believe_board(unit)
        console.print(
            f"{gone} tasks are gone from the board of {unit}; {await service.worker.deliver_due()} deliveries."
        )

    with_service(settings_or_stop(), believing)


def _show_dead_letters(service: Service) -> None:
    with service.store.open() as connection:
        rows = outbox.dead_letters(connection)
    table = Table("id", "handler", "tries", "why", title=f"{len(rows)} dead letters")
    for row in rows:
        table.add_row(str(row["outbox_id"]), row["handler"], str(row["attempts"]), row["last_error"])
    console.print(table)


def _all_in_order() -> list[Job]:
    order = ("read-intake-list", "read-workbooks", "deliver", "pull-boards", "sweep-escalations", "deliver")
    return [job_named(name) for name in order]


def _tell_step(step: Step) -> None:
    console.print(f"{step.outcome:8} {step.kind:9} {step.name} {step.words}".rstrip(), soft_wrap=True)


def _migrated(settings: Settings) -> None:
    with told(), opened(settings.database_url) as engine:
        migrate(engine)


OTHERS = (
    ageing,
    agenda,
    analysis,
    assess,
    cycle,
    decide,
    evidence,
    find,
    handling,
    inbox,
    link,
    meeting,
    minutes,
    offers,
    pack,
    pause,
    recommendation,
    qa,
    register,
    resume,
    roles,
    show_routes,
    sign_in_service_account,
    strategy,
    teams_package_command,
    thrive,
    verify_audit,
)
for command in OTHERS:
    main.add_command(command)
