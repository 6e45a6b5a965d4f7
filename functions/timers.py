"""One timer function for each line of service/jobs.py."""

from collections.abc import Awaitable, Callable

import azure.functions as func

from service.jobs import JOBS, Job, run
from service.running import running

blueprint = func.Blueprint()


def _timer(job: Job) -> Callable[[func.TimerRequest], Awaitable[None]]:
    async def tick(timer: func.TimerRequest) -> None:
        await run(running(), job)

    tick.__name__ = job.name.replace("-", "_")
    tick.__doc__ = job.words
    return tick


for _job in JOBS:
    _scheduled = blueprint.timer_trigger(schedule=_job.schedule, arg_name="timer", run_on_startup=False)
    blueprint.function_name(_job.name.replace("-", "_"))(_scheduled(_timer(_job)))
