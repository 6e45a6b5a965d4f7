"""What a pack says of intelligence: reviews that are due, what feeds this day, what is recommended.

What somebody wrote of an OFFICIAL-SENSITIVE item is read on the record, and nothing of any item is for partners.
"""

from collections.abc import Mapping

from reporting.pack_view import View
from reporting.wording import READ_ON_RECORD
from tasking.clocks import local_day
from tasking.control_strategy import date_words
from tasking.intelligence_items import SOURCE_WORDS, IntelligenceItem, ItemKind, ItemState
from tasking.meetings import AgendaSection
from tasking.task import Classification

STATE_WORDS: Mapping[ItemState, str] = {
    ItemState.OPEN: "Accept, modify or decline, with the reason",
    ItemState.ACCEPTED: "Accepted",
    ItemState.MODIFIED: "Modified",
    ItemState.DECLINED: "Declined",
    ItemState.FED: "To know",
}


def intelligence_lines(view: View) -> tuple[str, ...]:
    """First the review of the intelligence requirement where it is due here, then feed items, then recommendations."""
    if AgendaSection.INTELLIGENCE in view.kind.partner_sections:
        return ()
    fed = [item for item in view.intelligence if item.kind is ItemKind.FEED]
    recommended = [item for item in view.intelligence if item.kind is ItemKind.RECOMMENDATION]
    waiting = [item for item in recommended if item.state is ItemState.OPEN]
    answered = [item for item in recommended if item.state is not ItemState.OPEN]
    return (*_review(view), *(_words(item) for item in (*fed, *waiting, *answered)))


def _review(view: View) -> list[str]:
    """For the strategic meeting alone, once the day of the review has come."""
    strategy = view.strategy
    if strategy is None or not view.kind.sets_control_strategy or strategy.review_on > local_day(view.starts_at):
        return []
    told = f"REVIEW DUE since {date_words(strategy.review_on)}: the strategic intelligence requirement, "
    gaps = ", ".join(f"{gap.code} {gap.title}" for gap in strategy.gaps)
    return [f"{told}version {strategy.version} ({gaps or 'no gaps named'})"]


def _words(item: IntelligenceItem) -> str:
    hidden = item.classification is Classification.OFFICIAL_SENSITIVE
    text = READ_ON_RECORD if hidden else item.agreed or item.text
    became = f", became {item.task_reference}" if item.task_reference else ""
    why = f": {item.reason}" if item.reason and not hidden else ""
    place = " ".join(part for part in (item.control_priority, item.intelligence_gap) if part)
    of = f"{SOURCE_WORDS[item.source]}{f', {place}' if place else ''}"
    return f"{item.reference} ({of}) {text}. {STATE_WORDS[item.state]}{became}{why}"
