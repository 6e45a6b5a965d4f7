"""What looks like personal data is found by its kind and kept off a card; what config calls things is no person."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.handing_over import names_of
from escalation.personal_data import LEFT_OUT, PATTERNS, SHORT_LEFT_OUT, gated, hits
from tests.peakshire import small_force

FOUND = {
    "telephone": ["Ring 07700 900123", "01332 123 456", "+44 7700 900 123", "(01332) 123456", "0044 7700-900-123"],
    "vehicle registration": ["a van AB12 CDE", "ab12cde", "M123 ABC", "A123BCD", "ABC 123D"],
    "postcode": ["lives at DE1 2AB", "sw1a 1aa", "M1 1AE", "EC1A1BB"],
    "date of birth": ["dob 1/2/90", "D.O.B given", "born 12 May", "12/05/1987", "3 March 2008"],
    "national insurance number": ["AB 12 34 56 C", "ab123456c"],
    "e-mail address": ["write to a.b@c.example"],
    "name": ["Mr John Smith", "PC Smith", "DS O'Neill", "a man named Ann Example", "Sgt. Ann Example-Jones"],
}
HARMLESS = [
    "T-2418 · Roads policing",
    "Decision DEC-2027-000123",
    "ESCALATED to North Division - decision needed by Mon 2 Nov 09:30",
    "PRIORITY (score 47 of 100, was 24)",
    "RTC on the A38 at 12:00, M1 junction 28",
    "Lady Bower Road and Sir John Street",
    "CYC-2027-01, 2027-01-04 07:30",
    "Burglary, robbery, vehicle, theft",
    "the A38 2nd lane",
    "20 hours, 1,140 pounds, 137 reports",
]


def test_every_kind_has_examples() -> None:
    assert set(FOUND) == set(PATTERNS)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_personal_data_is_found_by_its_kind(kind: str, text: str) -> None:
    assert kind in hits(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_cards_say_of_work_is_no_hit(text: str) -> None:
    assert hits(text) == ()


def test_names_of_config_are_no_persons() -> None:
    force = small_force(meetings=tuple(replace(each, chair_role="PC Smith") for each in small_force().meetings))
    assert hits("Asked: PC Smith, by Mon 2 Nov 09:30", names_of(force)) == ()
    assert hits("Asked: PC Smithson", names_of(force)) == ("name",), "only the whole name is config's"


def card(**texts: str) -> dict[str, Any]:
    told = {"text": "T-1 · Roads", "value": "Nobody yet", "speak": "Escalated: T-1."} | texts
    facts = {"type": "FactSet", "facts": [{"title": "Owner", "value": told["value"]}]}
    body = [{"type": "TextBlock", "text": told["text"], "wrap": True}, facts]
    return {"type": "AdaptiveCard", "fallbackText": told["speak"], "speak": told["speak"], "body": body, "actions": []}


def test_a_card_without_any_is_posted_as_it_is() -> None:
    assert gated(card()) == (card(), ())


@pytest.mark.parametrize(("part", "instead"), [("text", LEFT_OUT), ("value", SHORT_LEFT_OUT), ("speak", LEFT_OUT)])
def test_only_the_part_that_hits_is_left_out_and_the_card_says_so(part: str, instead: str) -> None:
    found = gated(card(**{part: "Ring Mr John Smith on 07700 900123"}))
    assert found.kinds == ("telephone", "name")
    assert found.card == card(**{part: instead})


def test_what_stands_in_place_of_a_hit_is_no_hit() -> None:
    assert hits(LEFT_OUT) == hits(SHORT_LEFT_OUT) == ()


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=3))
def test_any_text_can_be_looked_at(text: str, known: list[str]) -> None:
    assert set(hits(text, known)) <= set(PATTERNS)
