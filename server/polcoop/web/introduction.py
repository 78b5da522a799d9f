"""What the server says of itself and its data: the description of the service to who asks nothing at
``/sparql``, and the documents at ``/.well-known/`` (RFC 8615), that is the description of the dataset (VoID,
6.2) and the example queries with their prefixes (SIB convention).

The latter two are graphs of the compiled dataset.  Over other data the description is counted when it is
asked for, and there are no examples.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from polcoop.errors import NotAcceptable, UnknownResource
from polcoop.formats import GRAPH, HTML, negotiate
from polcoop.iris import CATALOGUE, EXAMPLES
from polcoop.settings import Settings
from polcoop.sources.statistics import statistics_query
from polcoop.sparql.description import catalogue_query, service_description
from polcoop.sparql.engine import Dataset
from polcoop.sparql.resource import graph_of
from polcoop.web.answering import Answering, header_values
from polcoop.web.description import GET_EXAMPLES, GET_GRAPH, GET_VOID
from polcoop.web.graphstore import GraphStore, negotiated
from polcoop.web.lookup import Lookup
from polcoop.web.origin import origin
from polcoop.web.protocol import Operation
from polcoop.web.reading import once, query_fields

VOID, QUERIES = "/.well-known/void", "/.well-known/sparql-examples"


class Introduction:
    """Answers for what the server says of itself; any question is passed on to ``answering``."""

    def __init__(
        self, answering: Answering, lookup: Lookup, dataset: Callable[[], Dataset], settings: Settings
    ) -> None:
        """``dataset`` says what the engine answers from at the moment."""
        self._answering, self._lookup, self._dataset = answering, lookup, dataset
        self._prefix = settings.prefix
        self._federated = settings.federation and bool(settings.federation_endpoints.strip())

    def add_to(self, app: FastAPI) -> None:
        """Add the routes of ``/.well-known/`` and of the Graph Store Protocol to ``app``."""
        store = GraphStore(self._answering, self._lookup)
        for path, handler, described in (
            ("/graphs", store.answer, GET_GRAPH),
            (VOID, self.catalogue, GET_VOID),
            (QUERIES, self.examples, GET_EXAMPLES),
        ):
            app.add_api_route(path, handler, methods=["GET"], response_class=Response, **described)

    async def ask(self, request: Request) -> Response:
        """Answer a request to ``/sparql``: without any parameter with the description of the service (Service
        Description, 2), or for a browser with the way to the page.

        :raises PolcoopError: as :meth:`Answering.ask` says.
        """
        if request.scope["query_string"] or request.method == "POST":
            return await self._answering.ask(request)
        accept, _, _ = header_values(request.scope["headers"])
        try:
            wanted = negotiate(accept.decode("latin-1") or None, (*GRAPH, HTML)).format
        except NotAcceptable:
            # Who wants a result has forgotten the query.
            return await self._answering.ask(request)
        if wanted is HTML:
            return RedirectResponse(f"{self._prefix}/", 303)
        endpoint = f"{origin(request)}{self._prefix}/sparql"
        text = service_description(endpoint, self._dataset().identity, federated=self._federated)
        return await self._answering.answer(request, Operation(text))

    async def catalogue(self, request: Request) -> Response:
        """Answer with the description of the dataset.

        :raises UsageError: there is a parameter other than ``format``, or it is repeated.
        :raises NotAcceptable: no format fits.
        """
        form = _format(request)
        if await self._lookup.holds(CATALOGUE, request):
            text = catalogue_query(self._dataset().identity)
        else:
            text = statistics_query(f"{origin(request)}{self._prefix}{VOID}")
        return await negotiated(self._answering, request, Operation(text, format=form))

    async def examples(self, request: Request) -> Response:
        """Answer with the example queries and the prefixes.

        :raises UnknownResource: the data comes without examples.
        :raises PolcoopError: as :meth:`catalogue` says.
        """
        form = _format(request)
        if not await self._lookup.holds(EXAMPLES, request):
            raise UnknownResource("the data that is served here comes without example queries")
        return await negotiated(self._answering, request, Operation(graph_of(EXAMPLES), format=form))


def _format(request: Request) -> str | None:
    return once(query_fields(request), ("format",)).get("format") or None
