"""Reading Graph's JSON with care: what is not there or not of its kind is an error that names the member."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from graph_client.errors import Rejected

Json = Mapping[str, Any]


def text(of: Json, name: str) -> str:
    """A member that must be there and be text."""
    value = of.get(name)
    if not isinstance(value, str):
        raise unreadable(name)
    return value


def maybe_text(of: Json, *path: str) -> str | None:
    """Text some levels down; None where it, or anything on the way to it, is absent or null."""
    value: Any = of
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is not None and not isinstance(value, str):
        raise unreadable(path[-1])
    return value


def whole_number(of: Json, name: str, default: int) -> int:
    """A member that is a whole number; the default where it is absent or null."""
    value = of.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise unreadable(name)
    return value


def flag(of: Json, name: str) -> bool | None:
    """A member that is true or false; None where it is absent or null."""
    value = of.get(name)
    if value is not None and not isinstance(value, bool):
        raise unreadable(name)
    return value


def objects(of: Json, name: str) -> dict[str, Json]:
    """A member that maps names to objects, nulls left out; empty where it is absent or null."""
    value = of.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise unreadable(name)
    kept = {key: inner for key, inner in value.items() if inner is not None}
    if not all(isinstance(inner, Mapping) for inner in kept.values()):
        raise unreadable(name)
    return kept


def moment(of: Json, name: str) -> datetime | None:
    """A point in time in UTC, to the microsecond (Graph writes seven digits); None where absent or null."""
    value = maybe_text(of, name)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise unreadable(name) from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def etag(of: Json) -> str:
    """The entity's own etag, as If-Match wants it."""
    return text(of, "@odata.etag")


def unreadable(name: str) -> Rejected:
    """The error for an answer whose member is not what Graph's metadata says."""
    return Rejected("reading Graph's answer", sentence=f"its member {name} is not as documented")
