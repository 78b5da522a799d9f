"""Graphs: the answers to CONSTRUCT and DESCRIBE, which say what they are answers to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from xml.sax import SAXParseException

import rdflib
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax

from polcoop.errors import ParseError, UsageError
from polcoop.formats import NTRIPLES, RDFXML, TURTLE

if TYPE_CHECKING:
    from polcoop.citation.provenance import Provenance

    from .citing import Cite

_PARSERS: Final = {
    media_type: parser
    for choice, parser in ((NTRIPLES, "nt"), (TURTLE, "turtle"), (RDFXML, "xml"))
    for media_type in choice.media_types
}


class ResultGraph(rdflib.Graph):
    """The answer to a CONSTRUCT or DESCRIBE query: an ``rdflib.Graph`` that can be cited.

    ``source`` says in words what was asked, ``provenance`` what it is an answer to.  They are those of the
    answer: what is added or removed afterwards changes neither, and a graph that is made of it
    (``graph + other``) has none.
    """

    source = ""
    provenance: Provenance | None = None
    _cite: Cite | None = None

    @classmethod
    def read(cls, content: bytes, media_type: str, prefixes: Mapping[str, str]) -> ResultGraph:
        """Return the graph that is written in ``content``; it prints with ``prefixes``.

        :raises ParseError: it is not well formed.
        """
        graph = cls(bind_namespaces="none")
        for prefix, namespace in prefixes.items():
            graph.bind(prefix, namespace, override=False)
        try:
            graph.parse(data=content, format=_PARSERS[media_type])
        except (ParserError, BadSyntax, SAXParseException, UnicodeDecodeError) as error:
            raise ParseError(f"the graph in the answer cannot be read: {error}") from error
        return graph

    def of(self, source: str, provenance: Provenance, cite: Cite) -> ResultGraph:
        """Return this graph with what it is an answer to."""
        self.source, self.provenance, self._cite = source, provenance, cite
        return self

    def cite(self, style: str = "apa", lang: str | None = None) -> str:
        """Return how this graph is cited: the dataset version, the note with the pages, and the sources of
        the claims, facts, footnotes and works among its subjects and objects.

        :param style: ``apa``, ``bibtex``, ``ris`` or ``csl-json``.
        :param lang: ``en`` or ``fr``, by default the language of the connection.
        :raises UsageError: there is no such style or language, nothing of ours was asked, or it names too
            many nodes.
        """
        if self._cite is None:
            raise UsageError("this graph is not an answer, and has nobody to be asked about it")
        nodes = {*self.subjects(), *self.objects()}
        return self._cite(sorted(str(node) for node in nodes if isinstance(node, rdflib.URIRef)), style, lang)
