"""The service in a process of its own, killed before or after the nth call of one function.

python service_that_dies.py MODULE:NAME before|after NTH
"""

import asyncio
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from stage import all_jobs

from service.clock import MovableClock
from service.settings import Settings
from service.wiring import build_service

KILLED = 9


def kill_at(target: str, when: str, nth: int) -> None:
    """Replaces the function by one that ends the process, without any clean-up, around its nth call."""
    module_name, _, path = target.partition(":")
    holder: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        holder = getattr(holder, parent)
    setattr(holder, name, _killing(getattr(holder, name), when, nth))


def _killing(real: Callable[..., Any], when: str, nth: int) -> Callable[..., Any]:
    calls = 0

    def due() -> bool:
        nonlocal calls
        calls += 1
        return calls == nth

    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        dies = due()
        if dies and when == "before":
            os._exit(KILLED)
        answer = await real(*args, **kwargs)
        if dies:
            os._exit(KILLED)
        return answer

    def synchronous(*args: Any, **kwargs: Any) -> Any:
        dies = due()
        if dies and when == "before":
            os._exit(KILLED)
        answer = real(*args, **kwargs)
        if dies:
            os._exit(KILLED)
        return answer

    return asynchronous if asyncio.iscoroutinefunction(real) else synchronous


async def run() -> None:
    """All jobs once, then an orderly end."""
    service = build_service(Settings.read(os.environ), MovableClock())
    await all_jobs(service)
    await service.aclose()


if __name__ == "__main__":
    kill_at(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    asyncio.run(run())
