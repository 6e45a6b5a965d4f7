"""Notes in the audit log that the service began with other rules, or other files of config, than those noted last."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from store import audit_log
from store.unit_of_work import Store
from tasking.audit import AuditKind

ACTION = "config taken up"
OBJECT = "config"
VERSION = "policy_version"
NOT_READ = frozenset({"demo"})
"""Folders of config that the service itself does not read."""


def note_config(store: Store, config_dir: Path, policy_version: str) -> bool:
    """One CONFIGURATION row when something differs from the newest such row; True when there is a new one.

    The row names the version of the escalation policy and every file with its SHA-256, before and now, also of those
    that stayed the same: so the newest row alone says what is in force.
    """
    now = {VERSION: policy_version, **_hashes(config_dir)}
    with store.act("service", "start", store.new_delivery_id()) as uow:
        noted = audit_log.newest_changes(uow.connection, ACTION, OBJECT) or {}
        before = {name: new for name, (_, new) in noted.items() if new is not None}
        if before == now:
            return False
        changes: Mapping[str, tuple[object, object]] = {
            name: (before.get(name), now.get(name)) for name in sorted(before.keys() | now.keys())
        }
        uow.audit(ACTION, OBJECT, changes, AuditKind.CONFIGURATION)
    return True


def _hashes(config_dir: Path) -> dict[str, str]:
    files = {path.relative_to(config_dir): path for path in sorted(config_dir.rglob("*.yaml"))}
    return {
        name.as_posix(): "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if name.parts[0] not in NOT_READ
    }
