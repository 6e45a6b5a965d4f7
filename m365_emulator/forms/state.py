"""Registered forms and the responses to them. forms_submit takes a response, forms_flow carries it on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from m365_emulator.forms.model import DeliveryOrder, Flow, Form, FormFault, Response


@dataclass(slots=True)
class KeptForm:
    """A form with its responses, oldest first; `unwritten` are the ones that the workbook does not hold yet."""

    form: Form
    responses: list[Response] = field(default_factory=list)
    unwritten: list[Response] = field(default_factory=list)
    workbook_paused: bool = False
    orders: list[DeliveryOrder] = field(default_factory=list)
    """What is on order for the next responses' deliveries, one for each."""

    def response(self, response_id: int) -> Response | None:
        """The response of this number, counted from 1."""
        return self.responses[response_id - 1] if 1 <= response_id <= len(self.responses) else None


@dataclass(slots=True)
class FormsState:
    """Every form of the tenant, by slug; `running` keeps hold of flows that are under way."""

    forms: dict[str, KeptForm] = field(default_factory=dict)
    running: set[asyncio.Task[None]] = field(default_factory=set, metadata={"transient": True})

    def register(self, form: Form) -> KeptForm:
        """Add the form, or change the one of the same form_id and keep its responses. Raises FormFault."""
        holder = self.forms.get(form.slug)
        if holder and holder.form.form_id != form.form_id:
            raise FormFault({"slug": f"'{form.slug}' belongs to another form"})
        before = next((k for k in self.forms.values() if k.form.form_id == form.form_id), None)
        if before is None:
            before = KeptForm(form)
        self.forms.pop(before.form.slug, None)
        before.form = form
        self.forms[form.slug] = before
        return before

    def change_flow(self, kept: KeptForm, flow: Flow) -> None:
        """From now on the form's flow does this."""
        kept.form = replace(kept.form, flow=flow)
