"""What people write on a task besides deciding: a note, or that it needs another owner. Kept, and never changed."""

from tasking.errors import RuleBroken
from tasking.note import NOTE_WORDS, Note, NoteKind
from tasking.ports import UnitOfWork

LONGEST_NOTE = 1000


def note_on_task(uow: UnitOfWork, reference: str, kind: NoteKind, text: str) -> Note:
    """Puts a note on a task. Raises UnknownTask, and RuleBroken for one that is empty or too long."""
    task, told = uow.task_by_reference(reference), text.strip()
    if not told:
        raise RuleBroken("Write what should be known about the task.")
    if len(told) > LONGEST_NOTE:
        raise RuleBroken(f"A note has at most {LONGEST_NOTE} characters: shorten it.")
    note = Note(task.task_id, kind, told, uow.actor, uow.now())
    uow.add_note(note)
    uow.audit(f"note written: {NOTE_WORDS[kind].lower()}", task.reference, {"text": (None, told)})
    return note
