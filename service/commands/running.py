"""What every command of `tasking` needs: where it prints, settings, a built service, and sentences for tracebacks."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from alembic.util import CommandError
from rich.console import Console
from sqlalchemy.exc import OperationalError

from service import logs
from service.config_files import ConfigError
from service.settings import BadSettings, Settings, read_settings
from service.wiring import Service, build_service
from store.database import OldSchema

T = TypeVar("T")

console = Console(highlight=False)
problems = Console(stderr=True, highlight=False)


def settings_or_stop() -> Settings:
    """The settings of the environment. Ends the command with 2 and a sentence for each that cannot be used."""
    try:
        settings = read_settings()
    except BadSettings as error:
        stop(error.faults)
    logs.set_up(settings.log_level)
    return settings


def with_service(settings: Settings, do: Callable[[Service], Awaitable[T]]) -> T:
    """Builds the service, does this with it, closes it, and gives what came of it."""

    async def inside() -> T:
        service = build_service(settings)
        try:
            return await do(service)
        finally:
            await service.aclose()

    with told():
        return asyncio.run(inside())


@contextmanager
def told() -> Iterator[None]:
    """What an operator can mend ends the command with 2 and a sentence instead of a traceback."""
    try:
        yield
    except (ConfigError, BadSettings) as error:
        stop(error.faults)
    except OldSchema as error:
        stop([str(error)])
    except CommandError:
        stop(["The database is at a version that this service does not know: it was made by a newer one."])
    except OperationalError:
        stop(["TASKING_DATABASE_URL: the database there cannot be reached or written."])
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        stop([f"{error.filename}: {error.strerror}."])
    except KeyboardInterrupt:
        sys.exit(130)


def login_or_stop(purpose: str) -> str:
    """Who is at this machine. Ends the command with 2 where it does not know: `--as` says it then.

    `purpose` is what the person does, such as "looks at it".
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        stop([f"--as: say who {purpose}; this machine does not know who you are."])


def stop(faults: Sequence[str]) -> NoReturn:
    """Ends the command with 2, saying these."""
    for fault in faults:
        problems.print(fault, soft_wrap=True)
    sys.exit(2)
