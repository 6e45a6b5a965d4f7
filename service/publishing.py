"""Publishes the control strategy: each version once, to every unit's channel, with its intelligence requirement."""

import secrets

from reporting.strategy import PUBLISHED, published_version
from store import notebook, strategies
from store.unit_of_work import Store
from tasking.audit import AuditKind
from tasking.errors import RuleBroken
from tasking.events import StrategyPublished
from tasking.force import Force


def publish_strategy(store: Store, force: Force, person: str) -> tuple[int, int]:
    """Says StrategyPublished for each channel of a unit's first meeting; returns the version and how many channels.

    Raises RuleBroken where there is no strategy, or the newest has been published already.
    """
    with store.act(person, "command line", secrets.token_hex(8)) as uow:
        known = strategies.read_all(uow.connection)
        if not known:
            raise RuleBroken("There is no control strategy to publish: the strategic meeting sets one first.")
        newest = known[-1]
        if published_version(uow.connection) >= newest.version:
            raise RuleBroken(f"Version {newest.version} has been published already: every version is told of once.")
        notebook.move_cursor(uow.connection, PUBLISHED, str(newest.version), uow.now())
        meetings = [meeting for unit in force.units if (meeting := force.meeting_of(unit)) is not None]
        for meeting in meetings:
            uow.emit(StrategyPublished(str(newest.version), meeting.unit))
        uow.audit("control strategy published", newest.name, {"channels": (None, len(meetings))}, AuditKind.DISCLOSURE)
        return newest.version, len(meetings)
