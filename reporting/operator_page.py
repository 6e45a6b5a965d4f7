"""The operator's page: what is held, given up on or late, how boards and channels do, and whether that is degraded.

No personal data, nothing of what people wrote: a response is named by its form, its reference and its reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import Connection, func, inspect, select, text

from reporting.channels import ChannelState, channels
from reporting.live_board import BoardSynced, boards_synced
from reporting.operations import TOO_LONG_SECONDS
from reporting.wording import age_words
from store import notebook
from store.inbox import InboxState
from store.tables import held_items, inbox, outbox
from tasking.force import Force
from tasking.viewing import Viewer

MOST_LISTED = 200
EVERY_BOARD = Viewer(units=None)


@dataclass(frozen=True, slots=True)
class HeldResponse:
    """A response of which nothing was made, and why. `since` is UTC; `reference` is empty where it has none."""

    kind: str
    form: str
    reference: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up on. Times are UTC. `outbox_id` is what a replay takes; `why` the last error."""

    outbox_id: int
    event: str
    handler: str
    attempts: int
    in_doubt: bool
    why: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A trouble that is not over, in the words it was told in."""

    subject: str
    text: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Degraded:
    """Whether somebody has to look, and what is wrong, each in a sentence. `banner` is what everybody is told on every
    page: a response that waits for a person is work to do and no fault of the service, so it is not in it."""

    is_degraded: bool
    words: tuple[str, ...]
    banner: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperatorPage:
    """Everything the operator looks at, as at `as_at` (UTC). Lists are at most MOST_LISTED long; the numbers are whole.

    `newest_canary_at` is when a channel check last got through. `versions` are the service's and the tables'.
    """

    as_at: datetime
    degraded: Degraded
    held: tuple[HeldResponse, ...]
    held_number: int
    dead_letters: tuple[DeadLetter, ...]
    dead_number: int
    outbox_waiting: int
    outbox_oldest_at: datetime | None
    outbox_oldest_seconds: int
    boards: tuple[BoardSynced, ...]
    channels: tuple[ChannelState, ...]
    newest_canary_at: datetime | None
    notices: tuple[Notice, ...]
    versions: Mapping[str, str]


def operator_page(connection: Connection, force: Force, default_poster: str, now: datetime) -> OperatorPage:
    """The page at `now` (UTC). `default_poster` is the settings'. The number of queries is fixed.

    For operators only, which the page's route has to see to: names of boards and forms are no restricted matter.
    """
    held, held_number = _held(connection)
    dead, dead_number = _dead(connection)
    waiting, oldest = _waiting(connection)
    seen = channels(connection, force, default_poster, now)
    checks = [each.checked_at for each in seen if each.checked_at]
    return OperatorPage(
        as_at=now,
        degraded=degraded(connection, force, default_poster, now),
        held=held,
        held_number=held_number,
        dead_letters=dead,
        dead_number=dead_number,
        outbox_waiting=waiting,
        outbox_oldest_at=oldest,
        outbox_oldest_seconds=_age(oldest, now),
        boards=boards_synced(connection, force, EVERY_BOARD, now),
        channels=seen,
        newest_canary_at=max(checks, default=None),
        notices=_notices(connection),
        versions={"service": version("tasking"), "tables": _tables_version(connection)},
    )


def degraded(connection: Connection, force: Force, default_poster: str, now: datetime) -> Degraded:
    """What is wrong at `now` (UTC): in words that everybody may read, with no reference and no name."""
    _, held = _held(connection, most=0)
    _, dead = _dead(connection, most=0)
    waiting, oldest = _waiting(connection)
    late = [each.unit_name for each in boards_synced(connection, force, EVERY_BOARD, now) if each.is_late]
    failing = [each.name for each in channels(connection, force, default_poster, now) if each.state == "FAILING"]
    unread = (f"{_number(held, 'response', 'responses')} could not be understood and wait for a person.",)
    found = (
        (dead, f"{_number(dead, 'delivery', 'deliveries')} to Planner or Teams could not be made."),
        (
            _age(oldest, now) > TOO_LONG_SECONDS,
            f"What was promised waits for {age_words(oldest or now, now)} ({waiting} in all).",
        ),
        (late, f"Boards not read for over 15 minutes: {', '.join(late)}."),
        (failing, f"Cards do not get through to: {', '.join(failing)}."),
        *((True, f"Trouble with: {notice.subject}.") for notice in _notices(connection)),
    )
    banner = tuple(sentence for holds, sentence in found if holds)
    words = banner + (unread if held else ())
    return Degraded(bool(words), words, banner)


def _held(connection: Connection, most: int = MOST_LISTED) -> tuple[tuple[HeldResponse, ...], int]:
    """Items that could not be read, then responses that nothing could be made of, oldest first; and how many."""
    unread, rejected = held_items.c.settled_at.is_(None), inbox.c.state == InboxState.REJECTED
    number = sum(
        int(connection.execute(select(func.count()).select_from(table).where(kept)).scalar_one())
        for table, kept in ((held_items, unread), (inbox, rejected))
    )
    if not most:
        return (), number
    items = connection.execute(select(held_items).where(unread).order_by(held_items.c.held_id).limit(most)).mappings()
    rows = connection.execute(select(inbox).where(rejected).order_by(inbox.c.inbox_id).limit(most)).mappings()
    found = [HeldResponse("HELD", row["door"], "", row["reason"], row["held_at"]) for row in items]
    found += [
        HeldResponse("REJECTED", row["form"], row["reference"], " ".join(row["reasons"]), row["received_at"])
        for row in rows
    ]
    return tuple(found[:most]), number


def _dead(connection: Connection, most: int = MOST_LISTED) -> tuple[tuple[DeadLetter, ...], int]:
    is_dead = outbox.c.state == "DEAD"
    number = int(connection.execute(select(func.count()).select_from(outbox).where(is_dead)).scalar_one())
    if not most:
        return (), number
    rows = connection.execute(select(outbox).where(is_dead).order_by(outbox.c.outbox_id).limit(most)).mappings()
    names = ("outbox_id", "event", "handler", "attempts", "in_doubt", "created_at", "settled_at")
    told = tuple(DeadLetter(**{name: row[name] for name in names}, why=row["last_error"] or "") for row in rows)
    return told, number


def _waiting(connection: Connection) -> tuple[int, datetime | None]:
    query = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.state == "PENDING")
    number, oldest = connection.execute(query).one()
    return int(number), oldest


def _notices(connection: Connection) -> tuple[Notice, ...]:
    return tuple(Notice(row["subject"], row["text"], row["raised_at"]) for row in notebook.open_notices(connection))


def _tables_version(connection: Connection) -> str:
    """The version of the tables; empty where they were made without migrating, as in a test."""
    is_there = inspect(connection).has_table("alembic_version")
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar()) if is_there else ""


def _age(oldest: datetime | None, now: datetime) -> int:
    return max(0, round((now - oldest).total_seconds())) if oldest else 0


def _number(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
