"""TABLE: when this has happened, call these handlers. Each gets its own outbox row: none repeats another's work."""

from collections.abc import Mapping

from tasking import events
from tasking.events import Event

ROUTES: Mapping[type[Event], tuple[str, ...]] = {
    events.ResponseReceived: ("ingest.take",),
    events.TaskRaised: ("planner.show_on_board", "escalation.look_now"),
    events.TaskChanged: ("planner.update_boards",),
    events.TaskReassessed: ("planner.update_boards", "escalation.look_now"),
    events.TaskEscalated: ("planner.show_above", "planner.update_boards", "announce.escalated"),
    events.TaskReturned: ("planner.take_back", "planner.update_boards", "announce.returned"),
    events.TaskChased: ("planner.update_boards", "announce.chased"),
    events.EscalationProposed: ("planner.update_boards", "announce.proposed"),
    events.EscalationChased: ("announce.passed_on",),
    events.EscalationOverrun: ("announce.overrun",),
    events.DecisionRecorded: ("announce.decided",),  # what it did to the task says so by an event of its own
    events.PackFrozen: ("announce.pack_ready",),
    events.StrategyPublished: ("announce.strategy",),
    events.DigestDue: ("announce.digest",),
    events.CycleClosed: ("announce.cycle_closed",),
    events.InterimReviewDue: ("announce.interim_review",),
    events.CanaryDue: ("announce.canary",),
    events.TaskDeletedOnBoard: ("planner.show_on_board",),
    events.TaskWithdrawn: ("planner.withdraw",),
    events.BoardDamaged: ("planner.mend_board",),
}

AT_HOME = frozenset({"ingest.take", "escalation.look_now"})
"""Handlers that read and write the record alone and wait for nobody outside."""
