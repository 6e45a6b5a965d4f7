"""Keeps the service account's sign-in alive, and tells the operator a week before it dies, or when it already has."""

import logging
from datetime import timedelta

from graph_client.service_account import ServiceAccount, SignInFailed, SignInUnreachable
from graph_client.token_vault import VaultUnreadable
from store import notebook
from store.unit_of_work import Store
from tasking.clocks import clock_text

log = logging.getLogger(__name__)

SUBJECT = "service account"
TOLD_BEFORE = timedelta(days=7)
WHAT_TO_DO = "Run `tasking sign-in-service-account`. Cards wait meanwhile; none is lost."


class AccountWatch:
    """Run it every day: each renewal gives the sign-in its whole life again."""

    def __init__(self, store: Store, account: ServiceAccount) -> None:
        self._store = store
        self._account = account

    async def run(self) -> int:
        """Renews the sign-in; 1 when it could, else 0. What a person has to mend is told once, and once it is well."""
        trouble = await self._renewed()
        now = self._store.clock.now()
        with self._store.open() as connection:
            if trouble is None:
                notebook.clear_notice(connection, SUBJECT, now)
            elif notebook.raise_notice(connection, SUBJECT, f"{trouble} {WHAT_TO_DO}", now):
                log.error("the service account needs a person")
        return 0 if trouble else 1

    async def _renewed(self) -> str | None:
        """What there is to tell, None when all is well. An hour without an answer is no trouble until the last week."""
        try:
            await self._account.renew()
        except (SignInFailed, VaultUnreadable) as failed:
            return str(failed)
        except SignInUnreachable as failed:
            log.warning("the service account could not be renewed now: %s", failed)
            return self._last_week()
        return None

    def _last_week(self) -> str | None:
        standing = self._account.standing()
        if standing is None or standing.ends_at - self._store.clock.now() >= TOLD_BEFORE:
            return None
        return f"The service account's sign-in has not been renewed and dies on {clock_text(standing.ends_at)}."
