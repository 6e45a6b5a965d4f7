"""When each board is read: busy boards soon, quiet ones later, at once where somebody asks.

| what the last read found                                        | next read after                         |
|-----------------------------------------------------------------|-----------------------------------------|
| something moved, or an open task of band IMMEDIATE stands there | 20 seconds                              |
| nothing moved, or the board could not be read                   | twice the last wait, at most 5 minutes  |
| the same, of an earlier plan, to which no new task goes         | twice the last wait, at most 15 minutes |
| it could not be read, and Graph said when to come again         | as Graph said                           |
| it was never read, or a page or a notification asks             | at once                                 |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from planner_sync.boards import BoardPlan, all_boards
from store import board_polls
from store.unit_of_work import Store

SOON_SECONDS = 20
LONGEST_SECONDS = 300
LONGEST_SECONDS_EARLIER_PLAN = 900
WHOLE_LOOK_EVERY = timedelta(minutes=5)
CLAIM = timedelta(minutes=2)
"""How long a board belongs to whoever was handed it; afterwards another worker may read it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A board that was handed out. Its row says `until` (UTC) as long as nobody asks for it or takes it over."""

    until: datetime
    last_wait_seconds: int
    looked_whole_at: datetime | None


def next_wait(last_seconds: int, is_current: bool, is_busy: bool) -> int:
    """Seconds until the next read, by the table above. A last wait of 0 stands for a board never read."""
    if is_busy:
        return SOON_SECONDS
    longest = LONGEST_SECONDS if is_current else LONGEST_SECONDS_EARLIER_PLAN
    return min(max(2 * last_seconds, SOON_SECONDS), longest)


class Polling:
    """Hands out the boards to be read and notes when each comes next. Every `now` is UTC.

    Whoever is handed a board tells the same object `read` or `failed`; the board is due again after CLAIM otherwise.
    Costs two rows written for each board read: handed out, and its outcome. A board that is not due costs none.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._claims: dict[str, Claim] = {}

    def due(self, now: datetime) -> list[BoardPlan]:
        """Boards whose time has come: those never read first, then the longest overdue. No other worker gets them."""
        return self._hand_out(now, everything=False)

    def every(self, now: datetime) -> list[BoardPlan]:
        """Every board for a whole look, whatever its time: for a person who wants it now."""
        return self._hand_out(now, everything=True)

    def wants_whole_look(self, board: BoardPlan, now: datetime) -> bool:
        """Whether to read buckets and label names too: that was not done for 5 minutes, or somebody asked."""
        claim = self._claims.get(board.plan_id)
        return claim is None or claim.looked_whole_at is None or now - claim.looked_whole_at >= WHOLE_LOOK_EVERY

    def read(self, board: BoardPlan, moved: int, has_immediate: bool, looked_whole: bool, now: datetime) -> None:
        """The board was read, and `moved` tasks had changed. Where somebody asked for it meanwhile it stays due."""
        claim = self._claims.pop(board.plan_id, None)
        if claim is not None:
            wait = next_wait(claim.last_wait_seconds, board.is_current, is_busy=moved > 0 or has_immediate)
            self._schedule(board, claim, now + timedelta(seconds=wait), wait, now if looked_whole else None, now)

    def failed(self, board: BoardPlan, after_seconds: float | None, now: datetime) -> None:
        """The board could not be read; `after_seconds` is Graph's wish, None where it named none."""
        claim = self._claims.pop(board.plan_id, None)
        if claim is None:
            return
        wait = claim.last_wait_seconds
        if after_seconds is None:
            after_seconds = wait = next_wait(wait, board.is_current, is_busy=False)
        self._schedule(board, claim, now + timedelta(seconds=after_seconds), wait, None)

    def ask(self, unit: str | None, now: datetime) -> int:
        """Makes this unit's boards (None: all) due at once, for a whole look. Returns how many plans they are."""
        with self._store.open() as connection:
            plans = [board.plan_id for board in all_boards(connection) if unit in (None, board.unit)]
            board_polls.ask(connection, plans, now)
        return len(plans)

    def _hand_out(self, now: datetime, everything: bool) -> list[BoardPlan]:
        until = now + CLAIM
        with self._store.open() as connection:
            boards = {board.plan_id: board for board in all_boards(connection)}
            if everything:
                taken = board_polls.claim_all(connection, boards, until)
            else:
                taken = board_polls.claim_due(connection, boards, now, until)
        for poll in taken:
            whole_at = None if everything else poll.looked_whole_at
            self._claims[poll.plan_id] = Claim(until, poll.wait_seconds, whole_at)
        return [boards[poll.plan_id] for poll in taken]

    def _schedule(
        self,
        board: BoardPlan,
        claim: Claim,
        due_at: datetime,
        wait: int,
        whole_at: datetime | None,
        read_at: datetime | None = None,
    ) -> None:
        with self._store.open() as connection:
            board_polls.schedule(connection, board.plan_id, claim.until, due_at, wait, whole_at, read_at)
