"""`tasking sign-in-service-account`: a person signs in once, for the account that posts into channels."""

import sys

import click

from graph_client.service_account import SignInFailed, SignInUnreachable
from graph_client.token_vault import VaultUnreadable
from service.clock import SystemClock
from service.commands.running import console, problems, settings_or_stop, stop
from service.posting import make_account, missing_for_account
from tasking.clocks import clock_text


@click.command("sign-in-service-account")
@click.option("--show", is_flag=True, help="Only say how the account stands.")
def sign_in_service_account(show: bool) -> None:
    """Sign the service account in, which posts cards as messages of its own.

    Open the address that is shown in a private window and sign in as the service account, not as yourself. The browser
    then goes to an address where nothing may answer: copy that whole address and paste it here. The sign-in is kept
    encrypted and renews itself every day; 90 days without renewal end it.
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
            flow = account.begin()
            console.print("Open this address and sign in as the service account:", soft_wrap=True)
            console.print(flow["auth_uri"], soft_wrap=True, markup=False)
            standing = account.finish(flow, click.prompt("The address that the browser went to"))
    except (SignInFailed, SignInUnreachable, VaultUnreadable) as failed:
        problems.print(str(failed), soft_wrap=True)
        sys.exit(1)
    console.print(f"{standing.username} is signed in. Last renewed {clock_text(standing.renewed_at)};", soft_wrap=True)
    console.print(f"without another renewal it ends on {clock_text(standing.ends_at)}.", soft_wrap=True)
