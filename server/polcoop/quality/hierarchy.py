"""The property hierarchy of OWL 2, section 11.1: which properties are composite, and whether chains are
regular.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import OWL, RDF, RDFS, BNode, Graph
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.iris import shrink


def composite_properties(graph: Graph) -> dict[Node, str]:
    """Every property that is not simple, with the reason in words."""
    reasons: dict[Node, str] = {}
    for prop in graph.subjects(RDF.type, OWL.TransitiveProperty):
        reasons[prop] = "is transitive"
    for prop in graph.subjects(OWL.propertyChainAxiom, None):
        reasons.setdefault(prop, "has a property chain")
    todo = list(reasons)
    while todo:
        below = todo.pop()
        for above in _directly_above(graph, below):
            if above not in reasons:
                reasons[above] = f"is above or inverse to {shrink(str(below))}, which {reasons[below]}"
                todo.append(above)
    return reasons


def irregular_chains(graph: Graph) -> Iterator[Node]:
    """Properties that come before themselves in the order that chains and sub-properties impose."""
    chained = {
        prop: {
            step
            for chain in graph.objects(prop, OWL.propertyChainAxiom)
            for step in _ordered(graph, prop, chain)
        }
        for prop in graph.subjects(OWL.propertyChainAxiom, None)
    }
    for prop in sorted(chained, key=str):
        if any(prop in _reachable(graph, step, chained) for step in chained[prop]):
            yield prop


def _directly_above(graph: Graph, prop: Node) -> Iterator[Node]:
    yield from graph.objects(prop, RDFS.subPropertyOf)
    for equal in (OWL.equivalentProperty, OWL.inverseOf):
        for other in (*graph.objects(prop, equal), *graph.subjects(equal, prop)):
            if not isinstance(other, BNode):
                yield other


def _ordered(graph: Graph, prop: Node, chain: Node) -> list[Node]:
    """The steps of a chain that must come before ``prop``: it may itself stand first or last, or be both
    steps.
    """
    steps = list(Collection(graph, chain))
    if steps == [prop, prop]:
        return []
    if steps and steps[0] == prop:
        return steps[1:]
    return steps[:-1] if steps and steps[-1] == prop else steps


def _reachable(graph: Graph, start: Node, chained: dict[Node, set[Node]]) -> set[Node]:
    """All that comes before ``start``, itself included: its sub-properties, inverses and the steps of its
    chains.
    """
    found, todo = {start}, [start]
    while todo:
        prop = todo.pop()
        before = {*graph.subjects(RDFS.subPropertyOf, prop), *chained.get(prop, ())}
        for equal in (OWL.equivalentProperty, OWL.inverseOf):
            before |= {*graph.objects(prop, equal), *graph.subjects(equal, prop)}
        todo.extend(before - found)
        found |= before
    return found
