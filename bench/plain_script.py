"""What a flow or a plain script does: httpx alone makes the same Graph calls, and knows nothing of failure.

Reads {"token", "pairs": [[create, details], …]} from standard input; prints what it took as JSON. One pair is a
warm-up and not measured. POST the task, GET its details for their etag, PATCH the details.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

Pair = Sequence[Any]
Make = Callable[[httpx.AsyncClient, Sequence[Pair]], Awaitable[None]]
MOST_IN_BATCH = 20


async def make_alone(http: httpx.AsyncClient, pairs: Sequence[Pair]) -> None:
    """Three requests for each task, one after another."""
    for create, details in pairs:
        made = (await http.post("/planner/tasks", json=create)).raise_for_status().json()
        path = f"/planner/tasks/{made['id']}/details"
        etag = (await http.get(path)).raise_for_status().json()["@odata.etag"]
        headers = {"If-Match": etag, "Prefer": "return=representation"}
        (await http.patch(path, json=details, headers=headers)).raise_for_status()


async def make_batched(http: httpx.AsyncClient, pairs: Sequence[Pair]) -> None:
    """Three batches for up to twenty tasks."""
    made = await _batch(http, [("POST", "/planner/tasks", create, {}) for create, _ in pairs])
    paths = [f"/planner/tasks/{each['id']}/details" for each in made]
    there = await _batch(http, [("GET", path, None, {}) for path in paths])
    headers = [{"If-Match": each["@odata.etag"], "Prefer": "return=representation"} for each in there]
    rows = zip(paths, pairs, headers, strict=True)
    await _batch(http, [("PATCH", path, details, head) for path, (_, details), head in rows])


async def _batch(http: httpx.AsyncClient, calls: Sequence[tuple[str, str, Any, dict[str, str]]]) -> list[Any]:
    requests = []
    for number, (method, url, body, headers) in enumerate(calls):
        item: dict[str, Any] = {"id": str(number), "method": method, "url": url, "headers": headers}
        if body is not None:
            item |= {"body": body, "headers": {**headers, "Content-Type": "application/json"}}
        requests.append(item)
    answer = (await http.post("/$batch", json={"requests": requests})).raise_for_status().json()["responses"]
    refused = [each for each in answer if each["status"] >= 300]
    if refused:
        raise RuntimeError(f"refused: {refused[0]}")
    return [each["body"] for each in sorted(answer, key=lambda each: int(each["id"]))]


async def run(graph: str, token: str, pairs: Sequence[Pair], at_once: int, batched: bool) -> dict[str, float]:
    """Seconds of wall time and of processor time for all but the first pair, and mebibytes at the peak."""
    make, size = (make_batched, MOST_IN_BATCH) if batched else (make_alone, 1)
    gate = asyncio.Semaphore(at_once)

    async def some(http: httpx.AsyncClient, chunk: Sequence[Pair]) -> None:
        async with gate:
            await make(http, chunk)

    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=graph, headers=headers, timeout=60, trust_env=False) as http:
        await make(http, pairs[:1])
        began, cpu = time.perf_counter(), time.process_time()
        rest = pairs[1:]
        await asyncio.gather(*(some(http, rest[at : at + size]) for at in range(0, len(rest), size)))
        took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    return {**took, "responses": len(rest), "peak_mebibytes": peak_mebibytes()}


def peak_mebibytes() -> float:
    """The most memory that this process has held; 0 where the system does not tell.

    Not getrusage's figure: on Linux that begins with what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8")) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Runs as told and prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.plain_script", description=__doc__)
    parser.add_argument("--graph", required=True, help="Graph's address, with /v1.0")
    parser.add_argument("--at-once", type=int, default=1, help="tasks (or batches) under way at once (default 1)")
    parser.add_argument("--batched", action="store_true", help="twenty calls in one request")
    given = parser.parse_args()
    told = json.load(sys.stdin)
    print(json.dumps(asyncio.run(run(given.graph, told["token"], told["pairs"], given.at_once, given.batched))))


if __name__ == "__main__":
    main()
