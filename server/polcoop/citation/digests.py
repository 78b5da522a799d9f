"""Canonical digests of queries and results (docs/citation.md): SHA-256, in lower-case hexadecimal.

The standard library only: the query worker imports this.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

Row = Sequence[str | None]
"""Terms in canonical N-Triples notation, one for each variable; None where it is unbound."""

# Strings and IRIs first, so that nothing inside them is taken for a blank node.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|<[^<>\s]*+>|(?P<blank>_:[^\s<>()]++)', re.DOTALL)


def canonical_query(text: str, default_graphs: Iterable[str] = (), named_graphs: Iterable[str] = ()) -> str:
    """Return the form of a query that is hashed.

    Line ends are LF; white space at both ends and a byte order mark go.  Nothing else changes: comments and
    layout are part of what somebody wrote.  A dataset that the request names beside the text follows, a
    line a graph, sorted.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip()
    graphs = [
        f"{name}={iri}"
        for name, iris in (("default-graph-uri", default_graphs), ("named-graph-uri", named_graphs))
        for iri in sorted(set(iris))
    ]
    return "\n".join((plain, *graphs))


def query_digest(text: str, default_graphs: Iterable[str] = (), named_graphs: Iterable[str] = ()) -> str:
    """Return the digest of :func:`canonical_query`."""
    return _digest(canonical_query(text, default_graphs, named_graphs))


def rows_digest(variables: Sequence[str], rows: Iterable[Row], *, ordered: bool) -> str:
    """Return the digest of a SELECT result.

    Columns go by name; rows go by code point unless the query says ORDER BY (``ordered``); duplicates count.
    A blank node is known by its place in its row, ``_:0``, ``_:1`` …: its label means nothing beyond the
    result, so results that differ only in which rows share one have the same digest.
    """
    columns = sorted(range(len(variables)), key=lambda column: variables[column])
    lines = [_line([row[column] or "" for column in columns]) for row in rows]
    if not ordered:
        lines.sort()
    head = "\t".join(f"?{variables[column]}" for column in columns)
    return _digest("".join(f"{line}\n" for line in (head, *lines)))


def boolean_digest(value: bool) -> str:
    """Return the digest of an ASK result: of ``true`` or ``false`` and a line end."""
    return _digest("true\n" if value else "false\n")


def graph_digest(lines: Iterable[str]) -> str:
    """Return the digest of a graph.

    :param lines: its triples in canonical N-Triples with RDFC-1.0 labels, each ending in ``.`` and without a
        line end.
    """
    return _digest("".join(f"{line}\n" for line in sorted(set(lines))))


def _line(cells: list[str]) -> str:
    line = "\t".join(cells)
    if "_:" not in line:
        return line
    names: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        blank = match["blank"]
        return match[0] if blank is None else names.setdefault(blank, f"_:{len(names)}")

    return _TOKEN.sub(numbered, line)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
