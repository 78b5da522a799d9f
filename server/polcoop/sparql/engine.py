"""What an engine is: the one contract between those who ask and those who answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from polcoop.citation.provenance import DatasetVersion
from polcoop.formats import Format
from polcoop.sparql.query import Query


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one query.

    ``seconds`` runs from the start of evaluation to the last byte delivered, ``bytes`` is the size of the
    result (None: any), and ``client`` names who asks: clients take turns, and each has its share.
    """

    seconds: float
    bytes: int | None = None
    client: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What an engine answers from: a folder with an engine store, the version of its content (one version,
    one content; empty: unknown), what it is in words, and the release of a compiled dataset (then ``version``
    is its digest; None: other files)."""

    store: Path
    version: str = ""
    description: str = ""
    release: str | None = None

    @property
    def identity(self) -> DatasetVersion | None:
        """How a compiled dataset is called in citations."""
        return None if self.release is None else DatasetVersion(self.release, self.version)


class QueryResult(Protocol):
    """A serialised result, as it comes.  The caller reads it to its end or closes it; closing early ends the
    query."""

    @property
    def length(self) -> int | None:
        """Size in bytes when the whole result is already there, otherwise None."""

    @property
    def digest(self) -> str | None:
        """Digest of the result (docs/citation.md) when the query asks for it, the whole result is there, and
        its format has kept the terms; otherwise None."""

    @property
    def explanation(self) -> str | None:
        """How the result came about, in a few words for a response header; None when there is nothing to
        tell."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes; a normal end means that the result is complete.

        :raises QueryTimeout: the deadline passed before the last byte.
        :raises EngineFailure: the engine died before the last byte.
        :raises ResultTooLarge: it has too many bytes.
        :raises QueryError: evaluation or serialisation failed halfway.
        """

    async def aclose(self) -> None:
        """Give back what the result holds; harmless when called twice or after the end."""


class Engine(Protocol):
    """Answers queries.  A new behaviour (remote, federated, caching) is a new Engine around an old one."""

    async def query(self, query: Query, format: Format, limits: Limits) -> QueryResult:  # noqa: A002
        """Start ``query`` and return once its first bytes are there, so that an error still can become a
        status.

        :raises QuerySyntaxError: the text does not parse.
        :raises ForbiddenQuery: the text asks for what this engine never does.
        :raises QueryError: the query is wrong in some other way (unknown function, result not writable in
            ``format``).
        :raises QueryTimeout: the deadline passed.
        :raises EngineFailure: the engine died of this query.
        :raises ResultTooLarge: the result has too many bytes.
        :raises Overloaded: too many queries are in flight.
        :raises Throttled: too many of this client are.
        """
