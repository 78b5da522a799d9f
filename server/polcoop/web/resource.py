"""Linked data: every IRI of ours answers at its path, as RDF or as a page.

A path is answered with 200 and not with 303: the identifiers are at w3id.org, and it is there that an IRI of
something that is no document is redirected, to this server, whose URLs are those of documents ("Cool URIs for
the Semantic Web", 4.2, one generic document).  Content-Location names the document in the format sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request, Response

from polcoop import __version__
from polcoop.errors import UnknownResource, UsageError
from polcoop.formats import HTML, Representation, negotiate
from polcoop.iris import BASE, GRAPHS, PREFIXES, prefixes_for
from polcoop.solutions import Iri, Literal
from polcoop.sparql import resource as queries
from polcoop.sparql.engine import Dataset
from polcoop.web import coding
from polcoop.web.addresses import OFFERED, Address, address
from polcoop.web.answering import header_values
from polcoop.web.caching import matches
from polcoop.web.delivery import Delivery, while_connected
from polcoop.web.documents import Document, find_document
from polcoop.web.language import language
from polcoop.web.lookup import Lookup
from polcoop.web.pages import Pages
from polcoop.web.view import Description, Names, Row, named, rows


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a resource: what, as what, in which language and coding; ``client`` is who asks."""

    address: Address
    representation: Representation
    language: str
    coding: str | None
    client: Request

    @classmethod
    def by(cls, request: Request) -> Asked:
        """Read a request.

        :raises UnknownResource: no IRI has such a path.
        :raises NotAcceptable: no format fits.
        :raises UsageError: ``?lang=`` is no language of ours.
        """
        own = address(request.scope["path"])
        try:
            queries.written(own.iri)
        except UsageError as error:
            raise UnknownResource("no IRI has such a path") from error
        accept, codings, _ = header_values(request.scope["headers"])
        if own.format:
            representation = Representation(own.format, own.format.media_type)
        else:
            representation = negotiate(accept.decode("latin-1") or None, OFFERED)
        wished = language(request.headers.get("accept-language"), request.query_params.get("lang"))
        return cls(own, representation, wished, coding.choose(codings.decode("latin-1")), request)

    @property
    def is_page(self) -> bool:
        """Whether a page is wanted."""
        return self.representation.format is HTML

    def tag(self, version: str) -> bytes:
        """The entity tag: version of the data and of the program, format and language make the answer.

        Weak, since it is for all content codings.
        """
        spoken = f"-{self.language}" if self.is_page else ""
        return f'W/"{version[:16]}-{__version__}-{self.representation.format.name}{spoken}"'.encode()


class Resources:
    """Answers for all IRIs of ours, from an engine and from the documents beside its store."""

    def __init__(
        self, lookup: Lookup, pages: Pages, dataset: Callable[[], Dataset], *, bound: int, fresh: str
    ) -> None:
        """``dataset`` says what the engine answers from at the moment, ``bound`` how many claims and links
        are told, ``fresh`` is the value of Cache-Control."""
        self._lookup, self._pages, self._dataset = lookup, pages, dataset
        self._bound, self._fresh = bound, fresh

    async def answer(self, request: Request) -> Response:
        """Answer a GET or HEAD.

        :raises UnknownResource: the data says nothing of it, and the client is no browser.
        :raises PolcoopError: as :meth:`Asked.by` and the engine say.
        """
        asked, dataset = Asked.by(request), self._dataset()
        if dataset.version and matches(
            asked.tag(dataset.version), header_values(request.scope["headers"])[2]
        ):
            return Response(status_code=304, headers=self._headers(asked, dataset.version))
        try:
            response = await while_connected(request.receive, self._respond(asked, dataset))
        except UnknownResource as error:
            if asked.is_page:
                return self._pages.unknown(asked.address, asked.language, error)
            raise
        # When the dataset has changed meanwhile, the answer may be of one or the other.
        version = dataset.version if self._dataset() is dataset else ""
        response.headers.update(self._headers(asked, version))
        return response

    async def _respond(self, asked: Asked, dataset: Dataset) -> Response:
        document = await self._document(asked, dataset)
        if document and asked.is_page:
            return await self._document_page(asked, document)
        if document:
            content = await asyncio.to_thread(document.content, asked.representation.format)
            return await _whole(content, asked)
        if asked.address.iri.startswith(GRAPHS):
            return await self._graph(asked)
        found = rows(await self._lookup.rows(queries.described(asked.address.iri, self._bound), asked.client))
        if not found:
            raise UnknownResource(f"the data says nothing of {asked.address.iri}")
        if asked.is_page:
            return await self._page(asked, found)
        named_here = named(found)
        text = queries.described_in_full(asked.address.iri, named_here, self._bound)
        return await self._stream(asked, text, prefixes_for([*named_here, *queries.LABELS]))

    async def _page(self, asked: Asked, found: list[Row]) -> Response:
        names = await self._names(asked, [asked.address.iri, *named(found)])

        def render() -> bytes:
            return self._pages.resource(asked.address, names, Description(found, names), self._bound)

        return await _whole(await asyncio.to_thread(render), asked, self._pages.headers)

    async def _document_page(self, asked: Asked, document: Document) -> Response:
        found = rows(await self._lookup.rows(queries.said_in(document.graph), asked.client))
        names = await self._names(asked, named(found))

        def render() -> bytes:
            return self._pages.document(document, names, Description(found, names))

        return await _whole(await asyncio.to_thread(render), asked, self._pages.headers)

    async def _graph(self, asked: Asked) -> Response:
        iri = asked.address.iri
        size = await self._lookup.rows(queries.size_of(iri), asked.client)
        count = next((term.value for row in size.rows for term in row if isinstance(term, Literal)), "0")
        if count == "0":
            raise UnknownResource(f"there is no graph {iri}")
        if not asked.is_page:
            return await self._stream(asked, queries.graph_of(iri), tuple(PREFIXES.items()))
        kinds = await self._lookup.rows(queries.kinds_in(iri), asked.client)
        names = await self._names(asked, [kind.value for kind, _ in kinds.rows if isinstance(kind, Iri)])
        page = self._pages.graph(asked.address, names, count, kinds)
        return await _whole(page, asked, self._pages.headers)

    async def _document(self, asked: Asked, dataset: Dataset) -> Document | None:
        """The document at the path, or the one of which the path is the version IRI, while it has that
        version."""
        path = asked.address.path
        if not path.startswith(("/ontology", "/shapes")):
            return None
        if document := find_document(dataset, path.removeprefix("/")):
            return document
        found = await self._lookup.rows(queries.of_version(asked.address.iri), asked.client)
        current = next((term.value for row in found.rows for term in row if isinstance(term, Iri)), None)
        return find_document(dataset, current.removeprefix(BASE)) if current else None

    async def _names(self, asked: Asked, iris: list[str]) -> Names:
        names = Names(asked.language, self._pages.prefix)
        names.learn(await self._lookup.rows(queries.labels(iris), asked.client))
        return names

    async def _stream(self, asked: Asked, text: str, prefixes: tuple[tuple[str, str], ...]) -> Response:
        result = await self._lookup.result(text, asked.representation.format, asked.client, prefixes)
        kind = (b"content-type", asked.representation.content_type.encode())
        name = asked.coding if result.length is None or result.length >= coding.LEAST else None
        return Delivery(result, [kind], name, lambda _: None)

    def _headers(self, asked: Asked, version: str) -> dict[str, str]:
        own, chosen = asked.address, asked.representation.format
        path = f"{self._pages.prefix}{own.path}"
        vary = ["Accept-Encoding"] + (["Accept"] if own.format is None else [])
        vary += ["Accept-Language"] if own.format in {None, HTML} else []
        headers = {
            "Link": ", ".join(
                f'<{path}.{each.extension}>; rel="alternate"; type="{each.media_type}"' for each in OFFERED
            ),
            "Vary": ", ".join(vary),
            "Cache-Control": self._fresh if version else "no-store",
        }
        if own.format is None:
            headers["Content-Location"] = f"{path}.{chosen.extension}"
        if version:
            headers["ETag"] = asked.tag(version).decode()
        return headers | ({"Content-Language": asked.language} if asked.is_page else {})


async def _whole(content: bytes, asked: Asked, headers: dict[str, str] | None = None) -> Response:
    """The response with all of ``content``."""
    name = asked.coding if len(content) >= coding.LEAST else None
    coded = {"Content-Encoding": name} if name else {}
    body = await coding.compressed(content, name) if name else content
    kind = {"Content-Type": asked.representation.content_type}
    return Response(body, headers={**kind, **coded, **(headers or {})})
