"""One response in two encodings gives the same answers; every fault is told, and no answer is repeated in one."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms_ingest.form_mapping import FormDefinition, Source, local_to_utc, parse_submit_date, read_answers
from forms_ingest.questions import Question, QuestionType
from service.force_config import load_force
from service.form_config import load_forms
from tasking.task import EvidenceLink

CONFIG = Path(__file__).parents[2] / "config"
SAMPLES = Path(__file__).parent / "samples"
FORMS = load_forms(CONFIG, *load_force(CONFIG))
RAISE = FORMS["raise_task"]
LONDON = ZoneInfo("Europe/London")
PHOTO = (
    "https://peakshire.sharepoint.example/sites/pks-tasking-force/Shared%20Documents/Apps/Microsoft%20Forms/"
    "Raise%20a%20task/Question/footbridge%20steps_PC%20Twinhouse.jpg"
)


def sample(slug: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((SAMPLES / f"{slug}.json").read_text(encoding="utf-8"))
    return found


def key(field: str) -> str:
    question = RAISE.asking(field)
    assert question is not None
    return question.key


def flow(**answers: object) -> dict[str, object]:
    """The sample raise response with some answers replaced, by field."""
    return {**sample("raise_task")["flow"], **{key(field): value for field, value in answers.items()}}


@pytest.mark.parametrize("slug", FORMS)
def test_every_form_has_a_sample_that_reads_the_same_from_flow_and_workbook(slug: str) -> None:
    both = sample(slug)
    by_flow = read_answers(FORMS[slug], both["flow"], Source.FLOW)
    by_workbook = read_answers(FORMS[slug], both["workbook"], Source.WORKBOOK)
    assert by_flow == by_workbook
    assert by_flow.faults == by_flow.unanswered == by_flow.unknown_keys == by_flow.absent == ()
    assert by_flow.stopped is None


def test_the_sample_raise_response_becomes_these_fields() -> None:
    values = read_answers(RAISE, sample("raise_task")["flow"], Source.FLOW).values
    assert values["pillar"] == "ASB_NEIGHBOURHOOD"
    assert values["unit"] == "ER"
    assert (values["threat"], values["harm"], values["investigation"]) == (3, 3, 0)
    assert values["flags"] == ("CHILD_EXPLOITATION", "CRITICAL_INCIDENT")
    assert values["repeats_28d"] == 3
    assert values["needed_by_date"] == date(2026, 11, 27)
    assert values["why_now"] == "Stones have hit four cars this week.\nThe next may cause a crash at the evening peak."
    assert values["evidence"] == (EvidenceLink(PHOTO, "footbridge steps_PC Twinhouse.jpg"),)
    assert "constraints" not in values


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).filter(
    str.strip
)
lines = st.lists(words, min_size=1, max_size=3).map("\n".join)
file_names = st.text("abc XYZ-_09é()", min_size=1, max_size=20).map(lambda name: f"p{name}.jpg")


def answer_to(question: Question) -> st.SearchStrategy[Any]:
    """An answer as a person could give it, or None where left blank."""
    by_type: Mapping[QuestionType, st.SearchStrategy[Any]] = {
        QuestionType.TEXT: words,
        QuestionType.LONG_TEXT: lines,
        QuestionType.CHOICE: st.sampled_from(sorted(set(question.choices) - set(question.stops)) or [""]),
        QuestionType.MULTI_CHOICE: st.lists(st.sampled_from(sorted(question.choices) or [""]), min_size=1, unique=True),
        QuestionType.DATE: st.dates(date(2000, 1, 1), date(2100, 12, 31)),
        QuestionType.NUMBER: st.integers(0, 9999) | st.sampled_from([0.5, 12.25]),
        QuestionType.FILE: st.lists(file_names, min_size=1, max_size=3, unique=True),
    }
    return st.none() | by_type[question.type]


def response_to(form: FormDefinition) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({question.key: answer_to(question) for question in form.questions})


def as_flow(question: Question, answer: Any) -> object:
    if answer is None:
        return ""
    if question.type is QuestionType.FILE:
        return json.dumps([{"name": " ".join(name.split()), "link": link_to(name), "size": 3} for name in answer])
    if question.type is QuestionType.MULTI_CHOICE:
        return json.dumps(answer)
    return answer.isoformat() if isinstance(answer, date) else str(answer)


def as_cell(question: Question, answer: Any) -> object:
    if question.type is QuestionType.FILE and answer is not None:
        return "".join(f"{link_to(name)};" for name in answer)
    if question.type is QuestionType.MULTI_CHOICE and answer is not None:
        return "".join(f"{label};" for label in answer)
    if isinstance(answer, date):
        return datetime(answer.year, answer.month, answer.day)  # noqa: DTZ001 - a workbook's dates have no zone
    return answer


def link_to(name: str) -> str:
    return f"https://peakshire.sharepoint.example/evidence/{name.replace(' ', '%20')}"


@given(st.sampled_from(sorted(FORMS)).flatmap(lambda slug: st.tuples(st.just(slug), response_to(FORMS[slug]))))
def test_whatever_is_answered_the_flow_and_the_workbook_give_the_same(case: tuple[str, dict[str, Any]]) -> None:
    form, given_answers = FORMS[case[0]], case[1]
    body = {each.key: as_flow(each, given_answers[each.key]) for each in form.questions}
    row = {each.title: as_cell(each, given_answers[each.key]) for each in form.questions}
    by_flow = read_answers(form, body, Source.FLOW)
    assert by_flow == read_answers(form, row, Source.WORKBOOK)
    assert by_flow.faults == ()
    blank = {each.field for each in form.questions if given_answers[each.key] is None}
    assert set(by_flow.values) == set(by_flow.titles) - blank


single = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.datetimes()
anything: st.SearchStrategy[object] = st.one_of(
    single, st.lists(single, max_size=3), st.dictionaries(st.text(max_size=5), single, max_size=2)
)


@given(st.dictionaries(st.sampled_from([each.key for each in RAISE.questions]), anything), st.sampled_from(Source))
def test_no_body_however_wrong_makes_reading_fail(body: dict[str, object], source: Source) -> None:
    titles = {each.key: each.title for each in RAISE.questions}
    raw = body if source is Source.FLOW else {titles[name]: value for name, value in body.items()}
    answers = read_answers(RAISE, raw, source)
    assert all(any(title in fault for title in titles.values()) for fault in answers.faults)


def test_every_unreadable_answer_is_told_at_once_and_none_is_repeated() -> None:
    secret = "Zebedee of Somewhere Lane"
    body = flow(
        pillar=secret,
        flags=json.dumps([secret]),
        repeats_28d=secret,
        needed_by_date=secret,
        evidence=json.dumps([{"name": secret}]),
    )
    answers = read_answers(RAISE, body, Source.FLOW)
    assert len(answers.faults) == 5
    assert not any("Zebedee" in fault for fault in answers.faults)
    assert (
        answers.faults[0]
        == "'Which kind of work is it?': the answer is not one of the form's choices; pick one from the list."
    )
    assert answers.unanswered == ()


@pytest.mark.parametrize("wrong", [True, {"a": 1}, [1], ["Child exploitation", 3]])
def test_an_answer_of_a_kind_that_forms_never_sends_is_a_fault(wrong: object) -> None:
    (fault,) = read_answers(RAISE, flow(flags=wrong), Source.FLOW).faults
    assert fault.startswith("'Does any of these apply?'")


@pytest.mark.parametrize("answer", ["Yes", " yes ", "YES", "Yes;", '["Yes"]'])
@pytest.mark.parametrize(("field", "code"), [("live_risk", "LIVE_RISK"), ("covert", "COVERT")])
def test_a_stop_answer_ends_the_reading_and_nothing_is_kept(field: str, code: str, answer: str) -> None:
    answers = read_answers(RAISE, flow(**{field: answer}), Source.FLOW)
    assert answers.stopped == code
    assert not answers.values
    assert answers.faults == answers.unanswered == answers.unknown_keys == ()


def test_a_stop_answer_counts_in_the_workbook_too() -> None:
    row = {**sample("raise_task")["workbook"], "Is it happening now, with a risk to life?": "Yes"}
    assert read_answers(RAISE, row, Source.WORKBOOK).stopped == "LIVE_RISK"


def test_a_blank_answer_that_is_needed_is_named_and_one_that_is_not_is_left_out() -> None:
    answers = read_answers(RAISE, flow(title="  ", place="", harm=None), Source.FLOW)
    assert answers.unanswered == ("title", "harm")
    assert not {"title", "place", "harm"} & set(answers.values)


def test_a_question_that_was_not_shown_needs_no_answer() -> None:
    hidden = read_answers(RAISE, flow(needed_by="Tomorrow", needed_by_date="", wanted="Advice", ask=""), Source.FLOW)
    assert hidden.unanswered == ()
    shown = read_answers(RAISE, flow(needed_by_date="", ask=""), Source.FLOW)
    assert shown.unanswered == ("ask", "needed_by_date")


def test_a_question_made_anew_in_forms_shows_as_a_key_that_config_does_not_have() -> None:
    body = flow()
    new_key = "r" + "0" * 32
    body[new_key] = body.pop(key("place"))
    answers = read_answers(RAISE, body, Source.FLOW)
    assert answers.unknown_keys == (new_key,)
    assert answers.absent == ("Where exactly?",)


def test_headers_are_matched_by_text_whatever_their_order_case_or_line_breaks() -> None:
    row = sample("raise_task")["workbook"]
    messy = {f" {header.upper()}\n": value for header, value in reversed(row.items())}
    messy["Where\u00a0exactly? "] = messy.pop(" WHERE EXACTLY?\n")
    assert read_answers(RAISE, messy, Source.WORKBOOK) == read_answers(RAISE, row, Source.WORKBOOK)


def test_a_retitled_column_of_the_workbook_is_told_as_absent_and_unknown() -> None:
    row = sample("raise_task")["workbook"]
    row["Whereabouts?"] = row.pop("Where?")
    answers = read_answers(RAISE, row, Source.WORKBOOK)
    assert (answers.absent, answers.unknown_keys, answers.unanswered) == (("Where?",), ("Whereabouts?",), ("unit",))


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2026, 11, 27),  # noqa: DTZ001 - a workbook's dates have no zone
        date(2026, 11, 27),
        "2026-11-27",
        "2026-11-27T00:00:00",
        46353,
        46353.0,
    ],
)
def test_a_date_is_read_from_every_kind_of_cell(cell: object) -> None:
    row = {**sample("raise_task")["workbook"], "On which date?": cell}
    assert read_answers(RAISE, row, Source.WORKBOOK).values["needed_by_date"] == date(2026, 11, 27)


@pytest.mark.parametrize(
    "cell",
    [
        *("27/11/2026", "11/27/2026", "2026-02-30", "20261127", -3, 1e300, float("nan"), True, 12),
        *("0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", date(9999, 12, 31), 2_958_465),
    ],
)
def test_anything_that_is_not_surely_one_date_is_a_fault(cell: object) -> None:
    row = {**sample("raise_task")["workbook"], "On which date?": cell}
    (fault,) = read_answers(RAISE, row, Source.WORKBOOK).faults
    assert fault.startswith("'On which date?'")


@pytest.mark.parametrize(("cell", "text"), [(412, "412"), (412.0, "412"), ("  a \r\n b ", "a b"), ("a\x00b\x07", "ab")])
def test_text_comes_out_on_one_line_whatever_a_workbook_made_of_it(cell: object, text: str) -> None:
    row = {**sample("raise_task")["workbook"], "Reference in another system": cell}
    assert read_answers(RAISE, row, Source.WORKBOOK).values["external_reference"] == text


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "file:///c:/x", "notes.txt", "https://", 'https://a.example/"x'),
        *("https://a.example/\ud800", "https://a.example/\x00x", "https://a.example/a b"),
    ],
)
def test_a_file_without_a_web_link_is_a_fault(link: str) -> None:
    body = flow(evidence=json.dumps([{"name": "x", "link": link}]))
    assert len(read_answers(RAISE, body, Source.FLOW).faults) == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1/31/2026 2:05:09 PM", datetime(2026, 1, 31, 14, 5, 9, tzinfo=UTC)),
        ("12/1/2026 12:00:00 AM", datetime(2026, 12, 1, 0, 0, 0, tzinfo=UTC)),
        ("12/1/2026 12:30:00 PM", datetime(2026, 12, 1, 12, 30, 0, tzinfo=UTC)),
        (" 3/28/2027 1:30:00 AM ", datetime(2027, 3, 28, 1, 30, 0, tzinfo=UTC)),
    ],
)
def test_the_flows_submit_date_is_american_and_utc(text: str, moment: datetime) -> None:
    assert parse_submit_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "31/1/2026 2:05:09 PM",
        "2026-01-31T14:05:09Z",
        "1/31/2026 14:05:09",
        "1/31/2026 0:05:09 AM",
        "2/30/2026 1:00:00 AM",
        "12/31/9999 11:00:00 PM",
        "1/1/2101 12:00:00 AM",
        "12/31/1999 11:59:59 PM",
    ],
)
def test_any_other_submit_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="submitDate must"):
        parse_submit_date(text)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001 - made aware below
def test_every_moment_written_as_a_flow_does_is_read_back(naive: datetime) -> None:
    at = naive.replace(microsecond=0, tzinfo=UTC)
    text = f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"
    assert parse_submit_date(text) == at


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2026-01-31T14:05:09", "2026-01-31T14:05:09+00:00"),
        ("2026-07-01T14:05:09", "2026-07-01T13:05:09+00:00"),
        ("2027-03-28T00:59:59", "2027-03-28T00:59:59+00:00"),
        ("2027-03-28T01:30:00", "2027-03-28T01:30:00+00:00"),
        ("2027-03-28T02:00:00", "2027-03-28T01:00:00+00:00"),
        ("2027-10-31T00:59:59", "2027-10-30T23:59:59+00:00"),
        ("2027-10-31T01:30:00", "2027-10-31T00:30:00+00:00"),
        ("2027-10-31T02:00:00", "2027-10-31T02:00:00+00:00"),
    ],
)
def test_a_workbooks_local_time_becomes_utc_on_both_sides_of_both_clock_changes(local: str, moment: str) -> None:
    assert local_to_utc(datetime.fromisoformat(local), LONDON) == datetime.fromisoformat(moment)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2039, 1, 1)))  # noqa: DTZ001 - local time is what is tested
def test_utc_and_local_time_are_never_more_than_an_hour_apart_in_london(naive: datetime) -> None:
    apart = naive.replace(tzinfo=UTC) - local_to_utc(naive, LONDON)
    assert apart in (timedelta(0), timedelta(hours=1))


def test_a_time_that_has_a_zone_is_not_taken_for_local() -> None:
    with pytest.raises(ValueError, match="has a zone"):
        local_to_utc(datetime(2026, 7, 1, tzinfo=UTC), LONDON)


@pytest.mark.parametrize("year", [1, 1999, 2101, 9999])
def test_a_workbooks_time_in_no_sensible_year_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match="from 2000 to 2100"):
        local_to_utc(datetime(year, 12, 31, 23), LONDON)  # noqa: DTZ001 - local time is what is tested
