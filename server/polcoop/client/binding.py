"""Parameters and prefixes: what is put into a query text, token by token, and never by string formatting.

A parameter takes the place of a variable.  A single value is written wherever the variable stands, so that it
also reaches into FILTER, OPTIONAL, MINUS and subqueries, as a ``VALUES`` joined at the end would not; where
the grammar wants a variable, an expression with its name is written: ``SELECT ?x`` becomes ``SELECT (<…> AS
?x)``.  A list becomes a ``VALUES`` block at the beginning of the WHERE clause.  Lines stay lines, and columns
are led back for messages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from polcoop.errors import Position, QuerySyntaxError, UsageError
from polcoop.sparql.query import position
from polcoop.values import to_sparql

from .tokens import Token, certain_tokens, tokens

_ENDS_CLAUSE: Final = frozenset({"WHERE", "FROM", "HAVING", "LIMIT", "OFFSET", "VALUES"})
_FORMS: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
# What can be nothing but an IRI: two slashes stand in no expression and in no prefixed name.
_HIERARCHICAL: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the original text (``end`` not included) and what stands in its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Prepared:
    """A query as it is sent: the text, and how it came from the one that was written."""

    original: str
    edits: tuple[Edit, ...] = ()
    text: str = field(init=False)

    def __post_init__(self) -> None:
        parts, end = [], 0
        for edit in self.edits:
            parts += [self.original[end : edit.start], edit.text]
            end = edit.end
        object.__setattr__(self, "text", "".join([*parts, self.original[end:]]))

    def written(self, place: Position) -> Position:
        """Return where in the original stands what is at ``place`` in the text that was sent."""
        lines = self.text.split("\n")
        line = min(place.line, len(lines)) - 1
        offset = sum(len(each) + 1 for each in lines[:line]) + min(place.column - 1, len(lines[line]))
        shift = 0
        for edit in self.edits:
            begin = edit.start + shift
            if offset < begin:
                break
            if offset < begin + len(edit.text):
                return position(self.original, edit.start)
            shift += len(edit.text) - (edit.end - edit.start)
        return position(self.original, min(offset - shift, len(self.original)))


def prepare(text: str, bindings: Mapping[str, object], prefixes: Mapping[str, str]) -> Prepared:
    """Return the query with its parameters, and with a declaration of each known prefix that it uses
    undeclared.

    :raises UsageError: a parameter is no variable of the query, or its value is no term.
    :raises QuerySyntaxError: a parameter stands where no value can, or it cannot be told where it stands.
    """
    text = text.removeprefix("\ufeff")
    found = certain_tokens(text) if bindings else list(tokens(text))
    names = {name.lstrip("?$"): value for name, value in bindings.items()}
    edits = [*_declarations(found, prefixes), *_parameters(text, found, names)]
    return Prepared(text, tuple(sorted(edits, key=lambda edit: edit.start)))


def used_prefixes(found: Iterable[Token]) -> tuple[set[str], set[str]]:
    """Return the prefixes that a query declares, and those that it uses."""
    declared: set[str] = set()
    used: set[str] = set()
    last = ""
    for token in found:
        if token.kind == "pname":
            (declared if last == "PREFIX" else used).add(token.text.partition(":")[0])
        last = token.word
    return declared, used


def _declarations(found: Collection[Token], prefixes: Mapping[str, str]) -> list[Edit]:
    declared, used = used_prefixes(found)
    missing = sorted(prefix for prefix in used - declared if prefix in prefixes)
    # On one line, before the first: no line number changes.
    return [Edit(0, 0, "".join(f"PREFIX {name}: <{prefixes[name]}> " for name in missing))] if missing else []


def _parameters(text: str, found: list[Token], bindings: Mapping[str, object]) -> list[Edit]:
    single, several = {}, {}
    for name, value in bindings.items():
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            single[name] = to_sparql(value)
        else:
            several[name] = [to_sparql(each) for each in value]
    _refuse_doubt(text, found, bindings)
    missing = bindings.keys() - {token.variable for token in found}
    if missing:
        names = ", ".join(f"?{name}" for name in sorted(missing))
        raise UsageError(
            f"the query has no variable {names}", hint="a parameter takes the place of a variable"
        )
    edits = _Substitution(text, found, single).edits() if single else []
    return [*edits, Edit(at := _where(text, found), at, _values(several))] if several else edits


def _refuse_doubt(text: str, found: list[Token], names: Collection[str]) -> None:
    """Refuse ``?a<?b&&?c>?d``, which is an IRI to one reader and two comparisons to another."""
    for token in found:
        if token.kind == "iri" and not _HIERARCHICAL.match(token.text):
            inside = {name for name in names if re.search(rf"[?$]{re.escape(name)}\b", token.text)}
            if inside:
                raise QuerySyntaxError(
                    f"it cannot be told whether {token.text} is an IRI or a comparison",
                    position=position(text, token.start),
                    hint="put a space after the sign <",
                )


def _values(several: Mapping[str, list[str]]) -> str:
    return "".join(f" VALUES ?{name} {{ {' '.join(terms)} }} " for name, terms in several.items())


def _where(text: str, found: list[Token]) -> int:
    """The offset behind the brace that opens the WHERE clause."""
    form = next((token.word for token in found if token.word in _FORMS), "")
    after_template = form != "CONSTRUCT"
    depth, last = 0, ""
    for token in found:
        if token.text == "{":
            if after_template and depth == 0:
                return token.end
            if last == "WHERE":
                break
            depth += 1
        elif token.text == "}":
            depth -= 1
            after_template = True
        last = token.word
    raise QuerySyntaxError(
        f"a list as a parameter needs a WHERE clause of its own, which this {form or 'query'} has not",
        position=position(text, 0),
    )


class _Substitution:
    """Walks over the tokens and knows, at each variable, what the grammar wants there."""

    def __init__(self, text: str, found: list[Token], terms: Mapping[str, str]) -> None:
        self._text, self._found, self._terms = text, found, terms
        # The clause that wants bare variables (SELECT, GROUP, ORDER), and the depth of round brackets in it.
        self._clause, self._depth = "", 0
        self._assigning = False

    def edits(self) -> list[Edit]:
        """Return what to write in place of each variable that has a value."""
        edits: list[Edit] = []
        for index, token in enumerate(self._found):
            self._follow(token)
            if (term := self._terms.get(token.variable)) is not None:
                edits.append(self._edit(index, token, term))
        return edits

    def _follow(self, token: Token) -> None:
        word = token.word
        if word in {"SELECT", "GROUP", "ORDER"}:
            self._clause, self._depth = word, 0
        elif word in _ENDS_CLAUSE or token.text in {"{", "}"}:
            self._clause = ""
        if word == "VALUES":
            self._assigning = True
        elif token.text == "{":
            self._assigning = False
        self._depth += {"(": 1, ")": -1}.get(token.text, 0)

    def _before(self, index: int, steps: int) -> Token:
        return self._found[index - steps] if index >= steps else Token("", "", 0, 0)

    def _edit(self, index: int, token: Token, term: str) -> Edit:
        if self._assigning or self._before(index, 1).word == "AS":
            raise QuerySyntaxError(
                f"the query itself gives {token.text} a value here, so it cannot be a parameter",
                position=position(self._text, token.start),
            )
        if self._before(index, 1).text == "(" and self._before(index, 2).word == "BOUND":
            return self._bound(index)
        if self._clause and self._depth == 0:
            term = f"({term} AS {token.text})" if self._clause == "SELECT" else f"({term})"
        # Blanks, so that a number never runs into a word beside it.
        return Edit(token.start, token.end, f" {term} ")

    def _bound(self, index: int) -> Edit:
        closing = self._found[index + 1] if index + 1 < len(self._found) else self._found[index]
        return Edit(self._found[index - 2].start, closing.end, " true ")
