"""Pages ask the record the same number of questions however long it has grown."""

from dataclasses import asdict

from bench.page_queries import measure, page_text


def test_every_page_asks_as_many_questions_of_two_thousand_tasks_as_of_a_hundred() -> None:
    few, many = ({cost.page: cost for cost in measure(size, is_busy=False)} for size in (100, 2000))
    assert {page: cost.queries for page, cost in few.items()} == {page: cost.queries for page, cost in many.items()}
    assert {cost.open_tasks for cost in (*few.values(), *many.values())} == {65}


def test_a_busier_record_has_more_in_hand_and_its_page_says_so() -> None:
    (busy, *_) = measure(2000, is_busy=True)
    assert busy.open_tasks == 195
    told = page_text([{**asdict(busy), "is_busy": False, "tasks": 100, "open_tasks": 65}, asdict(busy)])
    assert "in hand are always 65" in told
    assert "195" in told
