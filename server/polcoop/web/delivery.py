"""Getting a result to a client: streamed, ended when the client leaves, broken off visibly when it cannot be
completed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from polcoop.errors import PolcoopError
from polcoop.sparql.engine import QueryResult
from polcoop.sparql.telemetry import Outcome
from polcoop.web.caching import Entry, Headers
from polcoop.web.coding import compressing

_log: Final = logging.getLogger(__name__)
T = TypeVar("T")

_UNWATCHED: Final = 0.05
"""Seconds that work may take before anybody looks whether the client is still there."""


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do ``work``; cancel it when the client leaves.  The framework alone would let it run to its end.

    :raises ClientDisconnect: the client has left.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 (for the type checker: this is a coroutine)
    watching: list[asyncio.Task[None]] = []
    left = False

    def leave(watch: asyncio.Task[None]) -> None:
        nonlocal left
        if not watch.cancelled():
            left = True
            task.cancel()

    def watch() -> None:
        # Only now: a task of its own would take longer than most queries.
        watching.append(loop.create_task(_disconnected(receive)))
        watching[0].add_done_callback(leave)

    timer = loop.call_later(_UNWATCHED, watch)
    try:
        return await work
    except asyncio.CancelledError:
        if left and not task.uncancel():
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        for each in watching:
            each.remove_done_callback(leave)
            each.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Kept(Response):
    """A result that is at hand: ``body`` are the bytes of ``entry`` in ``coding``, None when the client has
    them already (304); ``repeated`` when it was asked for before."""

    def __init__(self, entry: Entry, body: bytes | None, coding: str | None, *, repeated: bool) -> None:
        self.entry, self.repeated = entry, repeated
        self.body = body or b""
        self.status_code = 304 if body is None else 200
        self.background = None
        self.raw_headers = list(entry.headers)
        if body is not None:
            self.raw_headers.append((b"content-length", b"%d" % len(body)))
        if body is not None and coding:
            self.raw_headers.append((b"content-encoding", coding.encode()))


class Copy:
    """Takes a copy of what streams by, as long as it is small enough to be kept."""

    def __init__(self, largest: int, keep: Callable[[bytes], None]) -> None:
        """``keep`` is given the whole if it has at most ``largest`` bytes."""
        self._largest, self._keep = largest, keep

    async def of(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield ``chunks``."""
        copied, size = [], 0
        async for chunk in chunks:
            size += len(chunk)
            if size <= self._largest:
                copied.append(chunk)
            else:
                copied.clear()
            yield chunk
        if size <= self._largest:
            self._keep(b"".join(copied))


class Delivery(Response):
    """Streams a query result.

    When the result fails after the first byte, the response is left without an end: the server then closes
    the connection in the middle of the chunked body, which every client notices.  An error sentence at the
    end of a CSV nobody would.
    """

    def __init__(
        self,
        result: QueryResult,
        headers: Headers,
        coding: str | None,
        ended: Callable[[Outcome], None],
        copy: Copy | None = None,
    ) -> None:
        """``ended`` is told how it went."""
        self.status_code, self.background = 200, None
        self.raw_headers = [*headers, (b"content-encoding", coding.encode())] if coding else list(headers)
        self._result, self._ended = result, ended
        self._chunks = copy.of(result.chunks()) if copy else result.chunks()
        if coding:
            self._chunks = compressing(self._chunks, coding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response (ASGI)."""
        outcome = Outcome.FAILED
        try:
            await while_connected(receive, self._send(send, body=scope["method"] != "HEAD"))
            outcome = Outcome.ANSWERED
        except ClientDisconnect:
            outcome = Outcome.LEFT
        except PolcoopError as error:
            _log.warning("a result was broken off: %s", error)
            outcome = Outcome.BROKEN_OFF
        finally:
            await self._result.aclose()
            self._ended(outcome)

    async def _send(self, send: Send, *, body: bool) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if body:
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
