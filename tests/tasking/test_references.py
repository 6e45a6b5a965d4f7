"""A reference in another system is known by its kind's pattern and kept in one way of writing."""

from pathlib import Path

import pytest

from service.force_config import load_force
from tasking.references import fault_of_kind, read_references
from tasking.task import ExternalReference

KINDS = load_force(Path(__file__).parents[2] / "config")[0].reference_kinds


@pytest.mark.parametrize(
    ("written", "kind", "kept"),
    [
        ("30*123456/26", "CRIME", "30*123456/26"),
        ("crime 30/123456-26", "CRIME", "30*123456/26"),
        ("cad 20261123/412", "INCIDENT", "INC-20261123-412"),
        ("  inc-20261123-0412. ", "INCIDENT", "INC-20261123-0412"),
        ("cu 26 01234", "CUSTODY", "CU-26-01234"),
        ("misper 26-00417", "MISSING", "MP-26-00417"),
        ("pmp118", "PMP", "PMP-118"),
    ],
)
def test_however_a_reference_is_typed_it_is_kept_in_one_way(written: str, kind: str, kept: str) -> None:
    assert read_references(KINDS, written) == ((ExternalReference(kind, kept),), True)


def test_several_are_read_each_once() -> None:
    found, is_clear = read_references(KINDS, "PMP 118; pmp-118, INC-20261123-0412 and 30*123456/26")
    assert [each.value for each in found] == ["PMP-118", "INC-20261123-0412", "30*123456/26"]
    assert is_clear


@pytest.mark.parametrize("written", ["PMP-118 near the school", "PMP-", "30*123/26", "PMP-1234567", "ask Ann"])
def test_what_fits_no_kind_whole_is_not_taken_for_one(written: str) -> None:
    assert read_references(KINDS, written) == ((), False)


def test_what_is_clear_is_kept_beside_what_is_not() -> None:
    assert read_references(KINDS, "PMP-118; ask Ann") == ((ExternalReference("PMP", "PMP-118"),), False)


def test_every_kind_of_the_shipped_force_makes_its_own_example() -> None:
    assert {kind.code for kind in KINDS} == {"CRIME", "INCIDENT", "CUSTODY", "MISSING", "PMP"}
    assert not [fault for kind in KINDS if (fault := fault_of_kind(kind))]
