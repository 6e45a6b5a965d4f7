"""Subscriptions to change notifications, against the emulator over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from graph_client.client import GraphClient
from graph_client.errors import Gone, NotPermitted, Rejected, RetryLater
from graph_client.subscriptions import LONGEST_LIFE
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Answer, ToldGraph
from tests.m365_listener import Listener, listening

pytestmark = pytest.mark.anyio
STATE = "only-we-know"
NOBODY = "http://127.0.0.1:9/nobody?code=the-key"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody who answers the handshake and keeps what is posted."""
    with listening() as one:
        yield one


async def intake_list(tenant: GraphClient, people: People) -> str:
    """The resource of a list."""
    site = await tenant.sharepoint.site_of_group(people.group_id)
    made = await tenant.sharepoint.create_list(site.site_id, "Intake", [])
    return f"/sites/{site.site_id}/lists/{made.list_id}"


def in_hours(hours: float) -> datetime:
    """A whole second, as Graph keeps it here."""
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)


async def test_a_subscription_is_made_and_listed_with_its_resource_its_address_and_its_end(
    tenant: GraphClient, people: People, listener: Listener
) -> None:
    resource, until = await intake_list(tenant, people), in_hours(5)
    made = await tenant.subscriptions.create(resource, f"{listener.url}?code=the-key", STATE, until)
    assert (made.resource, made.notification_url, made.expires_at) == (resource, f"{listener.url}?code=the-key", until)
    assert await tenant.subscriptions.all() == (made,)


async def test_a_list_may_be_subscribed_to_for_just_under_thirty_days_and_no_longer(
    tenant: GraphClient, people: People, listener: Listener
) -> None:
    resource, longest = await intake_list(tenant, people), datetime.now(UTC) + LONGEST_LIFE
    await tenant.subscriptions.create(resource, listener.url, STATE, longest - timedelta(minutes=1))
    with pytest.raises(Rejected):
        await tenant.subscriptions.create(resource, listener.url, STATE, longest + timedelta(minutes=1))


async def test_renewing_puts_the_end_off_and_changes_nothing_else(
    tenant: GraphClient, people: People, listener: Listener
) -> None:
    made = await tenant.subscriptions.create(await intake_list(tenant, people), listener.url, STATE, in_hours(1))
    renewed = await tenant.subscriptions.renew(made.subscription_id, in_hours(9))
    assert renewed.expires_at - made.expires_at >= timedelta(hours=7)
    assert await tenant.subscriptions.all() == (renewed,)
    assert renewed.subscription_id == made.subscription_id


async def test_one_that_has_ended_cannot_be_renewed_and_is_ended_again_without_a_fuss(
    tenant: GraphClient, people: People, listener: Listener
) -> None:
    made = await tenant.subscriptions.create(await intake_list(tenant, people), listener.url, STATE, in_hours(1))
    await tenant.subscriptions.delete(made.subscription_id)
    await tenant.subscriptions.delete(made.subscription_id)
    assert await tenant.subscriptions.all() == ()
    with pytest.raises(Gone):
        await tenant.subscriptions.renew(made.subscription_id, in_hours(2))


async def test_an_address_that_graph_cannot_reach_is_refused_with_a_sentence_that_holds_no_key(
    tenant: GraphClient, people: People
) -> None:
    with pytest.raises(Rejected, match="one that Graph can reach") as caught:
        await tenant.subscriptions.create(await intake_list(tenant, people), NOBODY, STATE, in_hours(1))
    assert caught.value.status == 400
    assert not any(secret in str(caught.value) for secret in ("the-key", "127.0.0.1", STATE))


async def test_what_has_no_notifications_is_refused(tenant: GraphClient, listener: Listener) -> None:
    with pytest.raises(Rejected):
        await tenant.subscriptions.create("/planner/plans/x/tasks", listener.url, STATE, in_hours(1))


async def test_graph_is_given_the_address_for_what_becomes_of_the_subscription_too(
    graph: ToldGraph, client: GraphClient
) -> None:
    until = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    told = {"id": "s", "resource": "r", "notificationUrl": "https://u", "expirationDateTime": "2026-11-27T09:30:00Z"}
    graph.tell(Answer(201, told))
    made = await client.subscriptions.create("/sites/s/lists/l", "https://u?code=k", STATE, until)
    (asked,) = graph.asked
    assert (asked.method, asked.path, made.expires_at) == ("POST", "/v1.0/subscriptions", until)
    assert asked.json == {
        "changeType": "updated",
        "notificationUrl": "https://u?code=k",
        "lifecycleNotificationUrl": "https://u?code=k",
        "resource": "/sites/s/lists/l",
        "expirationDateTime": "2026-11-27T09:30:00Z",
        "clientState": STATE,
    }


async def test_an_answer_that_says_nothing_may_have_made_one_all_the_same(
    graph: ToldGraph, client: GraphClient
) -> None:
    graph.tell(Answer(201))
    with pytest.raises(RetryLater) as caught:
        await client.subscriptions.create("/sites/s/lists/l", "https://u", STATE, in_hours(1))
    assert caught.value.uncertain


async def test_without_the_permission_the_identity_is_told_so(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(403, {"error": {"code": "ExtensionError", "message": ""}}))
    with pytest.raises(NotPermitted):
        await client.subscriptions.create("/sites/s/lists/l", "https://u", STATE, in_hours(1))
