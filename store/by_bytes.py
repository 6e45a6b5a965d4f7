"""Text in one order everywhere: PostgreSQL sorts by a language unless a column says otherwise, SQLite never does."""

from typing import Any

from sqlalchemy import Dialect, String, TypeDecorator
from sqlalchemy.types import TypeEngine


class ByBytes(TypeDecorator[str]):
    """Text that is compared and sorted by its characters' numbers, in PostgreSQL as in SQLite, never by a language."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        length = getattr(self.impl, "length", None)
        return dialect.type_descriptor(String(length, collation="C" if dialect.name == "postgresql" else None))
