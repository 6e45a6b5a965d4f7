"""Pages of any origin may call Graph and the token addresses from a browser, as Graph and Entra allow; control never.

Without this a single-page app could not use the emulator; with it everywhere, any web page could pull the levers.
"""

import re

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN_PATHS = re.compile(
    r"/(v1\.0|oidc/userinfo)(/|$)|/[^/]+/(oauth2/v2\.0/(token|devicecode)|discovery/|v2\.0/\.well-known/)"
)
READABLE_HEADERS = ("ETag", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate", "request-id")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class OpenOrigins:
    """Middleware that answers preflights and adds the headers for the open paths alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=(*READABLE_HEADERS, "client-request-id"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._open if scope["type"] == "http" and OPEN_PATHS.match(scope["path"]) else self._app
        await app(scope, receive, send)
