"""Connections of clients: uvicorn's, with bounds on the size of a request's head, on how long a request takes
to arrive, and on how long a client does not read."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from polcoop.web.repeats import EXTENSION, LONGEST, Repeats

MAX_HEAD: Final = 65_000
"""Bytes of a request line with its headers.  Some clients put long queries into the URL; the parser takes no
URL longer than 65,535 bytes."""


_MUCH: Final = 65_536


class Joined:
    """A transport that writes once what was written in pieces: head and body of a response, most often."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._pieces: list[bytes] = []
        self._scheduled = False

    def write(self, data: bytes) -> None:
        """Write ``data`` soon, and at once when it is much."""
        self._pieces.append(data)
        if len(data) > _MUCH:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._due)

    def _due(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self) -> None:
        """Write what there is."""
        if self._pieces:
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces.clear()
            self._transport.write(data)

    def close(self) -> None:
        """Close, after what there is has been written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """One connection; somebody calls :meth:`check` now and then."""

    most: int = 1000
    """Connections at a time."""
    repeats: Repeats
    """What was asked before."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._head = 0
        """Bytes of an unfinished head, or -1 while a body arrives."""
        self._reading = 0.0
        """When the request that is arriving began, or 0."""
        self._stalled = 0.0
        """When the client stopped reading, or 0."""
        self._idle = 0.0
        """When a request that was seen before was answered, or 0 since something else has happened."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio.Protocol)."""
        joined = Joined(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", joined))
        self._reading = self.loop.time()
        if len(self.connections) > self.most:
            self._refuse(b"503 Service Unavailable", b"too many connections", b"Retry-After: 5\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer what has come, or parse it (asyncio.Protocol)."""
        alone = self._head == 0 and (self.cycle is None or self.cycle.response_complete)
        if alone and not self.flow.write_paused and self._repeat(data):
            return
        self._idle = 0.0
        if self._head >= 0:
            room = MAX_HEAD - self._head
            if len(data) > room and data.find(b"\r\n\r\n", 0, room) < 0:
                self._refuse(b"431 Request Header Fields Too Large", b"the head of the request is too large")
                return
            self._head += len(data)
        if not self._reading:
            self._reading = self.loop.time()
        super().data_received(data)
        if alone and self._head == 0 and self._is_repeatable(data):
            self.scope["extensions"] = {EXTENSION: {"learn": partial(self.repeats.learn, data)}}

    def _repeat(self, data: bytes) -> bool:
        answer = self.repeats.answer(data, self.server_state.default_headers)
        if answer is None:
            return False
        self._unset_keepalive_if_required()
        self._reading, self._idle = 0.0, self.loop.time()
        self.transport.write(answer)
        return True

    def _is_repeatable(self, data: bytes) -> bool:
        """Whether ``data`` is one request, the whole of it, after which the connection stays open."""
        if len(data) > LONGEST or not data.startswith(b"GET ") or data.find(b"\r\n\r\n") != len(data) - 4:
            return False
        return self.cycle is not None and self.cycle.keep_alive

    def on_headers_complete(self) -> None:
        """Note that the body begins (httptools)."""
        self._head = -1
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that a request is complete (httptools)."""
        self._head, self._reading = 0, 0.0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Note that the client does not read (asyncio.Protocol)."""
        self._stalled = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that the client reads again (asyncio.Protocol)."""
        self._stalled = 0.0
        super().resume_writing()

    def check(self, patience: float) -> None:
        """End the connection if its request, or its client's reading, has taken more than ``patience``
        seconds."""
        late = self.loop.time() - patience
        if 0 < self._stalled < late:
            self.transport.abort()
        elif 0 < self._idle < self.loop.time() - self.timeout_keep_alive:
            self.transport.close()
        elif 0 < self._reading < late and self._is_waiting():
            self._refuse(b"408 Request Timeout", b"the request took too long to arrive")

    def _is_waiting(self) -> bool:
        """Whether the request that arrives is the one that comes next, not one sent ahead."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _refuse(self, status: bytes, words: bytes, more: bytes = b"") -> None:
        head = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n%b\r\n"
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(head % (status, len(words), more) + words)
        self.transport.close()
