"""How long Graph asks a caller to wait.

Graph sends Retry-After as whole seconds, as fractional seconds (2.128) and as an HTTP date.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the Retry-After header, never negative; None where it is absent or unreadable.

    `headers` has lower-case names. A date is measured against the same answer's Date header, so that a clock
    of ours that is wrong changes nothing. Source: RFC 9110 §10.2.3; learn.microsoft.com/graph/throttling.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _seconds_until(text, headers.get("date", ""))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(moment: str, answered_at: str) -> float | None:
    until = _http_date(moment)
    if until is None:
        return None
    return max(0.0, (until - (_http_date(answered_at) or datetime.now(UTC))).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
