"""Who the service is to Graph: app-only, by the managed identity of its host, else by azure-identity's chain."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graph_client.errors import GraphError, NotPermitted, RetryLater

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

GRAPH_SCOPE = "https://graph.microsoft.com/.default"
MANAGED_IDENTITY_VARIABLES = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")


def make_credential(env: Mapping[str, str]) -> "AsyncTokenCredential":
    """The credential for the running service; make one per process, and close it: it keeps the token.

    `env` is the environment as the settings read it: IDENTITY_ENDPOINT with IDENTITY_HEADER mean a managed
    identity (App Service, Functions, the emulator), AZURE_CLIENT_ID then names a user-assigned one. azure-identity
    reads the first two from os.environ by itself, so they must stand there too; here they only decide which
    credential is made.
    """
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

    if all(env.get(name) for name in MANAGED_IDENTITY_VARIABLES):
        return ManagedIdentityCredential(client_id=env.get("AZURE_CLIENT_ID") or None)
    return DefaultAzureCredential()


def authentication_provider(credential: "AsyncTokenCredential", host: str) -> Any:
    """kiota's provider that puts the credential's token on requests to this host, and to no other."""
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )

    return AzureIdentityAuthenticationProvider(credential, scopes=[GRAPH_SCOPE], allowed_hosts=[host])


def token_trouble(error: Exception) -> tuple[type[GraphError], str]:
    """What it means that azure-identity raised an AzureError, as the kind of error and its sentence.

    Nothing was sent to Graph in either case. The credential's own text is left out: it can hold a tenant's names
    and a token endpoint's body.
    """
    from azure.core.exceptions import ClientAuthenticationError

    if isinstance(error, ClientAuthenticationError):
        return NotPermitted, "no token could be had for this identity; check its set-up"
    return RetryLater, "no token could be had: the identity service did not answer"
