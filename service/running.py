"""The one service of this process. Azure's functions are plain module functions, so they find it here."""

from typing import TYPE_CHECKING

from service import logs
from service.settings import read_settings
from service.wiring import Service, build_service

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class _Holder:
    """Keeps the service and its tab between calls; made on first use, never at import."""

    service: Service | None = None
    tab: "ASGIApp | None" = None


def running() -> Service:
    """The service of this process, made from the environment on first use.

    Raises BadSettings, ConfigError or OldSchema when it cannot be made.
    """
    if _Holder.service is None:
        settings = read_settings()
        logs.set_up(settings.log_level)
        _Holder.service = build_service(settings)
    return _Holder.service


def running_tab() -> "ASGIApp | None":
    """The tab of that service, made on first use; None where settings name none. Raises as `running` does."""
    service = running()
    if _Holder.tab is None:
        from service.tab import make_tab  # the pages' libraries would make every other cold start slower

        _Holder.tab = make_tab(service)
    return _Holder.tab


def use(service: Service | None, tab: "ASGIApp | None" = None) -> None:
    """Makes this the service of the process; None forgets it. For the laptop host, the demo and tests.

    Its tab is made on first use where none is given.
    """
    _Holder.service, _Holder.tab = service, tab
