"""What people did to agendas, as rows: one for each step, never changed."""

from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, select

from store.meeting_tables import agenda_steps
from tasking.agenda import AgendaStep

_STEP: TypeAdapter[AgendaStep] = TypeAdapter(AgendaStep)


def add(connection: Connection, step: AgendaStep) -> None:
    """Keeps a step."""
    document = _STEP.dump_python(step, mode="json")
    connection.execute(insert(agenda_steps).values(meeting_ref=step.meeting_ref, at=step.at, document=document))


def of_meeting(connection: Connection, meeting_ref: str) -> tuple[AgendaStep, ...]:
    """Every step of one meeting's agenda, oldest first."""
    columns = agenda_steps.c
    query = select(columns.document).where(columns.meeting_ref == meeting_ref).order_by(columns.number)
    return tuple(_STEP.validate_python(document) for document in connection.execute(query).scalars())
