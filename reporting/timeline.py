"""What happened to a task, from the audit log, in plain words: who, when, what, and what changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from reporting.wording import STATUS_WORDS, short_time, unit_name
from store.tables import audit_log
from tasking.audit import AuditKind
from tasking.force import Force
from tasking.task import Status

MOST_LINES = 200
NOT_TOLD = (AuditKind.CONSULTATION.value, AuditKind.DISCLOSURE.value, AuditKind.SIGN_IN.value)
"""Who looked is the auditor's to read, not everybody's."""
ACTION_WORDS: Mapping[str, str] = {
    "task raised": "Raised",
    "adopted from the board": "Taken over from the board",
    "risk assessed again": "Risk assessed again",
    "decision recorded": "Decision recorded",
    "returned with conditions": "Given back with conditions",
    "linked": "Linked with another task",
}
FIELD_WORDS: Mapping[str, str] = {
    "status": "status",
    "band": "band",
    "band_override": "band set by a person",
    "score": "score",
    "unit": "unit",
    "pillar": "pillar",
    "progress": "progress",
    "due_at": "due",
    "start_at": "start",
    "stands_on": "stands with",
    "owner_ids": "owner",
    "decision": "decision",
    "title": "title",
    "checklist": "checklist",
    "labels": "labels",
    "classification": "handling mark",
}
"""Fields that are told; all others are the service's own bookkeeping."""
ONLY_THAT = frozenset({"title", "checklist"})
"""Of these it is told that they changed: the log keeps only a hash of what people wrote."""


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One thing that happened, at `at` (UTC). `who` is as the log has it; `changes` are phrases."""

    number: int
    at: datetime
    who: str
    source: str
    what: str
    changes: tuple[str, ...]


def timeline(connection: Connection, force: Force, reference: str, most: int = MOST_LINES) -> tuple[TimelineLine, ...]:
    """The newest `most` lines about the task with this reference, the newest first. One query.

    Whether the viewer may see the task is the caller's to check first: reporting/task_page.py does.
    """
    c = audit_log.c
    told = (c.object_ref == reference, c.kind.is_(None) | c.kind.not_in(NOT_TOLD))
    rows = connection.execute(select(audit_log).where(*told).order_by(c.number.desc()).limit(most)).mappings()
    return tuple(
        TimelineLine(
            row["number"],
            row["at"],
            row["on_behalf_of"] or row["actor"],
            row["source"],
            ACTION_WORDS.get(row["action"], row["action"].capitalize()),
            tuple(_changes(force, row["changes"])),
        )
        for row in rows
    )


def _changes(force: Force, changes: Mapping[str, Any]) -> list[str]:
    told = []
    for name, words in FIELD_WORDS.items():
        if name not in changes:
            continue
        before, after = changes[name]
        if name in ONLY_THAT:
            told.append(f"{words} changed")
        elif before in (None, "", []):
            told.append(f"{words}: {_shown(force, name, after)}")
        else:
            told.append(f"{words}: {_shown(force, name, before)} to {_shown(force, name, after)}")
    return told


def _shown(force: Force, name: str, value: Any) -> str:
    if value in (None, "", []):
        return "none"
    return _SHOWN.get(name, _plain)(force, value)


def _plain(force: Force, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each).capitalize().replace("_", " ") for each in value)
    text = str(value)
    return text.capitalize().replace("_", " ") if text.isupper() else text


def _pillar(force: Force, value: Any) -> str:
    pillar = force.pillars.get(value)
    return pillar.label if pillar else str(value)


def _moment(force: Force, value: Any) -> str:
    return short_time(datetime.fromisoformat(value))


_SHOWN: Mapping[str, Callable[[Force, Any], str]] = {
    "status": lambda force, value: STATUS_WORDS[Status(value)] if value in set(Status) else str(value),
    "unit": lambda force, value: unit_name(force, value),
    "pillar": _pillar,
    "due_at": _moment,
    "start_at": _moment,
    "stands_on": lambda force, value: ", ".join(unit_name(force, unit) for unit in value),
    "owner_ids": lambda force, value: f"{len(value)} assigned",
    "progress": lambda force, value: f"{value} %",
    "labels": lambda force, value: ", ".join(
        force.labels[code].name if code in force.labels else code for code in value
    ),
    "decision": lambda force, value: str(value),
    "classification": lambda force, value: str(value),
}
