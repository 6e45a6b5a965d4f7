"""The workers of the soak: each a `tasking serve` of its own on one database, killed at random and started again."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.tenant import PROJECT, child_environment

COMMAND = (sys.executable, "-c", "from service.cli import main; main()", "serve")
LONGEST_LIFE = 4.0
"""Seconds that a worker serves at most before it is killed, while kills are still to come."""
IN_ITS_START = 0.15
"""Share of the kills that strike while a worker is still starting."""
LONGEST_START = 60.0
STOP_SECONDS = 20.0


class Worker:
    """One worker process after another on the same port, with one log."""

    def __init__(self, name: str, port: int, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.address = f"http://127.0.0.1:{port}"
        self.kills = 0
        self.ends_of_its_own: list[int] = []
        """Exit statuses of processes that nobody had killed."""
        self._port = port
        self._environment = child_environment(environment)
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts a process, where none runs."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None and self._process.returncode != -signal.SIGKILL:
            self.ends_of_its_own.append(self._process.returncode)
        with self._log.open("ab") as log:
            command = [*COMMAND, "--port", str(self._port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=PROJECT, env=self._environment)

    def kill(self) -> None:
        """SIGKILL: no clean-up, no goodbye."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            self.kills += 1

    def stop(self) -> None:
        """An orderly end, or a kill where it does not come."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def serves(self) -> bool:
        """Waits until its door is open; False when the process ended, or took too long, instead."""
        until = time.monotonic() + LONGEST_START
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return True
        return False


class Killer:
    """Kills workers at random moments until the number wanted is reached."""

    def __init__(self, workers: Sequence[Worker], wanted: int, seed: int) -> None:
        self._workers = workers
        self._wanted = wanted
        self._random = random.Random(f"kills {seed}")
        self._planned = 0
        self._another = asyncio.Condition()

    @property
    def done(self) -> int:
        """How many processes were killed."""
        return sum(worker.kills for worker in self._workers)

    async def has_done(self, number: int) -> None:
        """Waits until so many kills are done."""
        async with self._another:
            await self._another.wait_for(lambda: self.done >= number)

    async def run(self) -> None:
        """Kills until it is over; every worker is started again each time, the last time too."""
        await asyncio.gather(*(self._haunt(worker) for worker in self._workers))

    async def _haunt(self, worker: Worker) -> None:
        worker.start()
        while self._planned < self._wanted:
            self._planned += 1
            before = worker.kills
            while worker.kills == before:
                if self._random.random() < IN_ITS_START:
                    await asyncio.sleep(self._random.uniform(0, 2))
                elif await worker.serves():
                    await asyncio.sleep(self._random.uniform(0, LONGEST_LIFE))
                worker.kill()
                worker.start()
            async with self._another:
                self._another.notify_all()
