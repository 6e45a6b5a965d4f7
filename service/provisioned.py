"""Where the force's Microsoft 365 things are, as provisioning noted them."""

from dataclasses import dataclass

from store import notebook
from store.unit_of_work import Store


@dataclass(frozen=True, slots=True)
class IntakePlace:
    """Graph ids of the intake: its site, list and drive. None where provisioning has not come to it."""

    site_id: str | None
    list_id: str | None
    drive_id: str | None


def intake_place(store: Store) -> IntakePlace:
    """The intake's ids."""
    with store.open() as connection:
        found = {kind: notebook.provisioned_rows(connection, kind).get("intake") for kind in ("site", "list", "drive")}
    return IntakePlace(*(row["graph_id"] if row else None for row in found.values()))
