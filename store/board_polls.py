"""When each board is read next: a row per plan, written only where a board is handed out, was read, or is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import board_polls


@dataclass(frozen=True, slots=True)
class BoardPoll:
    """`wait_seconds` is the last wait, 0 before the first read; `looked_whole_at` None asks for a whole look. UTC."""

    plan_id: str
    due_at: datetime
    wait_seconds: int
    looked_whole_at: datetime | None


def claim_due(connection: Connection, plan_ids: Iterable[str], now: datetime, until: datetime) -> list[BoardPoll]:
    """Takes those of these plans that are due or have no row yet, and returns how they stood, the longest due first.

    From here on they are not due before `until`. What another worker takes at this moment is left to it.
    """
    wanted = list(plan_ids)
    known = set(connection.execute(select(board_polls.c.plan_id).where(board_polls.c.plan_id.in_(wanted))).scalars())
    new = [plan for plan in wanted if plan not in known and _begin(connection, plan, until)]
    found = _polls(connection, [*known], now)
    _claim(connection, found, until)
    return [*(BoardPoll(plan, until, 0, None) for plan in new), *found]


def claim_all(connection: Connection, plan_ids: Iterable[str], until: datetime) -> list[BoardPoll]:
    """The same for all of these plans, due or not, even where another worker has them."""
    wanted = list(plan_ids)
    new = [plan for plan in wanted if _begin(connection, plan, until)]
    found = _polls(connection, [plan for plan in wanted if plan not in new])
    _claim(connection, found, until)
    return [*(BoardPoll(plan, until, 0, None) for plan in new), *found]


def schedule(
    connection: Connection,
    plan_id: str,
    claimed_until: datetime,
    due_at: datetime,
    wait_seconds: int,
    looked_whole_at: datetime | None,
    read_at: datetime | None = None,
) -> bool:
    """Sets the next time of a plan that is claimed until just then; `looked_whole_at` None leaves it as it is.

    `read_at` (UTC) is when it was read just now, None where it could not be.

    False, and nothing changed, where the claim has ended: the board was asked for meanwhile, or another worker has it.
    """
    whole = {} if looked_whole_at is None else {"looked_whole_at": looked_whole_at}
    read = {} if read_at is None else {"read_at": read_at}
    ours = (board_polls.c.plan_id == plan_id, board_polls.c.due_at == claimed_until)
    values = {"due_at": due_at, "wait_seconds": wait_seconds, **whole, **read}
    return connection.execute(update(board_polls).where(*ours).values(**values)).rowcount > 0


def ask(connection: Connection, plan_ids: Iterable[str], now: datetime) -> None:
    """Makes these plans due at `now`, for a whole look. Those due already keep their place; a claim ends."""
    due_at = case((board_polls.c.due_at > now, now), else_=board_polls.c.due_at)
    asked = board_polls.c.plan_id.in_(list(plan_ids))
    connection.execute(update(board_polls).where(asked).values(due_at=due_at, looked_whole_at=None))


def read_times(connection: Connection) -> dict[str, datetime | None]:
    """When each plan was last read (UTC), by its id; None where it never was."""
    found = connection.execute(select(board_polls.c.plan_id, board_polls.c.read_at))
    return {plan_id: read_at for plan_id, read_at in found}


def _begin(connection: Connection, plan_id: str, until: datetime) -> bool:
    """A row for a plan that has none. False where it has one, be it that another worker was quicker."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(board_polls).values(plan_id=plan_id, due_at=until, wait_seconds=0)
    return connection.execute(row.on_conflict_do_nothing()).rowcount > 0


def _polls(connection: Connection, plan_ids: list[str], due_by: datetime | None = None) -> list[BoardPoll]:
    columns = [board_polls.c[name] for name in BoardPoll.__dataclass_fields__]
    query = select(*columns).where(board_polls.c.plan_id.in_(plan_ids))
    if due_by is not None:
        query = query.where(board_polls.c.due_at <= due_by)
    query = query.order_by(board_polls.c.due_at, board_polls.c.plan_id).with_for_update(skip_locked=due_by is not None)
    return [BoardPoll(**row) for row in connection.execute(query).mappings()]


def _claim(connection: Connection, polls: list[BoardPoll], until: datetime) -> None:
    if polls:
        plans = [poll.plan_id for poll in polls]
        connection.execute(update(board_polls).where(board_polls.c.plan_id.in_(plans)).values(due_at=until))
