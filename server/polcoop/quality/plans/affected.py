"""Whom a change can affect: for each shape, the nodes whose result may not be what it was.

The verdict of a shape on a node is read off triples that lie on the paths of its constraints.  A node from
which no such path meets a changed triple was judged on the same triples before, so with the same results:
the results of all nodes are those of the affected now and those of the others before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.term import Node

from polcoop.quality.plans.components import other, properties
from polcoop.quality.plans.grammar import predicates
from polcoop.quality.plans.index import Index, reached
from polcoop.quality.plans.paths import listed, only
from polcoop.quality.plans.planner import constraints
from polcoop.quality.plans.queries import texts
from polcoop.quality.plans.unplanned import UnplannedError

if TYPE_CHECKING:
    from pyshacl.shape import Shape

    from polcoop.quality.plans.change import Change

_VALUES = frozenset({
    "Datatype", "NodeKind", "MinExclusive", "MinInclusive", "MaxExclusive", "MaxInclusive", "MinLength",
    "MaxLength", "Pattern", "LanguageIn", "UniqueLang", "In", "HasValue", "MinCount", "MaxCount",
})  # fmt: skip
"""Constraints that look at the value nodes and no further."""


class Affected:
    """Whom a change affects, in the terms of the index of the later state."""

    def __init__(self, index: Index, change: Change) -> None:
        self._index = index
        self._rows = [(index.term(s), index.term(p), index.term(o)) for s, p, o in change.rows]
        self._judged = {index.term(node) for node in change.judged}
        self._by_predicate: dict[int, list[tuple[int, int]]] = {}
        for s, p, o in self._rows:
            self._by_predicate.setdefault(p, []).append((s, o))

    def among(self, shape: Shape, focuses: set[int]) -> set[int]:
        """Those of ``focuses`` whose results for a targeting shape may have changed."""
        if not self._rows:
            return focuses & self._judged
        try:
            return focuses & (self._shape(shape, ()) | self._targets(shape) | self._judged)
        except UnplannedError:
            return focuses

    def _targets(self, shape: Shape) -> set[int]:
        """Nodes that may have become focus nodes, or ceased to be."""
        index = self._index
        _, classes, implicit, objects_of, subjects_of = shape.target()  # type: ignore[no-untyped-call]
        found = set(self._typed) if {*classes, *implicit} else set()
        for predicate in subjects_of:
            found |= {s for s, _ in self._by_predicate.get(index.number(predicate), ())}
        for predicate in objects_of:
            found |= {o for _, o in self._by_predicate.get(index.number(predicate), ())}
        return found

    @cached_property
    def _typed(self) -> set[int]:
        """Nodes whose classes may have changed."""
        index = self._index
        types, subclasses = index.number(RDF.type), index.number(RDFS.subClassOf)
        moved = reached(index.backward(subclasses), {s for s, _ in self._by_predicate.get(subclasses, ())})
        members = index.backward(types)
        found = {s for s, _ in self._by_predicate.get(types, ())}
        return found | {node for name in moved for node in members.get(name, ())}

    def _shape(self, shape: Shape, above: tuple[Node, ...]) -> set[int]:
        """Nodes for which the shape reads a changed triple.

        :raises UnplannedError: that cannot be told.
        """
        custom = shape.find_custom_constraints()  # type: ignore[no-untyped-call]
        if shape.deactivated:
            return set()
        if shape.node in above or custom:
            raise UnplannedError("recursion or a custom component")
        values: set[int] = set()
        focuses: set[int] = set()
        for component in constraints(shape):
            at_values, at_focus = self._constraint(component, (*above, shape.node))
            values |= at_values
            focuses |= at_focus
        if not shape.is_property_shape:
            return values | focuses
        path, shapes = shape.path(), shape.sg.graph  # type: ignore[no-untyped-call]
        return focuses | self._touched(shapes, path) | self._before(shapes, path, values)

    def _constraint(self, component: Any, above: tuple[Node, ...]) -> tuple[set[int], set[int]]:
        """Value nodes, and focus nodes, for which a constraint reads a changed triple."""
        name = type(component).__name__.removesuffix("ConstraintComponent")
        nothing: set[int] = set()
        if name in _VALUES:
            return nothing, nothing
        if name == "Class":
            return self._typed, nothing
        if name == "Closed":
            return {s for s, _, _ in self._rows}, nothing
        if name in ("Equals", "Disjoint", "LessThan", "LessThanOrEquals"):
            graph = component.shape.sg.graph
            return nothing, nothing.union(*(self._touched(graph, p) for p in component.property_compare_set))
        if name == "SPARQLBasedConstraint":
            self._asked(component)
            return nothing, nothing
        within = _within(component, name)
        return nothing.union(*(self._shape(shape, above) for shape in within)), nothing

    def _asked(self, component: Any) -> None:
        """Raise UnplannedError unless no changed triple can match a pattern of the queries."""
        for query in texts(component):
            for predicate in predicates(query):
                if self._index.number(URIRef(predicate)) in self._by_predicate:
                    raise UnplannedError("the query reads a changed triple")

    def _touched(self, shapes: Graph, path: Node) -> set[int]:
        """Nodes from which a path meets a changed triple."""
        if isinstance(path, URIRef):
            return {s for s, _ in self._by_predicate.get(self._index.number(path), ())}
        if (path, RDF.first, None) in shapes:
            found: set[int] = set()
            for step in reversed(listed(shapes, path)):
                found = self._touched(shapes, step) | self._before(shapes, step, found)
            return found
        verb, inner = only(shapes, path)
        if verb == SH.inversePath:
            if not isinstance(inner, URIRef):
                raise UnplannedError("the inverse of a path")
            return {o for _, o in self._by_predicate.get(self._index.number(inner), ())}
        if verb == SH.alternativePath:
            return set().union(*(self._touched(shapes, choice) for choice in listed(shapes, inner)))
        return self._before(shapes, path, self._touched(shapes, inner)) | self._touched(shapes, inner)

    def _before(self, shapes: Graph, path: Node, ends: Collection[int]) -> set[int]:
        """Nodes from which a path leads to one of ``ends``."""
        if not ends:
            return set()
        if isinstance(path, URIRef):
            return self._against(self._index.backward(self._index.number(path)), ends)
        if (path, RDF.first, None) in shapes:
            for step in reversed(listed(shapes, path)):
                ends = self._before(shapes, step, ends)
            return set(ends)
        verb, inner = only(shapes, path)
        if verb == SH.inversePath:
            if not isinstance(inner, URIRef):
                raise UnplannedError("the inverse of a path")
            return self._against(self._index.forward.get(self._index.number(inner), {}), ends)
        if verb == SH.alternativePath:
            return set().union(*(self._before(shapes, choice, ends) for choice in listed(shapes, inner)))
        found, waiting = set(ends), set(ends)
        while waiting:
            waiting = self._before(shapes, inner, waiting) - found
            found |= waiting
        return found

    @staticmethod
    def _against(steps: dict[int, list[int]], ends: Iterable[int]) -> set[int]:
        return {start for end in ends for start in steps.get(end, ())}


def _within(component: Any, name: str) -> list[Shape]:
    """The shapes that a constraint refers to.

    :raises UnplannedError: the constraint is not known.
    """
    shape, graph = component.shape, component.shape.sg.graph
    if name == "Property":
        return properties(component)
    if name == "QualifiedValueShape" and component.is_disjoint:
        raise UnplannedError("disjoint siblings")
    single = {"Node": "node_shapes", "Not": "not_list", "QualifiedValueShape": "value_shapes"}
    listing = {"And": "and_list", "Or": "or_list", "Xone": "xone_nodes"}
    if name in single:
        return [other(shape, node) for node in getattr(component, single[name])]
    if name in listing:
        heads = getattr(component, listing[name])
        return [other(shape, node) for head in heads for node in listed(graph, head, least=1)]
    raise UnplannedError(name)
