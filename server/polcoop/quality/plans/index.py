"""Triples by predicate, terms as numbers: what the tests of shapes read.

A term's key is its canonical N-Triples form.  Terms that rdflib takes for one (``"01"^^xsd:integer`` and
``"1"^^xsd:integer``) are one here, since pySHACL counts them so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from polcoop.errors import SourceError

_ESCAPED: Final = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
if TYPE_CHECKING:
    from polcoop.sources.turtle import Triples

_CONTROL: Final = re.compile(r"\\[nrtbfu]")
_SHORT: Final = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}
_LONG: Final = {letter: char for char, letter in _SHORT.items()}

Adjacent = dict[int, list[int]]
"""Nodes that one predicate leads to from each node."""
_NOTHING: Final[list[int]] = []


@dataclass
class Mentioned:
    """Terms that a set of triples speaks of."""

    subjects: set[int] = field(default_factory=set)
    objects: set[int] = field(default_factory=set)


class Index:
    """A set of triples, filled once and then only read."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.keys: list[str] = []
        """The canonical N-Triples form of each term."""
        self._nodes: list[Node | None] = []
        self.forward: dict[int, Adjacent] = {}
        """Predicate to subject to objects."""
        self._backward: dict[int, Adjacent] = {}
        self._incoming: dict[int, list[tuple[int, int]]] | None = None
        self._size: int | None = None
        self.controls = False
        """Whether a term has a line break or another control character."""
        self.twins = False
        """Whether two literals of one datatype have one value (``1.50``, ``1.5``): the engine takes them for
        one."""
        self._values: set[tuple[object, object]] = set()

    def add(self, triples: Triples | Graph) -> Mentioned:
        """Add triples, in canonical N-Triples or from an rdflib graph; return what they mention.

        :raises SourceError: there is a triple term (RDF 1.2), which SHACL and rdflib do not know.
        """
        mentioned = Mentioned()
        rows = self._graph(triples) if isinstance(triples, Graph) else self._lines(triples.content)
        touched = set()
        for s, p, o in rows:
            self.forward.setdefault(p, {}).setdefault(s, []).append(o)
            mentioned.subjects.add(s)
            mentioned.objects.add(o)
            touched.add(p)
        for p in touched:
            for things in self.forward[p].values():
                if len(things) > 1 and len(set(things)) < len(things):
                    things[:] = dict.fromkeys(things)
        self._backward.clear()
        self._incoming = self._size = None
        return mentioned

    def number(self, node: Node) -> int:
        """The number of a term, a new one if no triple mentions it.  A literal that is not in rdflib's
        canonical form, as in a shape, gets one of its own: no term of a triple equals it."""
        term = key(node)
        found = self._number(term)
        if self.keys[found] != term:
            found = len(self.keys)
            self.keys.append(term)
            self._nodes.append(node)
        return found

    def term(self, term: str) -> int:
        """The number of a term in N-Triples notation, a new one if no triple mentions it."""
        return self._number(term)

    def known(self, node: Node) -> int | None:
        """The number of a term if some triple may mention it."""
        term = key(node)
        found = self._numbers.get(term)
        return found if found is not None and self.keys[found] == term else None

    def node(self, number: int) -> Node:
        """The term as rdflib knows it."""
        found = self._nodes[number]
        if found is None:
            found = self._nodes[number] = parsed(self.keys[number])
        return found

    def backward(self, predicate: int) -> Adjacent:
        """Objects of a predicate with their subjects."""
        found = self._backward.get(predicate)
        if found is None:
            found = self._backward[predicate] = {}
            for subject, things in self.forward.get(predicate, {}).items():
                for thing in things:
                    found.setdefault(thing, []).append(subject)
        return found

    def incoming(self, node: int) -> list[tuple[int, int]]:
        """The triples that end in ``node``: subject and predicate."""
        if self._incoming is None:
            self._incoming = {}
            for predicate, adjacent in self.forward.items():
                for subject, things in adjacent.items():
                    for thing in things:
                        self._incoming.setdefault(thing, []).append((subject, predicate))
        return self._incoming.get(node, [])

    def outgoing(self, node: int) -> Iterator[tuple[int, int]]:
        """The triples that start in ``node``: predicate and object."""
        for predicate, adjacent in self.forward.items():
            for thing in adjacent.get(node, _NOTHING):
                yield predicate, thing

    def instances(self, kind: int, types: int, subclasses: int) -> set[int]:
        """Nodes that are of a class or of one below it, given the numbers of rdf:type and rdfs:subClassOf."""
        members = self.backward(types)
        below = reached(self.backward(subclasses), [kind])
        return {node for name in below for node in members.get(name, _NOTHING)}

    def __len__(self) -> int:
        if self._size is None:
            self._size = sum(len(things) for found in self.forward.values() for things in found.values())
        return self._size

    def _lines(self, content: bytes) -> Iterator[tuple[int, int, int]]:
        number = self._number
        for line in BytesIO(content):
            subject, predicate, rest = line.decode().split(" ", 2)
            yield number(subject), number(predicate), number(rest.rstrip("\n")[:-2])

    def _graph(self, graph: Graph) -> Iterator[tuple[int, int, int]]:
        numbers: dict[Node, int] = {}
        for triple in graph:
            for node in triple:
                if node not in numbers:
                    term = key(node)
                    found = self._numbers.get(term)
                    numbers[node] = self._new(term, node) if found is None else found
            yield numbers[triple[0]], numbers[triple[1]], numbers[triple[2]]

    def _note(self, literal: Node) -> None:
        pair = (getattr(literal, "datatype", None), getattr(literal, "value", None))
        try:
            self.twins = self.twins or (pair[1] is not None and pair in self._values)
            self._values.add(pair)
        except TypeError:
            # A value that cannot be told from others.
            self.twins = True

    def _number(self, term: str) -> int:
        found = self._numbers.get(term)
        return self._new(term) if found is None else found

    def _new(self, term: str, node: Node | None = None) -> int:
        canonical = term
        if term[0] == '"' and term[-1] == ">":
            # Of several literals that are one, rdflib keeps the first, and whether that was well formed.
            node = node or parsed(term)
            canonical = key(node)
            found = self._numbers.get(canonical)
            if found is not None:
                self._numbers[term] = found
                return found
            self._note(node)
        elif term.startswith("<<"):
            raise SourceError(f"a triple term (RDF 1.2) cannot be validated: {term}")
        self.controls = self.controls or ("\\" in term and bool(_CONTROL.search(term)))
        number = self._numbers[term] = self._numbers[canonical] = len(self.keys)
        self.keys.append(canonical)
        self._nodes.append(node)
        return number


def reached(steps: Adjacent, start: Iterable[int]) -> set[int]:
    """``start`` and all that can be reached from it."""
    found = set(start)
    waiting = list(found)
    while waiting:
        for node in steps.get(waiting.pop(), _NOTHING):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def key(node: Node) -> str:
    """The canonical N-Triples form of an rdflib term; language tags in lower case, as they are compared."""
    if isinstance(node, URIRef):
        return f"<{node}>"
    if not isinstance(node, Literal):
        return f"_:{node}"
    text = f'"{_ESCAPED.sub(_escape, node)}"'
    if node.language:
        return f"{text}@{node.language.lower()}"
    return text if node.datatype is None else f"{text}^^<{node.datatype}>"


def parsed(term: str) -> Node:
    """The rdflib term with this N-Triples form."""
    if term[0] == "<":
        return URIRef(term[1:-1])
    if term[0] == "_":
        return BNode(term[2:])
    end = term.rfind('"')
    text, rest = term[1:end], term[end + 1 :]
    if "\\" in text:
        text = _ESCAPE.sub(_character, text)
    if rest.startswith("@"):
        return Literal(text, lang=rest[1:])
    return Literal(text, datatype=URIRef(rest[3:-1])) if rest else Literal(text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    return f"\\{_SHORT[char]}" if char in _SHORT else f"\\u{ord(char):04X}"


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _LONG.get(found[3], found[3])
