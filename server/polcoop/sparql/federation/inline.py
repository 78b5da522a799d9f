"""Solutions as VALUES blocks, and VALUES blocks as text that no engine can misread.

What a stranger sent becomes part of a query text here, so every term is checked against the grammar and
written by us; and the word SERVICE is broken up by a codepoint escape wherever it stands in a term
(``polcoop.sparql.query`` says why).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from polcoop.errors import ParseError, QueryError, RemoteFailure
from polcoop.solutions import Blank, Iri, Literal, Term, Triple, read

Row = tuple[str, ...]
"""A row of a VALUES block, each term as it is written there."""
UNDEF: Final = "UNDEF"

_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_WORD: Final = re.compile(r"(s)(e)(?=rvice)", re.IGNORECASE)
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'["\\\x00-\x1f\x7f]')
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{\[,]', re.DOTALL)
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def values(variables: Sequence[str], rows: Iterable[Row]) -> str:
    """A VALUES block (SPARQL 1.1 Query, section 10) with these rows; no variable at all is possible."""
    names = " ".join(f"?{name}" for name in variables)
    return f" VALUES ({names}) {{ " + "\n".join(f"({' '.join(row)})" for row in rows) + " } "


def inlined(variables: Sequence[str], rows: Iterable[Row]) -> str:
    """What takes the place of a clause: the rows as a VALUES block, within a sub-select.

    The sub-select changes nothing in meaning, but the engine joins it by hashing, where it may try each row
    of a bare block with each row beside it: minutes instead of a second for 20,000 rows.
    """
    names = " ".join(f"?{name}" for name in variables)
    block = values(variables, rows)
    return f" {{ SELECT {names} WHERE {{{block}}} }} " if names else block


def written(term: Term | None) -> str:
    """One term as SPARQL, UNDEF for none.

    :raises RemoteFailure: it is malformed.
    :raises QueryError: it is a blank node or a triple term.
    """
    match term:
        case None:
            return UNDEF
        case Iri(value):
            return _iri(value)
        case Literal(value, language, datatype):
            return _literal(value, language, datatype)
        case Blank() | Triple():
            kind = "a blank node" if isinstance(term, Blank) else "a triple term"
            raise QueryError(
                f"the answer to SERVICE holds {kind}, which cannot be carried from one endpoint to another",
                hint="leave it out inside SERVICE: FILTER(!isBlank(?x)), or a sub-select without it",
            )


def _iri(value: object) -> str:
    if not isinstance(value, str) or _IRI.fullmatch(value) is None:
        raise RemoteFailure(f"the answer holds a malformed IRI: {str(value)[:80]!r}")
    return f"<{_broken_up(value)}>"


def _literal(value: object, language: object, datatype: object) -> str:
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise RemoteFailure(f"the answer holds a malformed literal: {str(value)[:80]!r}")
    text = _SPECIAL.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}", value)
    quoted = f'"{_broken_up(text)}"'
    if language is not None:
        if not isinstance(language, str) or _TAG.fullmatch(language) is None:
            raise RemoteFailure(f"the answer holds a malformed language tag: {str(language)[:80]!r}")
        return f"{quoted}@{language}"
    return quoted if datatype is None else f"{quoted}^^{_iri(datatype)}"


def _broken_up(text: str) -> str:
    return _WORD.sub(lambda match: f"{match[1]}\\u00{ord(match[2]):02X}", text)


def has_more_than(most: int, content: bytes) -> bool:
    """Whether JSON has more than ``most`` texts, objects, arrays and commas, told without making one of them.

    Linear in time, whatever the content: a text that has no end reaches to the end of all.
    """
    return next(islice(_TOKEN.finditer(content), most, None), None) is not None


def columns(content: bytes, wanted: Sequence[str]) -> list[Row]:
    """Read the answer of a remote endpoint: its rows, reduced to the variables ``wanted``.

    :raises RemoteFailure: it is no SELECT result in JSON, or holds a malformed term.
    :raises QueryError: it holds a blank node or a triple term.
    """
    try:
        found = read(content)
    except (ParseError, RecursionError) as error:
        raise RemoteFailure(f"the answer is {str(error)[:200]}") from error
    if isinstance(found, bool):
        raise RemoteFailure("the answer is one of ASK, not of SELECT")
    places = [found.variables.index(name) if name in found.variables else None for name in wanted]
    return [tuple(UNDEF if place is None else written(row[place]) for place in places) for row in found.rows]
