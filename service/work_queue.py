"""Hands outbox row ids to workers: by Azure Storage Queues in the cloud, or not at all where a timer delivers.

A lost message loses nothing: the row stays due, and the timer job `deliver` takes it.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from service.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 3
"""A queue that does not answer must not hold up the door that has just kept a response: the timer delivers too."""

Promised = Callable[[Sequence[int]], None]


def queue_for(settings: Settings) -> Promised:
    """What to call after a commit with the ids that it promised."""
    if not settings.work_queue_url:
        return lambda ids: None
    return StorageQueue(settings).announce


class StorageQueue:
    """One Azure Storage Queue. The client is made on first use; messages are base64, as the Functions host expects."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None

    def announce(self, ids: Sequence[int]) -> None:
        """Sends one message for each id. A queue that cannot be reached is logged; the timer delivers instead."""
        from azure.core.exceptions import AzureError

        try:
            for outbox_id in ids:
                self._queue().send_message(str(outbox_id))
        except AzureError as error:
            log.warning("work queue cannot be reached", extra={"error": type(error).__name__})

    def _queue(self) -> Any:
        if self._client is None:
            from azure.identity import DefaultAzureCredential
            from azure.storage.queue import QueueClient, TextBase64EncodePolicy

            self._client = QueueClient(
                self._settings.work_queue_url,
                self._settings.work_queue_name,
                credential=DefaultAzureCredential(),
                message_encode_policy=TextBase64EncodePolicy(),
                retry_total=0,
                connection_timeout=TIMEOUT_SECONDS,
                read_timeout=TIMEOUT_SECONDS,
            )
        return self._client
