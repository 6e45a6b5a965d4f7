"""The headers of every answer: what a browser may load, who may show the tab in a frame, what is kept.

Sources: learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements (frames), OWASP secure headers.
"""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.tab import TabSettings

STATIC = "/static/"
ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
KEEP_ASSETS, KEEP_NOTHING = "public, max-age=86400", "no-store"


class SafeHeaders:
    """Puts the headers on each answer of the application inside."""

    def __init__(self, app: ASGIApp, settings: TabSettings) -> None:
        self._app = app
        self._static = f"{settings.path}{STATIC}"
        self._headers = {**ALWAYS, "Content-Security-Policy": policy(settings.frame_ancestors)}
        if settings.is_secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        is_asset = scope["type"] == "http" and str(scope["path"]).startswith(self._static)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers["Cache-Control"] = KEEP_ASSETS if is_asset and message["status"] < 400 else KEEP_NOTHING
            await send(message)

        await self._app(scope, receive, sending)


def policy(frame_ancestors: str) -> str:
    """The content security policy: our own files and nothing else; no script or style that stands in a page."""
    parts = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": frame_ancestors or "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())
