"""SHACL at random, for tests that compare: graphs and shapes over a handful of terms that meet often."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from pyoxigraph import RdfFormat
from rdflib import RDF, SH, BNode, Graph
from rdflib.term import Node

from polcoop.sources.turtle import Triples, parse_quads

PREFIXES = """
@prefix ex: <urn:ex:> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
Told = Counter[tuple[str, ...]]


def triples(text: str) -> Triples:
    return Triples.of(parse_quads((PREFIXES + text).encode(), RdfFormat.TURTLE, "test"))


def told(graph: Graph) -> Told:
    """Everything a report says, blank nodes of paths and shapes without their labels."""
    parts = (SH.focusNode, SH.resultPath, SH.value, SH.sourceShape, SH.sourceConstraintComponent)
    return Counter(
        (
            *(label(graph.value(result, part)) for part in (*parts, SH.resultSeverity)),
            *sorted(str(message) for message in graph.objects(result, SH.resultMessage)),
        )
        for result in graph.subjects(RDF.type, SH.ValidationResult)
    )


def label(node: Node | None) -> str:
    return "[]" if isinstance(node, BNode) else repr(node)


NODES = ["ex:a", "ex:b", "ex:c", "_:d", "ex:C", "ex:D"]
LITERALS = [
    '"a"', '"ab"@en', '"ab"@fr', '"AB"@en-GB', '""', "1", "2", "01", "1.50", "1.5", "true",
    '"none"^^xsd:boolean',
    '"x"^^xsd:integer', '"2020-01-01T00:00:00Z"^^xsd:dateTime', '"2021-01-01T00:00:00"^^xsd:dateTime',
    '"2020-01-01"^^xsd:date', '"a\\nb"', '"é\\u2028\\t\\\\"', "1e0",
]  # fmt: skip
PREDICATES = ["ex:p", "ex:q", "ex:r", "rdf:type", "rdfs:subClassOf"]
nodes = st.sampled_from(NODES)
terms = st.sampled_from([*NODES[:-1], *LITERALS])
names = st.sampled_from(["ex:p", "ex:q", "ex:r"])
classes = st.sampled_from(["ex:C", "ex:D", "ex:a"])


@st.composite
def graphs(draw: st.DrawFn, most: int = 14) -> str:
    """Triples in Turtle."""
    rows = draw(st.lists(st.tuples(nodes, st.sampled_from(PREDICATES), terms), max_size=most))
    return "".join(
        f"{s} {p} {o} .\n" for s, p, o in rows if not (p in PREDICATES[3:] and o in LITERALS)
    )  # fmt: skip


def paths() -> st.SearchStrategy[str]:
    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, inner).map(lambda pair: f"( {pair[0]} {pair[1]} )"),
            st.tuples(inner, inner).map(lambda pair: f"[ sh:alternativePath ( {pair[0]} {pair[1]} ) ]"),
            st.tuples(
                st.sampled_from(["inversePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"]), inner
            ).map(lambda pair: f"[ sh:{pair[0]} {pair[1]} ]"),
        )

    return st.recursive(names, more, max_leaves=3)


VALUES = [
    "sh:datatype xsd:integer", "sh:datatype xsd:string", "sh:datatype rdf:langString",
    "sh:datatype xsd:boolean",
    "sh:nodeKind sh:IRI", "sh:nodeKind sh:BlankNodeOrLiteral", "sh:class ex:C", "sh:class ex:C , ex:D",
    "sh:minInclusive 2", "sh:maxExclusive 2", "sh:minExclusive '2020-06-01T00:00:00Z'^^xsd:dateTime",
    "sh:minLength 2", "sh:maxLength 1", "sh:pattern '^a$'", "sh:pattern 'A' ; sh:flags 'i'",
    "sh:in ( ex:a 1 'a' )",
    "sh:languageIn ( 'en' 'de' )", "sh:hasValue ex:a", "sh:hasValue 1 , ex:a", "sh:equals ex:q",
    "sh:disjoint ex:q", "sh:closed true", "sh:closed true ; sh:ignoredProperties ( rdf:type ex:p )",
    "sh:in ( 01 1.50 )", "sh:nodeKind sh:Literal , sh:IRI", "sh:languageIn ex:a", "sh:deactivated true",
]  # fmt: skip
OF_PROPERTIES = [
    "sh:minCount 1", "sh:maxCount 1", "sh:minCount 2", "sh:maxCount 0", "sh:uniqueLang true",
    "sh:lessThan ex:q",
    "sh:lessThanOrEquals ex:r", "sh:minCount 'x'",
]  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> str:
    """The constraints of a node shape, or of a property shape with its path."""
    found = [draw(st.sampled_from(VALUES))] if draw(st.booleans()) else []
    route = draw(st.none() | paths())
    if route is not None:
        found += [f"sh:path {route}", draw(st.sampled_from(OF_PROPERTIES))]
    if depth:
        inner = bodies(depth=depth - 1).map(lambda body: f"[ {body} ]")
        within = inner.filter(lambda body: "sh:path" not in body)
        kind = draw(st.sampled_from(["", "not", "and", "or", "xone", "property", "node", "qualified"]))
        if kind in ("and", "or", "xone"):
            found.append(f"sh:{kind} ( {' '.join(draw(st.lists(inner, min_size=1, max_size=3)))} )")
        elif kind == "qualified":
            counts = draw(st.sampled_from(["sh:qualifiedMinCount 1", "sh:qualifiedMaxCount 1"]))
            found.append(f"sh:qualifiedValueShape {draw(inner)} ; {counts}")
        elif kind == "property":
            found.append(f"sh:property [ sh:path {draw(paths())} ; {draw(st.sampled_from(OF_PROPERTIES))} ]")
        elif kind == "node":
            found.append(f"sh:node {draw(within)}")
        elif kind == "not":
            found.append(f"sh:not {draw(inner)}")
    return " ; ".join(found) or "sh:nodeKind sh:IRI"


TARGETS = [
    "sh:targetClass ex:C", "sh:targetNode ex:a , ex:b , 01", "sh:targetSubjectsOf ex:p",
    "sh:targetObjectsOf ex:p",
    "a rdfs:Class , sh:NodeShape",
]  # fmt: skip


@st.composite
def shape_graphs(draw: st.DrawFn) -> str:
    text = ""
    for name in ("ex:S", "ex:C"):
        body, target = draw(bodies()), draw(st.sampled_from(TARGETS))
        if "sh:path" in body.split("[")[0]:
            target = target.replace("sh:NodeShape", "sh:PropertyShape")
        text += (
            f"{name} {target} ; {body} ; sh:severity {draw(st.sampled_from(['sh:Info', 'sh:Violation']))} .\n"
        )
    return text
