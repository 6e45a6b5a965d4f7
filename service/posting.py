"""The poster that config and settings describe, with all it is made of; and the service account, if one is set up."""

from collections.abc import Callable
from pathlib import Path

from escalation.posters import BY_ACCOUNT, POSTERS, Poster, PosterParts, posters_in_use, the_poster
from graph_client.channel_messages import ChannelMessages, ChannelPlace
from graph_client.service_account import AccountApp, AccountCredential, ServiceAccount
from graph_client.token_vault import FileVault
from graph_client.transport import GraphTransport
from service.settings import PREFIX, BadSettings, Settings
from store import notebook
from store.unit_of_work import Store
from tasking.force import Force
from tasking.ports import Clock

ACCOUNT_SETTINGS = (
    "account_authority",
    "account_client_id",
    "account_client_secret",
    "token_cache",
    "token_cache_key",
)
"""All needed for the service account to sign in and stay so."""


def check_posters(settings: Settings, force: Force) -> None:
    """Raises BadSettings for a poster that does not exist, and for what the account's posters still need."""
    known = ", ".join(POSTERS)
    faults = []
    if settings.poster not in POSTERS:
        faults.append(f"TASKING_POSTER: there is no poster {settings.poster!r}; there are {known}.")
    faults += [
        f"force.yaml, meeting {meeting.code}: there is no poster {meeting.poster!r}; there are {known}."
        for meeting in force.meetings
        if meeting.poster and meeting.poster not in POSTERS
    ]
    if posters_in_use(force, settings.poster) & BY_ACCOUNT:
        faults += [f"{name} is needed for the poster teams_channel." for name in missing_for_account(settings)]
    if faults:
        raise BadSettings(faults)


def make_poster(settings: Settings, force: Force, store: Store, account: ServiceAccount | None) -> Poster:
    """The poster for every channel; ask check_posters first. It closes what it opens."""
    messages = None
    if account is not None and posters_in_use(force, settings.poster) & BY_ACCOUNT:
        transport = GraphTransport(AccountCredential(account), settings.graph_base_url, batching=False)
        messages = ChannelMessages(transport)
    return the_poster(force, settings.poster, PosterParts(settings.webhooks, messages, places_of(store)))


def places_of(store: Store) -> Callable[[str], ChannelPlace | None]:
    """Where the channel of a meeting code is, as provisioning noted it."""

    def place_of(channel: str) -> ChannelPlace | None:
        with store.open() as connection:
            row = notebook.provisioned_rows(connection, "channel").get(channel)
        return ChannelPlace(row["details"]["team_id"], row["graph_id"]) if row else None

    return place_of


def make_account(settings: Settings, clock: Clock, verify: bool | str = True) -> ServiceAccount | None:
    """The service account; None where settings name none. `verify` names certificates to trust, as requests has it."""
    if missing_for_account(settings):
        return None
    app = AccountApp(
        settings.account_client_id,
        settings.account_client_secret,
        settings.account_authority,
        settings.account_redirect_uri,
        verify,
    )
    return ServiceAccount(app, FileVault(Path(settings.token_cache), settings.token_cache_key), clock.now)


def missing_for_account(settings: Settings) -> list[str]:
    """Names of the variables that the service account still needs."""
    return [f"{PREFIX}{name.upper()}" for name in ACCOUNT_SETTINGS if not getattr(settings, name)]
