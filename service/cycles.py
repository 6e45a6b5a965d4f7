"""Closes tasking cycles: when one has ended its report is made, kept and told, once, by whoever comes first.

It closes no task: what carries over is for people to decide on.
"""

from datetime import timedelta

from reporting.cycle_report import cycles_due, report_of
from store import cycles, leases
from store.unit_of_work import SqlUnitOfWork, Store
from tasking.cycle_report import CycleReport
from tasking.events import CycleClosed
from tasking.force import Force
from tasking.meetings import Cycle

CLOSER = "job:close-cycle"
LONGEST_WORK = timedelta(minutes=4)
"""One worker at a time closes; the lease of one that died ends before the clock comes round again."""


def close_due_cycles(store: Store, force: Force, by: str = CLOSER, source: str = "clock") -> list[CycleReport]:
    """Makes the reports of the cycles that have ended, each in a commit of its own; none while another worker does."""
    with store.open() as connection:
        if not leases.take(connection, CLOSER, store.clock.now(), LONGEST_WORK):
            return []
    try:
        with store.open() as connection:
            due = cycles_due(connection, force, store.clock.now())
        made = []
        for cycle in due:
            with store.act(by, source, store.new_delivery_id()) as uow:
                made += [] if cycles.has(uow.connection, cycle.code) else [_close(uow, force, cycle, by)]
        return made
    finally:
        with store.open() as connection:
            leases.give_back(connection, CLOSER)


def _close(uow: SqlUnitOfWork, force: Force, cycle: Cycle, by: str) -> CycleReport:
    report = report_of(uow.connection, force, cycle, uow.now())
    fingerprint = cycles.add(uow.connection, report, by)
    told = {"sha256": (None, fingerprint), "carried": (None, len(report.carried))}
    uow.audit("tasking cycle closed", cycle.code, told)
    for unit in force.units:
        if force.level_of(unit).code in force.cycle_report_to and force.meeting_of(unit) is not None:
            uow.emit(CycleClosed(cycle.code, unit))
    return report
