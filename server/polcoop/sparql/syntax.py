"""The syntax tree of a query text, and what is wrong with a text that the engine does not take."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from polcoop.errors import MissingExtra, Position, QuerySyntaxError
from polcoop.iris import PREFIXES
from polcoop.sparql.expectations import expected_in

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

_INSTALLED: Final = all(find_spec(name) for name in ("tree_sitter", "tree_sitter_language_pack"))
"""Whether there is a grammar; without it no tree, and errors are told in the engine's words."""

_PARSE_SECONDS: Final = 3.0
"""Error recovery on hostile text can take long; beyond this there is no tree, and whoever needs one
refuses."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text: offsets in characters, ``start`` included, ``end`` not."""

    start: int
    end: int


class Syntax:
    """A concrete syntax tree by tree-sitter, with offsets in characters.

    The grammar is SPARQL 1.1, so RDF 1.2 syntax gives a tree with errors in it: a tree is evidence, never a
    verdict.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._data = text.encode(errors="replace")
        self._tree = _parse(_readable(self._data))

    @property
    def root(self) -> Node | None:
        """The root of the tree, or None when the text took too long to read."""
        return self._tree.root_node if self._tree else None

    def source(self, node: Node) -> str:
        """The text of a node."""
        return self._data[node.start_byte : node.end_byte].decode(errors="replace")

    def place(self, node: Node) -> Position:
        """Line and column where a node begins."""
        return self._position(node.start_byte)

    def with_replaced(self, pieces: Iterable[tuple[Node, str]], within: Node | None = None) -> str:
        """The text, or that of the node ``within``, with each of these nodes (of which none holds another)
        written as the text beside it; nodes elsewhere are passed over."""
        start, end = (within.start_byte, within.end_byte) if within else (0, len(self._data))
        parts: list[bytes] = []
        for node, text in sorted(pieces, key=lambda piece: piece[0].start_byte):
            if start <= node.start_byte and node.end_byte <= end:
                parts += [self._data[start : node.start_byte], text.encode()]
                start = node.end_byte
        return b"".join([*parts, self._data[start:end]]).decode(errors="replace")

    @property
    def services(self) -> tuple[Span, ...]:
        """The SERVICE clauses, outermost first, from the keyword to the closing brace.

        :raises MissingExtra: the grammar is not installed.
        """
        if not _INSTALLED:
            raise MissingExtra("a query with the word SERVICE in it", "validate")
        return tuple(
            Span(self._offset(node.start_byte), self._offset(node.end_byte))
            for node in self._nodes()
            if node.type == "service_graph_pattern"
        )

    def token_at(self, start: int, end: int) -> str | None:
        """Type of the token that holds the characters from ``start`` to ``end``, if it is one of
        ``TOKENS``."""
        first, last = self._byte(start), self._byte(end)
        place = bisect_right(self._tokens, first, key=lambda token: token[0]) - 1
        if place < 0 or self._tokens[place][1] < last:
            return None
        return self._tokens[place][2]

    @cached_property
    def _tokens(self) -> list[tuple[int, int, str]]:
        """First byte, last byte and type of each token of ``TOKENS``, in order, the outermost where they
        nest."""
        found: list[tuple[int, int, str]] = []
        for node in self._nodes():
            if node.type in TOKENS and not (found and node.start_byte < found[-1][1]):
                found.append((node.start_byte, node.end_byte, node.type))
        return found

    def explain(self, message: str) -> QuerySyntaxError:
        """Say what is wrong with a text that the engine refused with ``message``.

        The engine's own position is where its last attempt ended, often a token late, and its list of
        expectations is seldom of use; so an undeclared prefix, a bracket left open and the
        first error of the tree are looked for beforehand.
        """
        told = _engine_error(message)
        return self._undeclared() or self._unclosed() or self._broken(told.position) or told

    def _undeclared(self) -> QuerySyntaxError | None:
        declared: set[str] = set()
        for node in self._nodes():
            if node.type != "namespace":
                continue
            label = self.source(node)
            if node.parent is not None and node.parent.type == "prefix_declaration":
                declared.add(label)
            elif label not in declared:
                known = PREFIXES.get(label.removesuffix(":"))
                shown = label if len(label) <= _SHOWN else f"{label[:_SHOWN]}…"
                hint = f"add PREFIX {shown} <{known or '…'}>"
                return QuerySyntaxError(
                    f"the prefix {shown} is not declared", position=self.place(node), hint=hint
                )
        return None

    def _unclosed(self) -> QuerySyntaxError | None:
        """An error from the first word on, in the eyes of the tree, is most often a bracket left open."""
        kinds = [node.type for node in self._nodes() if not node.is_missing and node.type in "{}()"]
        for opening, closing in ("{}", "()"):
            if kinds.count(opening) > kinds.count(closing):
                end = self._position(len(self._data.rstrip()))
                return QuerySyntaxError(f"expected '{closing}', found the end of the text", position=end)
        return None

    def _broken(self, reached: Position | None) -> QuerySyntaxError | None:
        """The first error of the tree; where the tree does not say what is wrong with a stretch of text, the
        engine's position, ``reached``, is better than its beginning."""
        for node in self._nodes():
            if node.is_missing:
                return self._unexpected(node.start_byte, _NOUNS.get(node.type, repr(node.type)))
            if node.is_error:
                found = expected_in(node, _language())
                if found is None and reached is not None:
                    found = self._byte_of(reached), ""
                return self._unexpected(*(found or (node.start_byte, "")))
        return None

    def _nodes(self) -> Iterator[Node]:
        """All nodes in the order of the text, without recursion."""
        if self._tree is None:
            return
        cursor = self._tree.walk()
        while True:
            if cursor.node is not None:
                yield cursor.node
            if cursor.goto_first_child() or cursor.goto_next_sibling():
                continue
            while cursor.goto_parent():
                if cursor.goto_next_sibling():
                    break
            else:
                return

    def _unexpected(self, byte: int, expected: str) -> QuerySyntaxError:
        """What stands at or after a byte, beyond white space and comments, is not ``expected``."""
        match = _BLANK.match(self._data, byte)
        byte = match.end() if match else byte
        rest = self._data[byte:][:200].decode(errors="replace").split(maxsplit=1)
        found = f"'{rest[0][:40]}'" if rest else "the end of the text"
        return QuerySyntaxError(
            f"expected {expected}, found {found}" if expected else f"unexpected {found}",
            position=self._position(byte),
        )

    def _byte_of(self, place: Position) -> int:
        lines = self._data.split(b"\n")[: place.line]
        line = lines[-1].decode(errors="replace")[: place.column - 1]
        return sum(len(before) + 1 for before in lines[:-1]) + len(line.encode(errors="replace"))

    def _position(self, byte: int) -> Position:
        before = self._data[:byte].decode(errors="replace")
        return Position(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)

    @cached_property
    def _starts(self) -> list[int] | None:
        """Byte offset of each character, or None when bytes and characters agree."""
        if len(self._data) == len(self._text):
            return None
        starts, total = [], 0
        for character in self._text:
            starts.append(total)
            total += len(character.encode(errors="replace"))
        return [*starts, total]

    def _byte(self, offset: int) -> int:
        return offset if self._starts is None else self._starts[offset]

    def _offset(self, byte: int) -> int:
        return byte if self._starts is None else bisect_right(self._starts, byte) - 1


_SHOWN: Final = 60
"""Characters of a name that a message repeats."""
_ESCAPE: Final = re.compile(rb"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_CAPITALS: Final = re.compile(rb"\b(?:IS(?=(?:IRI|URI|BLANK|LITERAL|NUMERIC)\b)|SAMETERM\b)")
_A: Final = re.compile(rb"(?<![\w.:?$@%-])a(?=:)")
_BLANK: Final = re.compile(rb"(?:\s|#[^\r\n]*)*")
_NOUNS: Final = {
    "var": "a term or variable",
    "iri_reference": "an IRI",
    "pn_local": "a name",
    "string": "a string",
}
_ENGINE_MESSAGE: Final = re.compile(r"error at (\d+):(\d+): (?:expected )?(.*)", re.DOTALL)


TOKENS: Final = frozenset(
    {"iri_reference", "string", "comment", "var", "pn_local", "blank_node_label", "lang_tag"}
    | {"namespace", "pn_prefix"}
)
"""Tokens of the grammar in which any word may stand."""


@cache
def _language() -> Language:
    from tree_sitter_language_pack import get_language  # noqa: PLC0415

    return get_language("sparql")


def _readable(data: bytes) -> bytes:
    """The text as the grammar can read it, each token where it was: the grammar knows no codepoint escapes,
    takes ``a:`` for the keyword, and some functions not in capitals."""
    data = _ESCAPE.sub(lambda match: b"u" + match[1] if match[1][0] in b"uU" else match[0], data)
    data = _CAPITALS.sub(lambda match: b"is" if match[0] == b"IS" else b"sameTerm", data)
    return _A.sub(b"x", data)


def _parse(data: bytes) -> Tree | None:
    if not _INSTALLED:
        return None
    from tree_sitter import Parser  # noqa: PLC0415 - a hundred megabytes that most queries do not need

    deadline = time.monotonic() + _PARSE_SECONDS

    def read(offset: int, _point: object) -> bytes:
        return data[offset : offset + 65536]

    def late(_offset: int, _error: bool) -> bool:
        return time.monotonic() > deadline

    try:
        return Parser(_language()).parse(read, progress_callback=late)
    except ValueError:  # the callback ended it
        return None


def _engine_error(message: str) -> QuerySyntaxError:
    match = _ENGINE_MESSAGE.match(message)
    if match is None:
        return QuerySyntaxError(message)
    # A rule of the engine in words ("The SELECT contains a variable that is unbound") among quoted and
    # upper-case tokens.
    sentences = re.findall(r"(?:^|one of |, )([A-Z][a-z]*(?: [\w'?-]+){3,})", match[3])
    if sentences:
        return QuerySyntaxError(sentences[0][:1].lower() + sentences[0][1:])
    place = Position(int(match[1]), int(match[2]))
    return QuerySyntaxError("the text is not a SPARQL query from about here on", position=place)
