"""The report as JSON with places, rules and fingerprints, which read as JSON-LD is the SHACL report graph.

Members (all results in the order of the report):

- ``conforms``: SHACL's verdict; ``passes``: that of the command, ``severity`` and baseline considered;
- ``counts``: results by severity; ``focusNodes``, ``shapes``: how much was looked at; ``idleShapes``;
- ``result``: for each ``focusNode``, ``resultPath`` (structured) and ``path`` (SPARQL syntax), ``value``,
  ``resultSeverity``, ``sourceShape``, ``sourceConstraintComponent``, ``resultMessage``, ``rule`` (the nearest
  shape with a name), ``hint`` by language, ``fingerprint``, ``known``, ``location`` and ``shapeLocation``
  (``file``, ``line``, ``column``, ``endLine``, ``endColumn``; counted from 1, the end is after the last
  character).
"""

from __future__ import annotations

import json
from typing import Any

from rdflib import RDF, SH, BNode, Graph, Literal
from rdflib.term import Node

from polcoop.iris import PREFIXES
from polcoop.quality.report import Location, Message, Severity, ValidationResult
from polcoop.quality.wording import visible
from polcoop.quality.writers.presentation import Presentation

_OURS = (
    "passes", "severity", "counts", "focusNodes", "shapes", "idleShapes",
    "path", "rule", "hint", "fingerprint", "known", "location", "shapeLocation",
)  # fmt: skip
_CONTEXT = {"@vocab": PREFIXES["sh"], **dict.fromkeys(_OURS)}
_DEPTH = 50


def write(shown: Presentation) -> str:
    """The report as one JSON document."""
    report = shown.report
    graph = report.graph if report.graph is not None else Graph()
    document = {
        "@context": _CONTEXT,
        "@type": "ValidationReport",
        "conforms": report.conforms,
        "passes": shown.passes,
        "severity": shown.severity.label,
        "counts": {severity.label: report.counts[severity] for severity in reversed(Severity)},
        "focusNodes": report.focus_nodes,
        "shapes": report.shapes,
        "idleShapes": [_iri(shape) for shape in report.idle_shapes],
        "result": [_result(shown, graph, result) for result in report.results],
    }
    return visible(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _result(shown: Presentation, graph: Graph, result: ValidationResult) -> dict[str, Any]:
    told = _described(graph, BNode(result.node.removeprefix("_:")), 0)
    told.update(
        path=result.path,
        rule=_iri(result.rule),
        hint=_texts(result.hints),
        fingerprint=result.fingerprint,
        known=result.known,
        location=_place(shown, result.location),
        shapeLocation=_place(shown, result.related),
    )
    return told


def _described(graph: Graph, node: Node, depth: int) -> dict[str, Any]:
    """What the report says of one of its nodes; what refers to itself is cut off by its label."""
    told: dict[str, Any] = {"@id": node.n3()} if isinstance(node, BNode) else {}
    for predicate in sorted(set(graph.predicates(node)), key=str):
        values = [
            _value(graph, value, depth + 1) for value in sorted(graph.objects(node, predicate), key=str)
        ]
        if predicate == RDF.type:
            told["@type"] = [value["@id"] for value in values]
        else:
            key = (
                str(predicate).removeprefix(str(SH)) if str(predicate).startswith(str(SH)) else str(predicate)
            )
            told[key] = values[0] if len(values) == 1 else values
    return told


def _value(graph: Graph, value: Node, depth: int) -> Any:
    if isinstance(value, Literal):
        if value.language:
            return {"@value": str(value), "@language": value.language}
        return {"@value": str(value), "@type": str(value.datatype)} if value.datatype else str(value)
    if isinstance(value, BNode) and depth < _DEPTH and (value, None, None) in graph:
        return _described(graph, value, depth)
    return {"@id": value.n3() if isinstance(value, BNode) else str(value)}


def _texts(messages: tuple[Message, ...]) -> dict[str, str]:
    return {message.language or "@none": message.text for message in messages}


def _iri(term: str) -> str:
    return term[1:-1] if term.startswith("<") else term


def _place(shown: Presentation, place: Location | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "file": shown.file(place),
        "line": place.line,
        "column": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
