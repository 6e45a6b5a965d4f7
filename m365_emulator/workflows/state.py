"""Teams Workflows webhooks: their secret addresses, what was posted to them, and when it shows in the channel.
A 202 means queued and not posted: `mode` says what becomes of a post: normal, late, never or fail.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

CARD_TYPE = "application/vnd.microsoft.card.adaptive"


@dataclass(slots=True)
class WorkflowPost:
    """One accepted post. `shows_at` is None where it will never appear in the channel."""

    post_id: str
    accepted_at: datetime
    shows_at: datetime | None
    message: Mapping[str, Any]
    delivered: bool = False
    """True once it was put into its Teams channel."""

    @property
    def cards(self) -> list[Mapping[str, Any]]:
        """The Adaptive Cards of the message."""
        return [a["content"] for a in self.message.get("attachments", [])]


@dataclass(slots=True)
class Workflow:
    """One flow with its trigger's signature; `seconds` belongs to mode late, `status` to mode fail."""

    workflow_id: str
    name: str
    signature: str
    team_id: str | None
    channel_id: str | None
    mode: str = "normal"
    seconds: float = 0.0
    status: int = 500
    posts: list[WorkflowPost] = field(default_factory=list)

    def shown(self, now: datetime) -> list[WorkflowPost]:
        """The posts that stand in the channel by now, oldest first."""
        return [p for p in self.posts if p.shows_at is not None and p.shows_at <= now]


class WorkflowsState:
    """Every workflow of the tenant. The clock is the tenant's."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.workflows: dict[str, Workflow] = {}

    def create(self, name: str, team_id: str | None, channel_id: str | None) -> Workflow:
        """A new workflow; asked for again with the same name and channel, the one that is there."""
        for known in self.workflows.values():
            if (known.name, known.team_id, known.channel_id) == (name, team_id, channel_id):
                return known
        workflow = Workflow(uuid.uuid4().hex, name, secrets.token_urlsafe(32), team_id, channel_id)
        self.workflows[workflow.workflow_id] = workflow
        return workflow

    def accept(self, workflow: Workflow, message: Mapping[str, Any]) -> WorkflowPost:
        """Keep a post, to show as the workflow's mode says."""
        now = self._now()
        delay = timedelta(seconds=workflow.seconds if workflow.mode == "late" else 0)
        shows_at = None if workflow.mode == "never" else now + delay
        post = WorkflowPost(uuid.uuid4().hex, now, shows_at, message)
        workflow.posts.append(post)
        return post


def fault_in(message: object) -> str | None:
    """What is wrong with a posted message, or None. A card given as a string is the usual mistake."""
    if not isinstance(message, dict) or message.get("type") != "message":
        return "The body must be an object of type 'message'."
    attachments = message.get("attachments")
    if not isinstance(attachments, list) or not attachments:
        return "The message needs at least one attachment."
    for attachment in attachments:
        if not isinstance(attachment, dict) or attachment.get("contentType") != CARD_TYPE:
            return f"Every attachment must have the contentType '{CARD_TYPE}'."
        card = attachment.get("content")
        if not isinstance(card, dict):
            return "Invalid type. Expected Object but got String." if isinstance(card, str) else "No content."
        if card.get("type") != "AdaptiveCard":
            return "The content must be an Adaptive Card."
    return None
