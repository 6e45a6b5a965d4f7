"""TABLE: what runs by the clock. Each line becomes a timer function in Azure and a tick of the laptop's clock."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from graph_client.errors import GraphError
from planner_sync.boards import NotProvisioned
from service.provisioned import intake_place
from service.wiring import Service
from store import notebook

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing done by the clock. `schedule` is NCRONTAB: second, minute, hour, day, month, weekday, in UTC.

    `call` returns how many things it did.
    """

    name: str
    schedule: str
    words: str
    call: Callable[[Service], Awaitable[int]]


async def read_intake_list(service: Service) -> int:
    """Takes in new responses from the SharePoint intake list."""
    place = intake_place(service.store)
    if place.site_id is None or place.list_id is None:
        raise NotProvisioned("The intake list has not been made: run `tasking provision`.")
    return await service.intake_list.read(place.site_id, place.list_id)


async def read_workbooks(service: Service) -> int:
    """Takes in responses that only the response workbooks have."""
    place = intake_place(service.store)
    if place.drive_id is None:
        raise NotProvisioned("Where the response workbooks are is not known: run `tasking provision`.")
    return sum([await service.workbooks.read(place.drive_id, form) for form in service.forms.values()])


async def pull_boards(service: Service) -> int:
    """Takes what people changed on the boards into the record; what boards lack goes into the outbox."""
    return await service.in_step.pull_boards()


async def sweep_escalations(service: Service) -> int:
    """Escalates what the policy says must climb."""
    return service.sweep.run()


async def deliver(service: Service) -> int:
    """Delivers every outbox row that is due: what a queue message did not bring, and what comes again."""
    return await service.worker.deliver_due()


JOBS: tuple[Job, ...] = (
    Job("read-intake-list", "*/30 * * * * *", "new responses from the SharePoint intake list", read_intake_list),
    Job("read-workbooks", "10 */10 * * * *", "responses that only the workbooks have", read_workbooks),
    Job("pull-boards", "15 * * * * *", "what people changed on the boards", pull_boards),
    Job("sweep-escalations", "45 * * * * *", "what the policy says must climb", sweep_escalations),
    Job("deliver", "*/20 * * * * *", "everything promised and due", deliver),
)


async def run(service: Service, job: Job) -> int | None:
    """Runs one job; returns how many things it did, None when it could not do its work.

    A source that cannot be read is told to the operator once, and once when it is well again.
    """
    subject, now = f"job {job.name}", service.store.clock.now()
    try:
        done = await job.call(service)
    except (GraphError, NotProvisioned) as error:
        with service.store.open() as connection:
            if notebook.raise_notice(connection, subject, str(error), now):
                log.error("job cannot do its work", extra={"job": job.name, "error": type(error).__name__})
        return None
    with service.store.open() as connection:
        if notebook.clear_notice(connection, subject, now):
            log.info("job works again", extra={"job": job.name})
    return done
