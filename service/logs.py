"""Structured logs, one JSON object a line. Only fields on the list get in: no name, no answer, no token."""

import json
import logging
import sys
from datetime import UTC, datetime

SAFE_FIELDS = (
    "correlation_id",
    "reference",
    "unit",
    "door",
    "item",
    "subject",
    "channel",
    "kind",
    "trigger",
    "handler",
    "attempts",
    "outbox_id",
    "job",
    "error",
)


class JsonLines(logging.Formatter):
    """One line a record: time in UTC, level, logger, message, and the safe fields that were given."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one JSON object. An exception is named by its type; its text may hold what people wrote."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in SAFE_FIELDS if hasattr(record, name)})
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, default=str)


def set_up(level: str) -> None:
    """Sends logs as JSON lines to standard error, or wherever the Functions host, which comes first, sends them.

    Libraries speak from WARNING on: their INFO lines hold addresses.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler(sys.stderr))
    for handler in root.handlers:
        handler.setFormatter(JsonLines())
    root.setLevel(logging.WARNING)
    for package in (
        "service",
        "functions",
        "web",
        "forms_ingest",
        "planner_sync",
        "escalation",
        "store",
        "graph_client",
    ):
        logging.getLogger(package).setLevel(level)
