"""Prints the page of what is modelled, from the routes, the words beside them, the switches and the permission tables.

What is said of the whole is here; what is said of a family of routes stands where they are registered.
"""

from collections.abc import Iterable, Iterator

from starlette.routing import BaseRoute, Route

from m365_emulator.control.openapi import levers, verbs_of
from m365_emulator.registry import control_routes, graph_routes, page_routes, permission_check
from m365_emulator.routing import Route as GraphRoute
from m365_emulator.sign_in.routes import FAMILY as SIGN_IN
from m365_emulator.sign_in.routes import SIGN_IN_ROUTES
from m365_emulator.switches import Switches
from m365_emulator.words import Family

BEGINNING = """\
# What the emulator models

`python -m m365_emulator` is a Microsoft 365 tenant in memory: Graph v1.0, the App Service managed-identity endpoint,
Entra's sign-in, Planner, the directory, Teams, SharePoint, drives, Workflows webhooks and Forms. It shares no code with
the service and answers over plain HTTP, and over HTTPS beside it (`--https-port`), so unmodified Graph and sign-in
libraries work against it when the address is set.

`python -m m365_emulator --coverage` prints this whole page, from the routes and from the words that stand beside them
in the code; a test keeps the file equal to it. Of each family of routes it says what is modelled, what is assumed
because no public source settles it, and what is refused or not there.

## How a call goes

1. Path to route (segments without case, ids with it; keys may stand in parentheses). Unknown segment 400, unknown verb
   405.
2. Token: RS256 under one of the tenant's keys, audience Graph, its issuer and tenant, expiry by the real clock. Absent,
   garbled, forged or expired: 401 `InvalidAuthenticationToken`.
3. Faults on order: delay, throttle, failure; a fault plan's step, by count or by chance with a seed.
4. Permission: one line of the permission table per route. Lacking: 403 in the words of the workload. An app on `/me`:
   400.
5. The handler, on one thread and without awaiting, so each call happens whole. A property that a resource does not
   have is a 400 wherever it is sent; so is a body that is no JSON, or holds a number too large for any (`1e999`).
6. A lost answer on order: the change stands; the connection is cut, or 504 is given.

Each part of a `$batch` goes the same way: faults strike it alone and stand in its own headers (`Retry-After`), parts
that are held up wait beside each other, and a part that depends on others after them. Latency (`faults/latency`) is
waited for once a request, so once a batch. The request that carries a batch suffers only faults that name it by path
(`[$]batch`). What cuts a connection (`lose`, `reset`) gives a part 504; with `lose` the work was done, with `reset` it
was not. The chances of steps for the same call add up: four of 0.05 strike one call in five.

Exchanges are kept as HAR 1.2 with bodies and tokens (`GET /_emulator/traffic.har`, `--har FILE`): the latest 50,000,
with `--traffic-keep N` so many, with `--no-traffic` none; never more than 256 MB of bodies. An answer that was lost has
status 0. `GET /_emulator/state` counts requests and calls (each part of a batch is one) whatever is kept.

The tenant's clock can be frozen or moved between the years 1970 and 2999; tokens, throttle windows and the channel rate
follow real time.
"""
NOT_MODELLED = """\
## Not modelled anywhere

- `/beta`: 404 with a Graph error.
- Throttling by measured load: 429 comes when ordered, and from the rates of channels and activity notifications.
- What is refused or missing in each family stands with it.
"""
CONTROL = """\
## Control routes

Below `/_emulator`, never reachable as a Graph path. `/_emulator/openapi.json` describes every body, from the models
that check them: a body of another shape, or with a field too many, is a 400 that names the field.
"""


def coverage_text() -> str:
    """The page, in Markdown."""
    parts = [BEGINNING, "## Routes below /v1.0\n"]
    for family, routes in families().items():
        parts += [f"### {family.title}\n", *_words(family), _table(_graph_rows(routes), "Application", "Delegated")]
    parts += ["## Sign-in routes\n", *_words(SIGN_IN), _table(_said_rows(SIGN_IN_ROUTES))]
    parts += [CONTROL, _table((f"`{one.method} {one.path}`", one.text) for one in levers(control_routes()))]
    parts += ["## Pages, webhooks and downloads\n", _table(_said_rows(page_routes())), NOT_MODELLED, _switches()]
    return "\n".join(parts)


def families() -> dict[Family, list[GraphRoute]]:
    """The routes below /v1.0 by the family that they belong to; ValueError for one of which nothing is said."""
    found: dict[Family, list[GraphRoute]] = {}
    for route in graph_routes():
        if route.family is None or not said_of(route.handler):
            raise ValueError(f"nothing is said of {route.method} {route.template}")
        found.setdefault(route.family, []).append(route)
    return found


def said_of(handler: object) -> str:
    """What a handler says of itself, as one line without a verb and path to begin with."""
    words = " ".join((handler.__doc__ or "").split("\n\n")[0].split())
    head, mark, rest = words.partition(": ")
    names_itself = head.split(" ", 1)[0] in ("GET", "POST", "PUT", "PATCH", "DELETE")
    return (rest if mark and names_itself else words).rstrip(".").replace("|", "\\|")


def _words(family: Family) -> Iterator[str]:
    yield "Modelled:\n"
    yield "".join(f"- {line}\n" for line in family.modelled)
    if family.assumed:
        yield "Assumed:\n\n| What | Here | Changed by |\n|---|---|---|"
        for one in family.assumed:
            means = ", ".join(f"`{name}`" for name in one.switches) or one.by or "–"
            yield f"| {one.what} | {one.here} | {means} |"
        yield ""
    if family.refused:
        yield "Refused or not there:\n"
        yield "".join(f"- {line}\n" for line in family.refused)


def _graph_rows(routes: Iterable[GraphRoute]) -> Iterator[tuple[str, ...]]:
    check = permission_check()
    for route in sorted(routes, key=lambda r: (r.template.lower(), r.method)):
        app = _short(check.accepted(route.permission_key, app_only=True))
        person = _short(check.accepted(route.permission_key, app_only=False))
        yield f"`{route.method} {route.template}`", said_of(route.handler), app, person


def _said_rows(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, ...]]:
    for route in routes:
        if isinstance(route, Route):
            yield f"`{', '.join(verbs_of(route))} {route.path}`", said_of(route.endpoint)


def _table(rows: Iterable[tuple[str, ...]], *more: str) -> str:
    heads = ("Route", "What it is", *more)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _switches() -> str:
    lines = ["## Switches\n", "| Switch | Default | Meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in Switches.meanings()]
    return "\n".join(lines) + "\n"


def _short(accepted: frozenset[str]) -> str:
    names = sorted(accepted, key=lambda name: (len(name), name))
    if not names:
        return "not supported"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
