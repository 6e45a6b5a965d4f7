"""What is kept of a channel: the newest of each kind, none of which forgets the others."""

from sqlalchemy import Connection

from store import channel_health
from tests.peakshire import HOUR, MORNING


def test_a_channel_keeps_when_a_card_went_why_one_did_not_and_when_it_was_checked(connection: Connection) -> None:
    assert channel_health.rows(connection) == {}
    channel_health.handed_over(connection, "HP_DAILY", MORNING, is_check=True)
    channel_health.failed(connection, "HP_DAILY", MORNING + HOUR, "The channel of HP_DAILY answered 401.")
    channel_health.handed_over(connection, "HP_DAILY", MORNING + 2 * HOUR)
    channel_health.failed(connection, "DD_DAILY", MORNING, "x" * 900)
    rows = channel_health.rows(connection)
    assert dict(rows["HP_DAILY"]) == {
        "channel": "HP_DAILY",
        "handed_over_at": MORNING + 2 * HOUR,
        "failed_at": MORNING + HOUR,
        "failure": "The channel of HP_DAILY answered 401.",
        "canary_at": MORNING,
        "seen_at": None,
    }
    assert len(rows["DD_DAILY"]["failure"]) == channel_health.LONGEST_FAILURE
