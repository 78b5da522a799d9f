"""Permalinks: ``POST /q`` stores a query, ``GET /q/<id>`` answers it, in any format of its result, as a page,
or as a citation; ``?version=`` from an earlier version of the dataset."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from polcoop.citation.digests import query_digest
from polcoop.citation.provenance import DatasetVersion
from polcoop.citation.styles import Style
from polcoop.errors import NotStored, UsageError
from polcoop.formats import HTML, PLAIN_JSON, REFERENCES, Representation, by_name, negotiate
from polcoop.iris import EXAMPLES
from polcoop.settings import Settings
from polcoop.solutions import Iri, Literal
from polcoop.sparql import resource as queries
from polcoop.sparql.archive import Archive
from polcoop.sparql.engine import Dataset, Engine, Limits
from polcoop.sparql.local import LocalEngine
from polcoop.sparql.query import Query
from polcoop.web.citing import Citing
from polcoop.web.description import GET_STORED, LIST_STORED, POST_STORED
from polcoop.web.language import language
from polcoop.web.lookup import Lookup
from polcoop.web.pages import Example, Pages
from polcoop.web.protocol import read_operation
from polcoop.web.reading import once, query_fields
from polcoop.web.shelf import Shelf, query_id

Ask = Callable[[Request], Awaitable[Response]]
PARAMETERS: Final = ("format", "timeout", "version", "lang")
_LASTING: Final = {True: "for good", False: "until the server restarts, or until many others are stored"}


@dataclass(frozen=True, slots=True)
class Road:
    """The way of a query to its answer: an engine, who answers requests from it, and what it answers from."""

    engine: Engine
    ask: Ask
    dataset: Callable[[], Dataset]


class Permalinks:
    """The routes below ``/q``."""

    def __init__(
        self,
        current: Road,
        road: Callable[[LocalEngine], Road],
        archive: Archive,
        pages: Pages,
        settings: Settings,
    ) -> None:
        """``road`` builds the way to an engine of the archive.

        :raises SourceError: queries cannot be stored in the folder of the settings.
        """
        self._current, self._road, self._archive, self._pages = current, road, archive, pages
        self._shelf = Shelf(
            settings.permalinks, most=settings.max_permalinks, longest=settings.max_permalink_bytes
        )
        self._bounds = settings.bounds
        self._seconds = settings.timeout
        self._citing = Citing()
        self._lookup = Lookup(current.engine, settings.timeout)
        self._examples: tuple[str, dict[str, Example]] | None = None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to ``app``."""
        app.add_api_route("/q", self.store, methods=["POST"], response_class=Response, **POST_STORED)
        app.add_api_route("/q", self.list, methods=["GET"], response_class=Response, **LIST_STORED)
        app.add_api_route("/q/{name}", self.answer, methods=["GET"], response_class=Response, **GET_STORED)

    async def store(self, request: Request) -> Response:
        """Store the query that is sent as to ``/sparql``; a browser is led on to its page.

        :raises PolcoopError: it is malformed, names graphs beside its text, is too long, or there is no room.
        """
        operation = await read_operation(request, self._bounds.length)
        if operation.default_graphs or operation.named_graphs:
            raise UsageError(
                "a stored query is its text alone", hint="write FROM and FROM NAMED into the query"
            )
        Query.parse(operation.query, self._bounds)
        link = self._link(self._shelf.put(operation.query))
        if negotiate(request.headers.get("accept"), (PLAIN_JSON, HTML)).format is HTML:
            return RedirectResponse(link, 303)
        version = self._current.dataset().identity
        body = {
            "permalink": link,
            "pinned": _pinned(link, version),
            "query_digest": query_digest(operation.query),
            "dataset": str(version) if version else None,
            "kept": _LASTING[self._shelf.lasting],
        }
        return JSONResponse(body, 201, {"Location": link})

    async def list(self, request: Request) -> Response:
        """List the example queries with their permalinks, and the dataset versions that can be named."""
        known = await self._known(request)
        examples = [
            {"name": example.name, "question": example.title, "permalink": self._link(name)}
            for name, example in sorted(known.items(), key=lambda item: item[1].name)
        ]
        versions = [str(version) for version in self._archive.versions()]
        return JSONResponse({"examples": examples, "versions": versions})

    async def answer(self, request: Request, name: str) -> Response:
        """Answer a stored query.

        :raises NotStored: there is no query of this name.
        :raises VersionNotKept: ``version=`` names a dataset version that is not here.
        :raises PolcoopError: as ``/sparql`` does.
        """
        asked = _parameters(request)
        text = await self._text(name, request)
        query = Query.parse(text, self._bounds)
        road = await self._chosen(asked.get("version"))
        representation = _representation(request, asked.get("format"), query)
        if representation.format is HTML or representation.format in REFERENCES:
            response = await self._cited(request, road, representation, self._link(name), query)
        else:
            response = await road.ask(_inner(request, text, representation, asked.get("timeout")))
        response.headers["Link"] = f'<{self._link(name)}>; rel="bookmark"'
        response.headers["Vary"] = "Accept, Accept-Encoding, Accept-Language"
        return response

    def _link(self, name: str) -> str:
        return f"{self._pages.prefix}/q/{name}"

    async def _text(self, name: str, request: Request) -> str:
        text = self._shelf.get(name)
        if text is None and (example := (await self._known(request)).get(name)):
            text = example.text
        if text is None:
            raise NotStored(
                "no query is stored under this address",
                hint="it was never stored here, or this server has restarted since; POST /q stores one",
            )
        return text

    async def _known(self, request: Request) -> dict[str, Example]:
        """The example queries of the dataset that is served, by the names of their permalinks."""
        version = self._current.dataset().version
        if self._examples is None or self._examples[0] != version:
            rows = (await self._lookup.rows(queries.examples(EXAMPLES), request)).rows
            found = {
                query_id(text.value): Example(iri.value.rpartition("/")[2], title.value, "en", text.value)
                for iri, title, text in rows
                if isinstance(iri, Iri) and isinstance(text, Literal)
                if isinstance(title, Literal) and title.language == "en"
            }
            self._examples = version, found
        return self._examples[1]

    async def _chosen(self, version: str | None) -> Road:
        current = self._current.dataset().identity
        if version is None or (current is not None and current.matches(version)):
            return self._current
        return self._road(await self._archive.find(version))

    async def _cited(
        self, request: Request, road: Road, representation: Representation, link: str, query: Query
    ) -> Response:
        asked = _parameters(request)
        wished = language(request.headers.get("accept-language"), asked.get("lang"))
        limits = Limits(self._seconds, client=request.client.host if request.client else "")
        found, texts = await self._citing.cited(query, road.engine, road.dataset().identity, limits, wished)
        headers = found.provenance.headers()
        if representation.format is not HTML:
            text = texts[Style(representation.format.name)]
            media_type = f"{representation.media_type}; charset=utf-8"
            return Response(text, headers=headers, media_type=media_type)
        version = asked.get("version")
        response = self._pages.stored(
            wished,
            link=link,
            suffix=f"&{urlencode({'version': version})}" if version else "",
            pinned=_pinned(link, found.provenance.dataset),
            query=query.text,
            formats=[choice.name for choice in query.form.formats],
            found=found,
            texts=texts,
            versions=[str(each) for each in self._archive.versions()],
            lasting=self._shelf.lasting,
        )
        response.headers.update(headers)
        return response


def _pinned(link: str, version: DatasetVersion | None) -> str | None:
    return f"{link}?{urlencode({'version': str(version)})}" if version else None


def _parameters(request: Request) -> dict[str, str]:
    """The parameters, each once.

    :raises UsageError: one is unknown or repeated.
    """
    found = once(query_fields(request), PARAMETERS)
    if "version" in found:
        # A plus sign in a version is easily left unescaped, and then read as a space.
        found["version"] = found["version"].replace(" ", "+")
    return {name: value for name, value in found.items() if value}


def _representation(request: Request, name: str | None, query: Query) -> Representation:
    # Data first: who accepts anything gets it.
    offered = (*query.form.formats, HTML, *REFERENCES)
    if name is not None:
        return by_name(name, offered)
    return negotiate(", ".join(request.headers.getlist("accept")) or None, offered)


def _inner(request: Request, text: str, representation: Representation, timeout: str | None) -> Request:
    """The request to ``/sparql`` that this one stands for."""
    fields = {"query": text, "format": representation.media_type, "digest": "true"}
    if timeout is not None:
        fields["timeout"] = timeout
    scope: dict[str, Any] = {**request.scope, "query_string": urlencode(fields).encode()}
    return Request(scope, request.receive)
