"""Where each unit's board is in Planner: its plan, and which bucket stands for which pillar, from provisioning."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from store import notebook


class NotProvisioned(Exception):
    """The force's config names a board that has not been made yet: `tasking provision` has to be run."""


@dataclass(frozen=True, slots=True)
class BoardPlan:
    """One board. Buckets that people made themselves are not in the maps."""

    unit: str
    plan_id: str
    bucket_of_pillar: Mapping[str, str]
    pillar_of_bucket: Mapping[str, str]


def board_of(connection: Connection, unit: str) -> BoardPlan:
    """The board of a unit. Raises NotProvisioned."""
    plan = notebook.provisioned_rows(connection, "plan").get(unit)
    if plan is None:
        raise NotProvisioned(f"The board of {unit} has not been made: run `tasking provision`.")
    buckets: dict[str, str] = dict(plan["details"]["buckets"])
    return BoardPlan(unit, plan["graph_id"], buckets, {bucket: pillar for pillar, bucket in buckets.items()})


def all_boards(connection: Connection) -> list[BoardPlan]:
    """Every board that has been made, in order of unit code."""
    return [board_of(connection, unit) for unit in sorted(notebook.provisioned_rows(connection, "plan"))]
