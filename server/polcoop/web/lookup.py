"""What pages ask the engine: their own queries, on behalf of a client that takes its turn like any other."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from polcoop.formats import JSON, Format
from polcoop.solutions import Solutions, read
from polcoop.sparql.engine import Engine, Limits, QueryResult
from polcoop.sparql.query import Query
from polcoop.sparql.resource import written


class Lookup:
    """Asks an engine, each query with a deadline of ``seconds``."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine, self._seconds = engine, seconds

    async def result(
        self, text: str, file_format: Format, request: Request, prefixes: tuple[tuple[str, str], ...] = ()
    ) -> QueryResult:
        """Return the result of a query of ours, a graph with ``prefixes``; the caller reads it or closes it.

        :raises PolcoopError: as :meth:`polcoop.sparql.engine.Engine.query` says.
        """
        client = request.client.host if request.client else ""
        limits = Limits(self._seconds, client=client)
        return await self._engine.query(replace(Query.parse(text), prefixes=prefixes), file_format, limits)

    async def rows(self, text: str, request: Request) -> Solutions:
        """Return the rows of a SELECT query of ours, raising what :meth:`result` raises."""
        result = await self.result(text, JSON, request)
        found = read(b"".join([chunk async for chunk in result.chunks()]))
        assert isinstance(found, Solutions)  # noqa: S101 - every query that is asked here is a SELECT
        return found

    async def holds(self, graph: str, request: Request) -> bool:
        """Return whether there is a named graph with this IRI, raising what :meth:`result` raises."""
        result = await self.result(f"ASK {{ GRAPH {written(graph)} {{}} }}", JSON, request)
        return read(b"".join([chunk async for chunk in result.chunks()])) is True
