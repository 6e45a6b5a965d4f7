"""What the submitter is told: the reference, what to mend, where to turn. Plain sentences, nothing of the answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from store.inbox import InboxRow, InboxState


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a response, for a person and for the flow that carried it.

    `status` is received (kept, and its effect is still to come), taken, triage, rejected or stopped. `faults` are
    the sentences that say why it is in Triage, or why nothing could be made of it.
    """

    status: str
    reference: str | None
    message: str
    faults: tuple[str, ...] = ()


def reply_for(row: InboxRow, stop_texts: Mapping[str, str]) -> Reply:
    """The reply to a response that is in the inbox. The same response gets the same one, once it has had its effect."""
    kept = f"Received as {row.reference}. Quote this reference if you ask about it."
    if row.state is InboxState.STOPPED:
        return Reply("stopped", None, stop_texts[row.reasons[0]])
    if row.state is InboxState.REJECTED:
        message = f"Nothing could be made of the response; it is kept as {row.reference}. Mend it and submit it anew."
        return Reply("rejected", row.reference, message, row.reasons)
    if row.state is InboxState.DONE and row.reasons:
        message = f"{kept} It stands in Triage until somebody has looked at what was not clear."
        return Reply("triage", row.reference, message, row.reasons)
    return Reply("taken" if row.state is InboxState.DONE else "received", row.reference, kept)
