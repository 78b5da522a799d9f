"""Example queries as the SIB sparql-examples convention keeps them: a query inside a Turtle file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from polcoop.errors import SourceError
from polcoop.iris import PREFIXES
from polcoop.sources.project import EXAMPLES
from polcoop.sources.turtle import read

_RDF, _OWL, _SH, _XSD = (PREFIXES[prefix] for prefix in ("rdf", "owl", "sh", "xsd"))
_PROPERTIES: Final = frozenset(PREFIXES["sh"] + name for name in ("select", "ask", "construct", "describe"))


def example_query(path: Path) -> str:
    """Return the one query text in the Turtle file at ``path`` (``sh:select``, ``sh:ask``, ``sh:construct``).

    :raises SourceError: the file cannot be read or parsed, or does not hold exactly one query.
    """
    texts = [
        quad.object.value
        for quad in read(path)
        if quad.predicate.value in _PROPERTIES and isinstance(quad.object, Literal)
    ]
    if len(texts) != 1:
        raise SourceError(f"{path} holds {len(texts) or 'no'} queries (sh:select and the like); one is meant")
    return texts[0]


def prefix_declarations(quads: Iterable[Quad]) -> list[Quad]:
    """Return the declarations of the project's prefixes (SHACL, 5.2.1) in the graph of the example queries,
    and for each query among ``quads`` that it uses them."""
    queries = sorted({q.subject.value for q in quads if _is_query(q) and isinstance(q.subject, NamedNode)})
    found = [Quad(EXAMPLES, NamedNode(f"{_RDF}type"), NamedNode(f"{_OWL}Ontology"), EXAMPLES)]
    found += (Quad(NamedNode(query), NamedNode(f"{_SH}prefixes"), EXAMPLES, EXAMPLES) for query in queries)
    for prefix, namespace in PREFIXES.items():
        node = NamedNode(f"{EXAMPLES.value}#prefix-{prefix}")
        iri = Literal(namespace, datatype=NamedNode(f"{_XSD}anyURI"))
        found += (
            Quad(EXAMPLES, NamedNode(f"{_SH}declare"), node, EXAMPLES),
            Quad(node, NamedNode(f"{_RDF}type"), NamedNode(f"{_SH}PrefixDeclaration"), EXAMPLES),
            Quad(node, NamedNode(f"{_SH}prefix"), Literal(prefix), EXAMPLES),
            Quad(node, NamedNode(f"{_SH}namespace"), iri, EXAMPLES),
        )
    return found


def _is_query(quad: Quad) -> bool:
    return quad.graph_name == EXAMPLES and quad.predicate.value in _PROPERTIES
