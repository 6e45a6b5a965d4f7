"""Where each board is in Planner: its plan, and which bucket stands for which pillar, from provisioning.

A board goes on in a new plan when one is full; the plans before it are still read while tasks stand on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from store import notebook
from tasking.force import Force

PLAN, EARLIER_PLAN = "plan", "earlier plan"
"""Kinds of provisioned rows: the plan in use under its unit's code, those before it under their own ids."""


class NotProvisioned(Exception):
    """The force's config names a board that has not been made yet: `tasking provision` has to be run."""


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """One plan of a board. Buckets that people made themselves are not in the maps.

    `unit` is the code of the board: its unit's, or its own where it is no unit's. `number` counts the plans of the
    board from 1; new tasks go to the newest, which `is_current`.
    """

    unit: str
    plan_id: str
    bucket_of_pillar: Mapping[str, str]
    pillar_of_bucket: Mapping[str, str]
    group_id: str = ""
    number: int = 1
    is_current: bool = True


def board_of(connection: Connection, unit: str) -> BoardPlan:
    """The plan that a unit's new tasks go to. Raises NotProvisioned."""
    row = notebook.provisioned_row(connection, PLAN, unit)
    if row is None:
        raise NotProvisioned(f"The board of {unit} has not been made: run `tasking provision`.")
    return _board(unit, row, is_current=True)


def board_of_plan(connection: Connection, unit: str, plan_id: str) -> BoardPlan:
    """The plan with this id, in use or earlier, of a unit's board. Raises NotProvisioned."""
    current = board_of(connection, unit)
    if current.plan_id == plan_id:
        return current
    row = notebook.provisioned_row(connection, EARLIER_PLAN, plan_id)
    if row is None:
        raise NotProvisioned(f"A plan of the board of {unit} is not known: run `tasking provision`.")
    return _board(unit, row, is_current=False)


def all_boards(connection: Connection) -> list[BoardPlan]:
    """Every plan in use, in order of unit code, and after each the plans before it."""
    current = notebook.provisioned_rows(connection, PLAN)
    earlier = notebook.provisioned_rows(connection, EARLIER_PLAN).values()
    found = []
    for unit in sorted(current):
        found.append(_board(unit, current[unit], is_current=True))
        found += [_board(unit, row, is_current=False) for row in earlier if row["details"]["unit"] == unit]
    return found


def plan_title(force: Force, unit: str, number: int) -> str:
    """What the plan of a unit's board with this number is called when it is made."""
    title = force.every_board[unit].plan_title
    return title if number == 1 else force.next_plan_title.format(title=title, number=number)


def in_words(board: BoardPlan) -> str:
    """The plan as a notice to the operator names it; also how the notice's subject begins."""
    return f"board of {board.unit}" if board.number == 1 else f"board of {board.unit}, plan {board.number}"


def noted_plan_ids(connection: Connection) -> frozenset[str]:
    """Every plan that some board has, or had, as its own."""
    kinds = (PLAN, EARLIER_PLAN)
    return frozenset(row["graph_id"] for kind in kinds for row in notebook.provisioned_rows(connection, kind).values())


def details_noted(connection: Connection, board: BoardPlan) -> Mapping[str, Any]:
    """What else is noted of this plan; empty where the plan is not noted."""
    kind, key = (PLAN, board.unit) if board.is_current else (EARLIER_PLAN, board.plan_id)
    row = notebook.provisioned_row(connection, kind, key)
    found: Mapping[str, Any] = row["details"] if row is not None and row["graph_id"] == board.plan_id else {}
    return found


def note_board(
    connection: Connection, board: BoardPlan, buckets: Mapping[str, str], now: datetime, **more: object
) -> None:
    """Notes a plan with these bucket ids by pillar. `more` joins what is noted of it besides, which stays."""
    details = {
        **details_noted(connection, board),
        "unit": board.unit,
        "buckets": dict(buckets),
        "group_id": board.group_id,
        "number": board.number,
        **more,
    }
    kind, key = (PLAN, board.unit) if board.is_current else (EARLIER_PLAN, board.plan_id)
    notebook.provision(connection, kind, key, board.plan_id, details, now)


def forget_board(connection: Connection, board: BoardPlan) -> None:
    """An earlier plan that is not there any more. The plan in use is not forgotten but replaced."""
    notebook.forget_provisioned(connection, EARLIER_PLAN, board.plan_id)


def _board(unit: str, row: RowMapping, is_current: bool) -> BoardPlan:
    buckets: dict[str, str] = dict(row["details"]["buckets"])
    return BoardPlan(
        unit=unit,
        plan_id=row["graph_id"],
        bucket_of_pillar=buckets,
        pillar_of_bucket={bucket: pillar for pillar, bucket in buckets.items()},
        group_id=row["details"].get("group_id", ""),
        number=row["details"].get("number", 1),
        is_current=is_current,
    )
