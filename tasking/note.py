"""A note that somebody wrote on a task: what it is for, and what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoteKind(StrEnum):
    """What a note is for. Who owns a task is set on its board: a note may ask for it and say why."""

    NOTE = "NOTE"
    ANOTHER_OWNER = "ANOTHER_OWNER"


NOTE_WORDS: Mapping[NoteKind, str] = {NoteKind.NOTE: "Note", NoteKind.ANOTHER_OWNER: "Another owner is asked for"}


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `written_at` is UTC, `written_by` a sign-in name."""

    task_id: str
    kind: NoteKind
    text: str
    written_by: str
    written_at: datetime
