"""What an operator has to know: what waits, what was given up on, what is held, which troubles are open."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from store import inbox, notebook, outbox

TOO_LONG_SECONDS = 3600
"""A promise this old is not kept by itself any more, or very slowly: somebody should look."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The service's state in figures; no personal data. `troubles` are subjects of open notices."""

    outbox_waiting: int
    outbox_oldest_seconds: int
    dead_letters: int
    responses_held: int
    responses_rejected: int
    troubles: tuple[str, ...]

    @property
    def is_degraded(self) -> bool:
        """Whether somebody has to look."""
        waits_too_long = self.outbox_oldest_seconds > TOO_LONG_SECONDS
        return bool(self.troubles or self.dead_letters or self.responses_held or waits_too_long)


def operations(connection: Connection, now: datetime) -> Operations:
    """The figures at `now` (UTC)."""
    oldest = outbox.oldest_waiting(connection)
    return Operations(
        outbox_waiting=outbox.waiting(connection),
        outbox_oldest_seconds=max(0, round((now - oldest).total_seconds())) if oldest else 0,
        dead_letters=len(outbox.dead_letters(connection)),
        responses_held=len(inbox.held(connection)),
        responses_rejected=len(inbox.rejected(connection)),
        troubles=tuple(notice["subject"] for notice in notebook.open_notices(connection)),
    )
