"""How fast kept responses reach the boards under Graph's latency, and what a plain script takes for the same calls."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from bench import responses
from bench.boards import deliver_everything, say
from bench.stage import PEOPLE, Stage, staged
from bench.tenant import PROJECT, Tenant, child_environment
from bench.traffic import CALLS_PER_TASK, IN_BATCH, cost_of, made_tasks

IN_FLIGHT = 4
"""Requests under way at once: the service's default, and the usual advice where Graph publishes no number."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """How long so many kept responses took to the boards, against what latency and concurrency allow.

    `alone_limit` is three calls each, four at once; `batched_limit` the same calls twenty to a request; `script` what
    one call at a time takes, scaled from `script_responses` that were measured.
    """

    responses: int
    latency: float
    seconds: float
    cpu_seconds: float
    emulator_cpu_seconds: float
    http: int
    alone_limit: float
    batched_limit: float
    script: float
    script_responses: int


def throughput(size: int, latency: float, script_size: int) -> Throughput:
    """So many responses under this latency (seconds), and a plain script on the same emulator."""
    with staged() as stage:
        return asyncio.run(_timed(stage, size, latency, script_size))


def plain_script(tenant: Tenant, pairs: Sequence[Any], at_once: int = 1, batched: bool = False) -> dict[str, float]:
    """Runs plain_script in a process of its own on these pairs of bodies, one of them for its warm-up."""
    command = [sys.executable, "-m", "bench.plain_script", "--graph", f"{tenant.url}/v1.0", "--at-once", str(at_once)]
    told = subprocess.run(
        [*command, *(["--batched"] if batched else [])],
        input=json.dumps({"token": tenant.app_token(), "pairs": pairs}),
        cwd=PROJECT,
        env=child_environment({}),
        capture_output=True,
        text=True,
    )
    if told.returncode:
        raise RuntimeError(f"the plain script failed: {told.stderr[-1000:]}")
    figures: dict[str, float] = json.loads(told.stdout)
    return figures


def told(row: Mapping[str, Any]) -> Iterator[str]:
    """The figures as lines of text."""
    took, script = row["seconds"], row["script"]
    yield f"{row['responses']} responses at {row['latency'] * 1000:.0f} ms: {took:.1f} s in {row['http']} HTTP requests"
    theirs = row["emulator_cpu_seconds"]
    yield f"  of that, processor time of the service: {row['cpu_seconds']:.1f} s, of the emulator: {theirs:.1f} s"
    for what, limit in (("calls", row["alone_limit"]), ("full batches", row["batched_limit"])):
        yield f"  {IN_FLIGHT} {what} at once would allow {limit:.1f} s: reached {limit / took:.2f}"
    scaled = f"scaled from {row['script_responses']}"
    yield f"  one call at a time ({scaled}): {script:.1f} s, {script / took:.1f} times as long"


async def _timed(stage: Stage, size: int, latency: float, script_size: int) -> Throughput:
    tenant = stage.tenant
    async with stage.service() as service:
        responses.submit(tenant, service, [0], PEOPLE[0])
        await responses.take_in(service, 1)
        await deliver_everything(service)  # the SDK is imported and a token had before the clock starts
        responses.submit(tenant, service, range(1, size + 1), PEOPLE[0])
        await responses.take_in(service, size)
        tenant.forget_traffic()
        tenant.latency(latency)
        say(f"{size} responses are kept; bringing them to the boards at {latency * 1000:.0f} ms")
        began, cpu, theirs = time.perf_counter(), time.process_time(), tenant.cpu_seconds()
        await deliver_everything(service)
        took, spent, theirs = time.perf_counter() - began, time.process_time() - cpu, tenant.cpu_seconds() - theirs
    entries = tenant.traffic_since(0)
    say(f"{took:.1f} s; now {script_size} of them one call at a time")
    script = plain_script(tenant, (made_tasks(entries) * 2)[: script_size + 1])
    calls = CALLS_PER_TASK * size
    return Throughput(
        responses=size,
        latency=latency,
        seconds=took,
        cpu_seconds=spent,
        emulator_cpu_seconds=theirs,
        http=cost_of(entries).http,
        alone_limit=calls * latency / IN_FLIGHT,
        batched_limit=ceil(calls / IN_BATCH) * latency / IN_FLIGHT,
        script=script["seconds"] / script["responses"] * size,
        script_responses=int(script["responses"]),
    )
