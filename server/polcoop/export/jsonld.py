"""The dataset as JSON-LD 1.1: its named graphs, compacted by the published context, which goes along so that
nothing has to be fetched."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from polcoop.export.compiled import Compiled, Term
from polcoop.export.context import build, compact, curie
from polcoop.iris import PREFIXES

_TYPE: Final = f"{PREFIXES['rdf']}type"
_STRING: Final = f"{PREFIXES['xsd']}string"
Properties = dict[str, list[Term]]


def write(data: Compiled) -> bytes:
    """The dataset with its context."""
    document = build(data)
    writer = _Writer(document["@context"])
    document["@graph"] = [
        {"@id": compact(graph), "@graph": writer.nodes(quads)}
        for graph, quads in groupby(data.quads, key=lambda quad: getattr(quad.graph_name, "value", ""))
    ]
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


class _Writer:
    """Writes the nodes of a graph by the terms of a context."""

    def __init__(self, context: dict[str, Any]) -> None:
        self._types = {
            definition["@id"]: definition["@type"]
            for definition in context.values()
            if isinstance(definition, dict)
        }

    def nodes(self, quads: Iterable[Quad]) -> list[dict[str, Any]]:
        """The nodes of one graph, sorted; a blank node stands inside the only one that points at it."""
        described: dict[str, Properties] = defaultdict(lambda: defaultdict(list))
        pointed: Counter[str] = Counter()
        for quad in quads:
            described[str(quad.subject)][quad.predicate.value].append(quad.object)
            if isinstance(quad.object, BlankNode):
                pointed[str(quad.object)] += 1
        inside = {key for key, count in pointed.items() if count == 1 and key in described}
        return [
            self._node(subject, properties, described, inside)
            for subject, properties in sorted(described.items())
            if subject not in inside
        ]

    def _node(
        self, subject: str, properties: Properties, described: dict[str, Properties], inside: set[str]
    ) -> dict[str, Any]:
        node: dict[str, Any] = {} if subject in inside else {"@id": _identifier(subject)}
        for predicate, objects in sorted(properties.items()):
            if predicate == _TYPE:
                node["@type"] = sorted(curie(each.value) for each in objects if isinstance(each, NamedNode))
                continue
            values = []
            for each in sorted(objects, key=str):
                if str(each) in inside:
                    values.append(self._node(str(each), described[str(each)], described, inside))
                else:
                    values.append(self._value(predicate, each))
            node[curie(predicate)] = values[0] if len(values) == 1 else values
        return node

    def _value(self, predicate: str, value: Term) -> Any:
        coerced = self._types.get(predicate)
        if isinstance(value, NamedNode | BlankNode):
            identifier = _identifier(str(value))
            return identifier if coerced == "@id" else {"@id": identifier}
        assert isinstance(value, Literal)  # noqa: S101 - the data has no triple terms
        if value.language:
            return {"@value": value.value, "@language": value.language}
        if value.datatype.value == coerced or (coerced is None and value.datatype.value == _STRING):
            return value.value
        if value.datatype.value == _STRING:
            return {"@value": value.value}
        return {"@value": value.value, "@type": compact(value.datatype.value)}


def _identifier(term: str) -> str:
    """The identifier of a term in N-Triples notation."""
    return compact(term[1:-1]) if term.startswith("<") else term
