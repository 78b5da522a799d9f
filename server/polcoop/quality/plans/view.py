"""An index of triples as an rdflib graph that can only be read, for pySHACL: no triple is copied."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rdflib import Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result
from rdflib.store import Store
from rdflib.term import Node

from polcoop.sources.turtle import Triples, empty_graph

if TYPE_CHECKING:
    from polcoop.quality.plans.index import Index

_Triple = tuple[Node, Node, Node]
_Pattern = tuple[Node | None, Node | None, Node | None]


class View(Store):
    """The store behind such a graph."""

    # pySHACL wraps any graph as a dataset, whose store has to know contexts; this one has a single context.
    context_aware = True
    graph_aware = True

    def __init__(self, index: Index) -> None:
        super().__init__()
        self._index = index
        self._namespaces: dict[str, URIRef] = {}
        self.graph: Graph | None = None
        """The one context."""

    def triples(
        self,
        triple_pattern: _Pattern,
        context: Graph | None = None,  # noqa: ARG002
    ) -> Iterator[tuple[_Triple, Iterator[Graph | None]]]:
        """The triples that match a pattern."""
        numbers = [None if term is None else self._index.known(term) for term in triple_pattern]
        if any(
            number is None and term is not None for number, term in zip(numbers, triple_pattern, strict=True)
        ):
            return
        node = self._index.node
        for s, p, o in self._matches(*numbers):
            yield (node(s), node(p), node(o)), iter((self.graph,))

    def _matches(self, s: int | None, p: int | None, o: int | None) -> Iterator[tuple[int, int, int]]:
        if p is not None:
            yield from self._along(s, p, o)
        elif s is not None:
            yield from ((s, verb, thing) for verb, thing in self._index.outgoing(s) if o in (None, thing))
        elif o is not None:
            yield from ((subject, verb, o) for subject, verb in self._index.incoming(o))
        else:
            for verb in self._index.forward:
                yield from self._along(None, verb, None)

    def _along(self, s: int | None, p: int, o: int | None) -> Iterator[tuple[int, int, int]]:
        adjacent = self._index.forward.get(p, {})
        if s is not None:
            yield from ((s, p, thing) for thing in adjacent.get(s, ()) if o in (None, thing))
        elif o is not None:
            yield from ((subject, p, o) for subject in self._index.backward(p).get(o, ()))
        else:
            yield from ((subject, p, thing) for subject, things in adjacent.items() for thing in things)

    def __len__(self, context: Graph | None = None) -> int:
        return len(self._index)

    def bind(self, prefix: str, namespace: URIRef, override: bool = True) -> None:
        """Bind a prefix, which pySHACL uses in texts."""
        if override or prefix not in self._namespaces:
            self._namespaces[prefix] = namespace

    def namespace(self, prefix: str) -> URIRef | None:
        """The namespace of a prefix."""
        return self._namespaces.get(prefix)

    def prefix(self, namespace: URIRef) -> str | None:
        """The prefix of a namespace."""
        return next((name for name, iri in self._namespaces.items() if iri == namespace), None)

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        """All prefixes with their namespaces."""
        yield from self._namespaces.items()

    def add(self, *_: Any, **__: Any) -> None:
        """Refuse: the data is not to be changed.

        :raises TypeError: always.
        """
        raise TypeError("a view of an index is read-only")


class _Graph(Graph):
    """A graph that parses each query once: pySHACL asks the same one for each focus node, and parsing takes
    rdflib longer than answering."""

    def query(self, query_object: str | Query, *given: Any, **named: Any) -> Result:
        """What rdflib's graphs answer."""
        if isinstance(query_object, str):
            query_object = _prepared(query_object, tuple(self.namespaces()))
        return super().query(query_object, *given, **named)


@lru_cache(maxsize=1000)
def _prepared(query: str, prefixes: tuple[tuple[str, URIRef], ...]) -> Query:
    return prepareQuery(query, dict(prefixes))


def graph_of(index: Index, like: Triples | Graph) -> Graph:
    """The triples of ``index`` as an rdflib graph with the prefixes of another."""
    store = View(index)
    graph = store.graph = _Graph(store, bind_namespaces="none")
    known = like if isinstance(like, Graph) else empty_graph(like.prefixes)
    for prefix, namespace in known.namespaces():
        graph.bind(prefix, namespace, replace=True)
    return graph
