"""Where in a file each of its triples stands.

The strict parser says what the triples are, the concrete syntax where their terms stand; both run through
the file in nearly the same order, and each triple is given the place of the next one that is spelt like it.
Specifications: RDF 1.1 Turtle, TriG, N-Triples, N-Quads.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat

from polcoop.errors import ParseError, Position
from polcoop.iris import PREFIXES
from polcoop.sources.json_places import statements as json_statements
from polcoop.sources.syntax import (
    Anonymous,
    Collection,
    Leaf,
    Node,
    Property,
    Reader,
    Statement,
    Token,
    tokenize,
)
from polcoop.sources.syntax import first as opening
from polcoop.sources.syntax import last as closing

Range = tuple[int, int]
"""First character and the one after the last, counted from 0 in the text."""

_TREES: Final = {RdfFormat.TURTLE, RdfFormat.TRIG}
_LINES: Final = {RdfFormat.N_TRIPLES, RdfFormat.N_QUADS}
_QUOTES: Final = "\"'"
_FIRST: Final = f"{PREFIXES['rdf']}first"
_REST: Final = f"{PREFIXES['rdf']}rest"
_NIL: Final = f"{PREFIXES['rdf']}nil"
_AHEAD: Final = 1000
"""Triples that one parser may be ahead of the other: the triples within one bracket, at most."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text; ``end`` is the place after its last character."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Place:
    """Where the three terms of one triple stand."""

    subject: Span
    predicate: Span
    object: Span


@dataclass(frozen=True, slots=True)
class _Term:
    """A term as it is spelt: a token, or for what has none (brackets, cells of lists) the name by which it
    is told apart."""

    range: Range
    text: str = ""
    name: Hashable = None

    def spells(self, term: object, blanks: dict[Hashable, BlankNode]) -> bool:
        """Whether this may be ``term``, given which blank nodes are known already."""
        if isinstance(term, BlankNode):
            name = self.text if self.text.startswith("_:") else self.name
            return name is not None and blanks.get(name, term) == term
        if isinstance(term, Literal):
            return self._literal(term)
        if isinstance(term, NamedNode):
            return self._iri(term.value)
        return False

    def _literal(self, term: Literal) -> bool:
        if self.text[:1] in _QUOTES and self.text:
            return "\\" in self.text or term.value in self.text
        return self.text == term.value

    def _iri(self, iri: str) -> bool:
        if self.text == "a":
            return iri == f"{PREFIXES['rdf']}type"
        if self.text.startswith("<"):
            return "\\" in self.text or ":" not in self.text or self.text[1:-1] == iri or "/." in self.text
        local = self.text.partition(":")[2]
        return ":" in self.text and not self.text.startswith("_:") and iri.endswith(local.replace("\\", ""))


_Triple = tuple[_Term, _Term, _Term]
_Emit = Callable[[_Term], Iterator[_Triple]]


def places(text: str, file_format: RdfFormat, quads: Sequence[Quad]) -> list[Place | None]:
    """Return the place of each of ``quads``, which the strict parser read, in this order, from ``text``.

    None stands for what cannot be placed: all of RDF/XML and of RDF 1.2 syntax, and in JSON-LD what only a
    remote or an intricate context gives.
    """
    lines = _Lines(text)
    if file_format == RdfFormat.JSON_LD:
        return [place and Place(*map(lines.span, place)) for place in json_statements(text, quads)]
    if file_format not in _TREES | _LINES:
        return [None] * len(quads)
    try:
        tokens = tokenize(text, "")
        found = list(_tree(tokens) if file_format in _TREES else _rows(tokens))
    except (ParseError, IndexError, RecursionError):
        return [None] * len(quads)
    return [
        triple and Place(*(lines.span(term.range) for term in triple)) for triple in _aligned(found, quads)
    ]


def _aligned(found: Sequence[_Triple], quads: Sequence[Quad]) -> Iterator[_Triple | None]:
    """For each quad the first triple that is spelt like it and not yet given away."""
    coming, waiting = iter(found), list[_Triple]()
    blanks: dict[Hashable, BlankNode] = {}
    for quad in quads:
        terms = (quad.subject, quad.predicate, quad.object)
        for triple in chain(list(waiting), _kept(coming, waiting)):
            if all(spelt.spells(term, blanks) for spelt, term in zip(triple, terms, strict=True)):
                waiting.remove(triple)
                blanks.update(
                    (spelt.name or spelt.text, term)
                    for spelt, term in zip(triple, terms, strict=True)
                    if isinstance(term, BlankNode)
                )
                yield triple
                break
        else:
            yield None


def _kept(coming: Iterator[_Triple], waiting: list[_Triple]) -> Iterator[_Triple]:
    while len(waiting) < _AHEAD and (triple := next(coming, None)):
        waiting.append(triple)
        yield triple


class _Lines:
    """Turns offsets into lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n")]

    def span(self, piece: Range) -> Span:
        return Span(self._position(piece[0]), self._position(piece[1]))

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)


def _rows(tokens: Sequence[Token]) -> Iterator[_Triple]:
    """N-Triples and N-Quads: three or four terms and a full stop."""
    row: list[_Term] = []
    for token in tokens[:-1]:
        if token.text != ".":
            row.append(_leaf(token))
            continue
        subject, predicate, thing = row[:3]
        yield subject, predicate, thing
        row = []


def _tree(tokens: list[Token]) -> Iterator[_Triple]:
    for statement in Reader(tokens).statements():
        if not statement.directive:
            yield from _statement(statement)


def _statement(statement: Statement) -> Iterator[_Triple]:
    subject = statement.heads[0]
    if isinstance(subject, Anonymous):
        yield from _properties(_term(subject), subject.properties)
    if isinstance(subject, Collection):
        yield from _collection(subject, lambda _: iter(()))
    yield from _properties(_term(subject), statement.properties)


def _properties(subject: _Term, properties: Sequence[Property]) -> Iterator[_Triple]:
    for prop in properties:
        verb = _leaf(prop.verb.token)
        for thing in prop.objects:
            yield from _object(thing, lambda term, verb=verb: iter([(subject, verb, term)]))  # type: ignore[misc]


def _object(node: Node, emit: _Emit) -> Iterator[_Triple]:
    """A node in the place of an object, and all that is written within it."""
    if isinstance(node, Collection) and node.items:
        yield from _collection(node, emit)
        return
    if isinstance(node, Anonymous):
        yield from _properties(_term(node), node.properties)
    yield from emit(_term(node))


def _collection(node: Collection, emit: _Emit) -> Iterator[_Triple]:
    """The cells of a list.  A cell is linked with what is before it (the list with its triple, by ``emit``)
    as soon as the first token of its item has been read, and with the item once that is complete."""
    cells = [_cell(node, number) for number, _ in enumerate(node.items)]
    for number, (cell, item) in enumerate(zip(cells, node.items, strict=True)):
        before = cells[number - 1]
        link = emit(cell) if number == 0 else iter([(before, _rdf(cell, _REST), cell)])
        own = _object(item, lambda term, cell=cell: iter([(cell, _rdf(term, _FIRST), term)]))  # type: ignore[misc]
        yield from chain(own, link) if isinstance(item, Leaf) else chain(link, own)
    if cells:
        end = _Term((node.closing.start, node.closing.end), f"<{_NIL}>")
        yield cells[-1], _rdf(end, _REST), end


def _term(node: Node) -> _Term:
    if isinstance(node, Leaf):
        return _leaf(node.token)
    if isinstance(node, Anonymous):
        return _Term((opening(node).start, closing(node).end), name=opening(node).start)
    if node.items:
        return _cell(node, 0)
    return _Term((node.opening.start, node.closing.end), f"<{_NIL}>")


def _leaf(token: Token) -> _Term:
    return _Term((token.start, token.end), token.text)


def _cell(node: Collection, number: int) -> _Term:
    """A cell of a list stands where its item does, the first where the list begins."""
    token = opening(node.items[number]) if number else node.opening
    return _Term((token.start, token.end), name=(node.opening.start, number))


def _rdf(term: _Term, iri: str) -> _Term:
    """The predicate rdf:first or rdf:rest, which nobody writes: it stands where its object does."""
    return _Term(term.range, f"<{iri}>")
