"""The whole service under fire: separate processes, faulty Graph answers, workers killed at random; nothing is lost.

An emulator, two workers (`tasking serve`) on one database, responses by the HTTP door and the intake list. Ends by
itself: exit status 0 when every response is one task and every card was posted.
"""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.boards import say
from bench.soak_senders import KEY, Outgoing, Senders, write_responses
from bench.soak_verdict import Sent, Verdict, judge
from bench.soak_workers import Killer, Worker
from bench.stage import Stage, run_job, set_up
from bench.tenant import NO_LIMITS, Tenant, running_tenant
from planner_sync.boards import all_boards
from service import logs
from service.clock import MovableClock
from service.demo.tenant import free_port
from service.outbox_worker import DELIVERY_SECONDS
from service.wiring import Service
from store import notebook, outbox, tasks

TELL_SECONDS = 5.0
SLOW_SECONDS = 5.0
KINDS: tuple[dict[str, Any], ...] = (
    {"status": 429, "retry_after": "whole", "seconds": 1},
    {"status": 503},
    {"reset": True},
    {"lose": "disconnect"},
    {"delay_seconds": SLOW_SECONDS},
)
"""Throttled, unavailable, connection reset with nothing done, lost after commit, slow: each as likely."""
ENVELOPE_KINDS: tuple[dict[str, Any], ...] = ({"reset": True}, {"lose": "disconnect"})
ENVELOPE_SHARE = 0.2
"""Batches as a whole are hit a fifth as often: their items are hit one by one besides."""
ORDER = ("read-intake-list", "read-workbooks", "deliver", "pull-boards", "sweep-escalations", "deliver")
ROUND_AHEAD = timedelta(minutes=3)
MOST_ROUNDS = 60


class Soak:
    """One run. `options` are the command's."""

    def __init__(self, stage: Stage, outgoing: Sequence[Outgoing], options: argparse.Namespace) -> None:
        self._stage = stage
        self._outgoing = outgoing
        self._options = options
        environment = {**stage.environment, "TASKING_FUNCTION_KEY": KEY}
        self._workers = [Worker(name, free_port(), environment, stage.folder) for name in ("worker-a", "worker-b")]
        self._killer = Killer(self._workers, options.kills, options.seed)
        self._senders = Senders(stage.tenant.url, [worker.address for worker in self._workers], options.seed)
        self._cut_off: set[tuple[int, str]] = set()
        """Claims of deliveries that a kill cut off: the row and until when it was claimed."""
        self._began = time.monotonic()

    async def run(self) -> dict[str, Any]:
        """Sends, kills, waits until all is delivered, and judges. Returns the report."""
        order_faults(self._stage.tenant, self._options.faulty, self._options.seed)
        try:
            async with self._told(), asyncio.timeout(self._options.longest):
                await asyncio.gather(self._killer.run(), self._send())
                say("all are sent and all kills are done; waiting until everything is delivered")
                await (self._settle_ahead() if self._options.ahead else self._settle())
        except TimeoutError:
            say(f"gave up after {self._options.longest} seconds")
        finally:
            for worker in self._workers:
                worker.stop()
        return await self._report()

    async def _send(self) -> None:
        """Sends in step with the kills, so that each of these finds work under way."""
        each = self._options.kills / len(self._outgoing)
        await self._senders.send_all(self._outgoing, lambda number: self._killer.has_done(int(number * each)))

    async def _settle(self) -> None:
        """Leaves the two workers to it; only that they stay up is seen to."""
        while not self._is_settled():
            for worker in self._workers:
                worker.start()
            await asyncio.sleep(1)

    async def _settle_ahead(self) -> None:
        """Stops the workers, waits out what is under way, and does the rest here, the clock set ahead of leases."""
        for worker in self._workers:
            worker.stop()
        self._note_cut_off(outbox.LEASE)
        await asyncio.sleep(SLOW_SECONDS + 1)
        clock = MovableClock()
        async with self._stage.service(clock) as service:
            for _ in range(MOST_ROUNDS):
                if self._is_settled():
                    return
                clock.advance(ROUND_AHEAD)
                for name in ORDER:
                    await _run_whatever_comes(service, name)

    def _is_settled(self) -> bool:
        waiting, received, made = self._counts()
        return waiting == received == 0 and made >= len(self._outgoing)

    def _note_cut_off(self, within: timedelta) -> None:
        """Notes claims that end within so long; with less of a lease left than any delivery takes, nobody is at it."""
        until = f"{datetime.now(UTC) + within:%Y-%m-%d %H:%M:%S.%f}"
        with closing(self._database()) as connection:
            query = "SELECT outbox_id, claimed_until FROM outbox WHERE state = 'PENDING' AND claimed_until < ?"
            self._cut_off.update(connection.execute(query, (until,)).fetchall())

    def _counts(self) -> tuple[int, int, int]:
        """Outbox rows that wait, responses without their effect, tasks on record."""
        queries = ("outbox WHERE state = 'PENDING'", "inbox WHERE state = 'RECEIVED'", "tasks")
        with closing(self._database()) as connection:
            found = [connection.execute(f"SELECT count(*) FROM {query}").fetchone()[0] for query in queries]
        return found[0], found[1], found[2]

    def _database(self) -> sqlite3.Connection:
        """The workers' database, read without taking any lock."""
        return sqlite3.connect(f"file:{self._stage.folder / 'tasking.db'}?mode=ro", uri=True, timeout=30)

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """A line of progress every few seconds while the block runs."""

        async def tell() -> None:
            while True:
                await asyncio.sleep(TELL_SECONDS)
                self._note_cut_off(outbox.LEASE - timedelta(seconds=DELIVERY_SECONDS))
                waiting, _, made = self._counts()
                say(
                    f"{self._killer.done} kills, {self._senders.accepted} of {len(self._outgoing)} accepted,"
                    f" {made} tasks on record, {waiting} deliveries wait"
                )

        telling = asyncio.create_task(tell())
        try:
            yield
        finally:
            telling.cancel()

    async def _report(self) -> dict[str, Any]:
        tenant = self._stage.tenant
        plan = tenant.control("faults/plan")
        tenant.control("faults", method="DELETE")
        async with self._stage.service() as service:
            verdict = await asyncio.to_thread(look, tenant, service, [each.sent for each in self._outgoing])
        verdict.faults += [f"A response was refused: {words}" for words in self._senders.refused]
        waiting, received, made = self._counts()
        if waiting or received or made != len(self._outgoing):
            verdict.faults.append(f"{waiting} deliveries and {received} responses still wait; {made} tasks on record.")
        killed = sum(worker.kills for worker in self._workers)
        if killed < self._options.kills:
            verdict.faults.append(f"Only {killed} of {self._options.kills} kills were done.")
        return {
            "seconds": round(time.monotonic() - self._began, 1),
            "seed": self._options.seed,
            "faulty": self._options.faulty,
            "kills": killed,
            "ended_of_their_own": [status for worker in self._workers for status in worker.ends_of_its_own],
            "sent_again": self._senders.sent_again,
            "answers": plan.get("drawn", 0),
            "faults_struck": sum(step["struck"] for step in plan["steps"]),
            "deliveries_cut_off": len(self._cut_off),
            **{name: value for name, value in asdict(verdict).items() if name != "faults"},
            "ok": verdict.is_good,
            "faults": verdict.faults,
        }


def order_faults(tenant: Tenant, share: float, seed: int) -> None:
    """This share of all calls to Graph and to webhooks is answered badly, by chance, in each of the KINDS."""
    calls = [(r"^/(?!\$batch)", kind, share / len(KINDS)) for kind in KINDS]
    whole = [(r"^/\$batch", kind, share * ENVELOPE_SHARE / len(ENVELOPE_KINDS)) for kind in ENVELOPE_KINDS]
    steps = [
        {"match": {"path": path}, "count": None, "probability": chance, "then": kind}
        for path, kind, chance in (*calls, *whole)
    ]
    tenant.control("faults/plan", {"steps": steps if share else [], "seed": seed})


def look(tenant: Tenant, service: Service, sent: Sequence[Sent]) -> Verdict:
    """What the emulator's boards and channels show, judged; and what the service gave up."""
    with service.store.open() as connection:
        unit_of_plan = {board.plan_id: board.unit for board in all_boards(connection)}
        dead, records = outbox.dead_letters(connection), tasks.read_all_tasks(connection)
        troubles = [str(notice["text"]) for notice in notebook.open_notices(connection)]
    flows = tenant.control("workflows")
    cards = [json.dumps(post["message"]) for flow in flows for post in tenant.control(f"workflows/{flow['id']}/posts")]
    top = next(unit.code for unit in service.force.units.values() if unit.parent is None)
    verdict = judge(sent, tenant.control("planner/tasks")["value"], unit_of_plan, cards, top)
    verdict.faults += [f"Given up: {row['handler']}: {row['last_error']}" for row in dead]
    doubled = len(records) - len({(record.form, record.response_id) for record in records})
    if doubled:
        verdict.faults.append(f"{doubled} responses are on record twice.")
    for trouble in troubles:
        say(f"the operator was told: {trouble}")
    return verdict


async def _run_whatever_comes(service: Service, name: str) -> None:
    try:
        await run_job(service, name)
    except RuntimeError as trouble:  # Graph was faulty just then; the next round looks again
        say(str(trouble))


def soak(options: argparse.Namespace) -> dict[str, Any]:
    """One run in a folder of its own; the report."""
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = options.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        with running_tenant(folder, NO_LIMITS) as tenant:
            say("provisioning")
            stage = set_up(tenant, folder)
            outgoing = asyncio.run(write_responses(stage, options.responses, options.seed))
            say(f"{options.responses} responses, {options.kills} kills, {options.faulty:.0%} of answers faulty")
            return asyncio.run(Soak(stage, outgoing, options).run())


def parser() -> argparse.ArgumentParser:
    """The options with their defaults."""
    made = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    made.add_argument("--responses", type=int, default=500, help="responses to send (default %(default)s)")
    made.add_argument("--kills", type=int, default=100, help="workers to kill (default %(default)s)")
    made.add_argument("--seed", type=int, default=1, help="of the faults, the kills and the senders")
    made.add_argument("--faulty", type=float, default=0.2, help="share of Graph's answers (default %(default)s)")
    made.add_argument("--longest", type=float, default=3600, help="seconds until it gives up (default %(default)s)")
    made.add_argument("--ahead", action="store_true", help="in the end set the clock ahead instead of waiting")
    made.add_argument("--keep", type=Path, metavar="DIR", help="work in this folder and leave logs and database there")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs, prints the counts; 0 when nothing was lost, doubled or left undone."""
    options = parser().parse_args(arguments)
    if options.keep and options.keep.exists() and any(options.keep.iterdir()):
        parser().error(f"{options.keep} is not empty")
    logs.set_up("ERROR")
    report = soak(options)
    for name, value in report.items():
        if name != "faults":
            print(f"{name.replace('_', ' '):22} {value}")
    for fault in report["faults"]:
        print(f"NOT AS IT SHOULD BE: {fault}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
