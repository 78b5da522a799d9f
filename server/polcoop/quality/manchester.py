"""Axioms in words, after the Manchester syntax of OWL 2, with compact IRIs: for people, not for parsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rdflib import OWL, RDF, RDFS, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.iris import shrink
from polcoop.quality.axioms import Axiom

_KEYWORDS: Mapping[Node, str] = {
    RDFS.subClassOf: "SubClassOf", OWL.equivalentClass: "EquivalentTo", OWL.disjointWith: "DisjointWith",
    OWL.disjointUnionOf: "DisjointUnionOf", RDFS.subPropertyOf: "SubPropertyOf", RDFS.domain: "Domain",
    RDFS.range: "Range", OWL.inverseOf: "InverseOf", OWL.equivalentProperty: "EquivalentTo",
    OWL.propertyDisjointWith: "DisjointWith", OWL.hasKey: "HasKey", OWL.sameAs: "SameAs",
    OWL.differentFrom: "DifferentFrom", OWL.unionOf: "EquivalentTo", OWL.intersectionOf: "EquivalentTo",
    OWL.oneOf: "EquivalentTo", OWL.complementOf: "EquivalentTo",
}  # fmt: skip
_RESTRICTIONS = (
    (OWL.someValuesFrom, "some"), (OWL.allValuesFrom, "only"), (OWL.hasValue, "value"), (OWL.hasSelf, "Self"),
    (OWL.minCardinality, "min"), (OWL.maxCardinality, "max"), (OWL.cardinality, "exactly"),
    (OWL.minQualifiedCardinality, "min"), (OWL.maxQualifiedCardinality, "max"),
    (OWL.qualifiedCardinality, "exactly"),
)  # fmt: skip
_SETS: Mapping[Node, str] = {
    OWL.AllDisjointClasses: "DisjointClasses",
    OWL.AllDisjointProperties: "DisjointProperties",
    OWL.AllDifferent: "DifferentIndividuals",
}


def sentence(axiom: Axiom) -> str:
    """One line for one axiom or assertion."""
    graph = Graph()
    for triple in axiom.triples:
        graph.add(triple)
    subject, predicate, obj = axiom.head
    if predicate == RDF.type and obj in _SETS:
        members = graph.value(subject, OWL.members) or graph.value(subject, OWL.distinctMembers)
        return f"{_SETS[obj]}: {_listed(graph, members, ', ')}"
    if predicate == RDF.type and str(obj).startswith(str(OWL)) and str(obj).endswith("Property"):
        return f"{_name(subject)} is {str(obj).removeprefix(str(OWL)).removesuffix('Property').lower()}"
    if predicate == RDF.type:
        return f"{_name(subject)} Type {expression(graph, obj)}"
    if predicate == OWL.propertyChainAxiom:
        return f"{_listed(graph, obj, ' o ')} SubPropertyOf {_name(subject)}"
    if predicate in _KEYWORDS:
        return f"{expression(graph, subject)} {_KEYWORDS[predicate]} {expression(graph, obj)}"
    return f"{_name(subject)} {_name(predicate)} {expression(graph, obj)}"


def expression(graph: Graph, node: Node) -> str:
    """A class, a class expression, a property expression, an individual or a literal in words."""
    if isinstance(node, URIRef | Literal):
        return _name(node)
    for predicate, form in _FORMS.items():
        inner = graph.value(node, predicate)
        if inner is not None:
            return form(graph, node, inner)
    return _name(node)


def _restriction(graph: Graph, node: Node, prop: Node) -> str:
    for predicate, word in _RESTRICTIONS:
        filler = graph.value(node, predicate)
        if filler is not None:
            qualified = graph.value(node, OWL.onClass) or graph.value(node, OWL.onDataRange)
            tail = "" if qualified is None else f" {expression(graph, qualified)}"
            return f"({expression(graph, prop)} {word} {expression(graph, filler)}{tail})"
    return f"(restriction on {expression(graph, prop)})"


def _listed(graph: Graph, head: Node | None, separator: str) -> str:
    members: Iterable[Node] = () if head is None else Collection(graph, head)
    return separator.join(expression(graph, member) for member in members)


def _name(node: Node) -> str:
    if isinstance(node, URIRef):
        return shrink(str(node))
    if isinstance(node, Literal) and node.datatype:
        return f'"{node}"^^{shrink(str(node.datatype))}'
    return node.n3()


_FORMS: Mapping[Node, Callable[[Graph, Node, Node], str]] = {
    OWL.intersectionOf: lambda graph, _, inner: f"({_listed(graph, inner, ' and ')})",
    OWL.unionOf: lambda graph, _, inner: f"({_listed(graph, inner, ' or ')})",
    OWL.complementOf: lambda graph, _, inner: f"not {expression(graph, inner)}",
    OWL.oneOf: lambda graph, _, inner: f"{{{_listed(graph, inner, ', ')}}}",
    OWL.onProperty: _restriction,
    OWL.inverseOf: lambda graph, _, inner: f"inverse {expression(graph, inner)}",
    RDF.first: lambda graph, node, _: _listed(graph, node, ", "),
}
