"""Who looks, as `reporting/` takes it: made of the person who is signed in, in this one place."""

from tasking.rights import AppRole, Right, sees_restricted
from tasking.viewing import Viewer
from web.visit import Visit


def viewer_of(visit: Visit, right: Right = Right.SEE_BOARD) -> Viewer:
    """What the person may see by this right: the units that it reaches, and restricted matter only with that role.

    Somebody who is a partner and nothing else sees partners' business alone.
    """
    person = visit.person
    is_partner = set(person.roles) - {AppRole.RESTRICTED} == {AppRole.PARTNER}
    ids = frozenset({person.user_id, person.upn})
    return Viewer(visit.units(right), sees_restricted(person), is_partner, ids)
