"""The SPARQL 1.1 test suite of the W3C, read from its manifests: cases, data and expected results."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)
from rdflib import Graph, Namespace
from rdflib.collection import Collection
from rdflib.term import Node

SUITE: Final = Path(__file__).parents[2] / "shared" / "w3c" / "sparql11"
BASE: Final = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
GRAPHS: Final = frozenset({"ttl", "nt", "rdf"})
"""Endings of the files that hold a graph, or a result written as one."""
_EX: Final = "urn:x-test:"
_RS: Final = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
Term = NamedNode | BlankNode | Literal | Triple


@dataclass(frozen=True)
class Case:
    """An evaluation case: the query, the IRIs of its graphs, the file with the expected result."""

    query: str
    default: tuple[str, ...]
    named: tuple[str, ...]
    has_dataset: bool
    result: Path


@dataclass(frozen=True)
class Exchange:
    """One request of a protocol case, and what is expected of the answer."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: tuple[str, ...]
    boolean: bool | None
    format: str | None


def manifest(folder: str) -> Graph:
    """The manifest of a folder of the suite."""
    return Graph().parse(SUITE / folder / "manifest.ttl", publicID=f"{BASE}{folder}/manifest")


def entries(graph: Graph) -> Iterator[tuple[str, Node]]:
    """The tests of a manifest in their order: name and node."""
    for head in graph.objects(None, MF.entries):
        for test in Collection(graph, head):
            yield str(test).rpartition("#")[2], test


def path(iri: Node | str) -> Path:
    """The file that an IRI of the suite stands for."""
    return SUITE / str(iri).removeprefix(BASE)


def evaluation_cases() -> dict[str, Case]:
    """All query evaluation cases, by folder and name."""
    cases = {}
    for folder in sorted(file.parent.name for file in SUITE.glob("*/manifest.ttl")):
        if folder == "protocol":
            continue
        graph = manifest(folder)
        for name, test in entries(graph):
            action, result = graph.value(test, MF.action), graph.value(test, MF.result)
            if action is None or result is None:
                continue
            default = tuple(map(str, graph.objects(action, QT.data)))
            named = tuple(sorted(map(str, graph.objects(action, QT.graphData))))
            query = graph.value(action, QT.query)
            text = path(query).read_text(encoding="utf-8")
            has_dataset = re.search(r"^\s*FROM\b", text, re.M) is not None
            cases[f"{folder}/{name}"] = Case(
                f"BASE <{query}> {text}",
                # Without a dataset in the request, the one in the text holds.
                () if has_dataset else default,
                () if has_dataset else named,
                has_dataset,
                path(result),
            )
    return cases


def protocol_cases() -> dict[str, list[Exchange]]:
    """The protocol cases by name."""
    graph = manifest("protocol")
    return {
        name: [_exchange(graph, request) for request in Collection(graph, _requests(graph, test))]
        for name, test in entries(graph)
    }


def _requests(graph: Graph, test: Node) -> Node:
    found = graph.value(graph.value(test, MF.action), HT.requests)
    assert found is not None
    return found


def _exchange(graph: Graph, request: Node) -> Exchange:
    body, response = graph.value(request, HT.body), graph.value(request, HT.resp)
    listed = graph.value(request, HT.headers)
    headers = [
        (str(graph.value(header, HT.fieldName)), str(graph.value(header, HT.fieldValue)))
        for header in (Collection(graph, listed) if listed else ())
    ]
    text = str(graph.value(body, CNT.chars) or "")
    boolean = graph.value(response, MF.expectedBoolean)
    form = graph.value(response, MF.expectedFormat)
    return Exchange(
        str(graph.value(request, HT.methodName)),
        str(graph.value(request, HT.absolutePath)),
        tuple(headers),
        text.encode(str(graph.value(body, CNT.characterEncoding) or "UTF-8")),
        tuple(str(s).rpartition("StatusCode")[2] for s in graph.objects(response, MF.expectedStatus)),
        None if boolean is None else bool(boolean),
        None if form is None else str(form),
    )


def quads() -> list[Quad]:
    """All data of the suite, each file in the graph that the cases know it by."""
    found: list[Quad] = []
    files = {
        str(iri)
        for folder in SUITE.glob("*/manifest.ttl")
        for name in (QT.data, QT.graphData)
        for iri in manifest(folder.parent.name).objects(None, name)
    }
    for iri in sorted(files):
        found += _read(path(iri), NamedNode(iri))
    graph = manifest("protocol")
    labels = {graph.value(n, RDFS.label): graph.value(n, UT.graph) for n in graph.objects(None, UT.graphData)}
    for label, file in labels.items():
        found += _read(path(file), NamedNode(str(label)))
    return found


def _read(file: Path, graph: NamedNode) -> Iterator[Quad]:
    file_format = RdfFormat.from_extension(file.suffix.removeprefix("."))
    for quad in parse(
        path=file, format=file_format, base_iri=BASE + str(file.relative_to(SUITE)), rename_blank_nodes=True
    ):
        yield Quad(quad.subject, quad.predicate, quad.object, graph)


def told(content: bytes, name: str, base: str) -> object:
    """A result so that equal means same: a truth value, the rows of a CSV, or a canonical graph.

    ``name`` is the ending of a file in the format, and ``base`` the IRI that relative ones are resolved
    against. Solutions become a graph, a node for each row, so that blank nodes are compared as RDF compares
    them; numbers and truth values are compared by value.
    """
    if name == "csv":
        return _csv(content)
    if name in GRAPHS:
        triples = [q.triple for q in parse(content, format=RdfFormat.from_extension(name), base_iri=base)]
        return _result_set(triples) or _canonical(triples)
    results_format = QueryResultsFormat.from_extension(name)
    assert results_format is not None
    folder = base.rpartition("/")[0]
    absolute = re.sub(rb"<uri>(?![a-zA-Z]+:)", b"<uri>" + folder.encode() + b"/", content)
    results = parse_query_results(absolute, format=results_format)
    if isinstance(results, QueryBoolean):
        return bool(results)
    variables = [variable.value for variable in results.variables]
    return _solutions(variables, [dict(zip(variables, solution, strict=True)) for solution in results])


def _solutions(variables: list[str], rows: list[dict[str, Term | None]]) -> object:
    triples = []
    for row in rows:
        node = BlankNode()
        triples.append(Triple(node, NamedNode(f"{_EX}row"), Literal(True)))
        for variable, term in row.items():
            if term is not None:
                triples.append(Triple(node, NamedNode(f"{_EX}{variable}"), _value(term)))
    return sorted(variables), _canonical(triples)


def _result_set(triples: list[Triple]) -> object | None:
    """A result in the vocabulary that the oldest suites had before there was a format; None if it is none."""

    def of(node: object, name: str) -> list[Term]:
        return [t.object for t in triples if t.subject == node and t.predicate.value == f"{_RS}{name}"]

    nodes = [
        t.subject for t in triples if isinstance(t.object, NamedNode) and t.object.value == f"{_RS}ResultSet"
    ]
    if not nodes:
        return None
    rows = [
        {of(b, "variable")[0].value: of(b, "value")[0] for b in of(solution, "binding")}
        for solution in of(nodes[0], "solution")
    ]
    return _solutions([variable.value for variable in of(nodes[0], "resultVariable")], rows)


def _csv(content: bytes) -> list[list[tuple[str, str]]]:
    """The rows as a bag, each as its cells by name: ``SELECT *`` has no order of columns."""
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return sorted(sorted(zip(header, map(_cell, row), strict=True)) for row in rows)


def _cell(text: str) -> str:
    if text.startswith("_:"):
        return "_:"
    try:
        return repr(float(text))
    except ValueError:
        return text


def _value(term):
    if not isinstance(term, Literal):
        return term
    datatype = term.datatype.value.rpartition("#")[2]
    if datatype == "boolean":
        return Literal(term.value in {"true", "1"})
    if datatype in {"decimal", "double", "float"}:
        # The suite writes 2.0 where the engine may write 2.
        return Literal(repr(float(term.value)), datatype=term.datatype)
    return term


def _canonical(triples) -> bytes:
    dataset = Dataset(Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return b"\n".join(sorted(serialize(dataset, format=RdfFormat.N_QUADS).splitlines()))
