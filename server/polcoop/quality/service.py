"""Validation for strangers: each piece of data is judged in a process of its own, which can be killed.

This is the parent's side; it imports no RDF library.  The child's side is ``worker``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from polcoop.errors import (
    Overloaded,
    ParseError,
    Position,
    SourceError,
    ValidationFailure,
    ValidationTimeout,
)

_STARTING: Final = 10.0
"""Seconds after the deadline at which the kernel ends a child whose parent did not."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is asked: the ending of the data's format (``.ttl``), the name of a writer, and how it writes."""

    suffix: str
    writer: str
    profile: str = "general"
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much is judged: ``processes`` at a time, each for at most ``seconds`` in ``memory`` bytes of
    address space; ``queue`` more may wait, none longer than ``patience`` seconds."""

    processes: int = 1
    seconds: float = 60.0
    memory: int = 2 << 30
    queue: int = 4
    patience: float = 10.0


class Judge:
    """Judges data by the shapes of the project in ``root``."""

    def __init__(self, root: Path, capacity: Capacity = Capacity()) -> None:
        self._root, self._capacity = root, capacity
        self._free = asyncio.Semaphore(capacity.processes)
        self._waiting = 0

    async def judge(self, data: bytes, asked: Judgement) -> bytes:
        """Return the report on ``data`` as ``asked``.

        :raises ParseError: the data is not well formed; its position is that in the data.
        :raises Overloaded: too many are being judged.
        :raises ValidationTimeout: it took too long.
        :raises ValidationFailure: the process died, for want of memory most likely.
        :raises SourceError: the project's own shapes or files are no good.
        """
        await self._turn()
        try:
            with tempfile.TemporaryDirectory(prefix="polcoop-", ignore_cleanup_errors=True) as directory:
                Path(directory, f"data{asked.suffix}").write_bytes(data)
                async with _Child(Path(directory), self._arguments(asked), self._capacity.seconds) as child:
                    return _read(await child.output())
        finally:
            self._free.release()

    def _arguments(self, asked: Judgement) -> str:
        limits = {"seconds": self._capacity.seconds + _STARTING, "memory": self._capacity.memory}
        # Where nothing is, the child takes what came with the package.
        here = self._root != Path() or (self._root / "ontology").is_dir()
        return json.dumps(asdict(asked) | limits | {"root": str(self._root.resolve()) if here else "."})

    async def _turn(self) -> None:
        if self._free.locked() and self._waiting >= self._capacity.queue:
            raise Overloaded("too much data is waiting to be validated", hint="try again in a few seconds")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._capacity.patience):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded("other data is being validated", hint="try again in a few seconds") from None
        finally:
            self._waiting -= 1


class _Child:
    """The process, gone with all that it started when the block is left, however it is left."""

    def __init__(self, folder: Path, arguments: str, seconds: float) -> None:
        self._folder, self._arguments, self._seconds = folder, arguments, seconds
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "polcoop.quality.worker", self._arguments),
            cwd=self._folder, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
        )  # fmt: skip
        return self

    async def output(self) -> bytes:
        """All that the process prints."""
        assert self._process is not None  # noqa: S101 (for the type checker: entered)
        try:
            async with asyncio.timeout(self._seconds):
                content, _ = await self._process.communicate()
        except TimeoutError:
            raise ValidationTimeout(
                f"the validation was ended after {self._seconds:g} seconds", hint="send less at a time"
            ) from None
        code = self._process.returncode or 0
        if code:
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise ValidationFailure(
                f"the process that validated this data ended ({how}), most likely for want of memory",
                hint="send less at a time",
            )
        return content

    async def __aexit__(self, *_: object) -> None:
        if self._process is None:
            return
        # It leads a group of its own: what it started goes with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


def _read(content: bytes) -> bytes:
    """The report behind the head line, or the error that the head tells of."""
    head, _, report = content.partition(b"\n")
    told = json.loads(head)
    match told["outcome"]:
        case "report":
            return report
        case "malformed":
            position = Position(told["line"], told["column"]) if told["line"] else None
            raise ParseError(told["detail"], position=position)
        case _:
            raise SourceError(told["detail"])
