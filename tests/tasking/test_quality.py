"""A sample of scores is by chance, and the seed alone decides the chance."""

from tasking.quality import Drawn, draw
from tasking.thrive import PriorityBand

THERE = [
    Drawn(f"t{n}", f"T-{n}", "HP", f"a{n}", "ann", 50, PriorityBand.PRIORITY if n % 2 else PriorityBand.SCHEDULED)
    for n in range(100, 140)
]


def test_the_same_seed_draws_the_same_whatever_the_order_and_another_seed_draws_others() -> None:
    first = draw("CYC-2027-01", "one", THERE, 5, 4)
    assert draw("CYC-2027-01", "one", reversed(THERE), 5, 4) == first
    assert draw("CYC-2027-01", "two", THERE, 5, 4).drawn != first.drawn
    assert [each.is_high for each in first.drawn] == [True] * 5 + [False] * 4


def test_where_there_are_fewer_than_wanted_all_of_them_are_drawn() -> None:
    assert draw("CYC-2027-01", "one", THERE[:3], 5, 5).drawn == (THERE[1], THERE[0], THERE[2])
