"""Change notifications: handshake, lifetimes, deliveries, lifecycle (facts §11, points 54 to 57)."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from emulator_server import RunningEmulator
from m365_listener import Answer, Listener, listening

QUICK = {"notification_batch_seconds": 0.05, "notification_retry_seconds": 0.05, "notification_timeout_seconds": 0.4}
MONTH = 42_300


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture
def place(emulator: RunningEmulator, people: dict[str, str]) -> Iterator["Place"]:
    emulator.control("switches", QUICK)
    emulator.control("seed", {"groups": [{"mail_nickname": "bcu-north", "team": True}]})
    with emulator.client() as app:
        yield Place(emulator, app, people)


class Place:
    """A group with a list, a library and a team, and ways to change each."""

    def __init__(self, emulator: RunningEmulator, app: httpx.Client, people: dict[str, str]) -> None:
        self.emulator, self.app, self.people = emulator, app, people
        site = app.get(f"/groups/{people['group']}/sites/root").json()["id"]
        self.site = site
        self.list = app.post(f"/sites/{site}/lists", json={"displayName": "Intake"}).json()["id"]
        self.drive = app.get(f"/groups/{people['group']}/drive").json()["id"]
        self.channel = next(iter(emulator.tenant.teams.teams[people["group"]].channels))
        self.messages = f"/teams/{people['group']}/channels/{self.channel}/messages"

    def subscribe(self, listener: Listener, resource: str | None = None, **more: Any) -> httpx.Response:
        order = {
            "changeType": "updated",
            "notificationUrl": listener.url,
            "resource": resource or f"/sites/{self.site}/lists/{self.list}",
            "expirationDateTime": in_minutes(60),
            "clientState": "only-we-know",
        }
        body = {name: value for name, value in (order | more).items() if value is not None}
        return self.app.post("/subscriptions", json=body)

    def add_item(self) -> None:
        reply = self.app.post(f"/sites/{self.site}/lists/{self.list}/items", json={"fields": {"Title": "One"}})
        assert reply.status_code == 201

    def put_file(self) -> None:
        reply = self.app.put(f"/drives/{self.drive}/root:/a.txt:/content", content=b"x")
        assert reply.status_code in (200, 201)

    def say(self, text: str) -> None:
        token = self.emulator.person_token("ann@peakshire.example", "ChannelMessage.Send")
        with self.emulator.client(token) as ann:
            assert ann.post(self.messages, json={"body": {"content": text}}).status_code == 201

    def overview(self) -> dict[str, Any]:
        return dict(self.emulator.control("subscriptions", method="GET"))


def test_point_54_the_address_gives_the_token_back_before_the_subscription_is_made(
    place: Place, listener: Listener
) -> None:
    made = place.subscribe(listener)
    assert made.status_code == 201
    assert made.headers["location"].endswith(f"/subscriptions/{made.json()['id']}")
    assert len(listener.tokens) == 1
    assert "%" not in listener.tokens[0]
    assert made.json()["applicationId"] == place.emulator.tenant.options.app_id


def test_point_54_the_lifecycle_address_is_asked_too(place: Place, listener: Listener) -> None:
    assert place.subscribe(listener, lifecycleNotificationUrl=listener.url + "/lifecycle").status_code == 201
    assert len(listener.tokens) == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda token: (202, "text/plain", token), id="not 200"),
        pytest.param(lambda token: (500, "text/plain", token), id="an error"),
        pytest.param(lambda token: (200, "application/json", token), id="another type"),
        pytest.param(lambda token: (200, "text/plain", quote(token)), id="still encoded"),
        pytest.param(lambda token: (200, "text/plain", token + " "), id="more than the token"),
        pytest.param(lambda token: (200, "text/plain", ""), id="nothing"),
    ],
)
def test_point_54_any_other_answer_makes_no_subscription(
    place: Place, listener: Listener, answer: Callable[[str], Answer]
) -> None:
    listener.validate = answer
    refused = place.subscribe(listener)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ValidationError")
    assert place.app.get("/subscriptions").json()["value"] == []


def test_point_54_a_slow_or_absent_address_makes_no_subscription(place: Place, listener: Listener) -> None:
    listener.delay = 0.6
    began = time.monotonic()
    slow = place.subscribe(listener)
    assert "timed out" in slow.json()["error"]["message"]
    assert 0.4 <= time.monotonic() - began < 0.6
    absent = place.subscribe(listener, notificationUrl="http://127.0.0.1:9/hook")
    assert (slow.status_code, absent.status_code) == (400, 400)
    assert "timeout" not in str(place.emulator.control("reset"))
    assert place.emulator.control("switches", method="GET")["notification_timeout_seconds"] == 10.0


def test_point_54_other_calls_are_answered_while_the_handshake_is_open(place: Place, listener: Listener) -> None:
    seen: list[int] = []

    def ask_first(token: str) -> Answer:
        with place.emulator.client() as other:
            seen.append(other.get("/groups").status_code)
        return 200, "text/plain", token

    place.emulator.control("switches", {"notification_timeout_seconds": 5})
    listener.validate = ask_first
    assert place.subscribe(listener).status_code == 201
    assert seen == [200]


@pytest.mark.parametrize(("https_only", "status"), [(False, 201), (True, 400)])
def test_point_54_plain_http_addresses_follow_the_switch(
    place: Place, listener: Listener, https_only: bool, status: int
) -> None:
    place.emulator.control("switches", {"notification_https_only": https_only})
    assert place.subscribe(listener).status_code == status


@pytest.mark.usefixtures("malformed")
@pytest.mark.parametrize(
    "wrong",
    [
        {"changeType": None},
        {"changeType": "renamed"},
        {"notificationUrl": None},
        {"notificationUrl": "mailto:someone"},
        {"notificationUrl": "http://[::1"},
        {"expirationDateTime": None},
        {"expirationDateTime": "tomorrow"},
        {"expirationDateTime": "2020-01-01T00:00:00Z"},
        {"clientState": "x" * 129},
        {"resource": "me/messages"},
        {"includeResourceData": True},
    ],
)
def test_point_54_a_subscription_that_lacks_or_spoils_something_is_refused_without_a_call(
    place: Place, listener: Listener, wrong: dict[str, Any]
) -> None:
    assert place.subscribe(listener, **wrong).status_code == 400
    assert listener.tokens == []


def test_point_55_each_resource_has_its_longest_life(place: Place, listener: Listener) -> None:
    chat = place.emulator.app_token("ChannelMessage.Read.All")
    longest = {f"/drives/{place.drive}/root": MONTH, f"/sites/{place.site}/lists/{place.list}": MONTH}
    for resource, minutes in longest.items():
        over = place.subscribe(listener, resource, expirationDateTime=in_minutes(minutes + 2))
        within = place.subscribe(listener, resource, expirationDateTime=in_minutes(minutes - 2))
        assert (over.status_code, within.status_code) == (400, 201)
    place.app.headers["Authorization"] = f"Bearer {chat}"
    for minutes, status in ((4_322, 400), (4_318, 201)):
        order = {"changeType": "created", "expirationDateTime": in_minutes(minutes)}
        assert place.subscribe(listener, place.messages, **order).status_code == status


def test_point_55_drives_are_watched_at_the_root_and_lists_and_drives_only_for_updates(
    place: Place, listener: Listener
) -> None:
    item = place.app.put(f"/drives/{place.drive}/root:/a.txt:/content", content=b"x").json()["id"]
    assert place.subscribe(listener, f"/drives/{place.drive}/items/{item}").status_code == 400
    for resource in (f"/drives/{place.drive}/root", f"/sites/{place.site}/lists/{place.list}"):
        assert place.subscribe(listener, resource, changeType="created").status_code == 400
        assert place.subscribe(listener, resource, changeType="updated,deleted").status_code == 400
        assert place.subscribe(listener, resource).status_code == 201
    assert place.subscribe(listener, f"/groups/{place.people['group']}/drive/root").status_code == 201


def test_point_55_one_app_subscribes_once_to_a_channel(place: Place, listener: Listener) -> None:
    place.app.headers["Authorization"] = f"Bearer {place.emulator.app_token('ChannelMessage.Read.All')}"
    first = place.subscribe(listener, place.messages, changeType="created")
    second = place.subscribe(listener, place.messages, changeType="created")
    assert (first.status_code, second.status_code) == (201, 403)


def test_point_55_reading_is_not_enough_to_subscribe_to_a_list(place: Place, listener: Listener) -> None:
    place.app.headers["Authorization"] = f"Bearer {place.emulator.app_token('Sites.Read.All', 'Tasks.Read.All')}"
    assert place.subscribe(listener).status_code == 403
    assert listener.tokens == []


def test_point_56_a_notification_says_which_subscription_and_resource_and_carries_the_secret(
    place: Place, listener: Listener
) -> None:
    listener.url += "?route=north"
    made = place.subscribe(listener).json()
    place.add_item()
    listener.wait()
    (told,) = listener.notifications()
    assert told["subscriptionId"] == made["id"]
    assert told["clientState"] == "only-we-know"
    assert told["tenantId"] == place.emulator.tenant.tenant_id
    assert told["subscriptionExpirationDateTime"] == made["expirationDateTime"]
    assert (told["changeType"], told["resource"]) == ("updated", made["resource"])
    assert told["resourceData"]["id"] == place.list
    assert listener.queries == [{"route": ["north"]}]


def test_point_56_changes_of_lists_drives_and_channels_are_told_and_those_of_others_are_not(
    place: Place, listener: Listener
) -> None:
    drive = place.subscribe(listener, f"/drives/{place.drive}/root").json()
    place.add_item()
    place.put_file()
    listener.wait()
    place.app.headers["Authorization"] = f"Bearer {place.emulator.app_token('ChannelMessage.Read.All')}"
    chat = place.subscribe(listener, place.messages, changeType="created").json()
    place.say("one")
    listener.wait(2)
    first, second = listener.notifications()
    assert first["subscriptionId"] == drive["id"]
    assert (second["subscriptionId"], second["changeType"]) == (chat["id"], "created")
    assert second["resource"].endswith(f"messages('{second['resourceData']['id']}')")


def test_point_56_many_subscriptions_of_one_address_share_a_post(place: Place, listener: Listener) -> None:
    place.emulator.control("switches", {"notification_batch_seconds": 0.3})
    ids = {
        place.subscribe(listener).json()["id"],
        place.subscribe(listener, f"/drives/{place.drive}/root").json()["id"],
    }
    place.add_item()
    place.put_file()
    listener.wait()
    assert len(listener.posts) == 1
    assert {told["subscriptionId"] for told in listener.notifications()} == ids


def test_point_56_notifications_come_twice_and_in_any_order_on_demand(place: Place, listener: Listener) -> None:
    copies = {"notification_copies": 2, "notification_shuffle": True, "notification_batch_seconds": 0.5}
    place.emulator.control("switches", copies | {"teams_channel_per_second": 0})
    place.app.headers["Authorization"] = f"Bearer {place.emulator.app_token('ChannelMessage.Read.All')}"
    place.subscribe(listener, place.messages, changeType="created")
    for number in range(8):
        place.say(str(number))
    listener.wait()
    ids = [told["resourceData"]["id"] for told in listener.notifications()]
    assert len(ids) == 2 * len(set(ids)) >= 2
    assert ids != sorted(ids)


def test_point_56_a_refused_notification_is_repeated_with_growing_gaps(place: Place, listener: Listener) -> None:
    place.subscribe(listener)
    listener.statuses = [500, 404, 503]
    place.add_item()
    listener.wait(4)
    gaps = [after - before for before, after in zip(listener.times, listener.times[1:], strict=False)]
    assert gaps[0] < gaps[1] < gaps[2]
    assert len({str(post) for post in listener.posts}) == 1
    time.sleep(0.1)
    outcomes = [delivery["outcome"] for delivery in place.overview()["deliveries"]]
    assert outcomes == ["to be repeated"] * 3 + ["delivered"]


def test_point_56_late_answers_are_counted_and_too_many_lose_notifications(place: Place, listener: Listener) -> None:
    place.subscribe(listener)
    limits = {"notification_timeout_seconds": 0.3, "notification_retry_seconds": 3600, "notification_batch_seconds": 0}
    place.emulator.control("switches", limits)
    listener.delay = 1.0
    for number in range(1, 11):
        place.add_item()
        _until(lambda number=number: len(place.overview()["deliveries"]) == number)  # type: ignore[misc]
    seen = place.overview()["endpoints"][listener.url]
    assert (seen["answers"], seen["too_late"], seen["later_than_3_seconds"], seen["state"]) == (10, 10, 0, "drop")
    place.add_item()
    _until(lambda: len(place.overview()["deliveries"]) == 11)
    assert place.overview()["deliveries"][-1]["outcome"] == "dropped"
    listener.wait(10)
    time.sleep(0.2)
    assert len(listener.posts) == 10


def test_point_56_above_a_tenth_late_is_slow_and_above_fifteen_hundredths_dropped(
    place: Place, listener: Listener
) -> None:
    place.emulator.control("switches", {"notification_timeout_seconds": 10})
    endpoint = place.emulator.tenant.subscriptions.endpoint(listener.url)
    states = []
    for seconds in [3.5] * 22 + [10.5] * 4:
        endpoint.note(seconds, 10.0)
        states.append(endpoint.state(10.0))
    assert states == ["ok"] * 24 + ["slow", "drop"]
    assert place.overview()["endpoints"][listener.url]["later_than_3_seconds"] == 26


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_point_57_an_expired_subscription_is_told_so_stops_and_vanishes(place: Place, listener: Listener) -> None:
    made = place.subscribe(listener, lifecycleNotificationUrl=listener.url).json()
    place.emulator.control("clock", {"advance_seconds": 3601})
    assert place.app.get(f"/subscriptions/{made['id']}").status_code == 404
    place.add_item()
    listener.wait()
    time.sleep(0.2)
    (event,) = listener.notifications()
    assert (event["lifecycleEvent"], event["subscriptionId"]) == ("subscriptionRemoved", made["id"])
    assert event["clientState"] == "only-we-know"


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_point_57_lifecycle_events_come_on_demand(place: Place, listener: Listener, event: str) -> None:
    made = place.subscribe(listener, lifecycleNotificationUrl=listener.url).json()
    assert place.emulator.control("subscriptions/lifecycle", {"id": made["id"], "event": event}) == {"told": True}
    listener.wait()
    assert [told["lifecycleEvent"] for told in listener.notifications()] == [event]
    left = place.app.get(f"/subscriptions/{made['id']}").status_code
    assert left == (404 if event == "subscriptionRemoved" else 200)


def test_point_57_a_subscription_without_a_lifecycle_address_is_told_nothing(place: Place, listener: Listener) -> None:
    made = place.subscribe(listener).json()
    order = {"id": made["id"], "event": "reauthorizationRequired"}
    assert place.emulator.control("subscriptions/lifecycle", order) == {"told": False}


def test_a_subscription_is_renewed_reauthorized_and_deleted_by_its_own_app_only(
    place: Place, listener: Listener
) -> None:
    path = f"/subscriptions/{place.subscribe(listener).json()['id']}"
    later = in_minutes(120)
    renewed = place.app.patch(path, json={"expirationDateTime": later})
    assert (renewed.status_code, renewed.json()["expirationDateTime"][:19]) == (200, later[:19])
    assert place.app.patch(path, json={"expirationDateTime": in_minutes(MONTH + 5)}).status_code == 400
    assert place.app.patch(path, json={"resource": "x"}).status_code == 400
    assert place.app.post(f"{path}/reauthorize").status_code == 204
    order = {"app": "0d4f1c9e-0000-4000-8000-00000000000a", "roles": ["Sites.ReadWrite.All"]}
    with place.emulator.client(place.emulator.control("tokens", order)["access_token"]) as other:
        assert other.get(path).status_code == 404
        assert other.get("/subscriptions").json()["value"] == []
    assert place.app.delete(path).status_code == 204
    assert place.app.get(path).status_code == 404
    place.add_item()
    time.sleep(0.3)
    assert listener.posts == []


def test_a_new_address_has_to_give_the_token_back_too(place: Place, listener: Listener) -> None:
    path = f"/subscriptions/{place.subscribe(listener).json()['id']}"
    assert place.app.patch(path, json={"notificationUrl": "http://127.0.0.1:9/x"}).status_code == 400
    with listening() as another:
        assert place.app.patch(path, json={"notificationUrl": another.url}).status_code == 200
        place.add_item()
        another.wait()
    assert listener.posts == []
