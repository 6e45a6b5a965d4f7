"""One response becomes one inbox row, whichever door it comes by and however often."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forms_ingest.form_mapping import Answers, FormDefinition, FormKind, Source, read_answers
from forms_ingest.replies import Reply, reply_for
from store import inbox, notebook, tasks
from store.inbox import InboxRow, InboxState
from store.unit_of_work import SqlUnitOfWork, Store
from tasking.audit import AuditKind
from tasking.events import ResponseReceived

log = logging.getLogger(__name__)

RECEIPT_PREFIX = "R"
"""Responses that raise no task of their own (re-assessments, returns) get a receipt number of this series."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A response as it came by a door. `item` tells one delivery from another at the same door; time is UTC."""

    form: FormDefinition
    response_id: str
    source: Source
    answers: Mapping[str, Any]
    responder: str
    submitted_at: datetime
    door: str
    item: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What `receive` did. `is_new` is False when the same response had come before."""

    row: InboxRow
    is_new: bool


class Receiver:
    """Takes responses into the inbox. Holds the force's forms and the texts for stopped responses."""

    def __init__(self, store: Store, stop_texts: Mapping[str, str]) -> None:
        self._store = store
        self._stop_texts = stop_texts

    def receive(self, arrival: Arrival) -> InboxRow:
        """Commits the response and returns its row in the inbox: the same row when the same response comes again."""
        with self._store.act(f"door:{arrival.door}", "forms", secrets.token_hex(8)) as uow:
            return self.take_in(uow, arrival).row

    def reply_to(self, row: InboxRow) -> Reply:
        """What to tell the submitter, by what has become of the response so far."""
        return reply_for(row, self._stop_texts)

    def take_in(self, uow: SqlUnitOfWork, arrival: Arrival) -> Receipt:
        """Puts the response in the inbox inside a transaction of the caller's.

        Where a stop-question was answered, only a count and the response's number are kept: the number so that
        the same response by another door is not counted again.
        """
        known = inbox.find(uow.connection, arrival.form.slug, arrival.response_id)
        if known is not None:
            inbox.note_arrival(uow.connection, known.inbox_id, arrival.door, arrival.item, uow.now())
            return Receipt(known, False)
        answers = read_answers(arrival.form, arrival.answers, arrival.source)
        row = self._add_stopped(uow, arrival, answers.stopped) if answers.stopped else self._add(uow, arrival)
        self._watch_drift(uow, arrival.form, answers)
        inbox.note_arrival(uow.connection, row.inbox_id, arrival.door, arrival.item, uow.now())
        log.info("response received", extra={"correlation_id": row.correlation_id, "door": arrival.door})
        return Receipt(row, True)

    def _watch_drift(self, uow: SqlUnitOfWork, form: FormDefinition, answers: Answers) -> None:
        """Tells the operator when the form in Microsoft Forms and its config no longer ask the same.

        A question that need not be answered may be left out by whoever posts the response: that is no drift.
        """
        subject = f"form {form.slug}"
        if answers.stopped:
            return
        if not answers.unknown_keys and not answers.lacking:
            notebook.clear_notice(uow.connection, subject, uow.now())
            return
        text = (
            f"Responses to {form.title} carry {len(answers.unknown_keys)} questions that config does not know and lack "
            f"{len(answers.lacking)} that it needs. Nothing is lost: bring config/forms/{form.slug}.yaml up to date."
        )
        if notebook.raise_notice(uow.connection, subject, text, uow.now()):
            log.error("form and config have drifted apart", extra={"subject": subject})

    def _add(self, uow: SqlUnitOfWork, arrival: Arrival) -> InboxRow:
        raises_task = arrival.form.kind is FormKind.RAISE
        reference = uow.next_reference() if raises_task else tasks.next_reference(uow.connection, RECEIPT_PREFIX)
        row = inbox.add(
            uow.connection,
            form=arrival.form.slug,
            response_id=arrival.response_id,
            reference=reference,
            state=InboxState.RECEIVED,
            encoding=arrival.source.value,
            answers=dict(arrival.answers),
            responder=arrival.responder,
            submitted_at=arrival.submitted_at,
            received_at=uow.now(),
            correlation_id=uow.correlation_id,
        )
        facts = {"door": (None, arrival.door), "form": (None, arrival.form.slug)}
        uow.audit("response received", reference, facts, AuditKind.COLLECTION)
        uow.emit(ResponseReceived(str(row.inbox_id)))
        return row

    def _add_stopped(self, uow: SqlUnitOfWork, arrival: Arrival, reply_code: str) -> InboxRow:
        inbox.count_stop(uow.connection, uow.now().date().isoformat(), reply_code)
        row = inbox.add(
            uow.connection,
            form=arrival.form.slug,
            response_id=arrival.response_id,
            reference="",
            state=InboxState.STOPPED,
            encoding=arrival.source.value,
            received_at=uow.now(),
            correlation_id=uow.correlation_id,
        )
        inbox.finish(uow.connection, row.inbox_id, InboxState.STOPPED, [reply_code])
        return inbox.read(uow.connection, row.inbox_id)
