"""Is this really the app it says it is? By secret (in the form or as HTTP Basic) or by an assertion under its key."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from m365_emulator.sign_in.apps import AppRegistration, Certificate
from m365_emulator.sign_in.faults import EntraFault
from m365_emulator.tenant import Tenant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ENTRA_HOST = "login.microsoftonline.com"
ALGORITHMS = ["RS256", "PS256"]


def find_client(tenant: Tenant, client_id: str) -> AppRegistration:
    """The app with this client id; EntraFault when there is none."""
    if not client_id:
        raise EntraFault(900144, "client_id")
    app = tenant.apps.get(client_id)
    if app is None:
        raise EntraFault(700016, client_id, tenant.tenant_id)
    return app


def proven_client(tenant: Tenant, fields: Mapping[str, str], authorization: str, base_url: str) -> AppRegistration:
    """The app that makes a token request, with its proof checked; a public app must bring none.

    EntraFault 7000218, 7000215, 7000222 or one of the assertion's, all 401 invalid_client.
    """
    basic_id, basic_secret = _basic(authorization)
    client = find_client(tenant, fields.get("client_id") or basic_id)
    secret = fields.get("client_secret") or basic_secret
    assertion = fields.get("client_assertion", "")
    if client.public:
        if secret or assertion:
            raise EntraFault(700025)
        return client
    if assertion and fields.get("client_assertion_type") == ASSERTION_TYPE:
        _check_assertion(client, assertion, tenant, base_url)
    elif secret:
        _check_secret(client, secret, tenant.clock.now())
    else:
        raise EntraFault(7000218)
    return client


def _check_secret(client: AppRegistration, given: str, now: datetime) -> None:
    fitting = [s for s in client.secrets if hmac.compare_digest(s.value.encode(), given.encode())]
    if not fitting:
        raise EntraFault(7000215, client.client_id)
    if not any(s.expires_at is None or s.expires_at > now for s in fitting):
        raise EntraFault(7000222, client.client_id)


def _check_assertion(client: AppRegistration, assertion: str, tenant: Tenant, base_url: str) -> None:
    """A JWT as entra-docs identity-platform/certificate-credentials.md has it: signed, ours, for here, in time."""
    try:
        key = _key_of(client, jwt.get_unverified_header(assertion))
        options: Any = {"verify_aud": False, "require": ["exp", "aud", "iss", "sub"]}
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=ALGORITHMS, options=options)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as fault:
        raise EntraFault(700024) from fault
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as fault:
        raise EntraFault(700027, "the signature does not fit the registered certificate.") from fault
    except (jwt.InvalidTokenError, OverflowError) as fault:
        raise EntraFault(50027, str(fault)) from fault
    if {str(claims["iss"]).lower(), str(claims["sub"]).lower()} != {client.client_id}:
        raise EntraFault(700021)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not any(_is_here(str(audience), tenant, base_url) for audience in audiences):
        raise EntraFault(700023)


def _key_of(client: AppRegistration, header: Mapping[str, Any]) -> RSAPublicKey:
    certificate = next((c for c in client.certificates if _names(header, c)), None)
    if certificate is None:
        raise EntraFault(700027, "no registered certificate has the thumbprint of its header.")
    key = x509.load_pem_x509_certificate(certificate.pem.encode()).public_key()
    if not isinstance(key, RSAPublicKey):
        raise EntraFault(700027, "the registered certificate holds no RSA key.")
    return key


def _names(header: Mapping[str, Any], certificate: Certificate) -> bool:
    given = [(str(header[name]).rstrip("="), own) for name, own in _thumbprints(certificate) if name in header]
    return bool(given) and all(told == own for told, own in given)


def _thumbprints(certificate: Certificate) -> tuple[tuple[str, str], ...]:
    return ("x5t", certificate.x5t), ("x5t#S256", certificate.x5t_s256)


def _is_here(audience: str, tenant: Tenant, base_url: str) -> bool:
    try:
        parts = urlsplit(audience)
    except ValueError:
        return False
    segments = parts.path.strip("/").split("/")
    known_host = parts.netloc in (urlsplit(base_url).netloc, ENTRA_HOST)
    known_path = segments[1:] in (["oauth2", "v2.0", "token"], ["v2.0"])
    return known_host and known_path and tenant.is_named(segments[0])


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as fault:
        raise EntraFault(7000218) from fault
    return unquote_plus(name), unquote_plus(secret)
