"""How fast the emulator alone is: its process on one core, a keep-alive client in this one, more and more tasks.
Benches of the service rest on the emulator not being what is slow, so its speed must not fall as plans fill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PLANS = 10
SAMPLE = 200
TARGETS = {"reads": 500.0, "creates": 250.0}
NO_LIMITS = ("planner_max_tasks=0", "planner_max_active_tasks=0")


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured with so many tasks in the tenant: calls a second."""

    tasks: int
    reads: float
    creates: float
    updates: float
    lists: float


class Connection:
    """One keep-alive connection that asks and waits, with next to no cost of its own."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self._host = parts.netloc
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def call(self, method: str, path: str, token: str = "", body: Any = None, etag: str = "") -> tuple[int, bytes]:
        """(status, body) of one call."""
        sent = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(sent)}"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        lines += ["Content-Type: application/json"] if sent else []
        lines += [f"If-Match: {etag}"] if etag else []
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + sent)
        return self._answer()

    def _answer(self) -> tuple[int, bytes]:
        held = self._rest
        while b"\r\n\r\n" not in held:
            held += self._more()
        head, _, held = held.partition(b"\r\n\r\n")
        status, size = int(head[9:12]), 0
        for line in head.split(b"\r\n")[1:]:
            if line[:15].lower() == b"content-length:":
                size = int(line[15:])
        while len(held) < size:
            held += self._more()
        self._rest = held[size:]
        return status, held[:size]

    def _more(self) -> bytes:
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionError("the emulator hung up")
        return piece


class Client:
    """A tenant of ten plans and an app's token; every call has to succeed."""

    def __init__(self, base: str) -> None:
        self._wire = Connection(base)
        self._token = ""
        self.task_ids: list[str] = []
        order = {"groups": [{"mail_nickname": f"board-{n}", "display_name": f"Board {n}"} for n in range(PLANS)]}
        groups = self._json("POST", "/_emulator/seed", order)["groups"].values()
        self._token = self._json("POST", "/_emulator/tokens", {})["access_token"]
        self.places = [self._place(group) for group in groups]

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def create(self) -> str:
        """One more task, in the next plan; its id."""
        plan, bucket = self.places[len(self.task_ids) % PLANS]
        body = {"planId": plan, "bucketId": bucket, "title": f"T-{len(self.task_ids)} Patrol the market place"}
        made = self._json("POST", "/v1.0/planner/tasks", body)
        self.task_ids.append(made["id"])
        return str(made["id"])

    def read(self) -> None:
        """One task, any one, or its details."""
        part = random.choice(("", "/details"))
        self._json("GET", f"/v1.0/planner/tasks/{random.choice(self.task_ids)}{part}")

    def update(self) -> None:
        """Read one task and change its priority."""
        path = f"/v1.0/planner/tasks/{random.choice(self.task_ids)}"
        task = self._json("GET", path)
        self._json("PATCH", path, {"priority": (task["priority"] + 1) % 10}, task["@odata.etag"])

    def list_first_page(self) -> None:
        """The first page of one plan's tasks."""
        self._json("GET", f"/v1.0/planner/plans/{self.places[0][0]}/tasks")

    def drop(self, task_id: str) -> None:
        """Delete one task."""
        path = f"/v1.0/planner/tasks/{task_id}"
        self._json("DELETE", path, None, self._json("GET", path)["@odata.etag"])
        self.task_ids.remove(task_id)

    def _place(self, group: str) -> tuple[str, str]:
        container = {"url": f"https://graph.microsoft.com/v1.0/groups/{group}"}
        plan = self._json("POST", "/v1.0/planner/plans", {"title": "Board", "container": container})["id"]
        bucket = self._json("POST", "/v1.0/planner/buckets", {"name": "To do", "planId": plan})["id"]
        return plan, bucket

    def _json(self, method: str, path: str, body: Any = None, etag: str = "") -> Any:
        status, answer = self._wire.call(method, path, self._token, body, etag)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path} was answered {status}: {answer[:300]!r}")
        return json.loads(answer) if answer else None


@contextmanager
def emulator(core: int | None) -> Iterator[str]:
    """The emulator in a process of its own, kept to one core where the system can do that; its address."""
    switches = [word for switch in NO_LIMITS for word in ("--switch", switch)]
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", *switches]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            ready = process.stdout.readline() if process.stdout else ""
            words = ready.split()
            if "control" not in words:
                raise RuntimeError(f"the emulator did not start: {ready!r}")
            yield words[words.index("control") + 1].removesuffix("/_emulator")
        finally:
            process.terminate()


@contextmanager
def one_core_apart() -> Iterator[int | None]:
    """Keep this process off one core for the length of the block, where the system can; that core."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield cores[0] if cores else None
        return
    os.sched_setaffinity(0, set(cores[:-1]))
    try:
        yield cores[-1]
    finally:
        os.sched_setaffinity(0, set(cores))


def rate(work: Callable[[], object], seconds: float) -> float:
    """How often a second `work` can be done, measured for so many seconds."""
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        work()
        count += 1
    return count / spent


def measure(client: Client, tasks: int, seconds: float) -> Level:
    """Fill up to so many tasks, then measure; what the measuring made is taken away again."""
    while len(client.task_ids) < tasks:
        client.create()
    began = time.perf_counter()
    made = [client.create() for _ in range(SAMPLE)]
    creates = SAMPLE / (time.perf_counter() - began)
    level = Level(
        tasks,
        reads=rate(client.read, seconds),
        creates=creates,
        updates=rate(client.update, seconds),
        lists=rate(client.list_first_page, seconds),
    )
    for task_id in made:
        client.drop(task_id)
    return level


def table(levels: Sequence[Level]) -> str:
    """The figures as text, with the ratio of the last level to the first and the targets."""
    lines = [f"{'tasks':>8} {'reads/s':>9} {'creates/s':>10} {'updates/s':>10} {'lists/s':>9}"]
    lines += [f"{x.tasks:8d} {x.reads:9.0f} {x.creates:10.0f} {x.updates:10.0f} {x.lists:9.0f}" for x in levels]
    first, last = levels[0], levels[-1]
    flat = [last.reads / first.reads, last.creates / first.creates, last.updates / first.updates]
    lines.append(f"{'ratio':>8} {flat[0]:9.2f} {flat[1]:10.2f} {flat[2]:10.2f}   (last level to first; 1 is flat)")
    lines.append(f"{'target':>8} {TARGETS['reads']:9.0f} {TARGETS['creates']:10.0f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a target was missed and --check was given."""
    parser = argparse.ArgumentParser(prog="bench.emulator_speed", description=__doc__)
    parser.add_argument("--levels", default="0,1000,5000,10000", help="numbers of tasks (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement (default %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args(arguments)
    with one_core_apart() as core, emulator(core) as base:
        client = Client(base)
        levels = [measure(client, int(n), options.seconds) for n in options.levels.split(",")]
        client.close()
    print(table(levels))
    if options.json:
        options.json.write_text(json.dumps({"levels": [asdict(x) for x in levels], "targets": TARGETS}, indent=1))
    slowest = {name: min(getattr(x, name) for x in levels) for name in TARGETS}
    missed = [name for name, wanted in TARGETS.items() if slowest[name] < wanted]
    if missed:
        print(f"below target: {', '.join(missed)}")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
