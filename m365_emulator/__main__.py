"""python -m m365_emulator: serve the tenant until stopped; the traffic goes to --har at the end."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from m365_emulator.coverage import coverage_text
from m365_emulator.server import build_app
from m365_emulator.switches import Switches
from m365_emulator.tenant import Tenant, TenantOptions


class AnnouncingServer(uvicorn.Server):
    """Prints one line with the addresses once it listens."""

    def __init__(self, config: uvicorn.Config, identity_header: str) -> None:
        super().__init__(config)
        self._identity_header = identity_header

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start to listen, then say where."""
        await super().startup(sockets)  # type: ignore[arg-type]
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                base = f"http://{host}:{port}"
                print(
                    f"ready: graph {base}/v1.0  identity {base}/msi/token"
                    f"  identity-header {self._identity_header}  control {base}/_emulator  pages {base}/",
                    flush=True,
                )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the emulator; 0 after an orderly stop (SIGTERM or SIGINT)."""
    options = _parser().parse_args(arguments)
    if options.coverage:
        sys.stdout.write(coverage_text())
        return 0
    try:
        tenant = Tenant(_tenant_options(options))
    except ValueError as fault:
        print(f"m365_emulator: {fault}", file=sys.stderr)
        return 2
    app = build_app(tenant=tenant)
    started = asyncio.run(_serve(app, options.host, options.port, tenant.options.identity_header))
    if options.har:
        options.har.parent.mkdir(parents=True, exist_ok=True)
        options.har.write_text(tenant.traffic.har_text(), encoding="utf-8")
    return 0 if started else 1


async def _serve(app: Starlette, host: str, port: int, identity_header: str) -> bool:
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="off")
    server = AnnouncingServer(config, identity_header)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    with suppress(NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
    config.load()
    await server.serve()
    return server.started


def _tenant_options(options: argparse.Namespace) -> TenantOptions:
    switches = []
    for text in options.switch:
        name, mark, value = text.partition("=")
        if not mark:
            raise ValueError(f"--switch wants NAME=VALUE, not {text!r}")
        switches.append((name, value))
    if options.identity_header:
        return TenantOptions(switches=tuple(switches), identity_header=options.identity_header)
    return TenantOptions(switches=tuple(switches))


def _parser() -> argparse.ArgumentParser:
    names = ", ".join(name for name, _, _ in Switches.meanings())
    parser = argparse.ArgumentParser(prog="m365_emulator", description="A small Microsoft 365 tenant in memory.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8365, help="port, 0 for any free one (default %(default)s)")
    parser.add_argument("--har", type=Path, metavar="FILE", help="write the traffic here when stopped")
    parser.add_argument("--identity-header", metavar="SECRET", help="secret of /msi/token (default: a random one)")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help=f"one of: {names}")
    parser.add_argument("--coverage", action="store_true", help="print what is modelled, and stop")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
