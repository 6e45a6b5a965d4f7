"""Orders: what a lever takes, as one model that checks the body and describes it, so that neither says what the other
does not. A body of another shape is a 400 that names the field.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from m365_emulator.clock import FIRST_MOMENT, LAST_MOMENT, parse_timestamp
from m365_emulator.odata import Json, finite_number, no_number
from m365_emulator.tenant import Tenant

REFERENCE = "#/components/schemas/{model}"
LONGEST = 1_000_000_000
"""The most of anything that is counted or lasts: seconds of some thirty years."""
MOST_COPIES = 100

ControlHandler = Callable[[Request], Awaitable[Response]]


class ControlFault(Exception):
    """A control call that makes no sense; answered as 400 with this text, and `problems` by field where it has any."""

    def __init__(self, text: str, problems: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.problems = problems or {}


class Order(BaseModel):
    """The body of a lever: fields of just these types, and no others. An order says what it takes in `fields`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def schema_of_body(cls) -> Json:
        """The JSON schema that the control area's description gives for the body."""
        return cls.model_json_schema(ref_template=REFERENCE)


OrderT = TypeVar("OrderT", bound=Order)


def takes(kind: type[OrderT]) -> Callable[[Callable[[Request, OrderT], Awaitable[Response]]], ControlHandler]:
    """Make a handler of requests from one that takes an order too: the body is read as that order before it runs."""

    def decorated(act: Callable[[Request, OrderT], Awaitable[Response]]) -> ControlHandler:
        @wraps(act)
        async def handle(request: Request) -> Response:
            return await act(request, read_order(kind, await body_of(request)))

        handle.order = kind  # type: ignore[attr-defined]
        return handle

    return decorated


def read_order(kind: type[OrderT], body: Any) -> OrderT:
    """The body as an order; ControlFault names every field at fault."""
    try:
        return kind.model_validate(body)
    except ValidationError as fault:
        problems = problems_of(fault)
        raise ControlFault("; ".join(problems.values()), problems) from fault


def problems_of(fault: ValidationError) -> dict[str, str]:
    """A sentence for each field at fault, by its place such as people[0].upn."""
    found: dict[str, str] = {}
    for error in fault.errors(include_url=False):
        place = place_of(error["loc"])
        found.setdefault(place, _said(error["type"], place, error))
    return found


def place_of(steps: tuple[int | str, ...]) -> str:
    """people[0].upn for ('people', 0, 'upn'); 'the body' for none."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return words.removeprefix(".") or "the body"


def tenant_of(request: Request) -> Tenant:
    """The tenant that this program serves."""
    tenant = request.app.state.tenant
    if not isinstance(tenant, Tenant):
        raise TypeError("the application was built without a tenant")
    return tenant


async def body_of(request: Request) -> Json:
    """The JSON object sent, {} for no body; ControlFault for anything else."""
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        body: Any = json.loads(raw, parse_constant=no_number, parse_float=finite_number)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as fault:
        raise ControlFault("the body is not JSON") from fault
    if not isinstance(body, dict):
        raise ControlFault("the body has to be a JSON object")
    return body


def _said(kind: str, place: str, error: Any) -> str:
    if kind in _FROM_THE_OBJECT:
        where, _, name = place.rpartition(".")
        return f"{where}: " * bool(where) + _FROM_THE_OBJECT[kind].format(name)
    if kind in _WANTED:
        return f"{place!r} has to be {_WANTED[kind]}"
    if kind == "literal_error":
        return f"{place!r} is one of {error['ctx']['expected']}"
    if kind == "value_error":
        return f"{place!r}: {error['ctx']['error']}"
    return f"{place!r}: {error['msg'][:1].lower()}{error['msg'][1:]}"


_FROM_THE_OBJECT = {"missing": "{!r} is missing", "extra_forbidden": "unknown {!r}"}
_WANTED = {
    "string_type": "text",
    "string_unicode": "text",
    "string_too_short": "text that is not empty",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def _any_moment(value: Any) -> datetime:
    try:
        return parse_timestamp(value)
    except (TypeError, ValueError) as fault:
        raise ValueError(f"{value!r} is no time with a zone") from fault


def _moment(value: Any) -> datetime:
    moment = _any_moment(value)
    if not FIRST_MOMENT <= moment <= LAST_MOMENT:
        raise ValueError(f"a tenant's time lies between the years {FIRST_MOMENT.year} and {LAST_MOMENT.year}")
    return moment


def _pattern(text: str) -> str:
    try:
        re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as fault:
        raise ValueError(f"{text!r} is no regular expression: {fault}") from fault
    return text


Text = Annotated[str, Field(min_length=1)]
Texts = list[Text]
Whole = Annotated[int, Field(ge=0, le=LONGEST)]
Times = Annotated[int, Field(ge=1, le=LONGEST)]
Copies = Annotated[int, Field(ge=1, le=MOST_COPIES)]
Amount = Annotated[float, Field(ge=0, le=LONGEST)]
AnyMoment = Annotated[datetime, BeforeValidator(_any_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Pattern = Annotated[str, AfterValidator(_pattern)]
RefusalStatus = Annotated[int, Field(ge=400, le=599)]
Person = Annotated[Text, Field(description="a sign-in name or id")]
GroupName = Annotated[Text, Field(description="a group's mail nickname or id")]
AppId = Annotated[Text, Field(description="an app's client id; the service's own without it")]
