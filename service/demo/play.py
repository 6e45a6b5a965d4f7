"""Runs the demo: tenant, provisioning, the morning, the table; then serves until interrupted."""

import asyncio
import json
import os
import secrets
import shlex
import shutil
import time as stopwatch
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
from rich.console import Console

from service import logs
from service.clock import MovableClock
from service.demo import outcome as outcomes
from service.demo.day import Day
from service.demo.morning import Morning
from service.demo.peakshire import open_forms, open_webhooks, read_people, read_tasks, seat_people
from service.demo.script import START_OF_DAY, acts
from service.demo.tab_people import open_tab, tab_environment
from service.demo.tenant import DemoFault, DemoTenant, free_port, is_free
from service.laptop_host import LaptopHost, load_app
from service.provision import Provision
from service.settings import Settings
from service.wiring import Service, build_service
from store.database import migrate, opened
from tasking.clocks import LONDON

MARK = "tasking-demo-folder"
SETTINGS = "settings.env"


async def run_demo(folder: Path, port: int, emulator_port: int, once: bool, console: Console) -> int:
    """The whole demo; the exit status: 0 when all came out as expected."""
    try:
        _own_folder(folder)
    except DemoFault as fault:
        console.print(str(fault), soft_wrap=True)
        return 2
    tenant = DemoTenant(folder, emulator_port)
    try:
        console.print(f"Starting the Microsoft 365 emulator at {tenant.address}")
        await tenant.start()
        return await _play(folder, port or free_port(), tenant, once, console)
    except DemoFault as fault:
        console.print(str(fault), soft_wrap=True)
        return 2
    finally:
        await tenant.stop()


async def _play(folder: Path, port: int, tenant: DemoTenant, once: bool, console: Console) -> int:
    if not is_free(port):
        raise DemoFault(f"Port {port} is in use: choose another with --port.")
    began, clock = stopwatch.monotonic(), await _morning_clock(tenant)
    address, key = f"http://127.0.0.1:{port}", secrets.token_urlsafe(16)
    environment = {
        **tenant.environment,
        "TASKING_DATABASE_URL": f"sqlite:///{(folder / 'tasking.db').resolve()}",
        "TASKING_FUNCTION_KEY": key,
        "TASKING_PLANNER_TASK_URL": f"{tenant.address}/boards/{{plan_id}}/tasks/{{task_id}}",
        "TASKING_PLANNER_BOARD_URL": f"{tenant.address}/boards/{{plan_id}}",
        "TASKING_RECORD_URL": f"{address}/api/tab/tasks/{{reference}}",
        "TASKING_SETTLE_SECONDS": "1",
        **tab_environment(tenant, address),
        "TASKING_LOG_LEVEL": "ERROR",
    }
    os.environ.update(tenant.environment)
    logs.set_up("ERROR")
    service = _make(environment, clock)
    await _provision(service, console)
    people = read_people(service.settings.config_dir)
    user_ids = await seat_people(tenant, service, people)
    webhooks = await open_webhooks(tenant, service)
    await open_forms(tenant, service)
    await open_tab(tenant, address, people)
    await service.aclose()
    _keep_settings(folder, environment | webhooks)
    service = _make(environment | webhooks, clock)
    try:
        demo_tasks = read_tasks(service.settings.config_dir)
        morning = Morning(tenant, service, clock, demo_tasks, people, address, key)
        host = LaptopHost(service, load_app(), key)
        async with host.at_work(with_timers=False), _listening(host, port):
            day = Day(service, clock, morning, folder / "papers")
            await _acts(morning, day, user_ids, console)
            outcome = await outcomes.look(tenant, service, morning, day, demo_tasks)
        outcome.seconds = stopwatch.monotonic() - began
        await tenant.keep_traffic()
        (folder / "summary.json").write_text(json.dumps(outcome.summary(), indent=2) + "\n", "utf-8")
        outcomes.show(outcome, service, console)
        for fault in outcome.faults:
            console.print(f"Not as expected: {fault}", soft_wrap=True)
        if not once:
            await _keep_serving(host, port, tenant, service, folder, console)
        return 1 if outcome.faults else 0
    finally:
        await service.aclose()


async def _acts(morning: Morning, day: Day, user_ids: dict[str, str], console: Console) -> None:
    for act in acts(morning, day, user_ids):
        console.print(f"{act.at:%H:%M}  {act.words} …", soft_wrap=True)
        await day.until(act.at)
        for doing in act.doings:
            await doing()


def _make(environment: dict[str, str], clock: MovableClock) -> Service:
    settings = Settings.read(environment)
    with opened(settings.database_url) as engine:
        migrate(engine)
    return build_service(settings, clock)


async def _provision(service: Service, console: Console) -> None:
    with console.status("Provisioning Peakshire: groups, plans, buckets, labels, channels, intake"):
        steps = await Provision(service, lambda step: None).run()
    failed = [step for step in steps if step.outcome == "failed"]
    if failed:
        raise DemoFault("\n".join(f"{step.kind} {step.name}: {step.words}" for step in failed))
    made = {kind: sum(step.kind == kind for step in steps) for kind in ("group", "plan", "bucket", "channel", "list")}
    console.print("Peakshire is provisioned: " + ", ".join(f"{number} {kind}s" for kind, number in made.items()))


async def _morning_clock(tenant: DemoTenant) -> MovableClock:
    """Both clocks at the next seven o'clock in London, so that every demo plays the same morning."""
    now = datetime.now(UTC)
    today = datetime.combine(now.astimezone(LONDON).date(), START_OF_DAY, LONDON)
    start = today if today > now else datetime.combine(today.date() + timedelta(days=1), START_OF_DAY, LONDON)
    clock = MovableClock()
    clock.advance(start.astimezone(UTC) - now)
    await tenant.control("clock", {"now": clock.now().isoformat()})
    return clock


class _listening:
    """Serves the host's doors inside this program while the block runs."""

    def __init__(self, host: LaptopHost, port: int) -> None:
        config = uvicorn.Config(host.application, host="127.0.0.1", port=port, log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._task: asyncio.Task[None] | None = None
        self._health = f"http://127.0.0.1:{port}/api/health"

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._server.serve())
        async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as client:
            while not self._server.started:
                if self._task.done():
                    raise DemoFault("The service's doors could not be opened.")
                await asyncio.sleep(0.05)
            (await client.get(self._health)).raise_for_status()

    async def __aexit__(self, *failure: object) -> None:
        self._server.should_exit = True
        assert self._task is not None
        await self._task


def _keep_settings(folder: Path, environment: dict[str, str]) -> None:
    """Leaves the demo's settings for `tasking` and curl, readable by their owner alone: they hold its door's key."""
    path = folder / SETTINGS
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()), "utf-8")


async def _keep_serving(
    host: LaptopHost, port: int, tenant: DemoTenant, service: Service, folder: Path, console: Console
) -> None:
    console.print(f"\nLook at it:  {tenant.address}/  (forms, boards, channels)")
    for form in service.forms.values():
        console.print(f"  form       {tenant.address}/forms/{form.slug}")
    for plan in (await tenant.control("planner/plans"))["value"]:
        console.print(f"  board      {tenant.address}/boards/{plan['id']}  {plan['title']}", soft_wrap=True)
    console.print(f"  channels   {tenant.address}/channels")
    console.print(f"  tab        http://127.0.0.1:{port}/api/tab/  (sign in as anybody of Peakshire)")
    console.print(f"             its sign-in has a certificate of this machine: {tenant.ca_file}", soft_wrap=True)
    console.print(f"  health     http://127.0.0.1:{port}/api/health")
    console.print(f"Commands on it:  . {folder / SETTINGS}; .venv/bin/tasking inbox", soft_wrap=True)
    console.print("(that file also has the key that the HTTP door wants as header x-functions-key)")
    console.print("The service goes on working. Ctrl-C ends it.")
    with suppress(asyncio.CancelledError, KeyboardInterrupt):
        await host.serve("127.0.0.1", port)


def _own_folder(folder: Path) -> None:
    """The demo's folder, emptied of the last demo. A folder that is not the demo's own is left alone."""
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise DemoFault(f"{folder} is not a folder of the demo's: choose another with --dir.")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    mark.write_text("made by `tasking demo`; safe to delete\n", "utf-8")
