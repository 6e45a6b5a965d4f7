"""An inbox row has its effect once: a task, a new assessment, a return; or it is rejected, with reasons, and kept."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from forms_ingest.form_mapping import Answers, FormDefinition, FormKind, Source, read_answers
from forms_ingest.questions import CONTROL_STRATEGY, INTELLIGENCE_GAPS
from forms_ingest.submissions import Impossible, Submitted, to_raise, to_reassess, to_return
from store import inbox, notebook
from store.inbox import InboxRow, InboxState
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import actions
from tasking.control_strategy import strategy_now
from tasking.errors import RuleBroken, StaleTask, UnknownTask
from tasking.force import Force
from tasking.strategy import ControlStrategy

log = logging.getLogger(__name__)

NOT_IN_CONFIG = "form not in config: "
"""How the subject of a notice about such a form begins."""


class FormNotInConfig(Exception):
    """Config has dropped the form of a response that waits; the operator has been told."""

    def __init__(self, form: str) -> None:
        self.form = form
        super().__init__(f"config/forms has no form '{form}' any more; its responses wait until it is back")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a response did: to which task, and what of it was not clear and stands on the task now."""

    task_id: str
    unclear: tuple[str, ...] = ()


Effect = Callable[[SqlUnitOfWork, Force, Submitted, Answers], Taken]


class Ingest:
    """Turns received responses into what they ask for."""

    def __init__(self, store: Store, force: Force, forms: Mapping[str, FormDefinition], zone: ZoneInfo) -> None:
        self._store = store
        self._force = force
        self._forms = forms
        self._zone = zone

    async def take(self, inbox_id: int) -> None:
        """Gives one response its effect, in one commit with the row's new state. A row already taken is left alone.

        Raises FormNotInConfig where config has dropped its form: the response stays as it is, to be tried again.
        """
        try:
            uow = await self._store.together(lambda connection: self._settled(connection, inbox_id))
        except (Impossible, RuleBroken, UnknownTask) as error:
            self._reject(inbox_id, error.faults if isinstance(error, Impossible) else (str(error),))
        except FormNotInConfig as missing:
            self._tell_of_missing(missing)
            raise
        else:
            uow.tell_promised()

    def forms_are_back(self) -> None:
        """Ends the notices about forms that config has again; call it when config has been read."""
        with self._store.open() as connection:
            for notice in notebook.open_notices(connection):
                if notice["subject"] in {f"{NOT_IN_CONFIG}{form}" for form in self._forms}:
                    notebook.clear_notice(connection, notice["subject"], self._store.clock.now())

    def _tell_of_missing(self, missing: FormNotInConfig) -> None:
        subject = f"{NOT_IN_CONFIG}{missing.form}"
        with self._store.open() as connection:
            text = f"{missing}. Put the form's file back and start the service again: they are then taken up."
            if notebook.raise_notice(connection, subject, text, self._store.clock.now()):
                log.error("form not in config", extra={"subject": subject})

    def _settled(self, connection: Connection, inbox_id: int) -> SqlUnitOfWork:
        row = inbox.read_to_settle(connection, inbox_id)
        uow = SqlUnitOfWork(self._store, connection, row.responder or "unknown responder", "forms", row.correlation_id)
        if row.state is InboxState.RECEIVED:
            self._settle(uow, row)
        return uow

    async def take_at_once(self, row: InboxRow) -> InboxRow:
        """The same for a door that waits for the answer: the row as it is afterwards.

        Where the record cannot be written now the row stays as it is, and its outbox row brings it again.
        """
        try:
            await self.take(row.inbox_id)
            with self._store.open() as connection:
                return inbox.read(connection, row.inbox_id)
        except (StaleTask, SQLAlchemyError) as error:  # the text of an SQL error holds the answers: only its kind
            facts = {"correlation_id": row.correlation_id, "error": type(error).__name__}
            log.warning("response kept, its effect waits", extra=facts)
            return row

    def _settle(self, uow: SqlUnitOfWork, row: InboxRow) -> None:
        known = self._forms.get(row.form)
        if known is None:
            raise FormNotInConfig(row.form)
        form = known.offering(_lists_of(strategy_now(uow)))
        assert row.answers is not None
        assert row.submitted_at is not None
        answers = read_answers(form, row.answers, Source(row.encoding))
        submitted = Submitted(
            form.slug, row.response_id, row.reference, row.responder or "", row.submitted_at, self._zone.key
        )
        taken = EFFECTS[form.kind](uow, self._force, submitted, answers)
        inbox.finish(uow.connection, row.inbox_id, InboxState.DONE, taken.unclear, taken.task_id)

    def _reject(self, inbox_id: int, reasons: tuple[str, ...]) -> None:
        with self._store.open() as connection:
            row = inbox.read(connection, inbox_id)
        with self._store.act("job:ingest", "forms", row.correlation_id) as uow:
            if inbox.read_to_settle(uow.connection, row.inbox_id).state is not InboxState.RECEIVED:
                return
            inbox.finish(uow.connection, row.inbox_id, InboxState.REJECTED, reasons)
            uow.audit("response rejected", row.reference, {"state": (row.state, InboxState.REJECTED)})
        log.warning("response rejected", extra={"correlation_id": row.correlation_id})


def _lists_of(strategy: ControlStrategy | None) -> dict[str, dict[str, str]]:
    """What the control strategy in force offers a form to choose from: `code title` for each code."""
    if strategy is None:
        return {}
    return {
        CONTROL_STRATEGY: {f"{each.code} {each.title}": each.code for each in strategy.priorities},
        INTELLIGENCE_GAPS: {f"{each.code} {each.title}": each.code for each in strategy.gaps},
    }


def _raise(uow: SqlUnitOfWork, force: Force, submitted: Submitted, answers: Answers) -> Taken:
    task = actions.raise_task(uow, force, to_raise(force, submitted, answers, strategy_now(uow)))
    return Taken(task.task_id, task.faults)


def _reassess(uow: SqlUnitOfWork, force: Force, submitted: Submitted, answers: Answers) -> Taken:
    return Taken(actions.reassess(uow, force, to_reassess(force, submitted, answers)).task_id)


def _return(uow: SqlUnitOfWork, force: Force, submitted: Submitted, answers: Answers) -> Taken:
    return Taken(actions.de_escalate(uow, force, to_return(force, submitted, answers)).task_id)


EFFECTS: Mapping[FormKind, Effect] = {
    FormKind.RAISE: _raise,
    FormKind.REASSESS: _reassess,
    FormKind.RETURN: _return,
}
