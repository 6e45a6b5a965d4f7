"""Reads recommendations and feed items from a spreadsheet file; names the row and column of every fault."""

import csv
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from service.config_files import did_you_mean
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.intelligence import check_item
from tasking.intelligence_items import IntelligenceItem, ItemKind, ItemSource, ItemState
from tasking.ports import UnitOfWork
from tasking.task import Classification

NEEDED = ("key", "kind", "source", "unit", "text")
COLUMNS = (*NEEDED, "mark", "document", "day", "priority", "gap")
MOST_ROWS = 500

E = TypeVar("E", bound=StrEnum)


class BadRows(RuleBroken):
    """Rows that cannot be taken in; the text has a sentence for each."""


def read_items(uow: UnitOfWork, force: Force, path: Path) -> list[IntelligenceItem]:
    """The rows of a CSV file with headings. Raises BadRows naming every fault with its row; then none is to be used."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise BadRows(f"{path}: is not a CSV file in UTF-8.") from None
    _check_headings(path, rows)
    items, faults, seen = [], [], dict[str, int]()
    for number, row in enumerate(rows, start=2):
        told = {name: (row.get(name) or "").strip() for name in COLUMNS}
        try:
            item = _item(told, uow.now())
            check_item(uow, force, item)
            if seen.setdefault(item.key, number) != number:
                raise RuleBroken(f"Its key stands in row {seen[item.key]} already.")
            items.append(item)
        except RuleBroken as fault:
            faults.append(f"{path}, row {number}: {fault}")
    if faults:
        raise BadRows("\n".join((*faults, "Nothing was taken in.")))
    return items


def _check_headings(path: Path, rows: list[dict[str, str]]) -> None:
    headings = list(rows[0]) if rows else []
    if not rows or len(rows) > MOST_ROWS:
        raise BadRows(f"{path}: must have from 1 to {MOST_ROWS} rows below its headings.")
    if missing := [name for name in NEEDED if name not in headings]:
        raise BadRows(f"{path}, row 1: the headings lack {', '.join(missing)}.")
    if strange := [str(name) for name in headings if name not in COLUMNS]:
        hint = did_you_mean(strange[0], COLUMNS)
        raise BadRows(f"{path}, row 1: there is no column '{strange[0]}'{hint}; there are {', '.join(COLUMNS)}.")


def _item(told: Mapping[str, str], now: datetime) -> IntelligenceItem:
    return IntelligenceItem(
        reference="",
        key=told["key"],
        kind=_one_of(ItemKind, "kind", told["kind"]),
        source=_one_of(ItemSource, "source", told["source"]),
        unit=told["unit"],
        text=told["text"],
        classification=_one_of(Classification, "mark", told["mark"] or Classification.OFFICIAL),
        state=ItemState.OPEN,
        recorded_by="",
        recorded_at=now,
        document=told["document"],
        for_day=_day(told["day"]),
        control_priority=told["priority"],
        intelligence_gap=told["gap"],
    )


def _one_of(kind: type[E], column: str, value: str) -> E:
    try:
        return kind(value.upper())
    except ValueError:
        raise RuleBroken(f"The {column} must be one of {', '.join(kind)}.") from None


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise RuleBroken("The day must be written like 2027-01-04.") from None
