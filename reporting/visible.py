"""What a viewer may see, said in SQL over the narrow rows of tasks. Every query of the pages has this condition."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, or_, select, true

from store.tab_tables import task_lines
from store.tables import tasks
from store.tasks import batched
from tasking.force import Force
from tasking.restricted import open_pillars
from tasking.viewing import PARTNER_LABEL, PARTNER_PILLARS, Viewer

_c = task_lines.c


def visible(viewer: Viewer, force: Force) -> ColumnElement[bool]:
    """The condition under which a row of `task_lines` may be shown, counted or searched for this viewer."""
    conditions: list[ColumnElement[bool]] = [true()]
    if not viewer.may_see_restricted:
        conditions += [_c.is_marked.is_(False), _c.pillar.in_(sorted(open_pillars(force)))]
    if viewer.is_partner:
        conditions.append(or_(holds(_c.labels, PARTNER_LABEL), _c.pillar.in_(sorted(PARTNER_PILLARS))))
    if viewer.units is not None:
        conditions.append(holds_any(_c.places, viewer.units))
    return and_(*conditions)


def holds(column: ColumnElement[str], code: str) -> ColumnElement[bool]:
    """Whether a barred column holds this code."""
    return column.contains(f"|{code}|", autoescape=True)


def holds_any(column: ColumnElement[str], codes: Collection[str]) -> ColumnElement[bool]:
    """Whether a barred column holds one of these codes; never for none."""
    return or_(*(holds(column, code) for code in sorted(codes))) if codes else ~true()


def only_seen(connection: Connection, force: Force, viewer: Viewer, references: Collection[str]) -> frozenset[str]:
    """Those of these task references that the viewer may see."""
    found: set[str] = set()
    for some in batched(sorted(references)):
        query = select(tasks.c.reference).join(task_lines, task_lines.c.task_id == tasks.c.task_id)
        found.update(connection.execute(query.where(tasks.c.reference.in_(some), visible(viewer, force))).scalars())
    return frozenset(found)
