"""POST /api/boards/{unit}/pull: the board is read next, whatever its time; an unknown one is told with the known."""

from built_service import Doors, clock_of

from planner_sync.boards import EARLIER_PLAN, PLAN
from planner_sync.polling import Polling
from service.wiring import Service
from store import notebook


def provision(service: Service, *units: str) -> None:
    with service.store.open() as connection:
        now = service.store.clock.now()
        for unit in units:
            notebook.provision(connection, PLAN, unit, f"plan-{unit}", {"buckets": {}}, now)


def read_all(service: Service) -> Polling:
    """Reads every board, so that none is due."""
    polling, now = Polling(service.store), service.store.clock.now()
    for board in polling.due(now):
        polling.read(board, 0, False, True, now)
    assert polling.due(now) == []
    return polling


def test_a_board_that_a_page_asks_for_is_read_at_the_next_tick_and_the_others_in_their_time(
    doors: Doors, service: Service
) -> None:
    provision(service, "HP", "DD")
    with service.store.open() as connection:
        details = {"buckets": {}, "unit": "HP"}
        notebook.provision(connection, EARLIER_PLAN, "plan-old", "plan-old", details, clock_of(service).now())
    polling = read_all(service)
    told = doors.send("POST", "/api/boards/HP/pull")
    assert (told.status_code, told.json()) == (202, {"status": "asked for", "unit": "HP", "plans": 2})
    due = polling.due(clock_of(service).now())
    assert {board.plan_id for board in due} == {"plan-HP", "plan-old"}
    assert all(polling.wants_whole_look(board, clock_of(service).now()) for board in due)


def test_an_unknown_board_is_404_and_the_known_ones_are_named(doors: Doors, service: Service) -> None:
    provision(service, "HP", "DD")
    polling = read_all(service)
    told = doors.send("POST", "/api/boards/hp/pull")
    assert told.status_code == 404
    assert told.headers["content-type"].startswith("application/problem+json")
    assert told.json()["units"] == ["DD", "HP"]
    assert "DD, HP" in told.json()["faults"][0]
    assert polling.due(clock_of(service).now()) == []


def test_before_provisioning_the_answer_says_what_to_do(doors: Doors) -> None:
    told = doors.send("POST", "/api/boards/HP/pull")
    assert told.status_code == 404
    assert "tasking provision" in told.json()["faults"][0]


def test_without_the_function_key_nothing_is_asked_for(doors: Doors, service: Service) -> None:
    provision(service, "HP")
    polling = read_all(service)
    assert doors.send("POST", "/api/boards/HP/pull", headers={}).status_code == 401
    assert polling.due(clock_of(service).now()) == []
