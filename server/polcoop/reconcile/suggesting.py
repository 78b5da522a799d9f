"""Suggest services: what an input may be the beginning of (0.2, section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from polcoop.reconcile.index import Entity, Index, Kind
from polcoop.reconcile.matching import Query, Strictness, reconcile
from polcoop.reconcile.names import fold

_NEAREST: Final = 20


def suggest_entities(index: Index, prefix: str, types: tuple[str, ...] = ()) -> list[Entity]:
    """Entities whose identifier is ``prefix``, then those with a name, then with a word in a name, that
    begins so; without any, what is spelt nearly so.  ``types`` are IRIs; they are a condition."""
    codes = index.by_code.get(prefix.strip(), frozenset()) | index.by_code.get(
        prefix.strip().casefold(), frozenset()
    )
    ranked = dict.fromkeys(codes, (0, 0, ""))
    start = fold(prefix)
    for name in index.names if start else ():
        if f" {start}" in f" {name.folded}":
            rank = (1 if name.folded.startswith(start) else 2, len(name.folded), name.folded)
            iri = name.entity.iri
            ranked[iri] = min(rank, ranked.get(iri, rank))
    found = [index.entities[iri] for iri in sorted(ranked, key=lambda iri: (ranked[iri], iri))]
    if not found and start:
        near = reconcile(index, Query(prefix, types, Strictness.ANY, limit=_NEAREST))
        found = [candidate.entity for candidate in near]
    return [entity for entity in found if not types or index.is_a(entity, types)]


def suggest_kinds(kinds: Iterable[Kind], prefix: str) -> list[Kind]:
    """Types or properties whose identifier or name, or a word in it, begins with ``prefix``; all of them when
    it is empty."""
    start = fold(prefix)
    return sorted(
        (kind for kind in kinds if any(f" {start}" in f" {text}" for text in _texts(kind))),
        key=lambda kind: (not any(text.startswith(start) for text in _texts(kind)), kind.name, kind.iri),
    )


def _texts(kind: Kind) -> Iterator[str]:
    yield from (fold(kind.name), fold(kind.id), fold(kind.iri))
