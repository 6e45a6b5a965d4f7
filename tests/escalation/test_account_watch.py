"""The service account's sign-in is renewed every day; its end is told a week before, and that it has ended at once."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from escalation.account_watch import AccountWatch
from graph_client.service_account import SignInFailed, SignInUnreachable, Standing
from store import notebook
from tests.peakshire import DAY, MORNING, Desk

pytestmark = pytest.mark.anyio


@dataclass
class Account:
    """An account that renews itself, or fails as it is told."""

    renewed_at: Any = MORNING
    failure: Exception | None = None
    renewals: list[Any] = field(default_factory=list)

    async def renew(self) -> Standing:
        """Renews, or raises."""
        if self.failure:
            raise self.failure
        self.renewals.append(self.renewed_at)
        return Standing("tasking", self.renewed_at)

    def standing(self) -> Standing | None:
        """When it was renewed last."""
        return Standing("tasking", self.renewed_at) if self.renewed_at else None


def notices(desk: Desk) -> list[str]:
    with desk.store.open() as connection:
        return [row["text"] for row in notebook.open_notices(connection)]


def watch_of(desk: Desk, account: Account) -> AccountWatch:
    return AccountWatch(desk.store, account)  # type: ignore[arg-type]


async def test_a_sign_in_that_renews_itself_is_no_news(desk: Desk) -> None:
    assert await watch_of(desk, Account()).run() == 1
    assert notices(desk) == []


async def test_a_sign_in_that_has_ended_is_told_once_and_cleared_when_somebody_has_signed_in(desk: Desk) -> None:
    account = Account(failure=SignInFailed("It cannot be signed in (invalid_grant)."))
    watch = watch_of(desk, account)
    assert [await watch.run(), await watch.run()] == [0, 0]
    assert notices(desk) == [
        "It cannot be signed in (invalid_grant). Run `tasking sign-in-service-account`. Cards wait meanwhile; none is "
        "lost."
    ]
    account.failure = None
    assert await watch.run() == 1
    assert notices(desk) == []


@pytest.mark.parametrize(("left", "told"), [(timedelta(days=7), False), (timedelta(days=6, hours=23), True)])
async def test_a_week_before_it_dies_unrenewed_the_operator_hears_of_it(
    desk: Desk, left: timedelta, told: bool
) -> None:
    account = Account(failure=SignInUnreachable("no answer"))
    desk.clock.at = MORNING + 90 * DAY - left
    await watch_of(desk, account).run()
    assert bool(notices(desk)) is told
    if told:
        assert "has not been renewed and dies on Sun 31 Jan 08:30" in notices(desk)[0]
