"""Offers as rows: one when it is made, one more when it is withdrawn; neither is ever changed."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from store.tables import offers
from tasking.offers import Offer

OFFERED, WITHDRAWN = "OFFERED", "WITHDRAWN"
_OFFER: TypeAdapter[Offer] = TypeAdapter(Offer)


def add(connection: Connection, offer: Offer) -> None:
    """Keeps an offer."""
    _add(connection, offer, OFFERED, offer.offered_at, _OFFER.dump_python(offer, mode="json"))


def withdraw(connection: Connection, offer: Offer, by: str, because: str, now: datetime) -> None:
    """Notes that it was withdrawn, by whom and why, at `now` (UTC)."""
    _add(connection, offer, WITHDRAWN, now, {"by": by, "because": because})


def _add(connection: Connection, offer: Offer, what: str, at: datetime, document: dict[str, object]) -> None:
    row = {"entry": f"{offer.offer_ref} {what}", "offer_ref": offer.offer_ref, "what": what, "ends_at": offer.ends_at}
    connection.execute(insert(offers).values(**row, at=at, document=document))


def standing(connection: Connection, now: datetime) -> tuple[Offer, ...]:
    """Offers that are not over at `now` (UTC) and were not withdrawn, the one that begins first first."""
    columns = offers.c
    taken_back = select(columns.offer_ref).where(columns.what == WITHDRAWN)
    query = select(columns.document).where(
        columns.what == OFFERED, columns.ends_at > now, columns.offer_ref.not_in(taken_back)
    )
    found = [_OFFER.validate_python(document) for document in connection.execute(query).scalars()]
    return tuple(sorted(found, key=lambda each: (each.starts_at, each.offer_ref)))
