"""The tokens of a SPARQL text (SPARQL 1.1, 19.8), for what has to know a variable from the inside of a
string."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from polcoop.errors import QuerySyntaxError
from polcoop.sparql.query import position


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind (``variable``, ``iri``, ``pname``, ``word``, ``string``, ``mark`` …), its text and
    its place.

    ``end`` is not included.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword that this may be, in capitals; empty for what is none."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def variable(self) -> str:
        """Name of the variable that this is; empty for what is none."""
        return self.text[1:] if self.kind == "variable" else ""


_NAME: Final = r"\w·̀-ͯ‿⁀"
_TOKEN: Final = re.compile(
    rf'''(?P<string>"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*+\'\'\'
      |"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\\\r\n]|\\.)*+')
    |(?P<iri><[^<>"{{}}|^`\x00-\x20]*+>)
    |(?P<comment>\#[^\r\n]*+)
    |(?P<variable>[?$][{_NAME}]++)
    |(?P<blank>_:[{_NAME}.-]*[{_NAME}-])
    |(?P<tag>@[A-Za-z0-9-]+)
    |(?P<pname>(?:[^\W\d_](?:[{_NAME}.-]*[{_NAME}-])?)?:(?:(?:[{_NAME}:.-]|%[0-9A-Fa-f]{{2}}|\\[^\w\s])*(?:[{_NAME}:-]|%[0-9A-Fa-f]{{2}}|\\[^\w\s]))?)
    |(?P<word>[^\W\d][{_NAME}-]*)
    |(?P<mark>\S)''',
    re.DOTALL | re.VERBOSE,
)
# Codepoint escapes of ASCII characters: an engine that resolves them first (SPARQL 1.1, 19.2) could read
# another text.
_ASCII_ESCAPE: Final = re.compile(r"\\u00[0-7]|\\U000000[0-7]")


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a query text in their order, without comments and white space."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "comment":
            yield Token(kind, match[0], match.start(), match.end())


def certain_tokens(text: str) -> list[Token]:
    """Return the tokens of a text that every engine cuts up like this; what is inserted between them stays
    there.

    :raises QuerySyntaxError: a string is not closed, or escapes hide what the text is.
    """
    if match := _ASCII_ESCAPE.search(text):
        raise QuerySyntaxError(
            f"a query with parameters may not have the escape {match[0]}…",
            position=position(text, match.start()),
        )
    found = list(tokens(text))
    for token in found:
        if token.kind == "mark" and token.text in "\"'":
            raise QuerySyntaxError("this string is not closed", position=position(text, token.start))
    return found
