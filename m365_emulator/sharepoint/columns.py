"""Columns of a SharePoint list: how one is declared, and which values it takes.
An empty text is kept as nothing, and a field that holds nothing is left out of answers, as on SharePoint.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from m365_emulator.known_properties import require_known
from m365_emulator.odata import GraphFault

SINGLE_LINE_LENGTH = 255
FACETS: Mapping[str, Mapping[str, Any]] = {
    "text": {
        "allowMultipleLines": False,
        "appendChangesToExistingText": False,
        "linesForEditing": 0,
        "maxLength": SINGLE_LINE_LENGTH,
    },
    "number": {"decimalPlaces": "automatic", "displayAs": "number"},
    "dateTime": {"displayAs": "default", "format": "dateTime"},
    "boolean": {},
    "choice": {"allowTextEntry": False, "choices": [], "displayAs": "dropDownMenu"},
    "hyperlinkOrPicture": {"isPicture": False},
}
WRITABLE = ("displayName", "description", "hidden", "indexed", "required")


@dataclass(slots=True)
class Column:
    """One column. `name` is the internal name that fields are addressed by."""

    column_id: str
    name: str
    display_name: str
    facet: str
    settings: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    required: bool = False
    indexed: bool = False
    hidden: bool = False
    read_only: bool = False
    group: str = "Custom Columns"

    def copy(self) -> Column:
        """A column of the same kind for another list."""
        return replace(self, settings=dict(self.settings))

    def as_json(self) -> dict[str, Any]:
        """The columnDefinition."""
        return {
            "columnGroup": self.group,
            "description": self.description,
            "displayName": self.display_name,
            "enforceUniqueValues": False,
            "hidden": self.hidden,
            "id": self.column_id,
            "indexed": self.indexed,
            "name": self.name,
            "readOnly": self.read_only,
            "required": self.required,
            self.facet: dict(self.settings),
        }


def _built_in(name: str, display_name: str, facet: str, read_only: bool = True) -> Column:
    column_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"built-in column {name}"))
    settings = dict(FACETS.get(facet, {}))
    return Column(column_id, name, display_name, facet, settings, read_only=read_only, group="Base Columns")


TITLE = _built_in("Title", "Title", "text", read_only=False)
BUILT_IN_COLUMNS = (
    TITLE,
    _built_in("ID", "ID", "number"),
    _built_in("ContentType", "Content Type", "text"),
    _built_in("Modified", "Modified", "dateTime"),
    _built_in("Created", "Created", "dateTime"),
    _built_in("Author", "Created By", "personOrGroup"),
    _built_in("Editor", "Modified By", "personOrGroup"),
    _built_in("Attachments", "Attachments", "boolean"),
)


def internal_name(name: str) -> str:
    """SharePoint's internal form of a name: what is no letter or digit is written as _xHHHH_."""
    return re.sub(r"[^\w]", lambda m: f"_x{ord(m.group()):04x}_", name)


def column_from_json(spec: Any) -> Column:
    """A new column from a columnDefinition. Raises GraphFault 400."""
    name = spec.get("name") if isinstance(spec, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise GraphFault(400, "invalidRequest", "A column needs a name")
    require_known(spec, "columnDefinition", "invalidRequest")
    given = [facet for facet in FACETS if facet in spec]
    if len(given) > 1:
        raise GraphFault(400, "invalidRequest", f"A column has one type, not {' and '.join(given)}")
    facet = given[0] if given else "text"
    if not isinstance(spec.get(facet) or {}, dict):
        raise GraphFault(400, "invalidRequest", f"The settings of a {facet} column have to be an object")
    column = Column(
        str(uuid.uuid4()), internal_name(name), name, facet, dict(FACETS[facet]) | dict(spec.get(facet) or {})
    )
    change_column(column, {k: v for k, v in spec.items() if k in WRITABLE})
    return column


def change_column(column: Column, body: Mapping[str, Any]) -> None:
    """PATCH of a column: its names and its plain settings. Raises GraphFault 400."""
    require_known(body, "columnDefinition", "invalidRequest")
    name = body.get("name", column.name)
    if not isinstance(name, str) or not name.strip():
        raise GraphFault(400, "invalidRequest", "A column needs a name")
    if column.read_only:
        raise GraphFault(400, "invalidRequest", f"Column '{column.name}' cannot be changed")
    column.name = internal_name(name)
    column.display_name = str(body.get("displayName", column.display_name))
    column.description = str(body.get("description", column.description))
    column.required = bool(body.get("required", column.required))
    column.indexed = bool(body.get("indexed", column.indexed))
    column.hidden = bool(body.get("hidden", column.hidden))
    if isinstance(body.get(column.facet), dict):
        column.settings.update(body[column.facet])


def checked_value(column: Column, value: Any) -> Any:
    """The value as it is kept; None for nothing. Raises GraphFault 400 when the column cannot hold it."""
    if value is None or value == "":
        return None
    taken = _CHECKS[column.facet](column, value)
    if taken is None:
        raise GraphFault(400, "invalidRequest", f"The value given for field '{column.name}' is not valid")
    return taken


def _text(column: Column, value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if not column.settings.get("allowMultipleLines"):
        longest = int(column.settings.get("maxLength") or SINGLE_LINE_LENGTH)
        return value if len(value) <= longest else None
    return value


def _number(column: Column, value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number == int(number) else number


def _date_time(column: Column, value: Any) -> str | None:
    try:
        at = datetime.fromisoformat(str(value))
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _boolean(column: Column, value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _link(column: Column, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not isinstance(value.get("Url"), str):
        return None
    return {"Description": value.get("Description"), "Url": value["Url"]}


def _choice(column: Column, value: Any) -> str | None:
    return value if isinstance(value, str) else None


_CHECKS = {
    "text": _text,
    "number": _number,
    "dateTime": _date_time,
    "boolean": _boolean,
    "choice": _choice,
    "hyperlinkOrPicture": _link,
}
