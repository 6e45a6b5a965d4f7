"""What every piece of work of a transaction reads alike, such as which meetings are cancelled, is read once in it.

Whoever writes such a thing calls `forget`. Kept by the SQLAlchemy connection, which the service opens anew for each
transaction (store/unit_of_work.py, store/together.py).
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

T = TypeVar("T")

_KEPT: WeakKeyDictionary[Connection, dict[Hashable, Any]] = WeakKeyDictionary()


def once(connection: Connection, what: Hashable, read: Callable[[], T]) -> T:
    """What `read` gave when this transaction first asked for `what`."""
    kept = _KEPT.setdefault(connection, {})
    if what not in kept:
        kept[what] = read()
    found: T = kept[what]
    return found


def keep(connection: Connection, what: Hashable, value: object) -> None:
    """From here on `once` gives this value, which the transaction itself has written."""
    _KEPT.setdefault(connection, {})[what] = value


def forget(connection: Connection, what: Hashable) -> None:
    """It is written now: the next that asks reads it again."""
    _KEPT.get(connection, {}).pop(what, None)
