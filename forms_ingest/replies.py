"""What the submitter is told: the reference, or where to turn. Plain sentences, nothing of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from store.inbox import InboxRow, InboxState


@dataclass(frozen=True, slots=True)
class Reply:
    """What happened to a response, for a person and for the flow that carried it."""

    status: str
    reference: str | None
    message: str


def reply_for(row: InboxRow, stop_texts: Mapping[str, str]) -> Reply:
    """The reply to a response that is in the inbox. The same response always gets the same one."""
    if row.state is InboxState.STOPPED:
        return Reply("stopped", None, stop_texts[row.reasons[0]])
    return Reply("received", row.reference, f"Received as {row.reference}. Quote this reference if you ask about it.")
