"""The emulator as a process of its own: its address, its levers, and the traffic that it kept.

Benches count there, at the far end of the wire, and never inside the service.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).parent.parent
NO_LIMITS = ("planner_max_tasks=0", "planner_max_active_tasks=0")
"""Switches for benches that fill boards past what a plan may hold; 0 is no limit."""
NAME = "bench"


def child_environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of ours: this project's code, and no setting but those given."""
    ours = ("TASKING_", "IDENTITY_", "AZURE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(PROJECT), **more}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A running emulator. `url` is its address without /v1.0."""

    url: str
    identity_header: str
    process_id: int
    http: httpx.Client

    @property
    def environment(self) -> dict[str, str]:
        """What the service has to know of it, as in Azure: Graph's address and its identity."""
        return {
            "TASKING_GRAPH_BASE_URL": f"{self.url}/v1.0",
            "IDENTITY_ENDPOINT": f"{self.url}/msi/token",
            "IDENTITY_HEADER": self.identity_header,
        }

    def control(self, path: str, body: Mapping[str, Any] | None = None, method: str = "") -> Any:
        """One lever: POST with a body, else GET, or the method named. Returns the JSON, None where there is none."""
        verb = method or ("GET" if body is None else "POST")
        answer = self.http.request(verb, f"/_emulator/{path}", json=None if body is None else dict(body))
        if answer.is_error:
            raise RuntimeError(f"The emulator refused {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def app_token(self) -> str:
        """A token of an app with all that was consented."""
        return str(self.control("tokens", {})["access_token"])

    def latency(self, seconds: float) -> None:
        """Holds every Graph request from now on for so long."""
        self.control("faults/latency", {"fixed_ms": seconds * 1000})

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far; 0 where the system does not tell."""
        stat = Path(f"/proc/{self.process_id}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text("utf-8").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def mark(self) -> int:
        """How many exchanges it has kept so far; see `traffic_since`."""
        return int(self.control("state")["exchanges"])

    def traffic_since(self, mark: int) -> list[dict[str, Any]]:
        """The exchanges below /v1.0 since then, as HAR entries, oldest first."""
        entries: list[dict[str, Any]] = self.control("traffic.har")["log"]["entries"]
        return entries[mark:]

    def forget_traffic(self) -> None:
        """Drops the exchanges kept so far, which a long bench would fill its room with; all else stays."""
        for path in (f"snapshots/{NAME}", "reset", f"snapshots/{NAME}/restore"):
            self.control(path, {})
        self.control(f"snapshots/{NAME}", method="DELETE")


@contextmanager
def running_tenant(folder: Path, switches: Sequence[str] = ()) -> Iterator[Tenant]:
    """An emulator in a process of its own for the length of the block; what it complains of goes into `folder`."""
    words = [word for switch in switches for word in ("--switch", switch)]
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", *words]
    with (folder / "emulator.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=PROJECT, env=child_environment({})
        )
    try:
        ready = process.stdout.readline().split() if process.stdout else []
        if "control" not in ready:
            raise RuntimeError(f"The emulator did not start: {(folder / 'emulator.log').read_text()[-500:]}")
        url = ready[ready.index("control") + 1].removesuffix("/_emulator")
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as http:
            yield Tenant(url, ready[ready.index("identity-header") + 1], process.pid, http)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
