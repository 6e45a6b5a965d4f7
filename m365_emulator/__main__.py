"""python -m m365_emulator: serve the tenant until stopped; the traffic goes to --har at the end."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette

from m365_emulator.control import snapshots
from m365_emulator.control.seed_file import SeedFault, plant, read_seed
from m365_emulator.control.snapshot_codec import SnapshotFault
from m365_emulator.coverage import coverage_text
from m365_emulator.odata import whole_number
from m365_emulator.server import build_app
from m365_emulator.serving import Addresses, Listening, serve
from m365_emulator.switches import Switches
from m365_emulator.tenant import Tenant, TenantOptions
from m365_emulator.traffic import MAX_ENTRIES

HIGHEST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the emulator; 0 after an orderly stop (SIGTERM or SIGINT)."""
    options = _parser().parse_args(arguments)
    if options.coverage:
        sys.stdout.write(coverage_text())
        return 0
    try:
        tenant = Tenant(_tenant_options(options))
        app = build_app(tenant=tenant)
        _fill(app, tenant, options)
        if options.har:
            _require_place(options.har)
    except (ValueError, OSError, SeedFault, SnapshotFault) as fault:
        print(f"m365_emulator: {fault}", file=sys.stderr)
        return 2
    listening = Listening(options.host, options.port, options.https_port, options.tls_dir)
    try:
        asyncio.run(_serve(app, listening, tenant))
    except OSError as fault:
        print(f"m365_emulator: {fault}", file=sys.stderr)
        return 1
    if options.har:
        options.har.write_text(tenant.traffic.har_text(), encoding="utf-8")
    return 0


def _fill(app: Starlette, tenant: Tenant, options: argparse.Namespace) -> None:
    if options.restore:
        snapshots.restore(tenant, options.restore.read_text("utf-8"))
    if options.seed:
        plant(app.state.graph, read_seed(options.seed))


def _require_place(har: Path) -> None:
    """Raise the OSError that says why nothing can be written there, before hours of traffic are lost."""
    if not har.parent.is_dir():
        raise OSError(f"--har: there is no folder {har.parent}")
    with har.open("ab"):
        pass


def _port(text: str) -> int:
    port = whole_number(text)
    if port is None or port > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports are 0 to {HIGHEST_PORT}")
    return port


async def _serve(app: Starlette, listening: Listening, tenant: Tenant) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
    await serve(app, listening, lambda at: print("\n".join(_ready_lines(at, tenant)), flush=True), stopping)


def _ready_lines(at: Addresses, tenant: Tenant) -> list[str]:
    lines = [
        f"ready: graph {at.http}/v1.0  identity {at.http}/msi/token"
        f"  identity-header {tenant.options.identity_header}  control {at.http}/_emulator  pages {at.http}/"
    ]
    if at.https:
        lines.append(f"https: graph {at.https}/v1.0  authority {at.https}/{tenant.tenant_id}  ca {at.ca}")
    return lines


def _tenant_options(options: argparse.Namespace) -> TenantOptions:
    switches = []
    for text in options.switch:
        name, mark, value = text.partition("=")
        if not mark:
            raise ValueError(f"--switch wants NAME=VALUE, not {text!r}")
        switches.append((name, value))
    if options.traffic_keep < 0:
        raise ValueError("--traffic-keep wants a number from 0")
    found = TenantOptions(switches=tuple(switches), traffic_keep=0 if options.no_traffic else options.traffic_keep)
    return replace(found, identity_header=options.identity_header) if options.identity_header else found


def _parser() -> argparse.ArgumentParser:
    names = ", ".join(name for name, _, _ in Switches.meanings())
    parser = argparse.ArgumentParser(prog="m365_emulator", description="A small Microsoft 365 tenant in memory.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=_port, default=8365, help="port, 0 for any free one (default %(default)s)")
    parser.add_argument("--https-port", type=_port, metavar="PORT", help="serve https too, 0 for any free port")
    parser.add_argument("--tls-dir", type=Path, metavar="DIR", help="where the local CA is kept (default: your cache)")
    parser.add_argument(
        "--har", type=Path, metavar="FILE", help="write the traffic here when stopped; its folder has to be there"
    )
    parser.add_argument(
        "--traffic-keep",
        type=int,
        default=MAX_ENTRIES,
        metavar="N",
        help="how many exchanges are kept (default %(default)s)",
    )
    parser.add_argument("--no-traffic", action="store_true", help="keep no exchange, as for measuring")
    parser.add_argument("--identity-header", metavar="SECRET", help="secret of /msi/token (default: a random one)")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="begin with what this YAML file describes")
    parser.add_argument("--restore", type=Path, metavar="FILE", help="begin with a snapshot (GET snapshots/NAME)")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help=f"one of: {names}")
    parser.add_argument("--coverage", action="store_true", help="print what is modelled, and stop")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
