"""From the report graph of pySHACL to plain values: results, and the rules that they broke."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.quality.hints import hints
from polcoop.quality.report import Message, Rule, Severity, ValidationResult

_SUFFIXES = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}
_LENGTH = 32
"""Characters of a fingerprint: half of SHA-256 is unique enough."""


@dataclass(frozen=True)
class Results:
    """The results in a report graph, with the graphs that they speak of."""

    graph: Graph
    shapes: Graph
    data: Graph

    def read(self, origins: Mapping[Node, Node]) -> tuple[ValidationResult, ...]:
        """All results, the most severe first; ``origins`` tells the targeting shape of each."""
        found = [self._result(node, origins.get(node)) for node in self.graph.objects(None, SH.result)]
        found.sort(key=lambda r: (-r.severity.rank, r.shape, r.focus, r.path or "", r.value or ""))
        return tuple(found)

    def _result(self, node: Node, origin: Node | None) -> ValidationResult:
        graph = self.graph
        path, value = graph.value(node, SH.resultPath), graph.value(node, SH.value)
        focus, shape = graph.value(node, SH.focusNode), graph.value(node, SH.sourceShape)
        component = graph.value(node, SH.sourceConstraintComponent)
        rule = named(self.shapes, shape)
        route = None if path is None else sparql_path(graph, path)
        # A shape without a name is known by the one it is part of and by what it asks for.
        asked = rule if rule == _term(shape) else f"{rule} {_term(component)}"
        parts = (asked, identity(self.data, focus), route or "", identity(self.data, value))
        return ValidationResult(
            focus=_term(focus),
            path=route,
            value=None if value is None else _term(value),
            severity=Severity.of(str(graph.value(node, SH.resultSeverity))),
            shape=_term(shape),
            component=_term(component),
            messages=self._messages(node, shape),
            rule=rule,
            target=_term(origin),
            hints=hints(self.shapes, shape, component, route),
            fingerprint=hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_LENGTH],
            node=_term(node),
        )

    def _messages(self, node: Node, shape: Node | None) -> tuple[Message, ...]:
        sources = (shape, self.graph.value(node, SH.sourceConstraint))
        templates = [m for source in sources if source for m in self.shapes.objects(source, SH.message)]
        found = {
            Message(str(text), text.language or _language(str(text), templates))
            for text in self.graph.objects(node, SH.resultMessage)
            if isinstance(text, Literal)
        }
        return tuple(sorted(found, key=lambda message: (message.language, message.text)))


def rules(shapes: Graph) -> dict[str, Rule]:
    """Every named shape of a shapes graph by its IRI in N-Triples notation."""
    found = {
        *shapes.subjects(RDF.type, SH.NodeShape),
        *shapes.subjects(RDF.type, SH.PropertyShape),
        *shapes.subjects(SH.path, None),
        *shapes.objects(None, SH.property),
        *(shape for target in TARGETS for shape in shapes.subjects(target, None)),
    }
    return {node.n3(): _rule(shapes, node) for node in found if isinstance(node, URIRef)}


TARGETS = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)


def _rule(shapes: Graph, node: Node) -> Rule:
    def texts(predicate: URIRef) -> tuple[Message, ...]:
        found = [t for t in shapes.objects(node, predicate) if isinstance(t, Literal)]
        return tuple(Message(str(t), t.language or "") for t in sorted(found, key=lambda t: t.n3()))

    severity = shapes.value(node, SH.severity, default=SH.Violation)
    return Rule(
        iri=node.n3(),
        names=texts(SH.name),
        messages=texts(SH.message),
        descriptions=texts(SH.description),
        severity=Severity.of(str(severity)),
    )


def named(graph: Graph, node: Node | None) -> str:
    """The node if it has an IRI, else the nearest node with one that it is part of, else the label."""
    seen: set[Node] = set()
    found = node
    while isinstance(found, BNode) and found not in seen:
        seen.add(found)
        found = min(graph.subjects(None, found), default=None, key=str)
    return _term(found if isinstance(found, URIRef) else node)


def identity(graph: Graph, node: Node | None) -> str:
    """A term without the labels of blank nodes: such a node is told by what leads to it."""
    steps: list[str] = []
    seen: set[Node] = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        parent, predicate = min(graph.subject_predicates(node), default=(None, None))
        # The place in a list is left out, as a line is: something may be put in before it.
        if predicate not in {RDF.rest, RDF.first}:
            steps.append(f"/{_term(predicate)}")
        node = parent
    return (_term(node) if not isinstance(node, BNode) else "[]") + "".join(reversed(steps))


def _language(text: str, templates: Iterable[Node]) -> str:
    """The language of the template that ``text`` was made of: pySHACL loses it when it fills in variables."""
    for template in templates:
        if isinstance(template, Literal) and template.language and "{" in template:
            parts = re.split(r"\{[?$]\w+\}", str(template))
            if re.fullmatch(".*".join(map(re.escape, parts)), text, re.DOTALL):
                return template.language
    return ""


def _term(node: Node | None) -> str:
    return "" if node is None else node.n3()


def sparql_path(graph: Graph, path: Node) -> str:
    """The SHACL property path at ``path`` in SPARQL syntax with full IRIs (SHACL 2.3.1)."""
    if isinstance(path, URIRef):
        return path.n3()
    inverse = graph.value(path, SH.inversePath)
    if inverse is not None:
        return "^" + _grouped(graph, inverse)
    for predicate, suffix in _SUFFIXES.items():
        inner = graph.value(path, predicate)
        if inner is not None:
            return _grouped(graph, inner) + suffix
    choices = graph.value(path, SH.alternativePath)
    separator = "/" if choices is None else "|"
    return separator.join(
        _grouped(graph, step) for step in Collection(graph, path if choices is None else choices)
    )


def _grouped(graph: Graph, path: Node) -> str:
    text = sparql_path(graph, path)
    return text if isinstance(path, URIRef) else f"({text})"
