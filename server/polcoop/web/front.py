"""What stands in front of the framework: queries are answered here, everything else there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polcoop.errors import PolcoopError
from polcoop.web.caching import Headers
from polcoop.web.delivery import Kept
from polcoop.web.headers import COMMON
from polcoop.web.repeats import EXTENSION

PATH: Final = "/sparql"
HEADERS: Final[Headers] = [
    (b"vary", b"Accept, Accept-Encoding"),
    *((name.lower().encode(), value.encode()) for name, value in COMMON.items()),
]
"""Headers of every answer to a query."""

Ask = Callable[[Request], Awaitable[Response]]
OnError = Callable[[Request, Exception], Awaitable[Response]]


class Front:
    """An ASGI application around another one: takes GET, HEAD and POST of ``/sparql``, passes on the rest.

    The layers of a framework would take longer than a light query.
    """

    def __init__(self, app: ASGIApp, ask: Ask, on_error: OnError) -> None:
        self._app, self._ask, self._on_error = app, ask, on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI)."""
        if scope["type"] == "http" and scope["path"] == f"{PATH}/":
            # The same place: no redirect, which clients follow without their body.
            scope = {**scope, "path": PATH, "raw_path": PATH.encode()}
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] not in {"GET", "HEAD", "POST"}:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._ask(request)
        except PolcoopError as error:
            response = await self._on_error(request, error)
        except ClientDisconnect:
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        if not isinstance(response, Kept):
            await response(scope, receive, send_with_headers)
            return
        response.raw_headers += HEADERS
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        )
        await send({"type": "http.response.body", "body": response.body})
        if response.repeated and EXTENSION in scope.get("extensions", ()):
            scope["extensions"].pop(EXTENSION)["learn"](scope, response)
