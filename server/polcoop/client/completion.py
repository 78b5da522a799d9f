"""What can stand at the cursor in a query: variables, known prefixes, and the terms and things of the
dataset."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from IPython.core.completer import SimpleCompletion

from polcoop.errors import PolcoopError
from polcoop.iris import BASE, PREFIXES, shrink

from .tokens import tokens

if TYPE_CHECKING:
    from .connection import Connection

_WORD: Final = re.compile(r"[?$]\w*|(?:[^\W\d][\w.-]*)?:[\w.-]*|[^\W\d][\w-]*|$")
_THINGS: Final = "SELECT DISTINCT ?thing { ?thing ?p ?o FILTER(STRSTARTS(STR(?thing), ?base)) }"
_KEYWORDS: Final = (
    "ASK", "BIND", "BOUND", "COALESCE", "CONCAT", "CONSTRUCT", "CONTAINS", "COUNT", "DESCRIBE",
    "DISTINCT", "FILTER", "FILTER NOT EXISTS", "GRAPH", "GROUP BY", "GROUP_CONCAT", "HAVING", "LANG",
    "LANGMATCHES", "LCASE", "LIMIT", "MINUS", "OFFSET", "OPTIONAL", "ORDER BY", "SAMPLE", "SELECT",
    "STRSTARTS", "UNION", "VALUES", "WHERE", "YEAR",
)  # fmt: skip
_MOST: Final = 500


class Terms:
    """Completions; the dataset is asked once, when the first term is wanted."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        """The local names that the dataset has, by prefix."""
        try:
            found = self._connection().select(_THINGS, {"base": BASE}).column("thing")
        except PolcoopError:
            # Without a dataset the prefixes can still be completed.
            return {}
        names: dict[str, list[str]] = {}
        for curie in sorted(shrink(str(thing)) for thing in found):
            prefix, colon, local = curie.partition(":")
            if colon and not curie.startswith("<"):
                names.setdefault(prefix, []).append(local)
        return names

    def matches(self, before: str) -> dict[str, Any]:
        """Return what can follow the text ``before`` the cursor, as IPython wants it."""
        word = next(match[0] for match in _WORD.finditer(before) if match.end() == len(before))
        found = [
            SimpleCompletion(text, type=kind)
            for text, kind in self._candidates(word, before)
            if text.startswith(word) and text != word
        ]
        return {"completions": found[:_MOST], "matched_fragment": word, "suppress": True}

    def _candidates(self, word: str, before: str) -> list[tuple[str, str]]:
        if word[:1] in {"?", "$"}:
            # Not the one that is being written.
            names = {token.variable for token in tokens(before[: -len(word)]) if token.variable}
            return [(f"{word[0]}{name}", "variable") for name in sorted(names)]
        if ":" in word:
            prefix = word.partition(":")[0]
            return [(f"{prefix}:{local}", "term") for local in self._names.get(prefix, ())]
        if not word:
            return []
        keywords = [
            (f"{word}{keyword[len(word) :]}", "keyword")
            for keyword in _KEYWORDS
            if keyword.startswith(word.upper())
        ]
        return [*keywords, *((f"{prefix}:", "prefix") for prefix in PREFIXES)]
