"""Which credential is made, and what a missing token means."""

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from graph_client.auth import make_credential
from graph_client.client import GraphClient
from graph_client.errors import NotPermitted, RetryLater
from tests.graph_client.told_graph import TestsCredential, ToldGraph

pytestmark = pytest.mark.anyio
HOST_IDENTITY = {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi/token", "IDENTITY_HEADER": "a-secret"}


async def test_a_host_with_an_identity_gives_the_managed_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOST_IDENTITY.items():
        monkeypatch.setenv(name, value)
    async with make_credential(HOST_IDENTITY) as credential:
        assert isinstance(credential, ManagedIdentityCredential)


@pytest.mark.parametrize("missing", sorted(HOST_IDENTITY))
async def test_half_of_an_identity_is_none(missing: str) -> None:
    env = {name: value for name, value in HOST_IDENTITY.items() if name != missing}
    async with make_credential(env) as credential:
        assert isinstance(credential, DefaultAzureCredential)


@pytest.mark.parametrize("kind", [ClientAuthenticationError, CredentialUnavailableError])
async def test_a_refused_token_is_not_permitted_and_nothing_is_sent(kind: type[Exception], graph: ToldGraph) -> None:
    credential = TestsCredential(kind("tenant of Ann Example: secret wrong"))
    async with GraphClient.connect(graph.url, credential) as client:
        with pytest.raises(NotPermitted, match="no token could be had") as caught:
            await client.planner.task("t")
    assert "Ann" not in str(caught.value)
    assert not caught.value.uncertain
    assert graph.asked == []


async def test_an_identity_service_that_does_not_answer_is_tried_again_later(graph: ToldGraph) -> None:
    credential = TestsCredential(ServiceRequestError("unreachable"))
    async with GraphClient.connect(graph.url, credential, read_attempts=1) as client:
        with pytest.raises(RetryLater, match="no token could be had") as caught:
            await client.transport.write("POST", "/x", {"a": 1})
    assert not caught.value.uncertain
    assert graph.asked == []
