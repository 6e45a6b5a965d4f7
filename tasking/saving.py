"""Saves a changed task together with its line in the audit log."""

from typing import Any

from tasking.ports import UnitOfWork
from tasking.task import Task


def save(uow: UnitOfWork, action: str, before: Task, after: Task) -> Task:
    """Keeps `after` and audits what differs from `before`. Raises StaleTask."""
    saved = uow.save_task(after)
    uow.audit(action, before.reference, differences(before, after))
    return saved


def differences(before: Task, after: Task) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, with both values; the version aside."""
    names = [name for name in Task.__dataclass_fields__ if name != "version"]
    return {
        name: (getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    }
