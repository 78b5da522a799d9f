"""The road of a query through the server: read, parse, negotiate, look whether the result is at hand, else
ask the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from polcoop.citation.digests import query_digest
from polcoop.citation.provenance import RESULT, WANTED, DatasetVersion, Provenance, field, now
from polcoop.errors import (
    Overloaded,
    PolcoopError,
    QueryError,
    QueryTimeout,
    ResultTooLarge,
    Throttled,
    UsageError,
)
from polcoop.formats import Representation
from polcoop.settings import Settings
from polcoop.sparql.engine import Dataset, Engine, Limits, QueryResult
from polcoop.sparql.federation.plan import HEADER
from polcoop.sparql.query import LONG_TEXT, Bounds, Query
from polcoop.sparql.telemetry import Outcome, Telemetry
from polcoop.web import coding
from polcoop.web.caching import Entry, Headers, Key, ResultCache, entity_tag, matches, repeatable
from polcoop.web.delivery import Copy, Delivery, Kept, while_connected
from polcoop.web.protocol import Operation, read_operation

_OUTCOMES: Final[dict[type[BaseException], Outcome]] = {
    QueryTimeout: Outcome.TIMEOUT,
    ResultTooLarge: Outcome.OVERSIZED,
    Overloaded: Outcome.BUSY,
    Throttled: Outcome.THROTTLED,
    QueryError: Outcome.REFUSED,
    UsageError: Outcome.REFUSED,
    ClientDisconnect: Outcome.LEFT,
}


_WANTED: Final = WANTED.lower().encode()


def outcome_of(error: BaseException) -> Outcome:
    """How a query ended that raised ``error`` before its first byte."""
    return next((_OUTCOMES[kind] for kind in type(error).__mro__ if kind in _OUTCOMES), Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Question:
    """What a request asks for, once it is understood."""

    query: Query
    representation: Representation
    limits: Limits
    coding: str | None
    if_none_match: bytes


class Answering:
    """Answers requests to ``/sparql`` from an engine, and from what it answered before."""

    def __init__(
        self, engine: Engine, dataset: Callable[[], Dataset], settings: Settings, telemetry: Telemetry
    ) -> None:
        """``dataset`` says what the engine answers from at the moment."""
        self._engine, self._dataset, self._telemetry = engine, dataset, telemetry
        self._bounds = settings.bounds
        self._seconds, self._largest = settings.timeout, settings.max_result_bytes
        self._cache = ResultCache(settings.cache << 20, telemetry)
        fresh = f"public, max-age={settings.max_age}" if settings.max_age else "public, no-cache"
        self._fresh = (b"cache-control", fresh.encode())

    async def ask(self, request: Request) -> Response:
        """Answer one request.

        :raises PolcoopError: what the request says is wrong, or the engine could not answer.
        :raises ClientDisconnect: the client has left.
        """
        return await self._counted(request, None)

    async def answer(self, request: Request, operation: Operation) -> Response:
        """Answer a request as if it had asked ``operation``, raising what :meth:`ask` raises."""
        return await self._counted(request, operation)

    async def _counted(self, request: Request, operation: Operation | None) -> Response:
        begun = time.perf_counter()

        def ended(outcome: Outcome) -> None:
            self._telemetry.finished(outcome, time.perf_counter() - begun)

        try:
            response = await self._answer(await self._question(request, operation), request, ended)
        except (PolcoopError, ClientDisconnect) as error:
            ended(outcome_of(error))
            raise
        return response

    async def _question(self, request: Request, operation: Operation | None) -> Question:
        operation = operation or await read_operation(request, self._bounds.length)
        query = await _parse(operation.query, self._bounds)
        query = query.with_dataset(operation.default_graphs, operation.named_graphs)
        if operation.digest or wants_digest(request.scope["headers"]):
            query = query.with_digest()
        accept, codings, if_none_match = header_values(request.scope["headers"])
        client = request.client.host if request.client else ""
        return Question(
            query,
            operation.representation(accept.decode("latin-1") or None, query.form.formats),
            Limits(operation.seconds(self._seconds), self._largest, client),
            coding.choose(codings.decode("latin-1")),
            if_none_match,
        )

    async def _answer(
        self, question: Question, request: Request, ended: Callable[[Outcome], None]
    ) -> Response:
        query, representation = question.query, question.representation
        dataset = self._dataset()
        headers: Headers = [(b"content-type", representation.content_type.encode())]
        headers += _provenance(query, dataset.identity)
        key = self._key(query, representation)
        if key is None:
            headers.append((b"cache-control", b"no-store"))
            result = await self._evaluate(question, request)
            return await self._deliver(result, Entry(headers, b"", b""), None, question.coding, ended)
        tag = entity_tag(key[0], query, representation)
        headers += [(b"etag", tag), self._fresh]
        entry = self._cache.get(key)
        if matches(tag, question.if_none_match):
            ended(Outcome.UNCHANGED)
            return Kept(entry or Entry(headers, tag, b""), None, None, repeated=True)
        if entry is not None:
            response = await self._kept(entry, question.coding, repeated=True)
            ended(Outcome.CACHED)
            return response
        result = await self._evaluate(question, request)
        if self._dataset().version != key[0]:
            # The dataset changed meanwhile, and the result may be of one or the other.
            headers[1:] = [*_provenance(query, None), (b"cache-control", b"no-store")]
            key = None
        return await self._deliver(result, Entry(headers, tag, b""), key, question.coding, ended)

    def _key(self, query: Query, representation: Representation) -> Key | None:
        version = self._dataset().version
        return (version, query, representation.media_type) if version and repeatable(query) else None

    async def _evaluate(self, question: Question, request: Request) -> QueryResult:
        asking = self._engine.query(question.query, question.representation.format, question.limits)
        return await while_connected(request.receive, asking)

    async def _deliver(
        self,
        result: QueryResult,
        entry: Entry,
        key: Key | None,
        name: str | None,
        ended: Callable[[Outcome], None],
    ) -> Response:
        """Return the response for a new result, and keep the result under ``key``, if there is one."""
        if result.digest is not None:
            entry.headers.append((RESULT.lower().encode(), field(result.digest).encode()))
        if result.explanation is not None:
            entry.headers.append((HEADER.lower().encode(), result.explanation.encode()))

        def keep(whole: bytes) -> None:
            entry.plain = whole
            if key is not None:
                self._cache.put(key, entry)

        if result.length is None:
            copy = Copy(self._cache.largest, keep) if key is not None else None
            return Delivery(result, entry.headers, name, ended, copy)
        keep(b"".join([chunk async for chunk in result.chunks()]))
        response = await self._kept(entry, name, repeated=False)
        ended(Outcome.ANSWERED)
        return response

    async def _kept(self, entry: Entry, name: str | None, *, repeated: bool) -> Kept:
        name = name if len(entry.plain) >= coding.LEAST else None
        return Kept(entry, await self._cache.coded(entry, name), name, repeated=repeated)


def header_values(headers: Headers) -> tuple[bytes, bytes, bytes]:
    """The headers that a result depends on: Accept, Accept-Encoding, If-None-Match.

    Several headers of a name mean the same as one with their values joined (RFC 9110, 5.3).
    """
    accept = codings = if_none_match = b""
    for name, value in headers:
        if name == b"accept":
            accept = accept + b", " + value if accept else value
        elif name == b"accept-encoding":
            codings = codings + b", " + value if codings else value
        elif name == b"if-none-match":
            if_none_match = if_none_match + b", " + value if if_none_match else value
    return accept, codings, if_none_match


def _provenance(query: Query, version: DatasetVersion | None) -> Headers:
    """What the answer says it is an answer to; the time is in Date."""
    digest = query_digest(query.text, query.default_graphs or (), query.named_graphs or ())
    fields = Provenance(version, digest, None, now()).headers()
    return [(name.lower().encode(), value.encode()) for name, value in fields.items()]


def wants_digest(headers: Headers) -> bool:
    """Whether the request asks for the digest of the result by its header."""
    return any(name == _WANTED for name, _ in headers)


async def _parse(text: str, bounds: Bounds) -> Query:
    if len(text) < LONG_TEXT:
        return Query.parse(text, bounds)
    return await asyncio.to_thread(Query.parse, text, bounds)
