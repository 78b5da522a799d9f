"""How a result is cited: its provenance, and the works behind its rows, asked of where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from polcoop.citation.bibliography import MOST_SHOWN, bibliography_query, read_bibliography, shown_nodes
from polcoop.citation.digests import query_digest
from polcoop.citation.provenance import Provenance
from polcoop.citation.styles import cite as written
from polcoop.errors import UsageError
from polcoop.solutions import Solutions

LANGUAGES: Final = ("en", "fr")
Ask = Callable[[str], Solutions]
"""Answers a SELECT query."""
Cite = Callable[[Iterable[str], str, str | None], str]
"""Cites the nodes among IRIs, in a style and a language."""


def provenance(said: Mapping[str, str], query: str, source: str) -> Provenance:
    """Return the provenance of an answer.

    :param said: the header fields that came with it.
    :param query: the text that was sent.
    """
    return Provenance.read(said, query=query_digest(query), endpoint=source)


def cite(iris: Iterable[str], origin: Provenance, ask: Ask, style: str, lang: str) -> str:
    """Return dataset, note and sources behind the nodes among ``iris``, in ``style``.

    :raises UsageError: there is no such style or language, or the endpoint has no polcoop dataset.
    """
    if lang not in LANGUAGES:
        raise UsageError(f"citations are written in {' or '.join(LANGUAGES)}, not in '{lang}'")
    nodes = shown_nodes(iris)
    if len(nodes) > MOST_SHOWN:
        raise UsageError(
            f"the result shows {len(nodes)} nodes, too many to look up their sources",
            hint=f"cite a part of it: result[:{MOST_SHOWN}].cite()",
        )
    found = read_bibliography(ask(bibliography_query(nodes)), origin.dataset, lang=lang)
    if found.dataset is None:
        raise UsageError(f"{origin.endpoint} has no polcoop dataset that could be cited")
    return written(found, style, lang=lang)
