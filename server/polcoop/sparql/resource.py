"""Queries about one resource: what is said of it, by which claims, what links to it, and what all these are
called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from polcoop.errors import UsageError
from polcoop.iris import PREFIXES

_IRI: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\]*')
_DEPTH: Final = 5
"""Blank nodes within blank nodes; a list counts as one level, however long."""

LABELS: Final = tuple(
    PREFIXES[prefix] + name
    for prefix, name in (
        ("skos", "prefLabel"),
        ("sh", "name"),
        ("dcterms", "title"),
        ("rdfs", "label"),
        ("polcoop", "statement"),
    )
)
"""Properties that name a resource, the best one first."""
_CLAIM: Final = ("statement", "onPage", "pageEnd", "modality", "isHedged", "attributedTo", "assessment")
"""What is told of a claim wherever it is listed."""

_PROLOGUE: Final = "".join(
    f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("polcoop", "rdf", "rdfs", "skos", "sh")
)


def written(iri: str) -> str:
    """Return ``iri`` as a query may carry it.

    :raises UsageError: it has characters that no IRI has (SPARQL 1.1, IRIREF).
    """
    if not _IRI.fullmatch(iri):
        raise UsageError("this is not an IRI")
    return f"<{iri}>"


def described(iri: str, bound: int) -> str:
    """A query for ``?role ?s ?p ?o``: ``own`` triples with those of the blank nodes they lead to, ``claim``
    triples of at most ``bound`` claims, and at most ``bound`` triples ``in`` that link here.

    Each of the latter two may hold one more, which tells that there are more.
    """
    return (
        f"{_PROLOGUE}SELECT DISTINCT ?role ?s ?p ?o WHERE {{\n"
        f'{{ {_own(iri)} BIND("own" AS ?role) }}\n'
        f'UNION {{ {_claims(iri, bound + 1)} BIND("claim" AS ?role) }}\n'
        f'UNION {{ {_incoming(iri, bound + 1)} BIND("in" AS ?role) }}\n'
        "}"
    )


def described_in_full(iri: str, named: Iterable[str], bound: int) -> str:
    """The same as a graph, with the labels of ``named``."""
    return (
        f"{_PROLOGUE}CONSTRUCT {{ ?s ?p ?o }} WHERE {{\n"
        f"{{ {_own(iri)} }}\nUNION {{ {_claims(iri, bound)} }}\nUNION {{ {_incoming(iri, bound)} }}\n"
        f"{_labelled(named)}\n"
        "}"
    )


def labels(named: Iterable[str]) -> str:
    """A query for ``?thing ?label``: the labels of ``named``."""
    path = "|".join(f"<{name}>" for name in LABELS)
    return (
        f"SELECT DISTINCT ?thing ?label WHERE {{ VALUES ?thing {{ {_nodes(named)} }} ?thing {path} ?label }}"
    )


def said_in(graph: str) -> str:
    """A query for ``?role ?s ?p ?o``: all that a named graph says, as :func:`described` has it."""
    return f'SELECT ?role ?s ?p ?o WHERE {{ GRAPH {written(graph)} {{ ?s ?p ?o }} BIND("own" AS ?role) }}'


def of_version(iri: str) -> str:
    """A query for ``?document``, of which ``iri`` is the version IRI."""
    return f"SELECT ?document WHERE {{ ?document <{PREFIXES['owl']}versionIRI> {written(iri)} }} LIMIT 1"


def graph_of(iri: str) -> str:
    """A query for all triples of a named graph."""
    return f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {written(iri)} {{ ?s ?p ?o }} }}"


def size_of(iri: str) -> str:
    """A query for ``?number``: how many triples a named graph has."""
    return f"SELECT (COUNT(*) AS ?number) WHERE {{ GRAPH {written(iri)} {{ ?s ?p ?o }} }}"


def kinds_in(iri: str) -> str:
    """A query for ``?class ?number``: how many instances of what a named graph describes."""
    return (
        f"SELECT ?class (COUNT(*) AS ?number) WHERE {{ GRAPH {written(iri)} {{ ?thing a ?class }} "
        "FILTER(isIRI(?class)) } GROUP BY ?class ORDER BY DESC(?number) ?class"
    )


def links_to(iri: str) -> str:
    """A query that a reader may run to see all that links here."""
    return f"SELECT ?subject ?property WHERE {{\n  ?subject ?property {written(iri)}\n}}"


def claims_about(iri: str) -> str:
    """A query that a reader may run to see all claims about a resource."""
    return (
        f"PREFIX polcoop: <{PREFIXES['polcoop']}>\nSELECT ?claim ?page ?statement WHERE {{\n"
        f"  ?claim polcoop:about {written(iri)} ; polcoop:onPage ?page ; polcoop:statement ?statement .\n"
        "}\nORDER BY ?page ?claim"
    )


def labelled_like(word: str) -> str:
    """A query that a reader may run to find resources by what they are called."""
    wanted = json.dumps(word.lower(), ensure_ascii=False)
    return (
        f"PREFIX skos: <{PREFIXES['skos']}>\nSELECT ?thing ?label WHERE {{\n"
        "  ?thing skos:prefLabel|skos:altLabel ?label .\n"
        f"  FILTER(CONTAINS(LCASE(?label), {wanted}))\n}}\nLIMIT 100"
    )


def examples(graph: str) -> str:
    """A query for ``?example ?title ?text``: the example queries of a graph (SIB convention)."""
    sh, rdfs = PREFIXES["sh"], PREFIXES["rdfs"]
    forms = "|".join(f"<{sh}{form}>" for form in ("select", "ask", "construct", "describe"))
    return (
        f"SELECT ?example ?title ?text WHERE {{ GRAPH {written(graph)} "
        f"{{ ?example {forms} ?text ; <{rdfs}comment> ?title }} }}"
    )


def _own(iri: str) -> str:
    node = written(iri)
    parts = [f"{{ {node} ?p ?o BIND({node} AS ?s) }}"]
    path = ""
    start = node
    for level in range(_DEPTH):
        path += (
            f"{start} ?p{level} ?b{level} FILTER(isBlank(?b{level}) && ?p{level} != rdf:rest) "
            f"?b{level} rdf:rest* ?n{level} . "
        )
        parts.append(f"{{ {path} ?n{level} ?p ?o BIND(?n{level} AS ?s) }}")
        start = f"?n{level}"
    return " UNION ".join(parts)


def _claims(iri: str, limit: int) -> str:
    properties = ", ".join(f"polcoop:{name}" for name in _CLAIM)
    return (
        f"{{ SELECT DISTINCT ?s ?page WHERE {{ ?s polcoop:about {written(iri)} ; polcoop:onPage ?page }} "
        f"ORDER BY ?page ?s LIMIT {limit} }} ?s ?p ?o FILTER(?p IN ({properties}))"
    )


def _incoming(iri: str, limit: int) -> str:
    node = written(iri)
    return (
        f"{{ SELECT ?s ?p WHERE {{ ?s ?p {node} FILTER(isIRI(?s) && ?p != polcoop:about) }} "
        f"ORDER BY ?p ?s LIMIT {limit} }} BIND({node} AS ?o)"
    )


def _labelled(named: Iterable[str]) -> str:
    nodes = _nodes(named)
    # One property at a time: the engine does not look up a pair of VALUES.
    parts = (f"{{ VALUES ?s {{ {nodes} }} ?s <{name}> ?o BIND(<{name}> AS ?p) }}" for name in LABELS)
    return "".join(f"UNION {part}\n" for part in parts)


def _nodes(named: Iterable[str]) -> str:
    return " ".join(written(iri) for iri in named)
