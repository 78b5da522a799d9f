"""A worker process as its parent sees it: started, asked, read, killed.  The child's side is ``worker``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self, cast

from polcoop.errors import SourceError
from polcoop.sparql.exchange import HEAD, Exchange

# The worker's side of this is in its module, which only a worker process imports.
_LAST: Final = frozenset(b"RWEX")
_WITHDRAWN: Final = ord("C")
_LARGEST_FRAME: Final = 1 << 20
_LOWEST: Final = 19
"""The lowest scheduling priority there is (``nice``)."""
_LAST_WORDS: Final = 2000
"""Characters of the standard error output that are kept."""
_SCHED_CLOCK: Final = 2
_RECENT: Final = 0.25
"""How much the last query counts in the pace of a worker."""
_BEHIND: Final = 0.05
"""Seconds for which queries wait behind another one at the same worker; then others answer them."""
_WITHDRAWING: Final = 1.0
"""Seconds in which a worker drops what was withdrawn."""


class Worker(asyncio.Protocol):
    """One child process and the socket to it.  It answers one query after the other, in order."""

    def __init__(self) -> None:
        self.demoted = self.killed = self._gone = False
        self.load = 0
        """Queries that it has been given or promised; counted by who does so."""
        self.on_clean: Callable[[Worker], None] = lambda _: None
        """Called when all that was withdrawn is gone."""
        self.pace = 1.0
        """Seconds that it takes for a query, of late."""
        self._since = 0.0
        self._received = bytearray()
        self._exchanges: deque[Exchange] = deque((Exchange(self),))
        self._requests: list[bytes] = []
        self._withdrawing = self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._words = ""

    @classmethod
    async def start(cls, store: Path, memory: int) -> Self:
        """Start a worker on ``store`` whose queries may take ``memory`` bytes; return when it is ready.

        :raises SourceError: the store cannot be opened.
        """
        worker = cls()
        ready = worker._exchanges[0]
        await worker._spawn(store, memory)
        try:
            kind, payload = await ready.frame()
            if kind != b"R":
                message = json.loads(payload)["message"]
                raise SourceError(f"the store {store} cannot be opened: {message}")
        except BaseException as error:
            worker.kill()
            how = await worker.ended()
            if isinstance(error, EOFError):
                raise SourceError(f"the query process could not be started on {store} ({how})") from error
            raise
        return worker

    async def _spawn(self, store: Path, memory: int) -> None:
        ours, theirs = socket.socketpair()
        # glibc gives each thread an arena of its own; with two of them opening the store takes a tenth of the
        # address space.
        environment = os.environ | {"MALLOC_ARENA_MAX": "2"}
        command = (sys.executable, "-P", "-m", "polcoop.sparql.worker", str(store), str(memory))
        with theirs:
            self._process: Process = await asyncio.create_subprocess_exec(
                *command, stdin=theirs.fileno(), stdout=DEVNULL, stderr=PIPE, env=environment
            )
        self._listening = asyncio.create_task(self._listen())
        ours.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)

    async def _listen(self) -> None:
        """Keep the last words of the process: they say why it ended."""
        assert self._process.stderr is not None  # noqa: S101 (for the type checker: it is a pipe)
        while words := await self._process.stderr.read(_LAST_WORDS):
            self._words = (self._words + words.decode(errors="replace"))[-_LAST_WORDS:]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the way to the process (asyncio.Protocol)."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take frames apart (asyncio.Protocol)."""
        self._received += data
        received, start = self._received, 0
        while len(received) - start >= HEAD:
            end = start + HEAD + int.from_bytes(received[start + 1 : start + HEAD], "big")
            if end - start > _LARGEST_FRAME:
                self.kill()
                break
            if len(received) < end:
                break
            self._receive(received[start], bytes(received[start + HEAD : end]))
            start = end
        del received[:start]

    def _receive(self, kind: int, payload: bytes) -> None:
        if kind == _WITHDRAWN:
            self._withdrawing = False
            self.on_clean(self)
        elif self._exchanges:
            if not self._exchanges[0].receive(bytes((kind,)), payload) and not self._paused:
                self._paused = True
                self._transport.pause_reading()
            if kind in _LAST:
                self._exchanges.popleft()
                now = time.monotonic()
                self.pace += (now - self._since - self.pace) * _RECENT
                self._since = now
        # Else the worker had begun with what was being withdrawn, and nobody waits for it.

    def go_on(self) -> None:
        """Read on: there is room."""
        if self._paused and not self._gone:
            self._paused = False
            self._transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """Note that nothing more will come (asyncio.Protocol)."""
        self._gone = True
        for number, exchange in enumerate(self._exchanges):
            exchange.end()
            # The query that was under way is the one that is lost.
            if number > 0:
                exchange.displace()
        self._exchanges.clear()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def processor(self) -> float:
        """Seconds of a processor that the process has had; elsewhere than on Linux, seconds as such."""
        try:
            # The clock of a process, as clock_getcpuclockid(3) names it.
            return time.clock_gettime(~self._process.pid << 3 | _SCHED_CLOCK)
        except OSError:
            return time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether it still listens, as far as is known."""
        return not (self.killed or self._gone)

    @property
    def clean(self) -> bool:
        """Whether it takes queries: nothing is being withdrawn."""
        return not self._withdrawing

    def ask(self, request: bytes) -> Exchange:
        """Send one request; those of one turn of the event loop go together.

        A worker that has just died is noticed when its answer is read.
        """
        exchange = Exchange(self)
        if self._gone:
            exchange.displace()
            return exchange
        if not self._exchanges:
            self._since = time.monotonic()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_BEHIND, self._unblock)
        self._exchanges.append(exchange)
        if not self._requests:
            asyncio.get_running_loop().call_soon(self._send)
        self._requests += [len(request).to_bytes(4, "big"), request]
        return exchange

    def _send(self) -> None:
        if not self._gone:
            self._transport.write(b"".join(self._requests))
        self._requests.clear()

    def _unblock(self) -> None:
        self._timer = None
        self.withdraw()

    def at(self, exchange: Exchange) -> bool:
        """Whether the worker is busy with this one, as far as is known."""
        return bool(self._exchanges) and self._exchanges[0] is exchange

    def owes(self, exchange: Exchange) -> bool:
        """Whether the answer of this one is still to come."""
        return exchange in self._exchanges

    def withdraw(self) -> None:
        """Take back all queries but the one that the worker is at: others shall answer them."""
        if len(self._exchanges) < 2:
            return
        current, *others = self._exchanges
        self._exchanges = deque((current,))
        for exchange in others:
            exchange.displace()
        self._withdrawing = True
        self._requests.append(bytes(4) + len(others).to_bytes(4, "big"))
        self._send()
        asyncio.get_running_loop().call_later(_WITHDRAWING, self._overdue)

    def _overdue(self) -> None:
        # It had begun with what was being withdrawn, and is still at it.
        if self._withdrawing and not self._exchanges:
            self.kill()

    def kill(self) -> None:
        """End the process at once; harmless when it has ended."""
        if self.killed:
            return
        self.killed = True
        if self._process.returncode is None:
            # Not Process.kill: it would reap a process that has just ended, and asyncio would never learn how
            # it ended.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def demote(self) -> None:
        """Let the process run only when nobody else wants to; without privilege there is no way back."""
        self.demoted = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _LOWEST)
            if hasattr(os, "SCHED_IDLE"):
                # Linux: it is pushed off its processor as soon as anybody else has work.
                os.sched_setscheduler(self._process.pid, os.SCHED_IDLE, os.sched_param(0))

    async def ended(self) -> str:
        """Wait for the end of the process and say in words how it ended."""
        code = await self._process.wait()
        self._transport.close()
        await self._listening
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        words = " ".join(self._words.split())
        return f"{how}: {words}" if words else how
