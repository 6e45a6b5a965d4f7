"""Notes of people on a task, as rows: added, never changed."""

from sqlalchemy import Connection, insert, select

from store.tab_tables import notes
from tasking.note import Note, NoteKind


def add(connection: Connection, note: Note) -> None:
    """Keeps a note."""
    row = {
        "task_id": note.task_id,
        "kind": note.kind.value,
        "text": note.text,
        "written_by": note.written_by,
        "written_at": note.written_at,
    }
    connection.execute(insert(notes).values(**row))


def of_task(connection: Connection, task_id: str) -> tuple[Note, ...]:
    """A task's notes, the newest first."""
    query = select(notes).where(notes.c.task_id == task_id).order_by(notes.c.number.desc())
    return tuple(
        Note(row["task_id"], NoteKind(row["kind"]), row["text"], row["written_by"], row["written_at"])
        for row in connection.execute(query).mappings()
    )
