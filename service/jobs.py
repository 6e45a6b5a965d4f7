"""TABLE: what runs by the clock. Each line becomes a timer function in Azure and a tick of the laptop's clock."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from graph_client.errors import GraphError
from planner_sync.boards import NotProvisioned
from service.cycles import close_due_cycles
from service.packing import freeze_due_packs
from service.provisioned import intake_place
from service.subscribing import keep_subscriptions
from service.wiring import Service
from store import notebook

log = logging.getLogger(__name__)

LONGEST_ROUND = timedelta(minutes=3)
"""The clock's round of deliveries begins none after so long: with the last one's own time it stays within the five
minutes that host.json gives a function, after which Azure would end the whole process."""

Call = Callable[[Service], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Job:
    """One thing done by the clock. `schedule` is NCRONTAB: second, minute, hour, day, month, weekday, in UTC.

    `call` returns how many things it did. `by_hand` is what a person who runs the job means, where that is more.
    """

    name: str
    schedule: str
    words: str
    call: Call
    by_hand: Call | None = None


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


async def pull_due_boards(service: Service) -> int:
    """Takes what people changed into the record, from the boards whose time has come (planner_sync/polling.py)."""
    return await service.in_step.pull_due_boards()


async def pull_boards(service: Service) -> int:
    """The same from every board, with their buckets and labels."""
    return await service.in_step.pull_boards()


async def retire_tasks(service: Service) -> int:
    """Takes off the boards what has stood there complete for long enough."""
    return await service.in_step.retire_boards()


async def show_meetings(service: Service) -> int:
    """Promises anew the boards that show another next meeting than the calendar has."""
    return service.meeting_dates.run()


async def sweep_escalations(service: Service) -> int:
    """Escalates what the policy says must climb."""
    return service.sweep.run()


async def freeze_packs(service: Service) -> int:
    """Freezes the packs of meetings that begin within the hour."""
    return freeze_due_packs(service.store, service.force)


async def close_cycle(service: Service) -> int:
    """Makes and tells the report of a tasking cycle that has ended."""
    return len(close_due_cycles(service.store, service.force))


async def send_digests(service: Service) -> int:
    """Says which units' digests are due, at 07:30 and 16:30 London time."""
    return service.digests.run()


async def remind_of_reviews(service: Service) -> int:
    """Says which rare meetings are to be looked at in between."""
    return service.interim_reviews.run()


async def check_channels(service: Service) -> int:
    """Says which channels are to be tried today, from 06:45 London time."""
    return service.canaries.run()


async def renew_account(service: Service) -> int:
    """Renews the service account's sign-in, where there is one, and tells the operator a week before it ends."""
    return await service.account_watch.run() if service.account_watch else 0


async def deliver(service: Service) -> int:
    """Delivers outbox rows that are due: what no queue message brought, what comes again, and what is urgent."""
    return await service.worker.deliver_due(LONGEST_ROUND)


async def deliver_all(service: Service) -> int:
    """The same until nothing is due, however long that takes."""
    return await service.worker.deliver_due()


JOBS: tuple[Job, ...] = (
    Job("read-intake-list", "*/30 * * * * *", "new responses from the SharePoint intake list", read_intake_list),
    Job("read-workbooks", "10 */10 * * * *", "responses that only the workbooks have", read_workbooks),
    Job("pull-boards", "*/15 * * * * *", "what people changed on the boards", pull_due_boards, by_hand=pull_boards),
    Job("sweep-escalations", "45 * * * * *", "what the policy says must climb", sweep_escalations),
    Job("deliver", "*/20 * * * * *", "everything promised and due", deliver, by_hand=deliver_all),
    Job("freeze-packs", "30 */5 * * * *", "packs of the meetings within the hour", freeze_packs),
    Job("close-cycle", "55 */5 * * * *", "the report of a tasking cycle that has ended", close_cycle),
    Job("show-meetings", "40 */10 * * * *", "boards whose next meeting has changed", show_meetings),
    Job("send-digests", "20 */5 * * * *", "the digests of 07:30 and 16:30", send_digests),
    Job("remind-reviews", "35 */15 * * * *", "reviews between meetings that are rare", remind_of_reviews),
    Job("check-channels", "50 */15 * * * *", "one card a day in each channel, to see that it works", check_channels),
    Job("renew-account", "5 20 4 * * *", "the service account's sign-in", renew_account),
    Job("keep-subscriptions", "25 */10 * * * *", "Graph's word that the intake list has changed", keep_subscriptions),
    Job("retire-tasks", "0 10 3 * * *", "what has stood complete on a board for long enough", retire_tasks),
)


def job_named(name: str) -> Job:
    """The job of this name. Raises KeyError."""
    return {job.name: job for job in JOBS}[name]


async def run(service: Service, job: Job, by_hand: bool = False) -> int | None:
    """Runs one job, as the clock does or as a person means it; returns how many things it did.

    None when it could not do its work: a source that cannot be read is told to the operator once, and once when it
    is well again.
    """
    subject, now = f"job {job.name}", service.store.clock.now()
    call = job.by_hand if by_hand and job.by_hand else job.call
    try:
        done = await call(service)
    except (GraphError, NotProvisioned) as error:
        with service.store.open() as connection:
            if notebook.raise_notice(connection, subject, str(error), now):
                log.error("job cannot do its work", extra={"job": job.name, "error": type(error).__name__})
        return None
    with service.store.open() as connection:
        if notebook.clear_notice(connection, subject, now):
            log.info("job works again", extra={"job": job.name})
    return done
