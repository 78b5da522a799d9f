"""An engine around another one that also answers as Arrow stream and Parquet file.

Both need the whole result before their first byte, since a column's type depends on all its values.  So a
process of its own turns the JSON of the inner engine into columns: it has a memory limit, it is killed at the
deadline, and the server neither imports the library nor holds the rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from typing import Final

from polcoop import columns
from polcoop.errors import EngineFailure, NotAcceptable, Overloaded, QueryTimeout
from polcoop.formats import ARROW, JSON, PARQUET, Format
from polcoop.sparql.engine import Engine, Limits, QueryResult
from polcoop.sparql.query import Query

COLUMNAR: Final = (ARROW, PARQUET)
_CHUNK: Final = 65_536


class ColumnarEngine:
    """Answers in ``COLUMNAR`` formats by itself, in all others as the engine that it is given."""

    def __init__(self, inner: Engine, *, memory: int = 2 << 30, processes: int = 2) -> None:
        """At most ``processes`` results are made at the same time, each in ``memory`` bytes of address
        space."""
        self._inner, self._memory = inner, memory
        self._turns = asyncio.Semaphore(processes)

    async def query(self, query: Query, format: Format, limits: Limits) -> QueryResult:  # noqa: A002
        """Evaluate ``query``; see :class:`polcoop.sparql.engine.Engine`.

        :raises NotAcceptable: such a format is asked for, and pyarrow is not installed.
        """
        if format not in COLUMNAR:
            return await self._inner.query(query, format, limits)
        if not columns.available():
            raise NotAcceptable(
                f"the format {format.name} needs the library pyarrow, which is not installed here",
                hint=f"ask for another format, or on the server: {columns.HINT}",
            )
        try:
            async with asyncio.timeout(limits.seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise Overloaded("too many results are being made into tables", hint="try again later") from None
        result = ColumnarResult(self._turns, limits)
        try:
            await result.begin(self._inner, query, format, self._memory)
        except BaseException:
            await result.aclose()
            raise
        return result


class ColumnarResult:
    """What the process writes, read as it comes; see :class:`polcoop.sparql.engine.QueryResult`."""

    length = None
    digest = None
    explanation = None

    def __init__(self, turns: asyncio.Semaphore, limits: Limits) -> None:
        self._turns, self._limits = turns, limits
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        self._process: Process | None = None
        self._feeder: asyncio.Task[None] | None = None
        self._first = b""
        self._open = True

    async def begin(self, inner: Engine, query: Query, format: Format, memory: int) -> None:  # noqa: A002
        """Start the query and the process, and wait for the first bytes.

        :raises PolcoopError: as :meth:`polcoop.sparql.engine.Engine.query` says.
        """
        rows = await inner.query(query, JSON, self._limits)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "polcoop.sparql.tabulation", format.name, str(memory)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
            )
        except BaseException:
            await rows.aclose()
            raise
        self._feeder = asyncio.create_task(_feed(rows, self._process))
        self._first = await self._read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the result; a normal end means that it is complete."""
        try:
            chunk = self._first
            while chunk:
                yield chunk
                chunk = await self._read()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """End the query and the process."""
        if not self._open:
            return
        self._open = False
        self._turns.release()
        if self._feeder is not None:
            self._feeder.cancel()
            await asyncio.gather(self._feeder, return_exceptions=True)
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            # Read to its end, or the end of the process would go unnoticed.
            await self._process.communicate()

    async def _read(self) -> bytes:
        """Read on; nothing once the process has ended and all is well.

        :raises PolcoopError: the query failed, the process did, or the deadline has passed.
        """
        assert self._process is not None  # noqa: S101 - for the type checker
        assert self._process.stdout is not None  # noqa: S101 - the same
        assert self._feeder is not None  # noqa: S101 - the same
        try:
            async with asyncio.timeout_at(self._deadline):
                if chunk := await self._process.stdout.read(_CHUNK):
                    return chunk
                await self._feeder
                code = await self._process.wait()
        except TimeoutError:
            raise QueryTimeout(
                f"the query was ended after {self._limits.seconds:g} seconds",
                hint="ask for less, for example with LIMIT",
            ) from None
        if code:
            raise EngineFailure(
                "the process that made a table of the result ended, most likely for want of memory",
                hint="ask for fewer rows, or for CSV or JSON, which are streamed",
            )
        return b""


async def _feed(rows: QueryResult, process: Process) -> None:
    """Hand the rows to the process; when they break off, so must it."""
    assert process.stdin is not None  # noqa: S101 - for the type checker
    try:
        async for chunk in rows.chunks():
            process.stdin.write(chunk)
            await process.stdin.drain()
    except ConnectionError:
        # The process has died: whoever reads its output says so, and the query ends here.
        pass
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    finally:
        process.stdin.close()
        await rows.aclose()
