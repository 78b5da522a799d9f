"""Pages for a browser, rendered from ``templates/``; everything that is filled in is escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from polcoop import __version__
from polcoop.errors import UnknownResource
from polcoop.formats import GRAPH, JSONLD, NTRIPLES, RDFXML, SOLUTIONS, TURTLE
from polcoop.iris import BASE, shrink
from polcoop.solutions import Iri, Literal, Solutions
from polcoop.sparql import resource as queries
from polcoop.web.addresses import Address
from polcoop.web.assets import Assets
from polcoop.web.documents import Document
from polcoop.web.view import Description, Names, Property
from polcoop.web.wording import say

_LANGUAGES: Final = (("en", "English"), ("fr", "Français"))
_LOCKED: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
POLICY: Final = f"{_LOCKED}; style-src 'self'; img-src 'self'"
"""Content-Security-Policy of every page but the one with the editor."""
_FORMATS: Final = tuple(
    {"label": label, "extension": choice.extension, "media_type": choice.media_type}
    for label, choice in (
        ("Turtle", TURTLE),
        ("JSON-LD", JSONLD),
        ("N-Triples", NTRIPLES),
        ("RDF/XML", RDFXML),
    )
)


@dataclass(frozen=True, slots=True)
class Example:
    """An example query: the last part of its IRI, its title with its language, its text."""

    name: str
    title: str
    lang: str | None
    text: str


# They work on any data, since any data can be served.
GENERAL: Final = (
    Example(
        "graphs",
        "The graphs and their sizes",
        "en",
        "SELECT ?graph (COUNT(*) AS ?triples)\nWHERE { GRAPH ?graph { ?s ?p ?o } }\nGROUP BY ?graph\n"
        "ORDER BY DESC(?triples)",
    ),
    Example(
        "classes",
        "The classes, the largest first",
        "en",
        "SELECT ?class (COUNT(DISTINCT ?thing) AS ?things)\nWHERE { ?thing a ?class }\nGROUP BY ?class\n"
        "ORDER BY DESC(?things)\nLIMIT 50",
    ),
    Example("triples", "Ten triples", "en", "SELECT *\nWHERE { ?subject ?predicate ?object }\nLIMIT 10"),
)


class Pages:
    """Renders pages for a server that a proxy may show under the path ``prefix``."""

    headers: Final = {"Content-Security-Policy": POLICY}
    """Headers of what is returned as bytes."""

    def __init__(self, prefix: str, assets: Assets, is_ours: Callable[[], bool]) -> None:
        """``is_ours`` says whether the data served is this project's: only then are its parts linked."""
        self.prefix, self.assets, self._is_ours = prefix, assets, is_ours
        self._templates = Environment(
            loader=PackageLoader("polcoop.web"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            version=__version__, prefix=prefix, asset=assets.address, languages=_LANGUAGES
        )

    def home(
        self, language: str, examples: Sequence[Example], *, query: str, given: str, source: str
    ) -> HTMLResponse:
        """Say what this is and offer a form with ``query`` in it, which needs no script; ``given`` names the
        query if the address asked for one, ``source`` says what is served."""
        editor = self.assets.editor
        html = self._render(
            "home.html", language,
            examples=examples, query=query, given=given, source=source, editor=editor,
            result_formats=[choice.name for choice in SOLUTIONS],
            graph_formats=[choice.name for choice in GRAPH],
        )  # fmt: skip
        return _page(html, language, POLICY if editor is None else _editor_policy(editor.origin))

    def resource(self, address: Address, names: Names, description: Description, bound: int) -> bytes:
        """Tell what is said of a resource, of claims and links ``bound`` each."""
        name, language = names.of(address.iri)
        claims, incoming = description.claims(), description.incoming()
        html = self._render(
            "resource.html", names.language,
            **self._head(address.path, address.iri, name, language),
            own=description.of(address.iri),
            claims=claims[:bound], more_claims=len(claims) > bound,
            incoming=incoming, more_links=description.links > bound,
            all_claims=self._query(queries.claims_about(address.iri)),
            all_links=self._query(queries.links_to(address.iri)),
        )  # fmt: skip
        return html.encode()

    def document(self, document: Document, names: Names, description: Description) -> bytes:
        """Show a document: its header, then all that it describes, each at its fragment."""
        iri = BASE + document.path
        name, language = names.of(iri)
        terms = [_term(each, names, description.of(each)) for each in document.subjects if each != iri]
        html = self._render(
            "document.html", names.language,
            **self._head(f"/{document.path}", iri, name, language),
            header=description.of(iri), terms=terms,
        )  # fmt: skip
        return html.encode()

    def graph(self, address: Address, names: Names, size: str, kinds: Solutions) -> bytes:
        """Tell what a named graph of ``size`` triples holds, class by class."""
        counted = [
            (names.link(kind.value), number.value)
            for kind, number in kinds.rows
            if isinstance(kind, Iri) and isinstance(number, Literal)
        ]
        text = f"SELECT * WHERE {{\n  GRAPH <{address.iri}> {{ ?subject ?predicate ?object }}\n}}\nLIMIT 100"
        html = self._render(
            "graph.html", names.language,
            **self._head(address.path, address.iri, "", None),
            curie=shrink(address.iri).strip("<>"), size=f"{int(size):,}", kinds=counted,
            query=self._query(text),
        )  # fmt: skip
        return html.encode()

    def stored(self, language: str, **shown: Any) -> HTMLResponse:
        """Show a stored query with its provenance and citations."""
        return _page(self._render("stored.html", language, **shown), language)

    def unknown(self, address: Address, language: str, error: UnknownResource) -> HTMLResponse:
        """Say that there is nothing at this path."""
        word = address.path.rpartition("/")[2].replace("-", " ")
        search = self._query(queries.labelled_like(word))
        html = self._render("unknown.html", language, iri=address.iri, search=search)
        return _page(html, language, status=error.status)

    def _head(self, path: str, iri: str, name: str, language: str | None) -> dict[str, Any]:
        return {
            "path": self.prefix + path, "iri": iri, "name": name, "name_lang": language, "formats": _FORMATS,
        }  # fmt: skip

    def _query(self, text: str) -> str:
        """Address of the form with ``text`` in it."""
        return f"{self.prefix}/?{urlencode({'query': text})}#ask"

    def _render(self, template: str, language: str, **values: Any) -> str:
        return self._templates.get_template(template).render(
            lang=language, say=partial(say, language=language), ours=self._is_ours(), **values
        )


def _term(iri: str, names: Names, properties: list[Property]) -> dict[str, Any]:
    name, language = names.of(iri)
    fragment = iri.rpartition("#")[2] if "#" in iri else iri.rpartition("/")[2]
    return {"id": fragment, "name": name, "lang": language, "curie": shrink(iri), "properties": properties}


def _editor_policy(origin: str) -> str:
    """YASGUI sets style attributes and draws icons from data: addresses; it needs no ``eval``."""
    return (
        f"{_LOCKED}; script-src 'self' {origin}; style-src 'self' 'unsafe-inline' {origin}; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'"
    )


def _page(html: str, language: str, policy: str = POLICY, *, status: int = 200) -> HTMLResponse:
    headers = {"Content-Security-Policy": policy, "Content-Language": language}
    return HTMLResponse(html, status, headers)
