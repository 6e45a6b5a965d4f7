"""Pure: base, ours and Planner's, field by field, to what the record takes, what the board is sent, and conflicts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from planner_sync.field_map import LOST_BUCKET, WINNERS, BoardState, Winner


@dataclass(frozen=True, slots=True)
class Merge:
    """`take` goes into the record, `send` to the board; `conflicts` holds both values where both had changed."""

    take: Mapping[str, Any]
    send: Mapping[str, Any]
    conflicts: Mapping[str, tuple[Any, Any]]


def merge(base: BoardState, ours: BoardState, planner: BoardState, not_sent: frozenset[str] = frozenset()) -> Merge:
    """Compares with what both last agreed on. Where both changed, the person on the board wins.

    Labels and ticks are sets: two people changing different ones do not conflict.
    `not_sent` names fields that this board is read for and never sent.
    """
    take: dict[str, Any] = {}
    send: dict[str, Any] = {}
    conflicts: dict[str, tuple[Any, Any]] = {}
    for name, winner in WINNERS.items():
        was, we, they = getattr(base, name), getattr(ours, name), getattr(planner, name)
        if name == "pillar" and they is None:
            continue
        if name == "pillar" and they == LOST_BUCKET:
            send[name] = we  # nobody moved it there
            continue
        if winner is Winner.SERVICE:
            wanted = we
        elif isinstance(was, frozenset) and name not in not_sent:
            wanted = (we - (was - they)) | (they - was)
        else:
            wanted = they if they != was else we
            if they != was and we not in (_agreed(base, name), they) and name not in not_sent:
                conflicts[name] = (we, they)
        if winner is Winner.BOARD and wanted != we and (name not in not_sent or they != was):
            take[name] = wanted
        if wanted != they and name not in not_sent:
            send[name] = wanted
    return Merge(take, send, conflicts)


def _agreed(base: BoardState, name: str) -> Any:
    """What record and board last had in common: a bucket of people's own, or none, says nothing of the pillar."""
    was = getattr(base, name)
    return base.last_pillar if name == "pillar" and was in (None, LOST_BUCKET) else was


def landed(base: BoardState, sent: BoardState, planner: BoardState) -> BoardState:
    """The base with those of our own changes that the board shows, although no answer said that it took them.

    Without this they would pass for changes that people made.
    """
    through: dict[str, Any] = {}
    for name in WINNERS:
        was, we, they = getattr(base, name), getattr(sent, name), getattr(planner, name)
        if isinstance(was, frozenset):
            through[name] = was ^ frozenset(each for each in was ^ we if (each in we) == (each in they))
        elif they == we:
            through[name] = we
    if "pillar" in through:
        through["bucket_id"] = planner.bucket_id
    return replace(base, **through)
