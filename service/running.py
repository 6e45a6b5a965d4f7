"""The one service of this process. Azure's functions are plain module functions, so they find it here."""

from service import logs
from service.settings import read_settings
from service.wiring import Service, build_service


class _Holder:
    """Keeps the service between calls; made on first use, never at import."""

    service: Service | None = None


def running() -> Service:
    """The service of this process, made from the environment on first use.

    Raises BadSettings, ConfigError or OldSchema when it cannot be made.
    """
    if _Holder.service is None:
        settings = read_settings()
        logs.set_up(settings.log_level)
        _Holder.service = build_service(settings)
    return _Holder.service


def use(service: Service | None) -> None:
    """Makes this the service of the process; None forgets it. For the laptop host, the demo and tests."""
    _Holder.service = service
