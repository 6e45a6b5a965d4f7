"""Frozen packs: kept as they were, each with a hash that tells when it is not, old ones beside the new."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, update
from tampering import without_guards

from store import packs
from store.tables import packs as rows
from tasking.errors import RuleBroken
from tests.peakshire import HOUR, MORNING

DOCUMENT: dict[str, Any] = {
    "meeting": "Northfell",
    "sections": [{"items": [], "title": "Häufig – “neu”"}],
    "none": None,
}
REF = "HP_DAILY 2026-11-02"


def frozen(connection: Connection, pack_id: str = "p-1", at: datetime = MORNING, ref: str = REF, **more: Any) -> str:
    """The hash of a pack that was frozen."""
    return packs.add(connection, pack_id, ref, ref.split(" ")[0], at, "ann", DOCUMENT | more)


def test_a_pack_comes_back_as_it_was_frozen(connection: Connection) -> None:
    fingerprint = frozen(connection)
    kept = packs.read(connection, "p-1")
    assert kept == packs.StoredPack("p-1", REF, "HP_DAILY", MORNING, "ann", DOCUMENT, fingerprint)
    assert kept.is_whole


@pytest.mark.parametrize(
    "changed",
    [{"meeting": "Dalesmere"}, {"none": ""}, {"more": 1}, {"sections": []}],
    ids=["text", "none", "new", "gone"],
)
def test_any_change_of_a_stored_pack_shows_in_its_hash(connection: Connection, changed: dict[str, Any]) -> None:
    frozen(connection)
    without_guards(connection, rows)
    connection.execute(update(rows).values(document=DOCUMENT | changed))
    assert not packs.read(connection, "p-1").is_whole


def test_freezing_again_keeps_the_old_version_beside_the_new(connection: Connection) -> None:
    frozen(connection, "p-1", MORNING)
    frozen(connection, "p-2", MORNING + HOUR, none="later")
    versions = packs.of_meeting(connection, REF)
    assert [pack.pack_id for pack in versions] == ["p-1", "p-2"]
    assert all(pack.is_whole for pack in versions)
    assert versions[0].document == DOCUMENT


def test_the_latest_pack_of_a_meeting_code_may_be_of_an_earlier_day(connection: Connection) -> None:
    frozen(connection, "p-1", MORNING, "HP_DAILY 2026-11-02")
    frozen(connection, "p-2", MORNING + 24 * HOUR, "HP_DAILY 2026-11-03")
    frozen(connection, "p-3", MORNING + 48 * HOUR, "DD_DAILY 2026-11-04")
    latest = packs.latest_of(connection, "HP_DAILY")
    earlier = packs.latest_of(connection, "HP_DAILY", before=MORNING + 24 * HOUR)
    assert latest is not None
    assert latest.pack_id == "p-2"
    assert earlier is not None
    assert earlier.pack_id == "p-1"


def test_a_meeting_without_a_pack_has_none_and_an_unknown_id_is_told(connection: Connection) -> None:
    assert packs.latest_of(connection, "HP_DAILY") is None
    assert packs.of_meeting(connection, REF) == ()
    with pytest.raises(RuleBroken, match="no such pack"):
        packs.read(connection, "p-9")


def test_whether_a_pack_was_frozen_since_a_moment_is_by_its_stamp(connection: Connection) -> None:
    frozen(connection, "p-1", MORNING)
    assert packs.has_since(connection, REF, MORNING)
    assert not packs.has_since(connection, REF, MORNING + HOUR)
    assert not packs.has_since(connection, "HP_DAILY 2026-11-03", MORNING)
