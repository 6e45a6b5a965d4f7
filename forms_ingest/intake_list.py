"""Reads the SharePoint intake list by Graph delta. The cursor moves in the same commit as the responses it passed."""

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forms_ingest.form_mapping import FormDefinition
from forms_ingest.receive import Receiver
from forms_ingest.response_body import BadBody, arrival_from
from graph_client.errors import ResyncRequired
from graph_client.sharepoint import Delta, ListItem, SharePointClient
from store import inbox, notebook
from store.unit_of_work import SqlUnitOfWork, Store

log = logging.getLogger(__name__)

DOOR = "list"
NOTICE = "intake list"


@dataclass(frozen=True, slots=True)
class ListColumns:
    """What the force's config calls the list's columns."""

    form_id: str
    response_id: str
    responder: str
    submitted: str
    answers: str

    def names(self) -> tuple[str, ...]:
        """All five, in reading order."""
        return (self.form_id, self.response_id, self.responder, self.submitted, self.answers)


class IntakeList:
    """The intake list of one force."""

    def __init__(
        self,
        store: Store,
        sharepoint: SharePointClient,
        receiver: Receiver,
        forms: Sequence[FormDefinition],
        columns: ListColumns,
    ) -> None:
        self._store = store
        self._sharepoint = sharepoint
        self._receiver = receiver
        self._forms = {form.form_id: form for form in forms}
        self._columns = columns
        self._cursor = f"intake list {_fingerprint(self._forms)}"

    async def read(self, site_id: str, list_id: str) -> int:
        """Takes in what is new on the list; returns how many responses were new.

        While a column is missing nothing is taken and the cursor stays, so that nothing is passed over.
        After a change of the forms' config the whole list is read again: what was held may now be understood.
        """
        delta = await self._delta(site_id, list_id)
        live = [item for item in delta.items if not item.deleted]
        missing = await self._missing_columns(site_id, list_id, live)
        now = self._store.clock.now()
        if missing:
            with self._store.open() as connection:
                text = (
                    f"The intake list has no column named {', '.join(missing)}. Intake by the list waits until it has."
                )
                if notebook.raise_notice(connection, NOTICE, text, now):
                    log.error("intake list held: columns missing")
            return 0
        with self._store.act("job:read-intake-list", "forms", secrets.token_hex(8)) as uow:
            new = sum(self._take(uow, item) for item in live)
            notebook.move_cursor(uow.connection, self._cursor, delta.delta_link, now)
            if notebook.clear_notice(uow.connection, NOTICE, now):
                log.info("intake list is read again")
        return new

    async def _delta(self, site_id: str, list_id: str) -> Delta:
        with self._store.open() as connection:
            link = notebook.cursor(connection, self._cursor)
        try:
            return await self._sharepoint.items_delta(site_id, list_id, link)
        except ResyncRequired:
            log.warning("intake list: Graph asks for a full read")
            return await self._sharepoint.items_delta(site_id, list_id, None)

    async def _missing_columns(self, site_id: str, list_id: str, items: Sequence[ListItem]) -> list[str]:
        """Columns that the list has lost. Asked only where an item lacks one: an empty value is left out too."""
        wanted = self._columns.names()
        if all(name in item.fields for item in items for name in wanted):
            return []
        there = {column.name for column in await self._sharepoint.columns(site_id, list_id)}
        return [name for name in wanted if name not in there]

    def _take(self, uow: SqlUnitOfWork, item: ListItem) -> int:
        """1 when the item was a response not known before."""
        fields = item.fields
        form = self._forms.get(str(fields.get(self._columns.form_id) or "").strip())
        faults: tuple[str, ...]
        if form is None:
            known = ", ".join(sorted(each.slug for each in self._forms.values()))
            faults = (f"The item names a form that config does not have. Known forms: {known}.",)
        else:
            try:
                content = self._content(fields)
                receipt = self._receiver.take_in(uow, arrival_from(form, content, DOOR, item.item_id))
                inbox.release(uow.connection, DOOR, item.item_id, uow.now())
                return int(receipt.is_new)
            except BadBody as bad:
                faults = bad.faults
        if inbox.hold(uow.connection, DOOR, item.item_id, " ".join(faults), None, uow.now()):
            log.warning("intake list: an item is held", extra={"item": item.item_id})
        return 0

    def _content(self, fields: Mapping[str, object]) -> dict[str, object]:
        """The flat object of Forms out of the item's columns. Raises BadBody where the answers are not one."""
        try:
            answers = json.loads(str(fields.get(self._columns.answers) or ""))
        except (ValueError, RecursionError) as error:
            raise BadBody(422, ("The item's answers are not the JSON that Forms gives.",)) from error
        if not isinstance(answers, dict):
            raise BadBody(422, ("The item's answers are not one JSON object.",))
        named = {
            "responseId": fields.get(self._columns.response_id),
            "responder": fields.get(self._columns.responder),
            "submitDate": fields.get(self._columns.submitted),
            "formId": fields.get(self._columns.form_id),
        }
        own = {key: _as_text(value) for key, value in named.items() if value is not None}
        return {**answers, **own}


def _as_text(value: object) -> object:
    """SharePoint gives a number column as 17.0; a response number is 17."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else value


def _fingerprint(forms: Mapping[str, FormDefinition]) -> str:
    text = repr(sorted((form.form_id, form.slug, form.schema_version) for form in forms.values()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
