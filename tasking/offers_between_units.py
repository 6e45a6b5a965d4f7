"""Offers between units: made and withdrawn, both with a line in the audit log; packs show those that stand."""

from datetime import datetime

from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.offers import Offer, line_of
from tasking.ports import UnitOfWork

MOST_OFFERED = 500


def make_offer(
    uow: UnitOfWork,
    force: Force,
    unit: str,
    skill: str,
    how_many: int,
    starts_at: datetime,
    ends_at: datetime,
    within: str,
    offered_by: str,
) -> Offer:
    """Keeps an offer, for use in the whole force where `within` is empty. Times are UTC.

    Raises RuleBroken for a unit or skill that config lacks, and a number or a window that is none.
    """
    _check(uow, force, unit, within or unit, skill, how_many, starts_at, ends_at)
    within = within or line_of(force, unit)[-1]
    made = Offer(uow.next_offer_reference(), unit, skill, how_many, starts_at, ends_at, within, offered_by, uow.now())
    uow.add_offer(made)
    shown = {"unit": (None, unit), "skill": (None, skill), "how_many": (None, how_many), "within": (None, within)}
    uow.audit("offer made", made.offer_ref, shown, on_behalf_of=offered_by)
    return made


def withdraw_offer(uow: UnitOfWork, offer_ref: str, withdrawn_by: str, because: str) -> Offer:
    """Takes an offer back. It stays on record. Raises RuleBroken without a reason or where there is no such offer."""
    if not because.strip():
        raise RuleBroken("Say why the offer is withdrawn.")
    reference = offer_ref.strip().upper()
    found = {each.offer_ref: each for each in uow.standing_offers()}.get(reference)
    if found is None:
        raise RuleBroken(f"No offer {reference} stands: `tasking offers list` shows those that do.")
    uow.add_offer_withdrawal(found, withdrawn_by, because.strip())
    uow.audit("offer withdrawn", reference, {"because": (None, because.strip())}, on_behalf_of=withdrawn_by)
    return found


def _check(
    uow: UnitOfWork, force: Force, unit: str, within: str, skill: str, how_many: int, start: datetime, end: datetime
) -> None:
    for code in (unit, within):
        if code not in force.units:
            raise RuleBroken(f"There is no unit {code}; there are {', '.join(force.units)}.")
    if skill not in force.skills:
        raise RuleBroken(f"There is no skill {skill}; there are {', '.join(force.skills) or 'none in config'}.")
    if not 1 <= how_many <= MOST_OFFERED:
        raise RuleBroken(f"Offer from 1 to {MOST_OFFERED}.")
    if end <= start or end <= uow.now():
        raise RuleBroken("The offer has to end after it begins, and after now.")
