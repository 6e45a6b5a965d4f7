"""Pages ask the record the same number of questions however long it has grown."""

from dataclasses import asdict

from bench.page_queries import measure, page_text


def test_every_page_asks_as_many_questions_of_two_thousand_tasks_as_of_a_hundred() -> None:
    costs = measure((100, 2000), is_busy=False)
    few, many = ({cost.page: cost.queries for cost in costs if cost.tasks == size} for size in (100, 2000))
    assert few == many
    assert {cost.open_tasks for cost in costs} == {65}


def test_a_busier_record_has_more_in_hand_and_its_page_says_so() -> None:
    (busy, *_) = measure((2000,), is_busy=True)
    assert busy.open_tasks == 195
    told = page_text([{**asdict(busy), "is_busy": False, "tasks": 100, "open_tasks": 65}, asdict(busy)])
    assert "65 are in hand at each size" in told
    assert "195" in told
