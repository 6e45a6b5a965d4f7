"""`tasking sign-in-service-account`: a person signs in once, for the account that posts into channels."""

import sys

import click

from graph_client.service_account import SignInFailed, SignInUnreachable
from graph_client.token_vault import VaultUnreadable
from service.clock import SystemClock
from service.commands.running import console, login_or_stop, problems, settings_or_stop, stop, told
from service.event_routes import ROUTES
from service.posting import make_account, missing_for_account
from service.settings import Settings
from store.database import check_schema, opened
from store.unit_of_work import Store
from tasking.audit import AuditKind
from tasking.clocks import clock_text

ACTION, OBJECT = "service account signed in", "service account"


@click.command("sign-in-service-account")
@click.option("--show", is_flag=True, help="Only say how the account stands.")
@click.option("--as", "who", metavar="WHO", help="Who signs it in, for the audit log; else your login here.")
def sign_in_service_account(show: bool, who: str | None) -> None:
    """Sign the service account in, which posts cards as messages of its own.

    Open the address that is shown in a private window and sign in as the service account, not as yourself. The browser
    then goes to an address where nothing may answer: copy that whole address and paste it here. The sign-in is kept
    encrypted and renews itself every day; 90 days without renewal end it. That it was signed in, and by whom, is in
    the audit log.
    """
    settings = settings_or_stop()
    account = make_account(settings, SystemClock())
    if account is None:
        stop([f"{name} is needed for the service account." for name in missing_for_account(settings)])
    try:
        if show:
            standing = account.standing()
            if standing is None:
                stop(["Nobody has signed the service account in yet."])
        else:
            actor = who or login_or_stop("signs it in")
            _check_audit(settings)
            flow = account.begin()
            console.print("Open this address and sign in as the service account:", soft_wrap=True)
            console.print(flow["auth_uri"], soft_wrap=True, markup=False)
            standing = account.finish(flow, click.prompt("The address that the browser went to"))
            _note(settings, actor)
    except (SignInFailed, SignInUnreachable, VaultUnreadable) as failed:
        problems.print(str(failed), soft_wrap=True)
        sys.exit(1)
    console.print(f"{standing.username} is signed in. Last renewed {clock_text(standing.renewed_at)};", soft_wrap=True)
    console.print(f"without another renewal it ends on {clock_text(standing.ends_at)}.", soft_wrap=True)


def _check_audit(settings: Settings) -> None:
    """Nobody signs in where that could not be audited. Ends the command with 2 and a sentence."""
    with told(), opened(settings.database_url) as engine:
        check_schema(engine)


def _note(settings: Settings, actor: str) -> None:
    """Audits the signing in: nothing of the account, and no token."""
    with told(), opened(settings.database_url) as engine:
        store = Store(engine, SystemClock(), ROUTES)
        with store.act(actor, "command line", store.new_delivery_id()) as uow:
            uow.audit(ACTION, OBJECT, {}, AuditKind.SIGN_IN)
