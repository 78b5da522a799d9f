"""What became of the data between two states of a project: triples per graph, nodes with their properties.

Blank nodes have no identity of their own: one is known by the way that leads to it (for counting) and shown
by what it says (in a node's properties), so that renumbering is no change.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from polcoop.iris import GRAPHS, PREFIXES, shrink
from polcoop.sources.project import ALIGNMENTS, INSTANCES, ONTOLOGY, VOCABULARIES

_WRITTEN: Final = (ONTOLOGY, VOCABULARIES, ALIGNMENTS, INSTANCES)
_TYPE: Final = NamedNode(f"{PREFIXES['rdf']}type")
_FIRST: Final = NamedNode(f"{PREFIXES['rdf']}first")
_REST: Final = NamedNode(f"{PREFIXES['rdf']}rest")
_CLAIM: Final = NamedNode(f"{PREFIXES['polcoop']}Claim")
# The first that a node has; of several, the English one.
_LABELS: Final = tuple(
    NamedNode(iri)
    for iri in (
        f"{PREFIXES['skos']}prefLabel",
        f"{PREFIXES['polcoop']}statement",
        f"{PREFIXES['polcoop']}title",
        f"{PREFIXES['rdfs']}label",
    )
)

_Term = NamedNode | BlankNode | Literal | Triple
_Properties = Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class GraphChange:
    """Triples that a named graph (its last name: ``instances``) gains and loses."""

    graph: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """Values of one property, as in Turtle, that a node loses and gains."""

    property: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeChange:
    """What happened to a node that is written by hand; what is computed or inferred of it is left out.

    ``kind`` is ``claim``, ``entity`` or ``term`` (ontology, vocabularies, alignments); ``change`` is
    ``added``, ``removed`` or ``changed``; ``types`` are its classes as CURIEs.
    """

    kind: str
    change: str
    node: str
    label: str
    types: tuple[str, ...]
    properties: tuple[PropertyChange, ...]


def graph_changes(before: Sequence[Quad], after: Sequence[Quad]) -> list[GraphChange]:
    """Return the named graphs whose triples differ, in the order of the graphs' names."""
    old, new = _counted(before), _counted(after)
    changes = []
    for graph in sorted(old.keys() | new.keys()):
        added, removed = (new[graph] - old[graph]).total(), (old[graph] - new[graph]).total()
        if added or removed:
            changes.append(GraphChange(graph, added, removed))
    return changes


def node_changes(before: Sequence[Quad], after: Sequence[Quad]) -> list[NodeChange]:
    """Return the nodes that came, went or changed, ordered by kind and name."""
    old, new = _State(before), _State(after)
    names = sorted(old.described.keys() | new.described.keys())
    changes = (_change(name, old, new) for name in names)
    return sorted((change for change in changes if change), key=lambda c: (c.kind, c.node))


class _State:
    """The nodes of one state: name to properties, kind and label."""

    def __init__(self, quads: Sequence[Quad]) -> None:
        written = [quad for quad in quads if quad.graph_name in _WRITTEN]
        texts = _Texts(written)
        self.described: dict[str, dict[str, Counter[str]]] = {}
        self.kinds: dict[str, str] = {}
        self.labels: dict[str, tuple[tuple[int, int], str]] = {}
        for quad in written:
            # A blank node that something leads to is shown there.
            if isinstance(quad.subject, BlankNode) and texts.parents.get(quad.subject):
                continue
            name = texts.of(quad.subject)
            properties = self.described.setdefault(name, defaultdict(Counter))
            properties[texts.of(quad.predicate)][texts.of(quad.object)] += 1
            self._name(name, quad)

    def _name(self, name: str, quad: Quad) -> None:
        kind = "entity" if quad.graph_name == INSTANCES else "term"
        if quad.predicate == _TYPE and quad.object == _CLAIM:
            kind = "claim"
        if kind != "entity" or name not in self.kinds:
            self.kinds[name] = kind
        if quad.predicate in _LABELS and isinstance(quad.object, Literal):
            rank = (_LABELS.index(quad.predicate), int(quad.object.language != "en"))
            if name not in self.labels or rank < self.labels[name][0]:
                self.labels[name] = (rank, quad.object.value)


class _Texts:
    """Terms as a reader of Turtle knows them; blank nodes spelt out."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.parents: dict[BlankNode, set[tuple[NamedNode | BlankNode | Triple, NamedNode]]] = defaultdict(
            set
        )
        self._inside: dict[BlankNode, list[tuple[NamedNode, _Term]]] = defaultdict(list)
        self._known: dict[_Term, str] = {}
        for quad in quads:
            if isinstance(quad.object, BlankNode):
                self.parents[quad.object].add((quad.subject, quad.predicate))
            if isinstance(quad.subject, BlankNode):
                self._inside[quad.subject].append((quad.predicate, quad.object))

    def of(self, term: _Term) -> str:
        """The text of ``term``."""
        if term not in self._known:
            # Should the node lead back to itself, this is what it is called there.
            self._known[term] = "[ … ]"
            self._known[term] = self._spelt(term)
        return self._known[term]

    def _spelt(self, term: _Term) -> str:
        if isinstance(term, NamedNode):
            return shrink(term.value)
        if isinstance(term, Literal):
            text = str(term)
            value = str(Literal(term.value))
            return text if text == value or term.language else f"{value}^^{shrink(term.datatype.value)}"
        if isinstance(term, Triple):
            return f"<<( {self.of(term.subject)} {self.of(term.predicate)} {self.of(term.object)} )>>"
        if any(predicate == _FIRST for predicate, _ in self._inside[term]):
            return f"( {' '.join(self._members(term))} )"
        inside = sorted(f"{self.of(p)} {self.of(o)}" for p, o in self._inside[term])
        return f"[ {' ; '.join(inside)} ]" if inside else "[]"

    def _members(self, cell: _Term) -> Iterator[str]:
        seen = set()
        while isinstance(cell, BlankNode) and cell not in seen:
            seen.add(cell)
            parts = dict(self._inside[cell])
            yield self.of(parts[_FIRST]) if _FIRST in parts else "[]"
            cell = parts.get(_REST, _TYPE)

    def way(self, term: _Term) -> str:
        """The name of a subject: its text, or for a blank node the way from the node that leads to it."""
        steps: list[str] = []
        seen = set()
        while isinstance(term, BlankNode) and self.parents.get(term) and term not in seen:
            seen.add(term)
            term, predicate = min(self.parents[term], key=lambda step: (str(step[1]), str(step[0])))
            steps.append(f" {self.of(predicate)}")
        return "".join(["[]" if isinstance(term, BlankNode) else self.of(term), *reversed(steps)])


def _counted(quads: Sequence[Quad]) -> dict[str, Counter[tuple[str, str, str]]]:
    texts = _Texts(quads)
    counted: dict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for quad in quads:
        graph = quad.graph_name.value.removeprefix(GRAPHS) if isinstance(quad.graph_name, NamedNode) else ""
        thing = "[]" if isinstance(quad.object, BlankNode) else texts.of(quad.object)
        counted[graph][texts.way(quad.subject), texts.of(quad.predicate), thing] += 1
    return counted


def _change(name: str, old: _State, new: _State) -> NodeChange | None:
    before, after = old.described.get(name, {}), new.described.get(name, {})
    properties = tuple(_property_changes(before, after))
    if not properties:
        return None
    state = new if after else old
    types = state.described[name].get("rdf:type", Counter())
    return NodeChange(
        state.kinds[name],
        "changed" if before and after else "added" if after else "removed",
        name,
        state.labels.get(name, ((0, 0), ""))[1],
        tuple(sorted(types)),
        properties,
    )


def _property_changes(before: _Properties, after: _Properties) -> Iterator[PropertyChange]:
    nothing: Counter[str] = Counter()
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, nothing), after.get(name, nothing)
        removed, added = (old - new).elements(), (new - old).elements()
        change = PropertyChange(name, tuple(sorted(removed)), tuple(sorted(added)))
        if change.removed or change.added:
            yield change
