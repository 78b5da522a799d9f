"""What a connection talks to: an endpoint, or a store with worker processes; both answer in bytes of a media
type."""

from __future__ import annotations

import sys
import weakref
from collections.abc import AsyncIterator, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol, Self

from polcoop.citation.provenance import Provenance, now
from polcoop.errors import SourceError, UsageError
from polcoop.formats import JSON, NTRIPLES, RDFXML, TURTLE, Format
from polcoop.sparql.engine import Dataset, Engine, Limits, QueryResult
from polcoop.sparql.local import Capacity, LocalEngine
from polcoop.sparql.query import Query

from .background import loop


class Kind(Enum):
    """What a query is answered with: solutions (SELECT, ASK) or a graph (CONSTRUCT, DESCRIBE), in these
    formats."""

    SOLUTIONS = (JSON,)
    GRAPH = (NTRIPLES, TURTLE, RDFXML)

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types that are understood."""
        return tuple(media_type for choice in self.value for media_type in choice.media_types)

    @property
    def accept(self) -> str:
        """The Accept header that asks for them, the preferred one first."""
        return ", ".join(f"{name};q={1 - place / 10:g}" for place, name in enumerate(self.media_types))

    @property
    def format(self) -> Format:
        """The preferred format."""
        preferred: Format = self.value[0]
        return preferred


class Chunks:
    """The bytes of a result on the background loop, as an iterator; given up or collected, it ends the
    query."""

    def __init__(self, result: QueryResult) -> None:
        self._chunks = result.chunks()
        # Not waited for: the garbage collector may call this from any thread, the loop's own included.
        self._end = weakref.finalize(self, lambda: loop().later(result.aclose()))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        chunk = loop().run(_following(self._chunks))
        if chunk is None:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """End the query unless it has ended."""
        self._end()


async def _following(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


class Answer(NamedTuple):
    """An answer as it comes; ``said`` are the header fields with what it says of itself."""

    media_type: str
    chunks: Chunks
    said: Mapping[str, str] = MappingProxyType({})


class Transport(Protocol):
    """Sends a query text and gives back what is answered."""

    name: str

    def ask(self, text: str, kind: Kind, seconds: float, *, identified: bool = False) -> Answer:
        """Return once the answer begins; the deadline of ``seconds`` covers all of it.

        ``identified`` asks for the digest of the result, for which much of a long one is held back.

        :raises PolcoopError: as :meth:`polcoop.sparql.engine.Engine.query` says, here or while it is read.
        """

    def close(self) -> None:
        """End it, and all queries under way."""


class LocalTransport:
    """A store in this machine, asked through worker processes: a deadline ends them, and the caller outlives
    them."""

    # A query inside a loop over the rows of another needs a worker of its own.
    _WORKERS = 2

    def __init__(self, store: Path, name: str, memory: int, replay: Path | None = None) -> None:
        """``memory`` in bytes per worker; ``replay`` is a lockfile whose answers stand for other endpoints.

        :raises SourceError: the store or the lockfile cannot be opened.
        :raises UsageError: this system has no such processes.
        """
        if sys.platform == "win32":
            raise UsageError(
                "queries in process need a POSIX system (Linux, macOS, WSL)", hint="polcoop.connect(…) works"
            )
        self.name = name
        capacity = Capacity(workers=self._WORKERS, memory=memory)
        self._local = LocalEngine(_dataset(store), capacity)
        self._engine: Engine = self._local if replay is None else _replaying(self._local, replay)
        loop().run(self._local.start())
        self._end = weakref.finalize(self, _end, self._local)

    def ask(self, text: str, kind: Kind, seconds: float, *, identified: bool = False) -> Answer:
        """See :class:`Transport`."""
        query = Query.parse(text)
        query = query.with_digest() if identified else query
        result = loop().run(self._engine.query(query, kind.format, Limits(seconds)))
        origin = Provenance(self._local.dataset.identity, "", result.digest, now())
        return Answer(kind.format.media_type, Chunks(result), origin.headers())

    def close(self) -> None:
        """End the worker processes and wait until they are gone."""
        if self._end.detach():
            loop().run(self._local.aclose())


def _replaying(local: Engine, lockfile: Path) -> Engine:
    """The engine that answers SERVICE from a lockfile, and asks nobody."""
    from polcoop.sparql.federation.batches import LARGEST  # noqa: PLC0415 - few want it
    from polcoop.sparql.federation.engine import FederatedEngine  # noqa: PLC0415
    from polcoop.sparql.federation.lockfile import Lockfile, Replay  # noqa: PLC0415
    from polcoop.sparql.federation.policy import Policy  # noqa: PLC0415
    from polcoop.sparql.federation.source import Allowance  # noqa: PLC0415

    recorded = Lockfile.load(lockfile)
    endpoints = {request.endpoint for request in recorded.entries}
    # In the batches in which it was recorded.
    return FederatedEngine(local, Replay(recorded), Policy(endpoints), Allowance(), batch=LARGEST)


def _dataset(store: Path) -> Dataset:
    """The compiled dataset in the store's folder, or any other data."""
    from polcoop.sparql.archive import compiled  # noqa: PLC0415 - connect() needs no engine

    try:
        return compiled(store.parent)
    except SourceError:
        return Dataset(store)


def _end(engine: LocalEngine) -> None:
    loop().later(engine.aclose())
