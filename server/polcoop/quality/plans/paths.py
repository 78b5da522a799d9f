"""SHACL property paths as functions on an index, following pySHACL's reading of them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from rdflib import RDF, SH, Graph, URIRef
from rdflib.term import Node

from polcoop.quality.plans.unplanned import UnplannedError

if TYPE_CHECKING:
    from polcoop.quality.plans.index import Index

Route = Callable[[int], Collection[int]]
"""From a node to its value nodes, each once."""
_DEEPEST: Final = 8
"""Nested steps in a path; pySHACL refuses more than ten."""


def route(index: Index, shapes: Graph, path: Node, depth: int = 0) -> Route:
    """The function of a path.

    :raises UnplannedError: the path is malformed, or pySHACL reads it in a way of its own (the inverse of
        anything but a predicate).
    """
    if isinstance(path, URIRef):
        return _along(index, path)
    if depth > _DEEPEST:
        raise UnplannedError("a path nested deeply")
    if (path, RDF.first, None) in shapes:
        return _sequence([route(index, shapes, step, depth + 1) for step in listed(shapes, path)])
    verb, inner = only(shapes, path)
    if verb == SH.inversePath:
        if not isinstance(inner, URIRef):
            raise UnplannedError("the inverse of a path")
        return _against(index, inner)
    if verb == SH.alternativePath:
        return _either([route(index, shapes, choice, depth + 1) for choice in listed(shapes, inner)])
    return _repeated(verb, route(index, shapes, inner, depth + 1))


def listed(shapes: Graph, head: Node, least: int = 2) -> list[Node]:
    """The members of a well-formed list.

    :raises UnplannedError: it is any other, or has fewer than ``least`` members.
    """
    found: list[Node] = []
    seen: set[Node] = set()
    while head != RDF.nil:
        first, rest = list(shapes.objects(head, RDF.first)), list(shapes.objects(head, RDF.rest))
        if len(first) != 1 or len(rest) != 1 or head in seen:
            raise UnplannedError("a malformed list")
        seen.add(head)
        found.append(first[0])
        head = rest[0]
    if len(found) < least:
        raise UnplannedError("a list too short")
    return found


def _repeated(verb: Node, step: Route) -> Route:
    if verb == SH.zeroOrMorePath:
        return lambda node: closure(step, [node])
    if verb == SH.oneOrMorePath:
        return lambda node: closure(step, step(node))
    if verb == SH.zeroOrOnePath:
        return lambda node: {node, *step(node)}
    raise UnplannedError(f"{verb} in a path")


def only(shapes: Graph, path: Node) -> tuple[Node, Node]:
    """The one predicate and object of a blank node that is a path.

    :raises UnplannedError: there are more, or none.
    """
    said = list(shapes.predicate_objects(path))
    if len(said) != 1:
        raise UnplannedError("a malformed path")
    return said[0]


def _along(index: Index, predicate: URIRef) -> Route:
    found = index.forward.get(index.number(predicate), {})
    return lambda node: found.get(node, ())


def _against(index: Index, predicate: URIRef) -> Route:
    found = index.backward(index.number(predicate))
    return lambda node: found.get(node, ())


def _sequence(steps: list[Route]) -> Route:
    def values(node: int) -> Collection[int]:
        found: Collection[int] = (node,)
        for step in steps:
            found = {end for middle in found for end in step(middle)}
        return found

    return values


def _either(choices: list[Route]) -> Route:
    return lambda node: {end for choice in choices for end in choice(node)}


def closure(step: Route, start: Collection[int]) -> set[int]:
    """``start`` and all that a step leads to from it, however often."""
    found = set(start)
    waiting = list(found)
    while waiting:
        for end in step(waiting.pop()):
            if end not in found:
                found.add(end)
                waiting.append(end)
    return found
