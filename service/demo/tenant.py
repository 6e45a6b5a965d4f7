"""The demo's Microsoft 365: the emulator as a process of its own, reached only by its addresses."""

import asyncio
import re
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 30.0
HTTPS_LINE = re.compile(r"^https: .*authority (\S+)  ca (.+)$", re.MULTILINE)
"""What the emulator says at its start of where people sign in, and of the authority that its certificate is from."""


class DemoFault(Exception):
    """The demo cannot go on; the text says what to mend."""


class DemoTenant:
    """One emulator process. `authority` is where people sign in, `ca_file` what to trust for that.

    `control` calls its /_emulator levers.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port or free_port()
        self.authority = self.ca_file = ""
        self.har = folder / "traffic.har"
        self.identity_header = secrets.token_hex(24)
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = folder / "emulator.log"
        self._process: asyncio.subprocess.Process | None = None
        self._http = httpx.AsyncClient(base_url=self.address, timeout=30, trust_env=False)

    @property
    def environment(self) -> dict[str, str]:
        """What the service has to know of this tenant, as in Azure: Graph's address and its identity."""
        return {
            "TASKING_GRAPH_BASE_URL": f"{self.address}/v1.0",
            "IDENTITY_ENDPOINT": f"{self.address}/msi/token",
            "IDENTITY_HEADER": self.identity_header,
        }

    async def start(self) -> None:
        """Starts the process and waits until it answers. Raises DemoFault when it does not."""
        if not is_free(self.port):
            raise DemoFault(f"Port {self.port} is in use: choose another with --emulator-port.")
        beside = self.port + 1 if is_free(self.port + 1) else 0
        ports = ("--port", str(self.port), "--https-port", str(beside))
        arguments = (*ports, "--identity-header", self.identity_header, "--har", str(self.har))
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "m365_emulator", *arguments, stdout=log, stderr=log
            )
        async with asyncio.timeout(START_SECONDS):
            while not await self._answers() or (found := HTTPS_LINE.search(self._log.read_text("utf-8"))) is None:
                if self._process.returncode is not None:
                    raise DemoFault(f"The emulator did not start: see {self._log}.")
                await asyncio.sleep(0.1)
        self.authority, self.ca_file = found.groups()

    async def stop(self) -> None:
        """Ends the process, which then writes the traffic."""
        await self._http.aclose()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def control(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One lever: POST with a body, GET without. Returns the answer's JSON, None where it is empty."""
        url = f"/_emulator/{path}"
        answer = await (self._http.get(url) if body is None else self._http.post(url, json=dict(body)))
        if answer.is_error:
            raise DemoFault(f"The emulator refused {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    async def keep_traffic(self) -> None:
        """Writes the traffic so far, while the emulator goes on."""
        answer = await self._http.get("/_emulator/traffic.har")
        self.har.write_bytes(answer.raise_for_status().content)

    async def _answers(self) -> bool:
        try:
            return (await self._http.get("/_emulator/health")).status_code == 200
        except httpx.TransportError:
            return False


class Person:
    """Somebody at work in Planner: what a person's own client sends to Graph, under their own name."""

    def __init__(self, tenant: DemoTenant, upn: str, user_id: str, token: str) -> None:
        self.upn = upn
        self.user_id = user_id
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(base_url=f"{tenant.address}/v1.0", headers=headers, timeout=30, trust_env=False)

    async def change_task(self, planner_task_id: str, changes: Mapping[str, Any]) -> None:
        """Reads the task for its etag and sends the changes."""
        await self._change(f"/planner/tasks/{planner_task_id}", changes)

    async def tick_first(self, planner_task_id: str) -> None:
        """Ticks the first line of the task's checklist."""
        path = f"/planner/tasks/{planner_task_id}/details"
        details = (await self._http.get(path)).raise_for_status().json()
        line = next(iter(details["checklist"]))
        tick = {"@odata.type": "#microsoft.graph.plannerChecklistItem", "isChecked": True}
        await self._change(path, {"checklist": {line: tick}})

    async def delete_task(self, planner_task_id: str) -> None:
        """Deletes the task from the board."""
        path = f"/planner/tasks/{planner_task_id}"
        etag = (await self._http.get(path)).raise_for_status().json()["@odata.etag"]
        (await self._http.delete(path, headers={"If-Match": etag})).raise_for_status()

    async def aclose(self) -> None:
        """Closes the connection."""
        await self._http.aclose()

    async def _change(self, path: str, changes: Mapping[str, Any]) -> None:
        etag = (await self._http.get(path)).raise_for_status().json()["@odata.etag"]
        answer = await self._http.patch(path, json=dict(changes), headers={"If-Match": etag})
        answer.raise_for_status()


async def person(tenant: DemoTenant, upn: str) -> Person:
    """Somebody of the seeded people, signed in for Planner."""
    signed = await tenant.control("tokens", {"user": upn, "scopes": ["Tasks.ReadWrite", "Group.Read.All"]})
    return Person(tenant, upn, signed["user"], signed["access_token"])


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
