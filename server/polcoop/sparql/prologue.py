"""The prologue of a query: its BASE, PREFIX and VERSION declarations (SPARQL 1.1 Query, 4.1; 1.2, 4.1.3)."""

from __future__ import annotations

import re
from typing import Final

_GAP: Final = r"(?:\s|\#[^\r\n]*+[\r\n])*+"
_IRI: Final = r"<[^<>\"{}|^`\s]*+>"
_DECLARATION: Final = rf"""(?: \s++ | \#[^\r\n]*+
      | BASE {_GAP} {_IRI}
      | PREFIX \s++ (?:\#[^\r\n]*+\s++)*+ (?P<name>[^\s:<>"{{}}()]*+) : {_GAP} (?P<namespace>{_IRI})
      | VERSION \s*+ (?:"[^"\r\n]*+"|'[^'\r\n]*+')
    )"""
_ONE: Final = re.compile(_DECLARATION, re.VERBOSE | re.IGNORECASE)
_ALL: Final = re.compile(f"{_DECLARATION}*+", re.VERBOSE | re.IGNORECASE)
# Relative ones and those with escapes would have to be resolved.
_ABSOLUTE: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]*:[^\\\x00-\x20]*)>")


def prologue_end(text: str) -> int:
    """Return the offset of what follows the prologue: the query form, in a query."""
    match = _ALL.match(text)
    return match.end() if match else 0


def declared_prefixes(text: str) -> dict[str, str]:
    """Return the prefixes that a query declares, each with its namespace; without those whose namespace is
    not written as an absolute IRI."""
    found: dict[str, str] = {}
    for declaration in _ONE.finditer(text, 0, prologue_end(text)):
        if declaration["name"] is not None and (iri := _ABSOLUTE.fullmatch(declaration["namespace"])):
            found[declaration["name"]] = iri[1]
    return found
