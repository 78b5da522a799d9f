"""The one layout of the project's Turtle files (RDF 1.1 Turtle, section 6).

Order, spelling and comments stay the author's; white space is decided here, so that a change of one object
changes one line.  The formatters that exist either drop comments or move them to another triple, hence this
one.

- a subject begins at the margin; each of its predicates stands on a line of its own, four spaces in;
- several objects stand on one line if they are short and not texts in several languages, else one a line;
- ``[ … ]`` and ``( … )`` stay on one line if they fit; a comment inside always opens them;
- one blank line between statements; comments stay before or behind what they stood before or behind.
"""

from __future__ import annotations

import re
from typing import Final

from pyoxigraph import BlankNode, RdfFormat

from polcoop.errors import ParseError
from polcoop.sources.syntax import (
    Anonymous,
    Collection,
    Leaf,
    Node,
    Property,
    Reader,
    Statement,
    Token,
    comments,
    first,
    last,
    tokenize,
)
from polcoop.sources.turtle import parse_quads

WIDTH: Final = 110
_INDENT: Final = "    "
_TAGGED = re.compile(r"""["']@[A-Za-z0-9-]+$""")


def format_turtle(text: str, source: str) -> str:
    """Return ``text`` in the project's layout.

    :param source: the name of the file, for errors.
    :raises ParseError: ``text`` is not well formed Turtle, or uses syntax that this layout does not know (RDF
        1.2).

    The result is read back and compared: it says the same triples and has the same comments, or an error is
    raised.
    """
    before = _triples(text, source)
    result = _lay_out(Reader(tokenize(text, source)))
    if _triples(result, source) != before or comments(result, source) != comments(text, source):
        raise ParseError(
            "this file cannot be laid out without changing what it says; please report it", source=source
        )
    return result


def _lay_out(reader: Reader) -> str:
    writer = _Writer()
    previous: Statement | None = None
    for statement in reader.statements():
        together = (
            previous and previous.directive and statement.directive and not first(statement.heads[0]).above
        )
        if previous and not together:
            writer.between([""])
        writer.statement(statement)
        previous = statement
    if rest := reader.rest():
        writer.between(["", *rest] if previous else rest)
    text = "\n".join(writer.lines).strip("\n")
    return text + "\n" if text else ""


def _triples(text: str, source: str) -> list[tuple[object, ...]]:
    """The triples in their order, blank nodes numbered as they come: a layout changes neither.  Names that do
    not depend on the order would take for ever on some graphs."""
    # A base that is never printed lets files with relative IRIs through: that is not the layout's business.
    quads = parse_quads(text.encode(), RdfFormat.TURTLE, source, base="urn:x-polcoop:base/")
    numbers: dict[object, int] = {}
    return [
        tuple(numbers.setdefault(t, len(numbers)) if isinstance(t, BlankNode) else t for t in quad.triple)
        for quad in quads
    ]


class _Writer:
    """Sets nodes into lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line = ""
        self._behind: list[str] = []
        self._depth = 0

    def statement(self, statement: Statement) -> None:
        for head in statement.heads:
            self._node(head)
        self._depth += 1
        self._properties(statement.properties)
        if statement.dot:
            self._line += " ."
        self._depth -= 1
        self.end_line()

    def between(self, lines: list[str]) -> None:
        """Set blank lines and comments that belong to no statement."""
        self.lines += lines

    def end_line(self) -> None:
        if self._line.strip():
            self.lines.append("  ".join([self._line, *self._behind[:1]]))
            more = [_INDENT * self._depth + comment for comment in self._behind[1:]]
            # Below a finished statement a comment is read as the next one's, which a blank line precedes.
            self.lines += more if self._depth else ["", *more] if more else []
        self._line, self._behind = "", []

    def _properties(self, properties: list[Property]) -> None:
        for number, item in enumerate(properties):
            self._line += " ;" if number else ""
            self.end_line()
            self._put(item.verb.token)
            self._objects(item.objects)

    def _objects(self, objects: list[Node]) -> None:
        if len(objects) == 1 or self._one_line(objects):
            for number, node in enumerate(objects):
                self._line += " ," if number else ""
                self._node(node)
            return
        self._depth += 1
        for number, node in enumerate(objects):
            self._line += " ," if number else ""
            self.end_line()
            self._node(node)
        self._depth -= 1

    def _one_line(self, objects: list[Node]) -> bool:
        inline = [_inline(node) for node in objects]
        if (
            None in inline
            or any(first(node).above for node in objects)
            or any(last(n).behind for n in objects[:-1])
        ):
            return False
        texts = sum(
            isinstance(node, Leaf) and _TAGGED.search(node.token.text) is not None for node in objects
        )
        return texts < 2 and self._fits(" , ".join(filter(None, inline)))

    def _fits(self, text: str) -> bool:
        # Two more for the punctuation that follows.
        return "\n" not in text and len(self._line or _INDENT * self._depth) + 1 + len(text) + 2 <= WIDTH

    def _node(self, node: Node) -> None:
        inline = _inline(node)
        if isinstance(node, Leaf):
            self._put(node.token)
        elif inline is not None and self._fits(inline):
            self._put(Token(inline, node.opening.above, node.closing.behind))
        else:
            self._put(node.opening)
            self._depth += 1
            if isinstance(node, Anonymous):
                self._properties(node.properties)
            else:
                for item in node.items:
                    self.end_line()
                    self._node(item)
            self._depth -= 1
            self.end_line()
            self._put(node.closing)

    def _put(self, token: Token) -> None:
        above = [comment for comment in token.above if comment] if self._depth or self._line else token.above
        if above or self._behind:
            self.end_line()
        self.lines += [(_INDENT * self._depth + comment) if comment else "" for comment in above]
        self._line = f"{self._line} {token.text}" if self._line else _INDENT * self._depth + token.text
        self._behind += token.behind


def _inline(node: Node) -> str | None:
    """Return ``node`` on one line, or ``None`` if a comment or a line break stands inside it."""
    if isinstance(node, Leaf):
        return None if "\n" in node.token.text else node.token.text
    if isinstance(node, Collection):
        tokens = [node.opening, *_within(node.items)]
        parts = [_inline(item) for item in node.items]
        text = " ".join(filter(None, parts))
    else:
        nodes = [part for item in node.properties for part in (item.verb, *item.objects)]
        tokens = [node.opening, *_within(nodes)]
        parts = [_inline(part) for part in nodes]
        text = " ; ".join(
            f"{item.verb.token.text} {' , '.join(filter(None, map(_inline, item.objects)))}"
            for item in node.properties
        )
    clean = not any(token.behind for token in tokens) and not any(
        token.above for token in (*tokens[1:], node.closing)
    )
    if None in parts or not clean:
        return None
    return (
        f"{node.opening.text} {text} {node.closing.text}" if text else node.opening.text + node.closing.text
    )


def _within(nodes: list[Node]) -> list[Token]:
    return [token for node in nodes for token in (first(node), last(node))]
