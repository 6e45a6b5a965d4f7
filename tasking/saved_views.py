"""Filters of the live board that a person keeps under a name. Each person's are their own."""

from dataclasses import dataclass
from datetime import datetime

from tasking.board_filter import BoardFilter, check_filter
from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.ports import UnitOfWork

LONGEST_NAME = 60
MOST_VIEWS = 30


@dataclass(frozen=True, slots=True)
class SavedView:
    """One filter under a name. `owner_id` is the directory id of whose it is; `saved_at` is UTC."""

    view_id: str
    owner_id: str
    name: str
    filter: BoardFilter
    saved_at: datetime


def save_view(uow: UnitOfWork, force: Force, owner_id: str, name: str, wanted: BoardFilter) -> SavedView:
    """Keeps the filter under this name; one of the same person's with the same name, in any case, gives way to it.

    Raises RuleBroken for a blank or over-long name, for a value that config does not know, and for one view too many.
    """
    told = " ".join(name.split())
    if not told:
        raise RuleBroken("Give the view a name.")
    if len(told) > LONGEST_NAME:
        raise RuleBroken(f"The name is too long: {LONGEST_NAME} characters at most.")
    check_filter(force, wanted)
    kept = uow.saved_views(owner_id)
    same = next((each for each in kept if each.name.casefold() == told.casefold()), None)
    if same is None and len(kept) >= MOST_VIEWS:
        raise RuleBroken(f"You have {MOST_VIEWS} views already: delete one first.")
    view = SavedView(same.view_id if same else uow.new_id(), owner_id, told, wanted, uow.now())
    uow.put_view(view)
    uow.audit("view saved", view.view_id, {"filter": (same.filter if same else None, wanted)})
    return view


def delete_view(uow: UnitOfWork, owner_id: str, view_id: str) -> None:
    """Deletes one of this person's views. Raises RuleBroken where they have none of this id, as when it is gone."""
    found = next((each for each in uow.saved_views(owner_id) if each.view_id == view_id), None)
    if found is None:
        raise RuleBroken("You have no such view any more.")
    uow.delete_view(view_id)
    uow.audit("view deleted", view_id, {"filter": (found.filter, None)})
