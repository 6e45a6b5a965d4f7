"""What sign-in refuses, shaped as Entra shapes it: error, AADSTS text, codes, trace and correlation ids.

Numbers and meanings: entra-docs identity-platform/reference-error-codes.md; the sentences are our own.
"""

import re
import uuid
from datetime import datetime
from typing import NamedTuple

from m365_emulator.odata import Json

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Refusal(NamedTuple):
    """One kind of refusal: OAuth's error word, the HTTP status of the token endpoint, and the sentence."""

    error: str
    status: int
    text: str


REFUSALS: dict[int, Refusal] = {
    16000: Refusal("interaction_required", 400, "The account '{0}' is not signed in here; a person has to choose one."),
    28000: Refusal("invalid_scope", 400, "The scopes '{0}' belong to more than one resource."),
    50011: Refusal("invalid_request", 400, "The redirect URI '{0}' is not registered for the application '{1}'."),
    50013: Refusal("invalid_grant", 400, "The assertion is not valid: {0}"),
    50027: Refusal("invalid_request", 400, "The client assertion is no valid JWT: {0}"),
    50034: Refusal("invalid_grant", 400, "The user account does not exist in the tenant."),
    50057: Refusal("invalid_grant", 400, "The account of the user is disabled."),
    50058: Refusal("login_required", 400, "A silent sign-in was asked for, but nobody is signed in."),
    50147: Refusal("invalid_request", 400, "The code challenge is missing or has the wrong size."),
    50148: Refusal("invalid_grant", 400, "The request needs the code_verifier of the code's PKCE challenge."),
    50149: Refusal("invalid_request", 400, "The code challenge method '{0}' is not supported."),
    50173: Refusal("invalid_grant", 400, "The grant was revoked; the user has to sign in again."),
    54005: Refusal("invalid_grant", 400, "The authorization code was already redeemed; ask for a new one."),
    65001: Refusal("invalid_grant", 400, "Nobody consented to '{0}' for the application '{1}'."),
    65004: Refusal("access_denied", 400, "The user declined to go on."),
    70000: Refusal("invalid_grant", 400, "The given {0} is not valid, or was issued to another application."),
    70003: Refusal("unsupported_grant_type", 400, "The grant type '{0}' is not supported."),
    70008: Refusal("invalid_grant", 400, "The given {0} has expired."),
    70011: Refusal("invalid_scope", 400, "The scope '{0}' is not valid."),
    70016: Refusal("authorization_pending", 400, "The user has not finished signing in with the code yet."),
    70017: Refusal("authorization_declined", 400, "The user declined the sign-in on the other device."),
    70018: Refusal("bad_verification_code", 400, "The device code is not known."),
    70020: Refusal("expired_token", 400, "The device code has expired."),
    90002: Refusal("invalid_request", 400, "The tenant '{0}' was not found."),
    90014: Refusal("invalid_request", 400, "The required field '{0}' is missing."),
    90023: Refusal("invalid_request", 400, "The parameter '{0}' has a value that is not supported."),
    90055: Refusal("slow_down", 400, "The client asks faster than the interval that it was given."),
    90094: Refusal("access_denied", 400, "The application '{0}' needs permissions that only an administrator grants."),
    240002: Refusal("invalid_grant", 400, "An id token cannot be exchanged on behalf of a user."),
    500011: Refusal("invalid_resource", 400, "The resource '{0}' was not found in the tenant."),
    500112: Refusal("invalid_grant", 400, "The reply address '{0}' is not the one that the code was asked for with."),
    500131: Refusal("invalid_grant", 400, "The audience of the assertion is not the application that presents it."),
    500133: Refusal("invalid_grant", 400, "The assertion is not within its time."),
    501481: Refusal("invalid_grant", 400, "The code_verifier does not match the code_challenge of the request."),
    650053: Refusal("invalid_scope", 400, "The application '{0}' asks for the scope '{1}', which '{2}' does not have."),
    700016: Refusal("unauthorized_client", 400, "The application '{0}' was not found in the tenant '{1}'."),
    700021: Refusal("invalid_client", 401, "The client assertion names another application than 'client_id'."),
    700023: Refusal("invalid_client", 401, "The audience of the client assertion is not this token endpoint."),
    700024: Refusal("invalid_client", 401, "The client assertion is not within its time."),
    700025: Refusal("invalid_client", 401, "The client is public, so it must present no secret and no assertion."),
    700027: Refusal("invalid_client", 401, "The client assertion failed signature validation: {0}"),
    700051: Refusal("unsupported_response_type", 400, "The response type '{0}' is not enabled for the application."),
    700054: Refusal("unsupported_response_type", 400, "The response type 'id_token' is not enabled for it."),
    900144: Refusal("invalid_request", 400, "The request has to contain the parameter '{0}'."),
    1002012: Refusal("invalid_scope", 400, "The scope '{0}' has to be one resource followed by /.default."),
    7000114: Refusal("invalid_grant", 400, "The application '{0}' may not act on behalf of another application."),
    7000215: Refusal("invalid_client", 401, "The client secret given for the application '{0}' is not valid."),
    7000218: Refusal("invalid_client", 401, "The request has to contain 'client_assertion' or 'client_secret'."),
    7000222: Refusal("invalid_client", 401, "The client secrets given for the application '{0}' have expired."),
}


class EntraFault(Exception):
    """A refusal by its AADSTS number. `error` replaces the table's word where a flow has another one."""

    def __init__(self, number: int, *words: str, error: str = "", suberror: str = "") -> None:
        refusal = REFUSALS[number]
        self.number = number
        self.error = error or refusal.error
        self.suberror = suberror
        self.status = refusal.status
        self.text = f"AADSTS{number}: {refusal.text.format(*words)}"
        super().__init__(self.text)


def fault_body(fault: EntraFault, now: datetime, correlation_id: str | None) -> Json:
    """The error as the token endpoint answers it; a correlation id that is no GUID is replaced."""
    trace = str(uuid.uuid4())
    correlation = correlation_id if correlation_id and _GUID.fullmatch(correlation_id) else str(uuid.uuid4())
    at = now.strftime("%Y-%m-%d %H:%M:%SZ")
    body: Json = {
        "error": fault.error,
        "error_description": f"{fault.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
        "error_codes": [fault.number],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={fault.number}",
    }
    return body | ({"suberror": fault.suberror} if fault.suberror else {})
