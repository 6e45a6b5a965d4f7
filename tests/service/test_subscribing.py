"""One subscription on the intake list: made, renewed, made anew when it is lost, ended when it is not wanted."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from m365_listener import Listener, listening

from graph_client.errors import NotPermitted
from graph_client.subscriptions import LONGEST_LIFE
from planner_sync.boards import NotProvisioned
from service.jobs import Job, run
from service.subscribing import DOOR, LIFE, RENEWED_BEFORE, keep_subscriptions, note_lifecycle
from service.wiring import Service
from store import notebook

Stage = Any
KEY, SECRET = "the-key-of-the-doors", "only-we-know"
JOB = Job("keep-subscriptions", "25 */5 * * * *", "a test's", keep_subscriptions)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Stands where the service's door is and answers handshakes."""
    with listening() as one:
        yield one


@pytest.fixture
def subscribing(stage: Stage, listener: Listener) -> Stage:
    """A provisioned stage whose service is to keep a subscription; the tenant's clock is the service's."""
    stage.provision()
    stage.variables |= {
        "TASKING_PUBLIC_URL": listener.url.removesuffix("/hook"),
        "TASKING_NOTIFICATION_SECRET": SECRET,
        "TASKING_FUNCTION_KEY": KEY,
    }
    stage.emulator.tenant.clock.set(stage.clock.now())
    return stage


def later(stage: Stage, by: timedelta) -> None:
    """Moves both clocks, a little less in the tenant, which runs on by itself."""
    stage.clock.advance(by)
    stage.emulator.tenant.clock.set(stage.clock.now())


def kept(stage: Stage) -> list[Any]:
    """The subscriptions that there are in the tenant."""
    return list(stage.emulator.tenant.subscriptions.subscriptions.values())


def told(stage: Stage, event: str, subscription_id: str) -> bool:
    """What the door does with a lifecycle event."""

    async def noting(service: Service) -> bool:
        with service.store.open() as connection:
            notification = {"lifecycleEvent": event, "subscriptionId": subscription_id}
            return note_lifecycle(connection, notification, service.store.clock.now())

    return bool(stage.play(noting))


def test_without_a_public_address_graph_is_asked_nothing(stage: Stage) -> None:
    assert stage.play(keep_subscriptions) == 0
    assert stage.exchanges() == 0


def test_before_provisioning_it_says_what_to_run(stage: Stage) -> None:
    stage.variables |= {"TASKING_PUBLIC_URL": "https://x.example", "TASKING_NOTIFICATION_SECRET": SECRET}
    with pytest.raises(NotProvisioned, match="tasking provision"):
        stage.play(keep_subscriptions)
    assert stage.exchanges() == 0


def test_one_subscription_is_made_on_the_intake_list_and_the_next_run_makes_no_other(
    subscribing: Stage, listener: Listener
) -> None:
    assert [subscribing.play(keep_subscriptions) for _ in range(3)] == [1, 0, 0]
    (one,) = kept(subscribing)
    assert one.notification_url == one.lifecycle_url == listener.url.replace("/hook", f"{DOOR}?code={KEY}")
    assert (one.kind, one.client_state, one.change_type) == ("list", SECRET, "updated")
    assert one.expires_at == subscribing.clock.now() + LIFE
    assert len(listener.tokens) == 2


def test_its_life_is_one_that_graph_allows_and_it_is_renewed_in_time() -> None:
    assert timedelta(days=1) < RENEWED_BEFORE < LIFE < LONGEST_LIFE


def test_it_is_renewed_before_it_ends_and_not_sooner(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    later(subscribing, LIFE - RENEWED_BEFORE - timedelta(minutes=1))
    assert subscribing.play(keep_subscriptions) == 0
    later(subscribing, timedelta(minutes=2))
    assert subscribing.play(keep_subscriptions) == 1
    (one,) = kept(subscribing)
    assert one.expires_at == subscribing.clock.now() + LIFE
    assert subscribing.play(keep_subscriptions) == 0


def test_it_is_renewed_once_where_graph_asks_for_it(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    (one,) = kept(subscribing)
    later(subscribing, timedelta(hours=1))
    assert told(subscribing, "reauthorizationRequired", "another's") is False
    assert subscribing.play(keep_subscriptions) == 0
    assert told(subscribing, "reauthorizationRequired", one.id) is False
    assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [1, 0]
    (renewed,) = kept(subscribing)
    assert (renewed.id, renewed.expires_at) == (one.id, subscribing.clock.now() + LIFE)


@pytest.mark.parametrize("event", ["missed", "subscriptionRemoved"])
def test_after_these_events_the_list_has_to_be_looked_at(subscribing: Stage, event: str) -> None:
    assert told(subscribing, event, "whichever") is True


@pytest.mark.parametrize("event", ["", "anything", None, 7, ["missed"]])
def test_an_event_that_is_none_has_no_effect(subscribing: Stage, event: Any) -> None:
    subscribing.play(keep_subscriptions)
    (one,) = kept(subscribing)
    assert told(subscribing, event, one.id) is False
    assert subscribing.play(keep_subscriptions) == 0


def test_it_is_made_anew_when_graph_has_ended_it(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    (one,) = kept(subscribing)
    subscribing.emulator.control("subscriptions/lifecycle", {"id": one.id, "event": "subscriptionRemoved"})
    assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [1, 0]
    (another,) = kept(subscribing)
    assert another.id != one.id


def test_it_is_made_anew_when_nobody_was_there_to_renew_it(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    later(subscribing, LIFE + timedelta(days=1))
    assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("name", "value"), [("TASKING_NOTIFICATION_SECRET", "another"), ("TASKING_FUNCTION_KEY", "k2")]
)
def test_with_another_secret_or_key_there_is_a_new_one_and_the_old_one_is_ended(
    subscribing: Stage, name: str, value: str
) -> None:
    subscribing.play(keep_subscriptions)
    (before,) = kept(subscribing)
    subscribing.variables[name] = value
    assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [2, 0]
    (after,) = kept(subscribing)
    assert after.id != before.id
    assert value in (after.client_state, after.notification_url.rpartition("=")[2])


def test_at_another_address_there_is_a_new_one_and_the_old_one_is_ended(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    with listening() as elsewhere:
        subscribing.variables["TASKING_PUBLIC_URL"] = elsewhere.url.removesuffix("/hook") + "/tasking/"
        assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [2, 0]
        (one,) = kept(subscribing)
        assert one.notification_url.startswith(elsewhere.url.replace("/hook", f"/tasking{DOOR}"))


def test_one_whose_making_was_not_remembered_is_ended_and_those_of_others_are_left_alone(
    subscribing: Stage, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr("service.subscribing._remember", dies)
        with pytest.raises(KeyboardInterrupt):
            subscribing.play(keep_subscriptions)
    (forgotten,) = kept(subscribing)

    async def another_services(service: Service) -> str:
        at = subscribing.clock.now() + LIFE
        made = await service.graph.subscriptions.create(forgotten.resource, listener.url, "their-secret", at)
        return made.subscription_id

    others = subscribing.play(another_services)
    assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [2, 0]
    assert {one.id for one in kept(subscribing)} > {others}
    assert forgotten.id not in {one.id for one in kept(subscribing)}
    assert len(kept(subscribing)) == 2


def test_without_the_setting_it_is_ended_and_forgotten(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    del subscribing.variables["TASKING_PUBLIC_URL"]
    assert [subscribing.play(keep_subscriptions) for _ in range(2)] == [1, 0]
    assert kept(subscribing) == []


def test_neither_the_key_nor_the_secret_is_kept_in_the_record(subscribing: Stage) -> None:
    subscribing.play(keep_subscriptions)
    connection = sqlite3.connect(subscribing.database)
    everything = "\n".join(connection.iterdump())
    connection.close()
    assert kept(subscribing)[0].id in everything
    assert KEY not in everything
    assert SECRET not in everything


def test_an_address_that_graph_cannot_reach_is_told_to_the_operator_and_mended_by_the_next_run(
    subscribing: Stage,
) -> None:
    right, subscribing.variables["TASKING_PUBLIC_URL"] = subscribing.variables["TASKING_PUBLIC_URL"], "http://[::1]:9"

    async def once(service: Service) -> tuple[int | None, list[str]]:
        done = await run(service, JOB)
        with service.store.open() as connection:
            return done, [notice["text"] for notice in notebook.open_notices(connection)]

    done, (text,) = subscribing.play(once)
    assert done is None
    assert "the address for it must be one that Graph can reach" in text
    assert KEY not in text
    subscribing.variables["TASKING_PUBLIC_URL"] = right
    assert subscribing.play(once) == (1, [])


def test_while_it_may_not_list_them_it_makes_none(subscribing: Stage) -> None:
    subscribing.emulator.control("faults/fail_next", {"path": "/subscriptions", "status": 403})
    with pytest.raises(NotPermitted):
        subscribing.play(keep_subscriptions)
    assert kept(subscribing) == []
