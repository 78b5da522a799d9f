"""How wide a query is, by its tokens alone: parts, which the engine nests, and patterns, which it joins.

The engine nests what stands flat in the text, and recurses over it.  And it tries the patterns of a group in
many orders before it begins: a hundred about one subject take it a second, two hundred sixteen times that.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r'''(?P<text>"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*+\'\'\''''
    r"""|"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\\\r\n]|\\.)*+\')|(?P<iri><[^<>"{}|^`\s]*+>)"""
    r"""|\#[^\r\n]*+|@[\w-]*+|\[\s*+\]|(?P<name>:[\w:.-]*+|[^\W\d][\w.-]*+:[\w:.-]*+)"""
    r"""|(?P<number>\d++(?:\.\d++)?(?:[eE][+-]?\d++)?)|(?P<open>[({\[])|(?P<close>[)}\]])"""
    r"""|(?P<word>[^\W\d]\w*+)|(?P<variable>[?$]\w*+)|(?P<operator><<|[-!+*/|^&=<>])|(?P<separator>[.;,])""",
    re.DOTALL,
)
_PARTS: Final = frozenset({"open", "close", "word", "variable", "operator"})
_TERMS: Final = frozenset({"text", "iri", "name", "number", "variable"})
_APART: Final = {"OPTIONAL": 1, "UNION": 0, "MINUS": 0, "EXISTS": 0, "CONSTRUCT": 0}
"""The words whose braces are planned by themselves, and how many patterns they are outside."""


@dataclass(slots=True)
class _Bracket:
    """An open bracket: ``outside`` is how many patterns it is to those around it, None when these are joined
    with its own, which are ``patterns``; ``last`` is the same of the last group in it, or of the union that
    has these ``branches``.  ``terms`` are those of a list, -1 when it is none."""

    sign: str
    outside: int | None = None
    patterns: int = 0
    last: int = 0
    branches: int = 1
    terms: int = 0


class Width:
    """The width of the query whose form begins at ``start``.

    ``parts`` are its variables, keywords, brackets and operators, and the resources that DESCRIBE names, but
    for what stands in the braces of VALUES; ``patterns`` are the most that are joined in one group.
    """

    def __init__(self, text: str, start: int) -> None:
        self.parts = self.patterns = 0
        self._word = ""
        self._data = 0
        self._open = [_Bracket("{")]
        self._groups = self._open.copy()
        describes = text[start : start + 8].upper() == "DESCRIBE"
        for match in _TOKEN.finditer(text, start):
            kind, token = match.lastgroup or "", match[0]
            if kind == "open":
                self._opened(token)
            if not self._data:
                self.parts += kind in _PARTS or (describes and kind in _TERMS and len(self._open) == 1)
                self._told(kind, token)
            if kind == "close" and len(self._open) > 1:
                self._closed(self._open.pop())
        self.patterns = max(self.patterns, self._groups[0].patterns)

    def _told(self, kind: str, token: str) -> None:
        inner, group = self._open[-1], self._groups[-1]
        if kind in _TERMS:
            if inner.sign == "(" and inner.terms >= 0:
                inner.terms += 1
            # A dot at the end of a name is none of its letters.
            group.patterns += kind == "name" and token[-1] == "."
        elif kind == "word":
            self._worded(token.upper())
        elif kind == "operator":
            inner.terms = -1
            # A path of two, and a reified triple beside what is said of it.
            group.patterns += token in {"/", "<<"}
        elif kind == "separator":
            inner.terms = -1
            group.patterns += inner.sign != "("

    def _worded(self, word: str) -> None:
        self._word = word
        self._open[-1].terms = -1
        group = self._groups[-1]
        if word == "UNION":
            # Measured: two branches are as much as two patterns, eight as four.
            group.branches += 1
            union = math.ceil(math.sqrt(2 * group.branches))
            group.patterns += union - group.last
            group.last = union
        elif word == "SELECT":
            group.outside = 1

    def _opened(self, sign: str) -> None:
        bracket = _Bracket(sign, _APART.get(self._word))
        self._open.append(bracket)
        if sign == "{":
            self._groups.append(bracket)
            if self._word == "VALUES":
                self._data = self._data or len(self._open)
            elif self._word == "CONSTRUCT":
                # Nothing is joined in a template.
                bracket.patterns = -_MANY
            self._word = ""
        elif sign == "[":
            self._groups[-1].patterns += 1
        elif self._word == "VALUES":
            bracket.terms = -1

    def _closed(self, bracket: _Bracket) -> None:
        if bracket.sign == "{":
            self._groups.pop()
            around = self._groups[-1]
            if self._data:
                around.patterns += 1
                self._data = 0
            else:
                self.patterns = max(self.patterns, bracket.patterns)
                self._join(around, bracket)
        elif bracket.terms > 1:
            self._groups[-1].patterns += 2 * bracket.terms

    def _join(self, around: _Bracket, bracket: _Bracket) -> None:
        if bracket.outside != 0:
            around.last, around.branches = bracket.outside or max(1, bracket.patterns), 1
            around.patterns += around.last


_MANY: Final = 1 << 40
