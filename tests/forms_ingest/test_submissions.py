"""A raised task is never lost for a fault; a re-assessment or return is done wholly, or refused with all its faults."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms_ingest.form_mapping import Answers, Source, read_answers
from forms_ingest.submissions import (
    LAST_LINE,
    Impossible,
    Submitted,
    to_raise,
    to_reassess,
    to_return,
)
from service.force_config import load_force
from service.form_config import load_forms
from tasking.force import TRIAGE, Pillar
from tasking.references import full_reference
from tasking.task import Classification, ExternalReference
from tasking.thrive import Alignment, AssessmentSource, Confidence, ThriveAssessment

CONFIG = Path(__file__).parents[2] / "config"
FORCE, INTAKE = load_force(CONFIG)
FORMS = load_forms(CONFIG, FORCE, INTAKE)
AFTERNOON = datetime(2026, 11, 23, 15, 5, 9, tzinfo=UTC)
SUBMITTED = Submitted("raise_task", "17", "T-1001", "pc.somebody@peakshire.example", AFTERNOON)


def answers_to(slug: str, **changed: object) -> Answers:
    """The sample response to a form, with some answers (by field) replaced as a flow would send them."""
    sample: dict[str, Any] = json.loads(
        (Path(__file__).parent / "samples" / f"{slug}.json").read_text(encoding="utf-8")
    )
    keys = {question.field: question.key for question in FORMS[slug].questions}
    body = {**sample["flow"], **{keys[field]: value for field, value in changed.items()}}
    return read_answers(FORMS[slug], body, Source.FLOW)


def with_values(answers: Answers, **values: Any) -> Answers:
    """The answers with values that no form of ours could give, as another form might."""
    return replace(answers, values=MappingProxyType({**answers.values, **values}))


def test_a_whole_response_becomes_a_request_without_faults() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task"))
    assert request.faults == ()
    assert (request.reference, request.form, request.response_id) == ("T-1001", "raise_task", "17")
    assert (request.submitted_by, request.submitted_at) == ("pc.somebody@peakshire.example", AFTERNOON)
    assert (request.pillar, request.unit, request.wanted) == ("ASB_NEIGHBOURHOOD", "ER", "RESOURCES")
    assert request.title == "Erefield: Stop stones being thrown from the ring road footbridge"
    assert request.text.place == "Footbridge by the retail park"
    assert request.text.good_looks_like == "No reports for 14 days"
    assert request.text.ask == (
        "More people or equipment are wanted.\nTwo officers, Friday and Saturday 16:00 to 20:00."
    )
    assert request.external_references == (ExternalReference("INCIDENT", "INC-20261123-0412"),)
    assert request.assessment == ThriveAssessment(3, 3, 3, 0, 1, 2)
    assert request.context.alignment is Alignment.LOCAL_PRIORITY
    assert request.context.flags == {"CHILD_EXPLOITATION", "CRITICAL_INCIDENT"}
    assert request.context.repeats_28d == 3
    assert request.needed_by == datetime(2026, 11, 27, 17, tzinfo=UTC)
    assert request.checklist == ("Hot-spot patrol", LAST_LINE)
    assert [link.title for link in request.links] == ["footbridge steps_PC Twinhouse.jpg"]


def test_without_a_tactic_the_checklist_only_asks_for_the_result() -> None:
    assert to_raise(FORCE, SUBMITTED, answers_to("raise_task", tactic="")).checklist == (LAST_LINE,)


def test_a_pillar_that_is_not_on_the_list_goes_to_triage_with_the_fault() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", pillar="Moonlighting"))
    assert request.pillar == TRIAGE
    assert len(request.faults) == 1
    assert "Moonlighting" not in request.faults[0]


def test_a_pillar_that_was_retired_since_goes_to_triage_with_the_fault() -> None:
    retired = replace(
        FORCE, pillars={**FORCE.pillars, "ASB_NEIGHBOURHOOD": Pillar("ASB_NEIGHBOURHOOD", "x", retired=True)}
    )
    request = to_raise(retired, SUBMITTED, answers_to("raise_task"))
    assert request.pillar == TRIAGE
    assert request.faults == (
        "'Which kind of work is it?' is not a pillar that the force uses; move the task to the right bucket.",
    )


def test_a_person_who_was_not_sure_is_told_to_triage() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", pillar="I am not sure"))
    assert request.pillar == TRIAGE
    assert "was left open" in request.faults[0]


@pytest.mark.parametrize("where", ["", "Atlantis"])
def test_without_a_known_unit_the_task_goes_to_the_triage_unit_with_the_fault(where: str) -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", unit=where))
    assert request.unit == FORCE.triage_unit
    assert len(request.faults) == 1
    assert request.faults[0].startswith("'Where?'")


def test_a_unit_that_the_force_does_not_have_goes_to_the_triage_unit() -> None:
    request = to_raise(FORCE, SUBMITTED, with_values(answers_to("raise_task"), unit="XX"))
    assert (request.unit, len(request.faults)) == (FORCE.triage_unit, 1)


def test_a_thrive_level_not_answered_stays_unknown_and_is_left_for_the_domain_to_name() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", threat="", harm=""))
    assert request.assessment.missing() == ("threat", "harm")
    assert request.faults == ()


def test_all_faults_are_told_together() -> None:
    answers = answers_to(
        "raise_task", pillar="x", unit="y", why_now="", repeats_28d="-2", needed_by_date="2026-11-01", wanted="z"
    )
    faults = to_raise(FORCE, SUBMITTED, answers).faults
    assert len(faults) == 6
    assert "'How many earlier reports of the same problem in the last 28 days?' must be 0 or more." in faults
    assert "'On which date?' is in the past; the band's own due time was used." in faults


def test_half_a_report_is_no_number_of_repeats() -> None:
    (fault,) = to_raise(FORCE, SUBMITTED, answers_to("raise_task", repeats_28d="1.5")).faults
    assert fault.endswith("must be a whole number.")


def test_a_long_title_is_cut_and_kept_whole_below() -> None:
    title = "Stop stones " * 20
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", title=title))
    assert len(request.title.partition(": ")[2]) <= 120
    assert request.title.endswith("…")
    assert request.text.ask.startswith(title.strip())
    assert "longer than 120 characters" in request.faults[0]


def test_a_very_long_text_is_cut_with_a_fault() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", why_now="a " * 5000))
    assert len(request.text.why_now) <= 4000
    assert len(request.faults) == 1


def test_without_a_title_the_reason_serves_as_one() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", title=""))
    assert request.title.startswith("Erefield: Stones have hit four cars this week. The next")
    assert len(request.title) <= 60 + len("Erefield: ")
    assert request.faults == ("'What needs doing?' was not answered.",)


def test_with_neither_title_nor_reason_no_task_can_be_made() -> None:
    with pytest.raises(Impossible) as caught:
        to_raise(FORCE, SUBMITTED, answers_to("raise_task", title=" ", why_now="", pillar="x"))
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    ("choice", "submitted_at", "due"),
    [
        ("Today", "2026-11-23T15:05:00+00:00", "2026-11-23T17:00:00+00:00"),
        ("Today", "2026-11-23T17:00:00+00:00", "2026-11-23T23:59:00+00:00"),
        ("Today", "2026-07-01T15:59:00+00:00", "2026-07-01T16:00:00+00:00"),
        ("Today", "2026-07-01T16:30:00+00:00", "2026-07-01T22:59:00+00:00"),
        ("Today", "2026-07-01T23:30:00+00:00", "2026-07-02T16:00:00+00:00"),
        ("Tomorrow", "2026-11-23T18:00:00+00:00", "2026-11-24T17:00:00+00:00"),
        ("Tomorrow", "2027-03-27T10:00:00+00:00", "2027-03-28T16:00:00+00:00"),
        ("Within 7 days", "2027-10-28T09:00:00+00:00", "2027-11-04T17:00:00+00:00"),
        ("On a date", "2026-11-23T15:05:00+00:00", "2026-11-27T17:00:00+00:00"),
        ("On a date", "2026-11-27T18:00:00+00:00", "2026-11-27T23:59:00+00:00"),
    ],
)
def test_needed_by_means_five_o_clock_local_time_of_that_day(choice: str, submitted_at: str, due: str) -> None:
    submitted = replace(SUBMITTED, submitted_at=datetime.fromisoformat(submitted_at))
    request = to_raise(FORCE, submitted, answers_to("raise_task", needed_by=choice))
    assert request.needed_by == datetime.fromisoformat(due)
    assert request.needed_by.tzinfo is UTC


def test_without_a_needed_by_the_band_decides() -> None:
    assert to_raise(FORCE, SUBMITTED, answers_to("raise_task", needed_by="", needed_by_date="")).needed_by is None


def test_a_date_alone_does_not_count_when_another_choice_was_made() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", needed_by="Tomorrow"))
    assert request.needed_by == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_a_reassessment_names_its_task_and_brings_the_new_levels() -> None:
    request = to_reassess(FORCE, SUBMITTED, answers_to("reassess", reference=" t 1016"))
    assert request.reference == "T-1016"
    assert request.assessment == ThriveAssessment(4, 3, 4, 1, 3, 2)
    assert request.context.repeats_28d == 4
    assert request.reason == "Two more reports since yesterday evening."


def test_how_sure_an_assessment_is_and_where_its_facts_come_from_are_kept_from_both_forms() -> None:
    first = to_raise(FORCE, SUBMITTED, answers_to("raise_task"))
    again = to_reassess(FORCE, SUBMITTED, answers_to("reassess"))
    assert (first.confidence, first.source) == (Confidence.HIGH, AssessmentSource.OFFICER)
    assert (again.confidence, again.source) == (Confidence.LOW, AssessmentSource.OFFICER)
    blank = to_raise(FORCE, SUBMITTED, answers_to("raise_task", confidence="", assessment_source=""))
    assert (blank.confidence, blank.source, blank.faults) == (None, None, ())


@pytest.mark.parametrize("blank", ["", "   "])
def test_the_form_does_not_take_a_new_score_without_its_reason(blank: str) -> None:
    with pytest.raises(Impossible) as caught:
        to_reassess(FORCE, SUBMITTED, answers_to("reassess", reason=blank))
    assert caught.value.faults == ("'Why is it assessed again?' was not answered.",)


def test_a_reassessment_with_anything_missing_or_unreadable_is_refused_with_all_of_it() -> None:
    answers = answers_to("reassess", reference="the footbridge one", threat="", flags='["x"]', repeats_28d="-1")
    with pytest.raises(Impossible) as caught:
        to_reassess(FORCE, SUBMITTED, answers)
    assert len(caught.value.faults) == 4
    assert "'Which task?' must be a reference like T-2418." in caught.value.faults
    assert not any("footbridge" in fault for fault in caught.value.faults)


def test_a_return_carries_the_reason_the_conditions_and_the_review() -> None:
    request = to_return(FORCE, SUBMITTED, answers_to("return_task"))
    assert request.reference == "T-1016"
    assert request.reason == "No report for ten days and the patrols have ended."
    assert request.conditions == (
        "Erefield holds it.\nBack up on the first new report.\nTo be reviewed by 14 December 2026."
    )
    assert (request.residual_risk, request.receiver) == ("One more report in a month.", "Local Policing Inspector")
    assert request.review_at == datetime(2026, 12, 14, 17, tzinfo=UTC)
    assert request.submitted_by == SUBMITTED.responder


@pytest.mark.parametrize("slug", sorted(FORMS))
@pytest.mark.parametrize("field", ["live_risk", "covert"])
def test_every_form_asks_both_stop_questions(slug: str, field: str) -> None:
    assert answers_to(slug).stopped is None
    assert answers_to(slug, **{field: "Yes"}).stopped == field.upper()


def test_a_return_without_a_review_date_adds_no_words() -> None:
    request = to_return(FORCE, SUBMITTED, answers_to("return_task", review_by=""))
    assert "review" not in request.conditions
    assert request.review_at is None


def test_a_return_that_leaves_anything_needed_out_is_refused_with_all_of_it() -> None:
    blank = {"reason": "", "conditions": " ", "residual_risk": "", "receiver": " "}
    with pytest.raises(Impossible) as caught:
        to_return(FORCE, SUBMITTED, answers_to("return_task", **blank))
    assert caught.value.faults == (
        "'Why is the risk lower?' was not answered.",
        "'On what conditions?' was not answered.",
        "'What risk remains?' was not answered.",
        "'Who takes it over below?' was not answered.",
    )


@pytest.mark.parametrize("written", ["T-2418", "t-2418", " T 2418 ", "t2418", "#2418", "2418", "#T-2418", "T – 2418"])
def test_a_reference_is_understood_however_it_is_written(written: str) -> None:
    assert full_reference(written, FORCE) == "T-2418"


@pytest.mark.parametrize("written", ["", "T-", "T-24 18", "X-2418", "T-2418a", "T-٣", "2418; drop"])
def test_anything_else_is_no_reference(written: str) -> None:
    assert full_reference(written, FORCE) is None


field_values: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(), st.tuples(st.text())
)


@given(st.dictionaries(st.sampled_from(sorted(answers_to("raise_task").titles)), field_values))
def test_whatever_the_values_a_raised_task_is_made_or_refused_with_reasons(values: dict[str, Any]) -> None:
    answers = with_values(answers_to("raise_task"), **values)
    said = [text for name in ("title", "why_now") if isinstance(text := answers.values[name], str) and text.strip()]
    if not said:
        with pytest.raises(Impossible, match="no task can be made"):
            to_raise(FORCE, SUBMITTED, answers)
        return
    request = to_raise(FORCE, SUBMITTED, answers)
    assert 0 < len(request.title.partition(": ")[2]) <= 120
    assert request.pillar in FORCE.pillars
    assert request.unit in FORCE.units
    assert request.pillar != TRIAGE or request.faults


def test_dates_far_away_are_kept() -> None:
    request = to_raise(FORCE, SUBMITTED, with_values(answers_to("raise_task"), needed_by_date=date(9999, 12, 31)))
    assert request.needed_by == datetime(9999, 12, 31, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answer", "mark"),
    [
        ("", Classification.OFFICIAL),
        ("OFFICIAL", Classification.OFFICIAL),
        ("OFFICIAL-SENSITIVE", Classification.OFFICIAL_SENSITIVE),
    ],
)
def test_the_handling_mark_is_the_one_that_was_chosen(answer: str, mark: Classification) -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", handling=answer))
    assert (request.classification, request.faults) == (mark, ())


def test_a_handling_mark_that_cannot_be_read_is_taken_for_the_higher_one_and_told() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", handling="Secret-ish"))
    assert request.classification is Classification.OFFICIAL_SENSITIVE
    assert len(request.faults) == 1
    assert "How is it to be handled?" in request.faults[0]


def test_several_references_in_other_systems_are_kept_each_by_its_kind() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", external_reference="cad 20261123 412; pmp 118"))
    assert [(each.kind, each.value) for each in request.external_references] == [
        ("INCIDENT", "INC-20261123-412"),
        ("PMP", "PMP-118"),
    ]
    assert request.faults == ()


def test_a_reference_that_is_of_no_kind_is_told_and_what_was_typed_is_kept() -> None:
    request = to_raise(FORCE, SUBMITTED, answers_to("raise_task", external_reference="pmp 118; the blue file"))
    (fault,) = request.faults
    assert fault.startswith("'Reference in another system' is not written as any kind that the force uses")
    assert "INC-20261123-0412 (incident)" in fault
    assert "blue" not in fault
    assert "Reference elsewhere: pmp 118; the blue file" in request.text.ask
    assert [each.value for each in request.external_references] == ["PMP-118"]


def test_a_force_without_kinds_of_reference_shows_what_was_typed() -> None:
    plain = replace(FORCE, reference_kinds=())
    request = to_raise(plain, SUBMITTED, answers_to("raise_task", external_reference="the blue file"))
    assert (request.faults, request.external_references) == ((), ())
    assert "Reference elsewhere: the blue file" in request.text.ask
