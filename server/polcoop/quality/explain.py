"""Why an ontology is inconsistent: a smallest set of axioms that clash, found by asking the reasoner again
and again.

Method: keep the prefix of a list of candidates that is just long enough to be inconsistent; its last axiom
belongs to the explanation; drop what came after it, and repeat until what is kept is inconsistent by itself.
Each axiom so found is necessary, so the result is minimal (a justification).  One Java process judges several
prefixes, and suspects stand first, so that most prefixes are short.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.quality.axioms import Axiom, Axioms, serialise
from polcoop.quality.hermit import Hermit, ReasonerTimeoutError

_FAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Justification:
    """Axioms and assertions that clash; not ``minimal`` when time ran out before all superfluous ones were
    gone.
    """

    terminology: tuple[Axiom, ...]
    assertions: tuple[Axiom, ...]
    minimal: bool


@dataclass(frozen=True, slots=True)
class Search:
    """The means of one search: reasoner, folder for its inputs, deadline on ``time.monotonic()``."""

    hermit: Hermit
    folder: Path
    deadline: float

    def justification(self, axioms: Axioms) -> Justification:
        """Explain the inconsistent ``axioms``.

        :raises ReasonerTimeoutError: not even a first suspect was found in time.
        """
        declared = serialise(axioms.declarations)
        suspects = _by_distance(axioms.assertions, _suspects(axioms))
        assertions, done = self._minimise(declared + serialise(axioms.terminology), suspects)
        if not done:
            return Justification((), assertions, minimal=False)
        pairs = tuple(pair for axiom in axioms.terminology for pair in _pairwise(axiom))
        terms = _by_distance(pairs, _signature(assertions))
        terminology, done = self._minimise(declared + serialise(assertions), terms)
        return Justification(terminology, assertions, minimal=done)

    def _minimise(self, background: str, candidates: list[Axiom]) -> tuple[tuple[Axiom, ...], bool]:
        """Members of ``candidates`` that, with ``background``, are just inconsistent; and whether time
        sufficed.
        """
        kept: list[Axiom] = []
        while True:
            try:
                size = self._shortest(background + serialise(kept), candidates)
            except ReasonerTimeoutError:
                if not kept:
                    raise
                return tuple(kept), False
            if size == 0:
                return tuple(kept), True
            kept.append(candidates[size - 1])
            candidates = _by_distance(candidates[: size - 1], _signature(kept))

    def _shortest(self, background: str, candidates: Sequence[Axiom]) -> int:
        """Length of the shortest inconsistent prefix; the whole is known to be inconsistent."""
        texts = [axiom.text for axiom in candidates]
        low, high = -1, len(texts)
        while high - low > 1:
            sizes = _cuts(low, high)
            files = [self._write(number, background, texts[:size]) for number, size in enumerate(sizes)]
            consistent = self.hermit.consistent_prefix(files, self.deadline - time.monotonic())
            bounds = [low, *sizes, high]
            low, high = bounds[consistent], bounds[consistent + 1]
        return high

    def _write(self, number: int, background: str, texts: Sequence[str]) -> Path:
        if time.monotonic() > self.deadline:
            raise ReasonerTimeoutError("no time left to explain")
        path = self.folder / f"prefix{number}.nt"
        path.write_text(background + "".join(texts), encoding="utf-8")
        return path


def _cuts(low: int, high: int) -> list[int]:
    """Where to look next between ``low`` (consistent) and ``high`` (inconsistent): near the start first."""
    if low < 0:
        return sorted({0, *(high >> shift for shift in range(1, 10))} - {high})
    step = max(1, (high - low) // 6)
    return list(range(low + step, high, step))


def _pairwise(axiom: Axiom) -> list[Axiom]:
    """AllDisjointClasses as pairs, so that an explanation names two classes and not twenty."""
    subject, _, kind = axiom.head
    if kind != OWL.AllDisjointClasses:
        return [axiom]
    return [
        Axiom(((a, OWL.disjointWith, b),)) for a, b in itertools.combinations(_members(axiom, subject), 2)
    ]


def _members(axiom: Axiom, subject: Node) -> list[Node]:
    graph = Graph()
    for triple in axiom.triples:
        graph.add(triple)
    head = graph.value(subject, OWL.members)
    return [] if head is None else list(Collection(graph, head))


def _signature(axioms: Iterable[Axiom]) -> set[Node]:
    """What axioms speak of; for "x is a C" and "x p y" also C and p, which lead into the terminology."""
    return {term for axiom in axioms for triple in axiom.triples for term in triple if _leads(term)}


def _leads(term: Node) -> bool:
    return isinstance(term, URIRef) and not str(term).startswith((str(RDF), str(RDFS), str(OWL)))


def _by_distance(axioms: Sequence[Axiom], start: set[Node]) -> list[Axiom]:
    """``axioms`` sorted by how many steps lead from ``start`` to them over shared nodes (not over class
    names).
    """
    mentions: dict[Node, list[int]] = {}
    nodes = [_links(axiom) for axiom in axioms]
    for number, linked in enumerate(nodes):
        for node in linked:
            mentions.setdefault(node, []).append(number)
    distance = dict.fromkeys(range(len(axioms)), _FAR)
    frontier, seen, steps = set(start), set(start), 0
    while frontier:
        reached = {n for node in frontier for n in mentions.get(node, ()) if distance[n] == _FAR}
        distance.update(dict.fromkeys(reached, steps))
        frontier = {node for number in reached for node in nodes[number]} - seen
        seen |= frontier
        steps += 1
    return [axioms[number] for number in sorted(distance, key=distance.__getitem__)]


def _links(axiom: Axiom) -> set[Node]:
    subject, predicate, _ = axiom.head
    if predicate == RDF.type and isinstance(subject, URIRef) and len(axiom.triples) == 1:
        return {subject}
    return {t for triple in axiom.triples for t in (triple[0], triple[2]) if _leads(t)} | (
        {subject} if isinstance(subject, BNode) else set()
    )


def _suspects(axioms: Axioms) -> set[Node]:
    """Individuals that a cheap look (named superclasses, domains, ranges) finds in two disjoint classes."""
    above, disjoint = _hierarchy(axioms.terminology)
    types: dict[Node, set[Node]] = {}
    heads = {(s, p): o for s, p, o in (a.head for a in axioms.terminology) if p in (RDFS.domain, RDFS.range)}
    for subject, predicate, obj in (axiom.head for axiom in axioms.assertions):
        if predicate == RDF.type:
            types.setdefault(subject, set()).update(above.get(obj, {obj}))
            continue
        for prop in above.get(predicate, {predicate}):
            for node, side in ((subject, RDFS.domain), (obj, RDFS.range)):
                if (prop, side) in heads:
                    cls = heads[prop, side]
                    types.setdefault(node, set()).update(above.get(cls, {cls}))
    return {node for node, classes in types.items() if any(pair <= classes for pair in disjoint)}


def _hierarchy(terminology: Iterable[Axiom]) -> tuple[dict[Node, set[Node]], list[set[Node]]]:
    """Every named class and property with all that is above it, itself included; and the disjoint pairs."""
    parents: dict[Node, set[Node]] = {}
    disjoint: list[set[Node]] = []
    for axiom in (pair for whole in terminology for pair in _pairwise(whole)):
        subject, predicate, obj = axiom.head
        if predicate in (RDFS.subClassOf, RDFS.subPropertyOf) and isinstance(obj, URIRef):
            parents.setdefault(subject, set()).add(obj)
        elif predicate == OWL.disjointWith:
            disjoint.append({subject, obj})
    return {node: _closure(node, parents) for node in parents}, disjoint


def _closure(node: Node, parents: dict[Node, set[Node]]) -> set[Node]:
    found, todo = {node}, [node]
    while todo:
        new = parents.get(todo.pop(), set()) - found
        found |= new
        todo.extend(new)
    return found
