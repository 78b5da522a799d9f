"""Headers that every response has: what a browser may do with it, which is as little as possible, and who may
read it, which is anybody."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polcoop.citation.provenance import FIELDS
from polcoop.sparql.federation.plan import HEADER

COMMON: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    # Data that is opened in a browser does nothing; pages have policies of their own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    # Anybody's pages may read the data. Said to all and not only to who names an origin: a cache between them
    # would give the answer to one to the other.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(
        ("Allow", "ETag", "Link", "Location", "Retry-After", HEADER, *FIELDS)
    ),
}
"""Name to value, unless a response has its own."""


class CommonHeaders:
    """Adds ``COMMON`` to what an application sends (ASGI middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in COMMON.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
