"""The digest of a whole serialised result (docs/citation.md), in the process of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
)

from polcoop.citation.digests import boolean_digest, graph_digest, rows_digest

RESULTS: Final = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "tsv": QueryResultsFormat.TSV,
}
"""Short names of the formats of solutions, but for CSV, which has lost the terms: whether 1 was a number or a
text, whether http://… was an IRI."""
GRAPHS: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
}
"""Short names of the formats of graphs."""

IDENTIFIABLE: Final = RESULTS.keys() | GRAPHS.keys()
"""Short names of the formats that have kept the terms of a result."""


def result_digest(data: bytes, format: str, *, ordered: bool) -> str | None:  # noqa: A002
    """Return the digest of a result that is whole in ``data``; the same one in whatever format it is.

    None for a format without terms (CSV), and for a graph whose blank nodes are linked to one another:
    canonicalising it may take exponential time, which a server does not spend on a header.

    :param format: short name, ``json`` or ``turtle`` for instance.
    :param ordered: whether the query has ORDER BY.
    """
    if format in RESULTS:
        return solutions_digest(parse_query_results(data, format=RESULTS[format]), ordered=ordered)
    if format not in GRAPHS:
        return None
    triples = [quad.triple for quad in parse(data, format=GRAPHS[format])]
    return None if _linked(triples) else triples_digest(triples)


def solutions_digest(results: QuerySolutions | QueryBoolean, *, ordered: bool) -> str:
    """Return the digest of solutions, which are used up by it, or of a truth value."""
    if isinstance(results, QueryBoolean):
        return boolean_digest(bool(results))
    names = [variable.value for variable in results.variables]
    rows = [[None if term is None else str(term) for term in solution] for solution in results]
    return rows_digest(names, rows, ordered=ordered)


def triples_digest(triples: Iterable[Triple]) -> str:
    """Return the digest of a graph, canonicalised by RDFC-1.0 whatever time that takes."""
    dataset = Dataset()
    blank = False
    lines = []
    for triple in triples:
        lines.append(f"{triple} .")
        blank = blank or "_:" in lines[-1]
        dataset.add(Quad(triple.subject, triple.predicate, triple.object))
    if not blank:
        return graph_digest(lines)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return graph_digest(f"{quad.triple} ." for quad in dataset)


def _linked(triples: Iterable[Triple]) -> bool:
    return any(
        isinstance(triple.object, Triple)
        or (isinstance(triple.subject, BlankNode) and isinstance(triple.object, BlankNode))
        for triple in triples
    )
