"""The whole dataset in the formats that need no decision: N-Triples, N-Quads, TriG; and owl:sameAs links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Triple

from polcoop.export.compiled import Compiled, written_out
from polcoop.iris import PREFIXES

_SAME_AS: Final = NamedNode(f"{PREFIXES['owl']}sameAs")


def ntriples(data: Compiled) -> bytes:
    """The union of all graphs, each triple once, sorted."""
    return _lines(quad.triple for quad in data.quads)


def nquads(data: Compiled) -> bytes:
    """All graphs, sorted."""
    return data.nquads


def trig(data: Compiled) -> bytes:
    """All graphs, with the prefixes of the project."""
    return written_out(data.quads, RdfFormat.TRIG, dict(PREFIXES))


def sameas(data: Compiled) -> bytes:
    """``owl:sameAs`` where the data has ``schema:sameAs``, for whoever wants a reasoner to merge the two.

    The data itself has no such links: they would make all that Wikidata says of an item true of ours.
    """
    pairs = data.select("SELECT ?s ?o { ?s schema:sameAs ?o FILTER(ISIRI(?s) && ISIRI(?o)) }")
    return _lines(
        Triple(s, _SAME_AS, o) for s, o in pairs if isinstance(s, NamedNode) and isinstance(o, NamedNode)
    )


def _lines(triples: Iterable[Triple]) -> bytes:
    return b"".join(sorted(written_out(set(triples), RdfFormat.N_TRIPLES, {}).splitlines(keepends=True)))
