"""What every plan of ours has: a bucket for each pillar in config's order, and names on the label slots of config.

Provisioning, mending and rolling over build with this. Buckets and labels ask nothing but PlannerClient.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from graph_client.errors import Gone, NotPermitted, RetryLater
from graph_client.planner import Bucket, PlanDetails, PlannerClient, order_hint
from store import leases
from store.unit_of_work import Store
from tasking.force import Force, Pillar

T = TypeVar("T")

Settled = Callable[[Pillar, Bucket, bool], None]
"""Told of each pillar's bucket as soon as it is known; True where it has just been made."""

LONGEST_WORK = timedelta(minutes=2)
"""How long one worker may build alone. Somebody who died at it holds the others up for no longer."""

ASK_AGAIN_SECONDS = 5.0


def buckets_of_pillars(there: Sequence[Bucket], force: Force, noted: Mapping[str, str]) -> dict[str, Bucket]:
    """The buckets that stand for pillars, by pillar, in config's order.

    A bucket that was noted for a pillar stays its bucket, whatever people call it; where none is noted, or the noted
    one is gone, the bucket of the pillar's name is taken unless it is another pillar's.
    """
    by_id = {bucket.bucket_id: bucket for bucket in there}
    free = [bucket for key, bucket in by_id.items() if key not in noted.values()]
    found: dict[str, Bucket] = {}
    for pillar in force.pillars.values():
        named = next((bucket for bucket in free if bucket.name == pillar.label), None)
        if bucket := by_id.get(noted.get(pillar.code, "")) or named:
            found[pillar.code] = bucket
    return found


def lost_pillars(found: Mapping[str, Bucket], force: Force) -> tuple[Pillar, ...]:
    """The pillars that have to be given a bucket. A retired pillar keeps what it has, and gets no new one."""
    return tuple(pillar for pillar in force.pillars.values() if pillar.code not in found and not pillar.retired)


async def make_buckets(
    planner: PlannerClient,
    plan_id: str,
    there: Sequence[Bucket],
    force: Force,
    noted: Mapping[str, str],
    settled: Settled | None = None,
) -> dict[str, str]:
    """Makes the buckets that are not `there`, each behind that of the pillar before it; all bucket ids by pillar.

    Raises GraphError. What was settled until then stands, and a bucket whose answer was lost is found by its name.
    """
    found = buckets_of_pillars(there, force, noted)
    lost = lost_pillars(found, force)
    hints = [bucket.order_hint for bucket in there]
    last = ""
    for pillar in force.pillars.values():
        if pillar in lost:
            place = order_hint(after=last, before=min((hint for hint in hints if hint > last), default=""))
            found[pillar.code] = await planner.create_bucket(plan_id, pillar.label, place)
        if bucket := found.get(pillar.code):
            last = bucket.order_hint
            if settled is not None:
                settled(pillar, bucket, pillar in lost)
    return {pillar: found[pillar].bucket_id for pillar in force.pillars if pillar in found}


def labels_that_differ(details: PlanDetails, force: Force) -> dict[str, str]:
    """The names that config gives to label slots that have another name, or none. Other slots are the people's."""
    wanted = {f"category{label.slot}": label.name for label in force.labels.values()}
    return {slot: name for slot, name in wanted.items() if details.categories.get(slot) != name}


async def patiently(do: Callable[[], Awaitable[T]]) -> T:
    """Asks again for some seconds: what was made a moment ago is not known everywhere in Microsoft 365 at once."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type((Gone, NotPermitted, RetryLater)),
        stop=stop_after_attempt(5),
        wait=wait_exponential(multiplier=0.5, max=8),
        reraise=True,
    ):
        with attempt:
            return await do()
    raise AssertionError("unreachable: the last attempt raises")


@contextmanager
def one_worker(store: Store, name: str) -> Iterator[None]:
    """One worker at a time does what is in the block. Raises RetryLater while another one does."""
    until = store.clock.now() + LONGEST_WORK
    with store.open() as connection:
        if not leases.take(connection, name, store.clock.now(), LONGEST_WORK):
            sentence = "another worker is at it"
            raise RetryLater("build board", after_seconds=ASK_AGAIN_SECONDS, sentence=sentence)
    try:
        yield
    finally:
        if store.clock.now() < until:  # afterwards it may be somebody else's
            with store.open() as connection:
                leases.give_back(connection, name)
