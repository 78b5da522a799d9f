"""Graphs: the answers to CONSTRUCT and DESCRIBE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.sax import SAXParseException

import rdflib
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax

from polcoop.errors import ParseError
from polcoop.formats import NTRIPLES, RDFXML, TURTLE

_PARSERS: Final = {
    media_type: parser
    for choice, parser in ((NTRIPLES, "nt"), (TURTLE, "turtle"), (RDFXML, "xml"))
    for media_type in choice.media_types
}


def read_graph(content: bytes, media_type: str, prefixes: Mapping[str, str]) -> rdflib.Graph:
    """Return the graph that is written in ``content``; it prints with ``prefixes``.

    :raises ParseError: it is not well formed.
    """
    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in prefixes.items():
        graph.bind(prefix, namespace, override=False)
    try:
        return graph.parse(data=content, format=_PARSERS[media_type])
    except (ParserError, BadSyntax, SAXParseException, UnicodeDecodeError) as error:
        raise ParseError(f"the graph in the answer cannot be read: {error}") from error
