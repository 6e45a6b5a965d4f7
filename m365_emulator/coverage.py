"""Prints what is modelled, from the route table, the switches and the permission tables themselves."""

from m365_emulator.registry import control_routes, graph_routes, permission_check
from m365_emulator.sign_in.routes import SIGN_IN_ROUTES
from m365_emulator.switches import Switches


def coverage_text() -> str:
    """Markdown tables: Graph routes with the permissions that let them through, control routes, switches."""
    check = permission_check()
    lines = ["## Routes below /v1.0", "", "| Route | Application | Delegated |", "|---|---|---|"]
    for route in sorted(graph_routes(), key=lambda r: (r.template.lower(), r.method)):
        app = _short(check.accepted(route.permission_key, app_only=True))
        person = _short(check.accepted(route.permission_key, app_only=False))
        lines.append(f"| `{route.method} {route.template}` | {app} | {person} |")
    lines += ["", "## Sign-in routes", ""]
    lines += [f"- `{', '.join(sorted((r.methods or set()) - {'HEAD'}))} {r.path}`" for r in SIGN_IN_ROUTES]
    lines += ["", "## Control routes", ""]
    for entry in control_routes():
        methods = ", ".join(sorted(getattr(entry, "methods", None) or ()))
        lines.append(f"- `{methods.replace('HEAD, ', '').replace(', HEAD', '')} {getattr(entry, 'path', '')}`")
    lines += ["", "## Switches", "", "| Switch | Default | Meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in Switches.meanings()]
    return "\n".join(lines) + "\n"


def _short(accepted: frozenset[str]) -> str:
    names = sorted(accepted, key=lambda name: (len(name), name))
    if not names:
        return "not supported"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
