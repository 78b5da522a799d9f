"""SPARQL 1.1 Graph Store HTTP Protocol, as far as it reads: GET and HEAD with indirect graph identification
(sections 4.2, 5.2 and 5.6)."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from polcoop.errors import UnknownResource, UsageError
from polcoop.sparql.resource import graph_of, written
from polcoop.web.answering import Answering
from polcoop.web.lookup import Lookup
from polcoop.web.protocol import Operation
from polcoop.web.reading import once, query_fields

PARAMETERS: Final = ("graph", "default", "format")
_DEFAULT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
"""The default graph, which is the union of all graphs."""


class GraphStore:
    """Answers with the graphs that an engine holds."""

    def __init__(self, answering: Answering, lookup: Lookup) -> None:
        self._answering, self._lookup = answering, lookup

    async def answer(self, request: Request) -> Response:
        """Answer with a graph of the store, ``?graph=`` its IRI or ``?default``.

        :raises UsageError: the parameters name no graph, or two.
        :raises UnknownResource: there is no such graph.
        :raises NotAcceptable: no format fits.
        """
        given = once(query_fields(request), PARAMETERS)
        if ("graph" in given) == ("default" in given):
            raise UsageError("one graph is meant", hint="/graphs?graph=IRI or /graphs?default")
        text = _DEFAULT
        if "graph" in given:
            written(given["graph"])
            if not await self._lookup.holds(given["graph"], request):
                raise UnknownResource(
                    "there is no graph of this name", hint="SELECT DISTINCT ?graph { GRAPH ?graph {} }"
                )
            text = graph_of(given["graph"])
        return await negotiated(self._answering, request, Operation(text, format=given.get("format") or None))


async def negotiated(answering: Answering, request: Request, operation: Operation) -> Response:
    """Answer with the result of ``operation``, saying which headers of the request it depends on."""
    response = await answering.answer(request, operation)
    response.raw_headers.append((b"vary", b"Accept, Accept-Encoding"))
    return response
