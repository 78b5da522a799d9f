"""The concrete syntax of Turtle (RDF 1.1 Turtle, section 6) and TriG as a tree that keeps comments, spelling
and places.

A parser for the layout and for places alone: what it reads has been found well formed by the strict one
before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from polcoop.errors import ParseError, Position

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>\#[^\n\r]*)
    |(?P<text>\"\"\"(?:\"{0,2}(?:[^"\\]|\\.))*\"\"\" | '''(?:'{0,2}(?:[^'\\]|\\.))*''' | "(?:[^"\\\n\r]|\\.)*"
    | '(?:[^'\\\n\r]|\\.)*') |(?P<iri><[^<>"{}|^`\s]*>)
    |(?P<suffix>\^\^|@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<mark>[\[\](){};,]|\.(?![0-9]))
    |(?P<word>(?:[^\s<>"'\\;,.\[\](){}\#@^]|\\.|\.+(?=[^\s<>"';,.\[\](){}\#@^]))+)
    """,
    re.VERBOSE | re.DOTALL,
)
_DIRECTIVES: Final = {"@prefix", "@base", "prefix", "base"}
_GRAPHS: Final = {"graph", "{", "}"}


@dataclass(slots=True)
class Token:
    text: str
    above: list[str] = field(default_factory=list)
    """Comments on lines of their own before the token; "" stands for a blank line."""
    behind: list[str] = field(default_factory=list)
    """Comments after the token: the first ends its line, others follow on lines of their own."""
    start: int = 0
    end: int = 0
    """Where it stands in the text, in characters."""


@dataclass(slots=True)
class Leaf:
    token: Token


@dataclass(slots=True)
class Collection:
    opening: Token
    items: list[Node]
    closing: Token


@dataclass(slots=True)
class Anonymous:
    opening: Token
    properties: list[Property]
    closing: Token


@dataclass(slots=True)
class Property:
    verb: Leaf
    objects: list[Node]


Node: TypeAlias = Leaf | Collection | Anonymous


@dataclass(slots=True)
class Statement:
    """A directive is a statement whose words are all in ``heads``; ``dot`` is missing in PREFIX and BASE."""

    heads: list[Node]
    properties: list[Property]
    dot: bool = True

    @property
    def directive(self) -> bool:
        head = self.heads[0]
        return isinstance(head, Leaf) and head.token.text.lower() in _DIRECTIVES


def first(node: Node) -> Token:
    return node.token if isinstance(node, Leaf) else node.opening


def last(node: Node) -> Token:
    return node.token if isinstance(node, Leaf) else node.closing


def comments(text: str, source: str) -> list[str]:
    return [found["comment"].rstrip() for found in _scan(text, source) if found["comment"]]


def _scan(text: str, source: str) -> Iterator[re.Match[str]]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            line = text.count("\n", 0, position) + 1
            column = position - text.rfind("\n", 0, position)
            raise ParseError(
                "syntax that the formatter does not know", source=source, position=Position(line, column)
            )
        yield found
        position = found.end()


def tokenize(text: str, source: str) -> list[Token]:
    """Return the tokens with the comments around them; a last, empty one carries those at the end of the
    file."""
    found: list[Token] = []
    waiting: list[str] = []
    own_line = True
    for match in _scan(text, source):
        content = match[0]
        if match["space"]:
            own_line = own_line or "\n" in content
            if waiting and waiting[-1] and content.count("\n") > 1:
                waiting.append("")
            continue
        if match["comment"]:
            (waiting if own_line else found[-1].behind).append(content.rstrip())
            continue
        if _continues(match, found):
            found[-1].text += content
            found[-1].end = match.end()
            found[-1].behind += filter(None, waiting)
        else:
            found.append(Token(content, above=waiting, start=match.start(), end=match.end()))
        waiting, own_line = [], False
    found.append(Token("", above=waiting))
    return found


def _continues(match: re.Match[str], before: list[Token]) -> bool:
    """Whether a token belongs to the literal before it: a language tag, ``^^``, the datatype after ``^^``."""
    if not before or match[0] in _DIRECTIVES:
        return False
    return match["suffix"] is not None or before[-1].text.endswith("^^")


class Reader:
    """Recursive descent over tokens that are known to be well formed Turtle."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def statements(self) -> Iterator[Statement]:
        """Every statement; those in the graphs of TriG come like all others, without the names of the
        graphs."""
        while word := self._peek().lower():
            if word in _DIRECTIVES:
                yield self._directive()
            elif word in _GRAPHS:
                self._take()
            elif (statement := self._triples()) is not None:
                yield statement

    def rest(self) -> list[str]:
        """The comments after the last statement."""
        return self._tokens[-1].above

    def _peek(self) -> str:
        return self._tokens[self._next].text

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _skip(self) -> None:
        """Pass over punctuation, which the writer sets itself; its comments go to the token before it."""
        before, mark = self._tokens[self._next - 1], self._take()
        before.behind += filter(None, [*mark.above, *mark.behind])
        # So that a second ";" in a row finds the same token before it.
        self._tokens[self._next - 1] = before

    def _directive(self) -> Statement:
        dot = self._peek().startswith("@")
        heads: list[Node] = [
            Leaf(self._take()) for _ in range(2 if self._peek().lower().endswith("base") else 3)
        ]
        if dot:
            self._skip()
        return Statement(heads, [], dot)

    def _triples(self) -> Statement | None:
        """The next statement; None for the name of a graph."""
        subject = self._node()
        if self._peek() == "{":
            return None
        properties = self._properties()
        if self._peek() == ".":
            self._skip()
        return Statement([subject], properties)

    def _node(self) -> Node:
        if self._peek() == "[":
            opening = self._take()
            properties = self._properties()
            return Anonymous(opening, properties, self._take())
        if self._peek() == "(":
            opening, items = self._take(), []
            while self._peek() != ")":
                items.append(self._node())
            return Collection(opening, items, self._take())
        return Leaf(self._take())

    def _properties(self) -> list[Property]:
        properties = []
        while self._peek() not in {".", "]", "}"}:
            verb, objects = Leaf(self._take()), [self._node()]
            while self._peek() == ",":
                self._skip()
                objects.append(self._node())
            while self._peek() == ";":
                self._skip()
            properties.append(Property(verb, objects))
        return properties
