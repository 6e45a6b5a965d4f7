"""Order hints as text: what the service makes of a client's hint lies between its neighbours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m365_emulator.planner.order_hints import between, service_value

SERVICE_TEXT = st.text(st.characters(min_codepoint=34, max_codepoint=126), min_size=1, max_size=12)


@given(SERVICE_TEXT, SERVICE_TEXT)
def test_a_text_between_two_others_sorts_between_them(one: str, other: str) -> None:
    low, high = sorted((one, other))
    if low != high:
        assert low < between(low, high) < high


@given(SERVICE_TEXT)
def test_there_is_always_room_before_and_after(hint: str) -> None:
    assert "" < between("", hint) < hint < between(hint, "")


@given(SERVICE_TEXT, SERVICE_TEXT)
def test_the_services_value_sorts_between_and_is_no_hint_itself(one: str, other: str) -> None:
    low, high = sorted((one, other))
    if low == high:
        return
    made = service_value(f"{low} {high}!")
    assert low < made < high
    with pytest.raises(ValueError, match="no order hint"):
        service_value(made)


def test_many_items_fit_between_the_same_two() -> None:
    low, high = "P", "Q"
    for _ in range(200):
        middle = service_value(f"{low} {high}!")
        assert low < middle < high
        low = middle


def test_a_hint_can_be_made_of_a_hint_that_the_service_has_not_answered_yet() -> None:
    first = " !"
    after_it = f"{first} !"
    assert service_value(after_it) > service_value(f" {service_value(after_it)}!")


@pytest.mark.parametrize("wrong", ["", "!", "abc", "a b", "caf\u00e9 !", "a b c d"])
def test_another_form_is_no_order_hint(wrong: str) -> None:
    with pytest.raises(ValueError, match="no order hint"):
        service_value(wrong)


def test_a_chain_of_twenty_hints_not_sent_before_keeps_its_order() -> None:
    for _ in range(50):
        hint, values = "", []
        for _ in range(20):
            hint = f"{hint} !"
            values.append(service_value(hint))
        assert values == sorted(values)
