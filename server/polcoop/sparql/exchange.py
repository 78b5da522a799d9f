"""One query at a worker process, and the frames that answer it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

HEAD: Final = 5
"""Bytes before the payload of a frame."""
_HIGH: Final = 1 << 18
_LOW: Final = 1 << 17
"""Bytes received and not yet read, at which the worker is made to wait and to go on."""


class Asked(Protocol):
    """The worker, as far as an exchange is concerned."""

    def at(self, exchange: Exchange) -> bool:
        """Whether the worker is busy with this one, as far as is known."""

    def owes(self, exchange: Exchange) -> bool:
        """Whether the answer of this one is still to come."""

    def withdraw(self) -> None:
        """Take back all queries but the one that the worker is at."""

    def kill(self) -> None:
        """End the process."""

    def go_on(self) -> None:
        """Read on: there is room."""


class DisplacedError(Exception):
    """The worker did not begin with this query, for reasons that lie elsewhere: ask another one."""


class Exchange:
    """One query at a worker, and the frames that answer it."""

    def __init__(self, worker: Asked) -> None:
        self._worker = worker
        self._frames: deque[tuple[bytes, bytes]] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._size = 0
        self._displaced = self._gone = False

    async def frame(self) -> tuple[bytes, bytes]:
        """Read one frame: its kind and payload.

        :raises EOFError: the process has ended.
        :raises DisplacedError: the process has not begun with this query, and will not.
        """
        while not self._frames:
            if self._displaced:
                raise DisplacedError
            if self._gone:
                raise EOFError
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        kind, payload = self._frames.popleft()
        self._size -= len(payload) + HEAD
        if self._size < _LOW:
            self._worker.go_on()
        return kind, payload

    def receive(self, kind: bytes, payload: bytes) -> bool:
        """Take a frame; return whether there is room for more."""
        self._frames.append((kind, payload))
        self._size += len(payload) + HEAD
        self._wake()
        return self._size < _HIGH

    def displace(self) -> None:
        """Say that the worker will not answer this."""
        self._displaced = True
        self._wake()

    def end(self) -> None:
        """Say that nothing more will come."""
        self._gone = True
        self._wake()

    def abandon(self) -> None:
        """Let nobody wait for this query: end the worker, if it is at it, else take it back from the worker,
        and with it what else is not begun."""
        if self._worker.at(self):
            self._worker.kill()
        elif self._worker.owes(self):
            self._worker.withdraw()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
