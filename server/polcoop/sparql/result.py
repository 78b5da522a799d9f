"""The answer of one worker, on its way."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from typing import Final

from polcoop.errors import (
    EngineFailure,
    NotAcceptable,
    Overloaded,
    PolcoopError,
    QueryError,
    QueryTimeout,
    QueryTooLarge,
    ResultTooLarge,
)
from polcoop.sparql.engine import Limits
from polcoop.sparql.exchange import DisplacedError, Exchange
from polcoop.sparql.process import Worker
from polcoop.sparql.query import Query

_OVERFLOW: Final = "SIGSEGV"
"""How a process ends whose stack is full."""


_BUSY: Final = 5
"""How many times slower than on an idle machine a query may be, and not count as long."""
_TICK: Final = 0.02


class LocalResult:
    """A result read as it comes; see :class:`polcoop.sparql.engine.QueryResult`.

    ``on_close`` is called once: when the answer has been read to its end, or nobody wants it any more.
    """

    def __init__(
        self, worker: Worker, query: Query, limits: Limits, on_close: Callable[[LocalResult], None]
    ) -> None:
        self.length: int | None = None
        self.digest: str | None = None
        self.explanation: str | None = None
        self.client = limits.client
        self.worker = worker
        self._query, self._limits, self._on_close = query, limits, on_close
        self._whole = b""
        self._open = True
        self._exchange: Exchange | None = None
        # Made when it is raised: an exception that is kept would keep, by its traceback, all that it went
        # through, a compressor of megabytes for instance, until the garbage collector comes by.
        self._reason: Callable[[], PolcoopError] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, grace: float, overstays: Callable[[LocalResult, bool], bool]) -> None:
        """Start the clock: end the query at its deadline; call ``overstays`` once it has had ``grace`` s
        of a processor, or has been there for several times that, and before that at half of it.

        ``overstays`` is told whether this is the last time, and says whether it need not be called again.
        A busy machine makes no query long.  The clock does not depend on anybody reading: a client that stops
        reading is cut off as well.
        """
        loop = asyncio.get_running_loop()
        self._graces, self._overstays = [grace / 2, grace], overstays
        self._begun, self._had = loop.time(), self.worker.processor()
        self._timer = loop.call_later(min(grace / 2, self._limits.seconds), self._tick)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        passed, had = loop.time() - self._begun, self.worker.processor() - self._had
        if passed >= self._limits.seconds:
            self._expire()
            return
        if self._graces and (had >= self._graces[0] or passed >= _BUSY * self._graces[0]):
            del self._graces[0]
            if self._overstays(self, not self._graces):
                self._graces.clear()
        left = self._graces[0] - had if self._graces else math.inf
        self._timer = loop.call_later(min(max(left, _TICK), self._limits.seconds - passed), self._tick)

    def _expire(self) -> None:
        seconds = self._limits.seconds
        self._end(
            lambda: QueryTimeout(
                f"the query was ended after {seconds:g} seconds",
                hint="ask for less, for example with LIMIT",
            )
        )

    def shed(self) -> None:
        """End the query to make room for others."""
        self._end(
            lambda: Overloaded(
                "too many long queries are under way, and this one was ended to make room",
                hint="try again later, or ask for less",
            )
        )

    def _end(self, reason: Callable[[], PolcoopError]) -> None:
        self._reason = reason
        self._abandon()

    def _abandon(self) -> None:
        if self._exchange is not None:
            self._exchange.abandon()

    async def begin(self, request: bytes) -> None:
        """Send the request and wait for the first frame.

        :raises PolcoopError: as :meth:`polcoop.sparql.engine.Engine.query` says.
        :raises DisplacedError: the worker will not begin with it.
        """
        self._exchange = self.worker.ask(request)
        kind, payload = await self._frame(self._exchange)
        if kind == b"I":
            self.digest = payload.decode()
            kind, payload = await self._frame(self._exchange)
        self._whole = payload
        if kind == b"W":
            self.length = len(payload)
            self._close(whole=True)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the result; a normal end means that it is complete."""
        try:
            yield self._whole
            self._whole = b""
            if self.length is None and self._exchange is not None:
                while (received := await self._frame(self._exchange))[0] != b"E":
                    yield received[1]
                self._close(whole=True)
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End the query unless its answer has been read to the end."""
        self._close(whole=False)

    def _close(self, *, whole: bool) -> None:
        if not self._open:
            return
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        if not whole:
            self._abandon()
        self._on_close(self)

    async def _frame(self, exchange: Exchange) -> tuple[bytes, bytes]:
        try:
            kind, payload = await exchange.frame()
        except EOFError as error:
            raise await self._failure() from error
        except DisplacedError as error:
            if self._reason is not None:
                raise self._reason() from error
            raise
        if kind == b"X":
            self._close(whole=True)
            raise await self._error(**json.loads(payload))
        return kind, payload

    async def _failure(self) -> PolcoopError:
        if self._reason is not None:
            return self._reason()
        self.worker.kill()
        how = await self.worker.ended()
        if how == _OVERFLOW:
            return QueryTooLarge(
                "the query is too complex: it overflowed the stack of the process that evaluated it",
                hint="ask for less at once: fewer patterns and operators, shallower nesting",
            )
        return EngineFailure(
            f"the process that evaluated this query ended ({how}), most likely for want of memory or stack",
            hint="ask for less: fewer rows to sort or group, shallower nesting",
        )

    async def _error(self, kind: str, message: str) -> PolcoopError:
        if kind == "syntax":
            return await self._query.in_turn(lambda: self._query.syntax.explain(message))
        if kind == "unwritable":
            return NotAcceptable(message)
        if kind == "oversized":
            return ResultTooLarge(
                f"the result has more than {self._limits.bytes:,} bytes",
                hint="ask for less, for example with LIMIT",
            )
        if kind == "query":
            return QueryError(message[:1].lower() + message[1:])
        return EngineFailure(f"the store could not be read: {message}")
