"""The evidence bundle of one task: a .zip with every item, a schedule, a text to read and the SHA-256 of each file.

The same record at the same moment gives the same bytes. That it was made is audited first, and is one of its items.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import yaml
from sqlalchemy import Connection

from reporting.evidence import Item, items_about
from reporting.evidence_words import README
from reporting.score_history import score_lines
from store import chain
from store.tables import audit_log
from store.unit_of_work import Store
from tasking.audit import AuditKind
from tasking.task import Classification

ACTION = "evidence bundle made"
OWNER_ONLY = 0o100600 << 16
"""A zip's way to say that only the owner may read an unpacked file."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle. `mark` is the highest of its items; `warnings` are sentences for whoever made it."""

    reference: str
    items: int
    mark: Classification
    content: bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Making:
    """Of which task a bundle is made, by whom, for whom and when (UTC)."""

    reference: str
    actor: str
    recipient: str | None
    at: datetime


def make_bundle(store: Store, reference: str, actor: str, source: str, recipient: str | None = None) -> Bundle:
    """Audits the disclosure and collects the task's evidence in one commit, then packs it. Raises UnknownTask.

    `actor` is who takes the record out, `source` by which way (such as cli), `recipient` to whom it will be given.
    """
    with store.act(actor, source, store.new_delivery_id()) as uow:
        task = uow.task_by_reference(reference)
        uow.audit(ACTION, task.reference, {}, AuditKind.DISCLOSURE, recipient=recipient)
        items = items_about(uow.connection, task, uow.now())
        head = chain.head(uow.connection, audit_log)
        wrong = _not_as_written(uow.connection, items)
        making = Making(task.reference, actor, recipient, uow.now())
    mark = max((item.mark for item in items), key=list(Classification).index)
    content = _zipped(_files(items, making, mark, head, wrong), making.at)
    return Bundle(making.reference, len(items), mark, content, _warnings(wrong))


def _not_as_written(connection: Connection, items: Sequence[Item]) -> list[int]:
    """Numbers of those audit rows among the items that no longer fit their own hash."""
    numbers = [int(item.key) for item in items if item.source == "audit"]
    rows = connection.execute(audit_log.select().where(audit_log.c.number.in_(numbers))).mappings()
    return sorted(row["number"] for row in rows if row["hash"] != chain.hash_of(audit_log, dict(row)))


def _warnings(wrong: Sequence[int]) -> tuple[str, ...]:
    told = "Rows of the audit log in this bundle are not as they were written: {}. Run `tasking verify-audit`."
    return (told.format(", ".join(map(str, wrong))),) if wrong else ()


def _files(
    items: Sequence[Item], making: Making, mark: Classification, head: chain.Head, wrong: Sequence[int]
) -> dict[str, bytes]:
    """Every file by its path in the bundle; the manifest, which names all the others, is the last."""
    names = [f"{item.mark}/{number:04}-{item.source}-{item.key}.json" for number, item in enumerate(items, 1)]
    contents = [_json(item.record) for item in items]
    files = {"README.txt": _readme(items, making, mark), "schedule.csv": _schedule(items, names, contents)}
    for each in sorted({item.mark for item in items}):
        files[f"{each}/timeline.txt"] = _timeline(items, each)
        if scores := score_lines(item.record["document"] for item in items if _is_score(item, each)):
            files[f"{each}/scores.txt"] = "\n".join([each, "", *scores, ""]).encode()
    files |= dict(zip(names, contents, strict=True))
    manifest = {
        "task": making.reference,
        "mark": mark,
        "made_at": making.at.isoformat(),
        "made_by": making.actor,
        "recipient": making.recipient,
        "audit_log": {"rows": head.rows, "newest_hash": head.hash, "rows_here_not_as_written": list(wrong)},
        "sha256": {name: _sha256(content) for name, content in files.items()},
    }
    return files | {"manifest.json": _json(manifest)}


def _readme(items: Sequence[Item], making: Making, mark: Classification) -> bytes:
    counts = {each: sum(item.mark is each for item in items) for each in Classification}
    text = README.format(
        mark=mark,
        reference=making.reference,
        at=_told(making.at),
        actor=making.actor,
        recipient=making.recipient or "nobody named",
        items=len(items),
        official=counts[Classification.OFFICIAL],
        sensitive=counts[Classification.OFFICIAL_SENSITIVE],
    )
    return text.encode()


def _schedule(items: Sequence[Item], names: Sequence[str], contents: Sequence[bytes]) -> bytes:
    """All items in time order with nothing of what they say, so that it can be shown where they cannot."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["item", "time (UTC)", "what", "mark", "file", "sha256"])
    for number, (item, name, content) in enumerate(zip(items, names, contents, strict=True), 1):
        rows.writerow([number, f"{item.at:%Y-%m-%d %H:%M:%S}", item.source, item.mark, name, _sha256(content)])
    return text.getvalue().encode()


def _timeline(items: Sequence[Item], mark: Classification) -> bytes:
    parts = [f"{mark}\n"]
    for number, item in enumerate(items, 1):
        if item.mark is mark:
            record = yaml.safe_dump(dict(item.record), allow_unicode=True, sort_keys=False, width=110)
            parts.append(f"\n{number}. {_told(item.at)}  {item.source} {item.key}\n{_indented(record)}")
    return "".join(parts).encode()


def _is_score(item: Item, mark: Classification) -> bool:
    return item.source == "assessment" and item.mark is mark


def _indented(text: str) -> str:
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))


def _zipped(files: Mapping[str, bytes], at: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, OWNER_ONLY
            archive.writestr(entry, content)
    return packed.getvalue()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _told(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y %H:%M:%S} UTC"
