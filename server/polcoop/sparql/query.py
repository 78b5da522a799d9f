"""What a query text is (SPARQL 1.1 Query): its form, its dataset, and what in it may reach the engine.

The engine would happily follow SERVICE to any address, so the text handed to it is built to fail closed.  It
is not enough to ask a parser: ``FILTER(?a<?b)SERVICE#>`` is an IRI to a tokeniser and a SERVICE clause to the
engine.  Therefore every occurrence of the word is either refused or *disarmed*: inside IRIs, strings and
comments one letter is written as a codepoint escape, which means the same there and is a syntax error
anywhere else; a prefix label is renamed.  What stays is inside variables and local names, which the engine
reads greedily.  So a wrong reading on our side costs the query, not the network.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Final, Self, TypeVar

from polcoop.errors import ForbiddenQuery, Position, QuerySyntaxError, QueryTooLarge
from polcoop.formats import BOOLEAN, GRAPH, SOLUTIONS, Format
from polcoop.sparql.prologue import declared_prefixes, prologue_end
from polcoop.sparql.syntax import Span, Syntax
from polcoop.sparql.width import Width

T = TypeVar("T")

LONG_TEXT: Final = 32_768
"""Characters above which a query is looked at in a thread."""


class Form(Enum):
    """The four query forms (SPARQL 1.1 Query, section 16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats in which results of this form can be written, the preferred one first."""
        return {Form.SELECT: SOLUTIONS, Form.ASK: BOOLEAN}.get(self, GRAPH)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a query may be: bytes of UTF-8, levels of brackets within brackets, and its width, see
    :class:`polcoop.sparql.width.Width`."""

    length: int = 1_048_576
    depth: int = 150
    parts: int = 5000
    patterns: int = 128


@dataclass(frozen=True)
class Query:
    """A query text and what can be known of it without evaluating it.

    ``default_graphs`` and ``named_graphs`` are the dataset of the *request* (SPARQL 1.1 Protocol, 2.1.4),
    which goes before FROM; None when the request names none.  ``has_dataset`` says whether the text itself
    has FROM clauses.  ``identified`` asks for the digest of the result beside the result; ``prefixes`` are
    names and namespaces for a resulting graph, in place of those that the text declares.
    """

    text: str
    form: Form
    has_dataset: bool
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    identified: bool = False
    prefixes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str, bounds: Bounds = Bounds()) -> Self:
        """Read the outside of a query: prologue, form, bracket structure.  Nothing recursive touches the
        text.

        :raises QueryTooLarge: it exceeds ``bounds``.
        :raises QuerySyntaxError: no query form follows the prologue.
        :raises ForbiddenQuery: it is an update.
        """
        text = text.removeprefix("\ufeff")
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            raise QuerySyntaxError(
                "the query is not Unicode text", position=position(text, error.start)
            ) from error
        if size > bounds.length:
            raise QueryTooLarge(f"the query has {size:,} bytes; the limit is {bounds.length:,}")
        start = prologue_end(text)
        form = _form(text, start)
        return cls(text, form, _scan(text, start, bounds))

    def with_dataset(self, default_graphs: tuple[str, ...], named_graphs: tuple[str, ...]) -> Self:
        """Return the same query over the dataset that a request names; both empty means that it names
        none."""
        if not default_graphs and not named_graphs:
            return self
        return replace(self, default_graphs=default_graphs, named_graphs=named_graphs)

    def with_digest(self) -> Self:
        """Return the same query, asked with the digest of its result."""
        return replace(self, identified=True)

    @property
    def namespaces(self) -> dict[str, str]:
        """Names and namespaces for a resulting graph, where its format has such."""
        return dict(self.prefixes) or declared_prefixes(self.text)

    @cached_property
    def ordered(self) -> bool:
        """Whether the order of the rows means something: ORDER BY stands outside all brackets."""
        depth = 0
        for match in _TOKEN.finditer(self.text):
            kind = match.lastgroup
            depth += {"open": 1, "close": -1}.get(kind or "", 0)
            if kind == "word" and depth == 0 and match[0].upper() == "ORDER":
                return True
        return False

    @cached_property
    def syntax(self) -> Syntax:
        """The syntax tree, made when it is first wanted: most queries never need one."""
        return Syntax(self.text)

    async def in_turn(self, work: Callable[[], T]) -> T:
        """Do what takes time in proportion to the text; in a thread for a long text, so that others get their
        turn."""
        return await asyncio.to_thread(work) if len(self.text) > LONG_TEXT else work()

    @cached_property
    def mentions_service(self) -> bool:
        """Whether the word SERVICE stands anywhere in the text, in any spelling."""
        return _WORD.search(self.text) is not None

    @property
    def services(self) -> tuple[Span, ...]:
        """Where the SERVICE clauses stand, as far as the syntax tree finds them."""
        return self.syntax.services if self.mentions_service else ()

    def engine_text(self) -> str:
        """Return the text that may be given to the engine: equal in meaning, and unable to reach the network.

        :raises ForbiddenQuery: it has a SERVICE clause, or the word where it cannot be told from one.
        """
        if not self.mentions_service:
            return self.text
        for span in self.services:
            raise _refusal(self, span.start)
        return _disarm(self)


_KEYWORD: Final = re.compile(r"[A-Za-z]*")
_DECLARATIONS: Final = frozenset({"BASE", "PREFIX", "VERSION"})
_UPDATES: Final = frozenset(
    ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
)


def _form(text: str, start: int) -> Form:
    match = _KEYWORD.match(text, start)
    word = match[0] if match else ""
    if word.upper() in _UPDATES:
        raise ForbiddenQuery(
            f"{word.upper()} is an update, and this endpoint is read-only",
            hint="send SELECT, ASK, CONSTRUCT or DESCRIBE",
        )
    try:
        return Form(word.upper())
    except ValueError:
        if word.upper() in _DECLARATIONS:
            raise QuerySyntaxError(
                f"the {word.upper()} declaration is malformed", position=position(text, start)
            ) from None
        found = (
            f"'{text[start : start + 20].split(maxsplit=1)[0]}'"
            if text[start:].strip()
            else "the end of the text"
        )
        raise QuerySyntaxError(
            f"expected SELECT, ASK, CONSTRUCT or DESCRIBE, found {found}", position=position(text, start)
        ) from None


def position(text: str, offset: int) -> Position:
    """Line and column of the character at ``offset``."""
    before = text[:offset]
    return Position(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


# Longest match as in SPARQL 1.1, section 19.8.  Possessive quantifiers keep it linear on hostile text.
_TOKEN: Final = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*+\'\'\'|"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\\\r\n]|\\.)*+\''''
    r"""|<[^<>"{}|^`\s]*+>|\#[^\r\n]*+|[?$:@][\w.-]*+|(?P<open><<|[({\[])|(?P<close>>>|[)}\]])|(?P<word>[^\W\d][\w:.-]*+)""",
    re.DOTALL,
)


def _scan(text: str, start: int, bounds: Bounds) -> bool:
    """Check the depth of brackets and the width; return whether FROM stands outside all brackets, where only
    a dataset clause can."""
    depth, dataset = 0, False
    # A part is at least one character, a pattern two.
    if len(text) - start > min(bounds.parts, 2 * bounds.patterns):
        _check(Width(text, start), bounds)
    for match in _TOKEN.finditer(text, start):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
            if depth > bounds.depth:
                raise QueryTooLarge(f"the query nests brackets more than {bounds.depth} deep")
        elif kind == "close":
            depth -= 1
        elif kind == "word" and depth == 0 and match[0].upper() == "FROM":
            dataset = True
    return dataset


def _check(width: Width, bounds: Bounds) -> None:
    if width.parts > bounds.parts:
        raise QueryTooLarge(
            f"the query has more than {bounds.parts:,} variables, keywords, brackets and operators",
            hint="put many values into VALUES, where they are not counted",
        )
    if width.patterns > bounds.patterns:
        raise QueryTooLarge(
            f"the query joins more than {bounds.patterns:,} patterns in one group",
            hint="put values into VALUES, or some of the patterns into a subquery or OPTIONAL",
        )


def _letter(letter: str) -> str:
    codes = f"(?:{ord(letter.upper()):02x}|{ord(letter):02x})"
    return rf"(?:{letter}|\\u00{codes}|\\U000000{codes})"


# The word in any case, each letter plain or as a codepoint escape.
_WORD: Final = re.compile("".join(map(_letter, "service")), re.IGNORECASE | re.ASCII)
_QUOTED: Final = frozenset({"iri_reference", "string", "comment"})
_LABELS: Final = frozenset({"namespace", "pn_prefix"})
_NAME: Final = re.compile(r"[?$@:](?:[\w.%-]|\\.)*+")
_DIGIT: Final = {"e": "3", "E": "4"}
_STAND_IN: Final = re.compile("s[34]rvice", re.IGNORECASE)


def _disarm(query: Query) -> str:
    """Write every harmless occurrence of the word so that no reading of the text can take it for the keyword.

    Linear in the length of the text: hostile ones repeat the word a hundred thousand times.
    """
    text, parts, end = query.text, [], 0
    names, name_start, name_end = _NAME.finditer(text), 0, 0
    stand_in_taken = _STAND_IN.search(text) is not None
    for match in _WORD.finditer(text):
        while name_end <= match.start() and (name := next(names, None)):
            name_start, name_end = name.span()
        token, word = query.syntax.token_at(match.start(), match.end()), match[0]
        if token in _QUOTED:
            word = word if "\\" in word else f"{word[0]}\\u00{ord(word[1]):02X}{word[2:]}"
        elif token in _LABELS and "\\" not in word:
            word = f"{word[0]}{_DIGIT[word[1]]}{word[2:]}"
            if stand_in_taken:
                raise _refusal(query, match.start())
        elif token is None or "\\" in word or not name_start < match.start() < name_end:
            raise _refusal(query, match.start())
        parts += [text[end : match.start()], word]
        end = match.end()
    return "".join([*parts, text[end:]])


def _refusal(query: Query, offset: int) -> ForbiddenQuery:
    place = position(query.text, offset)
    return ForbiddenQuery(
        f"SERVICE (line {place.line}, column {place.column}) is refused: this endpoint asks no other one",
        hint="if the word is not meant as the keyword, put it in quotes or rename the prefix",
    )
