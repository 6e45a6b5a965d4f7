"""What a single Planner value may be: one check per kind, each giving back the value to keep or raising a 400."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from m365_emulator.clock import parse_timestamp, timestamp_seconds
from m365_emulator.odata import GraphFault, Json
from m365_emulator.planner.order_hints import service_value
from m365_emulator.switches import Switches

Check = Callable[[Any, Switches], Any]

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PREVIEW_TYPES = ("automatic", "noPreview", "checklist", "description", "reference")
_RAW_IN_KEY = re.compile(r"[.:@#]|%(?![0-9A-Fa-f]{2})")


def invalid(message: str) -> GraphFault:
    """Planner's 400: no code, everything in the text."""
    return GraphFault(400, "", f"The request is invalid:\r\n{message}")


def unknown_property(name: str, type_name: str) -> GraphFault:
    """The 400 for a property that a type does not have."""
    return invalid(
        f"The property '{name}' does not exist on type '{type_name}'. "
        "Make sure to only use property names that are defined by the type."
    )


def text(name: str, limit: str | None = None, *, required: bool = False, nullable: bool = False) -> Check:
    """A string, at most as long as the switch named by `limit` says."""

    def check(value: Any, switches: Switches) -> Any:
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            raise invalid(f"Cannot convert the value of '{name}' to the expected type 'Edm.String'.")
        if required and not value.strip():
            raise invalid(f"The field '{name}' is required.")
        if limit is not None and len(value) > getattr(switches, limit):
            raise invalid(f"The value of '{name}' is longer than {getattr(switches, limit)} characters.")
        return value

    return check


def whole_number(name: str, low: int, high: int) -> Check:
    """An integer within bounds."""

    def check(value: Any, switches: Switches) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(f"Cannot convert the value of '{name}' to the expected type 'Edm.Int32'.")
        if not low <= value <= high:
            raise invalid(f"The value of '{name}' has to be between {low} and {high}.")
        return value

    return check


def moment(name: str) -> Check:
    """A DateTimeOffset, kept in UTC to the second; null clears."""

    def check(value: Any, switches: Switches) -> Any:
        if value is None:
            return None
        try:
            return timestamp_seconds(parse_timestamp(value))
        except (TypeError, ValueError) as fault:
            raise invalid(
                f"Cannot convert the literal '{value}' of '{name}' to the expected type 'Edm.DateTimeOffset'."
            ) from fault

    return check


def truth(name: str) -> Check:
    """A Boolean."""

    def check(value: Any, switches: Switches) -> Any:
        if not isinstance(value, bool):
            raise invalid(f"Cannot convert the value of '{name}' to the expected type 'Edm.Boolean'.")
        return value

    return check


def order_hint(name: str) -> Check:
    """An order hint as clients compose it; what is kept is the service's own value."""

    def check(value: Any, switches: Switches) -> Any:
        if not isinstance(value, str):
            raise invalid(f"Cannot convert the value of '{name}' to the expected type 'Edm.String'.")
        try:
            return service_value(value)
        except ValueError as fault:
            raise invalid(f"The value '{value}' of '{name}' is not a valid order hint.") from fault

    return check


def one_of(name: str, values: tuple[str, ...]) -> Check:
    """A member of an enumeration."""

    def check(value: Any, switches: Switches) -> Any:
        if value not in values:
            raise invalid(f"The value '{value}' of '{name}' is not one of {', '.join(values)}.")
        return value

    return check


def user_key(key: str) -> None:
    """The key of an assignment: an object id, never a sign-in name."""
    if not GUID.fullmatch(key):
        raise invalid(f"The key '{key}' is not the id of a user.")


def reference_key(key: str) -> None:
    """The key of a reference: an http(s) address with %, ., :, @ and # encoded (plannerexternalreferences.md)."""
    if _RAW_IN_KEY.search(key):
        raise invalid(f"The key '{key}' has characters that have to be encoded in an open type property name.")
    if not re.match(r"https?://[^/\s]", unquote(key), re.IGNORECASE):
        raise invalid(f"The key '{key}' is not the address of a web resource.")


def any_key(key: str) -> None:
    """The key of a checklist item: chosen by the client, without the characters OData forbids."""
    if not key.strip() or re.search(r"[.:@#]", key):
        raise invalid(f"The key '{key}' is not a valid open type property name.")


def entry_object(name: str, key: str, value: Any, type_name: str) -> Json:
    """An open type's complex entry: an object that declares the expected @odata.type."""
    if not isinstance(value, dict):
        raise invalid(
            f"The open type property '{key}' of '{name}' has an invalid type. Expected '{type_name}' or null."
        )
    declared = str(value.get("@odata.type") or "")
    if not declared:
        raise invalid("Value cannot be null.\r\nParameter name: qualifiedName")
    if declared.lstrip("#").lower() != f"microsoft.graph.{type_name}".lower():
        raise invalid(f"The type '{declared}' of '{key}' is not '#microsoft.graph.{type_name}'.")
    return value
