"""An inbox row has its effect once: a task, a new assessment, a return; or it is rejected, with reasons, and kept."""

import logging
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from forms_ingest.form_mapping import Answers, FormDefinition, FormKind, Source, read_answers
from forms_ingest.submissions import Impossible, Submitted, to_raise, to_reassess, to_return
from store import inbox
from store.inbox import InboxRow, InboxState
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import actions
from tasking.errors import RuleBroken, UnknownTask
from tasking.force import Force

log = logging.getLogger(__name__)

Effect = Callable[[SqlUnitOfWork, Force, Submitted, Answers], str]


class Ingest:
    """Turns received responses into what they ask for."""

    def __init__(self, store: Store, force: Force, forms: Mapping[str, FormDefinition], zone: ZoneInfo) -> None:
        self._store = store
        self._force = force
        self._forms = forms
        self._zone = zone

    async def take(self, inbox_id: int) -> None:
        """Gives one response its effect, in one commit with the row's new state. A row already taken is left alone."""
        try:
            uow = await self._store.together(lambda connection: self._settled(connection, inbox_id))
        except (Impossible, RuleBroken, UnknownTask) as error:
            self._reject(inbox_id, error.faults if isinstance(error, Impossible) else (str(error),))
        else:
            uow.tell_promised()

    def _settled(self, connection: Connection, inbox_id: int) -> SqlUnitOfWork:
        row = inbox.read(connection, inbox_id)
        uow = SqlUnitOfWork(self._store, connection, row.responder or "unknown responder", "forms", row.correlation_id)
        if row.state is InboxState.RECEIVED:
            self._settle(uow, row)
        return uow

    def _settle(self, uow: SqlUnitOfWork, row: InboxRow) -> None:
        form = self._forms[row.form]
        assert row.answers is not None
        assert row.submitted_at is not None
        answers = read_answers(form, row.answers, Source(row.encoding))
        submitted = Submitted(
            form.slug, row.response_id, row.reference, row.responder or "", row.submitted_at, self._zone.key
        )
        task_id = EFFECTS[form.kind](uow, self._force, submitted, answers)
        inbox.finish(uow.connection, row.inbox_id, InboxState.DONE, (), task_id)

    def _reject(self, inbox_id: int, reasons: tuple[str, ...]) -> None:
        with self._store.open() as connection:
            row = inbox.read(connection, inbox_id)
        with self._store.act("job:ingest", "forms", row.correlation_id) as uow:
            inbox.finish(uow.connection, row.inbox_id, InboxState.REJECTED, reasons)
            uow.audit("response rejected", row.reference, {"state": (row.state, InboxState.REJECTED)})
        log.warning("response rejected", extra={"correlation_id": row.correlation_id})


def _raise(uow: SqlUnitOfWork, force: Force, submitted: Submitted, answers: Answers) -> str:
    return actions.raise_task(uow, force, to_raise(force, submitted, answers)).task_id


def _reassess(uow: SqlUnitOfWork, force: Force, submitted: Submitted, answers: Answers) -> str:
    return actions.reassess(uow, force, to_reassess(force, submitted, answers)).task_id


def _return(uow: SqlUnitOfWork, force: Force, submitted: Submitted, answers: Answers) -> str:
    return actions.de_escalate(uow, force, to_return(force, submitted, answers)).task_id


EFFECTS: Mapping[FormKind, Effect] = {
    FormKind.RAISE: _raise,
    FormKind.REASSESS: _reassess,
    FormKind.RETURN: _return,
}
