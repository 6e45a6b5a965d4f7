"""The Tasking Priority Score: its range, what lifts it, and that what was not answered is never taken for nought."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasking.thrive import (
    BANDS,
    FLAG_FLOORS,
    HIGHEST_LEVEL,
    Alignment,
    PriorityBand,
    RiskContext,
    ThriveAssessment,
    band_of,
    score,
)

levels = st.builds(ThriveAssessment, **{name: st.integers(0, top) for name, top in HIGHEST_LEVEL.items()})
contexts = st.builds(
    RiskContext,
    st.sampled_from(Alignment),
    st.integers(0, 50),
    st.frozensets(st.sampled_from(sorted(FLAG_FLOORS))),
)


@given(levels, contexts)
def test_a_whole_assessment_always_scores_from_0_to_100_and_shows_its_parts(
    assessment: ThriveAssessment, context: RiskContext
) -> None:
    result = score(assessment, context)
    assert result is not None
    assert 0 <= result.score <= 100
    assert result.score == sum(result.components.values())


def test_nothing_at_all_scores_0_and_everything_scores_100() -> None:
    lowest = score(ThriveAssessment(0, 0, 0, 0, 0, 0), RiskContext())
    highest = score(ThriveAssessment(4, 4, 4, 2, 4, 2), RiskContext(Alignment.CONTROL_STRATEGY, 3))
    assert lowest is not None
    assert highest is not None
    assert (lowest.score, lowest.band) == (0, PriorityBand.ROUTINE)
    assert (highest.score, highest.band) == (100, PriorityBand.IMMEDIATE)


def test_over_all_combinations_the_bands_have_the_shares_that_the_policing_notes_publish() -> None:
    counts = dict.fromkeys(PriorityBand, 0)
    ranges = [range(top + 1) for top in HIGHEST_LEVEL.values()]
    for row in itertools.product(*ranges):
        for alignment, repeats in itertools.product(Alignment, range(4)):
            result = score(ThriveAssessment(*row), RiskContext(alignment, repeats))
            assert result is not None
            counts[result.band_before_floors] += 1
    assert sum(counts.values()) == 67_500
    shares = {band.value: round(100 * count / 67_500, 1) for band, count in counts.items()}
    assert shares == {"ROUTINE": 9.5, "SCHEDULED": 60.1, "PRIORITY": 25.3, "IMMEDIATE": 5.0}


@given(levels, contexts, st.sampled_from(["threat", "harm"]))
def test_the_score_never_falls_when_threat_or_harm_rises(
    assessment: ThriveAssessment, context: RiskContext, name: str
) -> None:
    values = {each: getattr(assessment, each) for each in HIGHEST_LEVEL}
    raised = ThriveAssessment(**{**values, name: min(values[name] + 1, HIGHEST_LEVEL[name])})
    before, after = score(assessment, context), score(raised, context)
    assert before is not None
    assert after is not None
    assert after.score >= before.score
    assert BANDS[after.band].rank >= BANDS[before.band].rank


@given(contexts, st.integers(0, 2), st.integers(0, 2))
def test_interest_and_repeats_alone_never_make_a_task_priority(context: RiskContext, i: int, e: int) -> None:
    result = score(ThriveAssessment(0, 0, 0, i, 0, e), RiskContext(context.alignment, context.repeats_28d))
    assert result is not None
    assert result.score <= 20
    assert result.band in (PriorityBand.ROUTINE, PriorityBand.SCHEDULED)


@pytest.mark.parametrize("name", HIGHEST_LEVEL)
def test_one_level_not_answered_leaves_the_task_without_a_score(name: str) -> None:
    values: dict[str, int | None] = {**dict.fromkeys(HIGHEST_LEVEL, 0), name: None}
    assessment = ThriveAssessment(**values)
    assert score(assessment, RiskContext()) is None
    assert assessment.missing() == (name,)


@pytest.mark.parametrize(("name", "top"), HIGHEST_LEVEL.items())
def test_a_level_outside_its_scale_is_named_and_not_scored(name: str, top: int) -> None:
    assessment = ThriveAssessment(**{**dict.fromkeys(HIGHEST_LEVEL, 0), name: top + 1})
    assert assessment.faults() == (f"{name.capitalize()} is {top + 1}; the scale is 0 to {top}.",)
    assert score(assessment, RiskContext()) is None


@pytest.mark.parametrize(("flag", "band"), FLAG_FLOORS.items())
def test_a_flag_lifts_the_band_and_says_so_but_leaves_the_score(flag: str, band: PriorityBand) -> None:
    assessment = ThriveAssessment(1, 1, 1, 0, 0, 0)
    plain, flagged = score(assessment, RiskContext()), score(assessment, RiskContext(flags=frozenset({flag})))
    assert plain is not None
    assert flagged is not None
    assert (flagged.score, flagged.band, flagged.floors) == (plain.score, band, (flag,))


@pytest.mark.parametrize(
    ("levels_thr", "band", "floor"),
    [
        ((3, 4, 0), PriorityBand.PRIORITY, "HARM_4_THREAT_3"),
        ((4, 4, 3), PriorityBand.IMMEDIATE, "HARM_4_THREAT_4_RISK_3"),
        ((2, 4, 0), PriorityBand.ROUTINE, None),
    ],
)
def test_the_gravest_harm_lifts_the_band_of_itself(
    levels_thr: tuple[int, int, int], band: PriorityBand, floor: str | None
) -> None:
    result = score(ThriveAssessment(*levels_thr, 0, 0, 0), RiskContext())
    assert result is not None
    assert result.band is band
    assert floor is None or floor in result.floors


@pytest.mark.parametrize(
    ("points", "band"),
    [
        (0, "ROUTINE"),
        (19, "ROUTINE"),
        (20, "SCHEDULED"),
        (44, "SCHEDULED"),
        (45, "PRIORITY"),
        (69, "PRIORITY"),
        (70, "IMMEDIATE"),
    ],
)
def test_the_limits_between_bands_are_those_published(points: int, band: str) -> None:
    assert band_of(points) == band
