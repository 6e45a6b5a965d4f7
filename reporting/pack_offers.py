"""What units offer, beside what is asked for: the packs of divisions and the force (requirement 118)."""

from reporting.pack_asking import asked_of, wants_resources
from reporting.pack_view import View
from reporting.ranking import by_band
from reporting.wording import short_time, unit_name
from tasking.offers import MATCH_RULE, Offer, Request, line_of, suggestions
from tasking.restricted import is_restricted
from tasking.viewing import units_below


def offers_and_matches(view: View) -> tuple[str, ...]:
    """Every offer for this unit or one below it, and which request each is suggested for, with the rule.

    Nothing where the unit has none below it, or nothing is offered. Of a restricted task nothing is suggested: it
    would tell what is asked for.
    """
    family = units_below(view.force, view.unit)
    offers = tuple(each for each in view.offers if _is_for(view, each, family))
    if family == {view.unit} or not offers:
        return ()
    asking = (seen for seen in view.open_tasks if wants_resources(seen, view))
    wanted = sorted(
        (seen for seen in asking if not is_restricted(view.force, seen.task)), key=lambda seen: by_band(seen.task)
    )
    requests = [Request(seen.task.reference, seen.task.unit, asked_of(seen, view)) for seen in wanted]
    matched = suggestions(view.force, requests, offers)
    suggested = tuple(f"Suggested for {ref}: {each.offer_ref}" for ref, each in matched.items())
    return (*(offer_words(view, each) for each in offers), *suggested, f"Rule: {MATCH_RULE}")


def offer_words(view: View, offer: Offer) -> str:
    """One offer in a line."""
    force, skill = view.force, view.force.skills.get(offer.skill)
    what = f"{offer.how_many} × {skill.name if skill else offer.skill}"
    when = f"{short_time(offer.starts_at)} to {short_time(offer.ends_at)}"
    within = unit_name(force, offer.within)
    return f"{offer.offer_ref}: {unit_name(force, offer.unit)} offers {what}, {when}, within {within}"


def _is_for(view: View, offer: Offer, family: frozenset[str]) -> bool:
    """Whether some unit of this meeting may use it."""
    return offer.within in family or offer.within in line_of(view.force, view.unit)
