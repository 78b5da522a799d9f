"""The access log: one line of JSON a request, by default without anything that tells who asked or what."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polcoop.errors import UsageError

QUERY: Final = "polcoop.query"
"""Key of the ASGI scope under which whoever reads a query from a request leaves its text."""
_LONGEST: Final = 300
"""Characters of a path that are told."""


def open_log(place: str) -> Callable[[str], None]:
    """Return what writes a line: to standard error if ``place`` is ``-``, else to the end of that file.

    :raises UsageError: the file cannot be opened.
    """
    if place == "-":
        descriptor = sys.stderr.fileno()
    else:
        try:
            descriptor = os.open(Path(place), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise UsageError(f"the access log {place} cannot be written: {error.strerror}") from error

    def write(line: str) -> None:
        # A full disk costs the line, not the answer.
        with contextlib.suppress(OSError):
            os.write(descriptor, line.encode() + b"\n")

    return write


class AccessLog:
    """Writes a line for each request that an application has answered (ASGI middleware).

    ``queries`` adds the text of queries, ``clients`` the address of who asked: both may be personal data.
    """

    def __init__(self, app: ASGIApp, write: Callable[[str], None], *, queries: bool, clients: bool) -> None:
        self._app, self._write, self._queries, self._clients = app, write, queries, clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, sent = time.perf_counter(), _Sent(body=scope["method"] != "HEAD")

        async def counting(message: Message) -> None:
            sent.count(message)
            await send(message)

        try:
            await self._app(scope, receive, counting)
        finally:
            self._write(self._line(scope, sent, time.perf_counter() - begun))

    def repeated(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        """Write the line of an answer of ``size`` bytes that came from before the application."""
        self._write(self._line(scope, _Sent(body=True, status=status, size=size, complete=True), seconds))

    def _line(self, scope: Scope, sent: _Sent, seconds: float) -> str:
        told: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": scope["method"],
            "path": scope["path"][:_LONGEST],
            "status": sent.status,
            "seconds": round(seconds, 6),
            "bytes": sent.bytes,
            # False: the client left, or the result was broken off.
            "complete": sent.complete,
        }
        query = _query(scope)
        if query is not None:
            told["query_hash"] = query_hash(query)
            if self._queries:
                told["query"] = query
        if self._clients and scope.get("client"):
            told["client"] = scope["client"][0]
        return json.dumps(told)


class _Sent:
    """What has been sent of a response."""

    def __init__(self, *, body: bool, status: int = 0, size: int = 0, complete: bool = False) -> None:
        self.status, self.bytes, self.complete = status, size, complete
        self._body = body

    def count(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            # What an application sends in answer to HEAD goes nowhere.
            self.bytes += len(message.get("body", b"")) if self._body else 0
            self.complete = not message.get("more_body", False)


def query_hash(text: str) -> str:
    """Return what a query is called in the log: the first 16 digits of its SHA-256."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _query(scope: Scope) -> str | None:
    text = scope.get(QUERY)
    if text is None and b"query=" in scope["query_string"]:
        # Results that are at hand are sent without the query being read.
        with contextlib.suppress(ValueError):
            text = parse_qs(scope["query_string"].decode(errors="replace")).get("query", [None])[0]
    return text if isinstance(text, str) else None
