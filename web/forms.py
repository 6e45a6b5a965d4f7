"""What a person sends: read once, bounded, and refused unless it comes from a page that this session was given.

Each form carries the session's `csrf` and a key of its own (`form_key`), by which a form sent twice has one effect.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request

from store import web_sessions
from store.unit_of_work import SqlUnitOfWork

MOST_BYTES = 256 * 1024
MOST_FIELDS = 200
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{22,64}")
OWN_FIELDS = ("csrf", "form_key")
URLENCODED = "application/x-www-form-urlencoded"


class FormRefused(Exception):
    """The form does not come from a page of this session. Nothing was done."""


class FormTooLarge(Exception):
    """More was sent than any of our forms can hold. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: its name and a sentence that says what to mend."""

    name: str
    words: str


@dataclass(slots=True)
class Form:
    """The fields of a form as they came, with white space around them taken off. Collect `faults` and show them all."""

    values: Mapping[str, list[str]]
    form_key: str
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str, label: str = "", *, needed: bool = False, most: int = 4000) -> str:
        """One field, '' where it is not there. Notes a fault where it is `needed` and empty, or over `most` letters."""
        told = next(iter(self.values.get(name, [])), "").strip().replace("\r\n", "\n")
        if needed and not told:
            self.fault(name, f"{label or name}: say it in a few words, it is needed.")
        if len(told) > most:
            self.fault(name, f"{label or name}: {len(told)} characters are too many, {most} is the most.")
        return told

    def choice(self, name: str, label: str, among: Mapping[str, str], *, needed: bool = True) -> str:
        """One of the codes of `among`. Notes a fault for anything else, and for nothing where it is `needed`."""
        told = self.text(name)
        if told not in among and (told or needed):
            self.fault(name, f"{label}: choose one of the answers.")
            return ""
        return told

    def all(self, name: str) -> list[str]:
        """Every value of a field that may be ticked more than once."""
        return [each.strip() for each in self.values.get(name, [])]

    def fault(self, name: str, words: str) -> None:
        """Notes what is wrong with a field."""
        self.faults.append(Fault(name, words))

    def once(self, uow: SqlUnitOfWork) -> None:
        """Marks the form as sent, in the transaction of its effect. Raises store.web_sessions.AlreadySent."""
        web_sessions.send_once(uow.connection, self.form_key, uow.now())

    @property
    def shown(self) -> dict[str, str]:
        """Each field's first value, to fill the form again with what the person typed."""
        return {name: values[0] for name, values in self.values.items() if values and name not in OWN_FIELDS}


async def read_body(request: Request) -> dict[str, list[str]]:
    """The fields of a form. Raises FormTooLarge, and FormRefused for what no form of ours sends."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != URLENCODED:
        raise FormRefused("not a form")
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > MOST_BYTES:
        raise FormTooLarge("too large")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise FormTooLarge("too large")
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise FormRefused("not a form of ours") from None


def checked(values: Mapping[str, list[str]], csrf: str) -> Form:
    """The form, if it carries this session's csrf and a key. Raises FormRefused."""
    given, key = (next(iter(values.get(name, [])), "") for name in OWN_FIELDS)
    if not hmac.compare_digest(given.encode(), csrf.encode()) or not FORM_KEY.fullmatch(key):
        raise FormRefused("not from a page of this session")
    return Form(values, key)
