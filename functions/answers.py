"""How doors answer: JSON, and problem documents (RFC 9457) that name every fault."""

import json
from collections.abc import Sequence

import azure.functions as func


def answer(status: int, content: object) -> func.HttpResponse:
    """A JSON answer."""
    return func.HttpResponse(json.dumps(content), status_code=status, mimetype="application/json")


def problem(status: int, title: str, faults: Sequence[str], **more: object) -> func.HttpResponse:
    """A problem document. `faults` are sentences that say what to mend."""
    content = {"type": "about:blank", "title": title, "status": status, "faults": list(faults), **more}
    return func.HttpResponse(json.dumps(content), status_code=status, mimetype="application/problem+json")
