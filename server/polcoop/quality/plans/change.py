"""What is different between two sets of triples, blank nodes told apart by what is said with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from polcoop.sources.turtle import Triples

Row: TypeAlias = tuple[str, str, str]
"""A triple in N-Triples notation."""
_ROUNDS: Final = 30
"""How many blank nodes deep the names of those that lead to them reach."""


@dataclass(frozen=True, slots=True)
class Before:
    """The data and background of an earlier state."""

    data: Triples
    background: Triples | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The triples that only one of two states has, and the nodes that only one of them judges; those of
    ``removed`` that the later state knows are in its terms."""

    added: frozenset[Row]
    removed: frozenset[Row]
    judged: frozenset[str]

    @property
    def rows(self) -> frozenset[Row]:
        """The triples."""
        return self.added | self.removed


def change(before: Before, data: Triples, background: Triples | None) -> Change:
    """What became of ``before``."""
    old, new = _State(before.data, before.background), _State(data, background)
    back = {name: label for label, name in new.names.items()}

    def known(rows: Iterable[Row]) -> frozenset[Row]:
        return frozenset((back.get(s, s), p, back.get(o, o)) for s, p, o in rows)

    moved = old.judged ^ new.judged if background is not None or before.background is not None else set()
    return Change(
        known(new.rows - old.rows),
        known(old.rows - new.rows),
        frozenset(back.get(node, node) for node in moved),
    )


class _State:
    """One state with names for blank nodes that depend on nothing but what is said with them."""

    def __init__(self, data: Triples, background: Triples | None) -> None:
        given = rows(data)
        known = rows(background) if background is not None else []
        self.names = names([*given, *known])
        named = self._named(given)
        behind = self._named(known)
        self.rows = named | behind
        described = {subject for subject, _, _ in behind}
        self.judged = {s for s, _, _ in named} | {o for _, _, o in named if o not in described}

    def _named(self, found: Iterable[Row]) -> set[Row]:
        name = self.names
        return {(name.get(s, s), p, name.get(o, o)) for s, p, o in found}


def rows(triples: Triples) -> list[Row]:
    """The triples one by one."""
    found = []
    for line in triples.content.decode().split("\n"):
        if line:
            subject, predicate, rest = line.split(" ", 2)
            found.append((subject, predicate, rest[:-2]))
    return found


def names(found: Iterable[Row]) -> Mapping[str, str]:
    """A name for each blank node, made of the triples that it stands in; nodes of which all the same is said
    are numbered, in any order.

    Whatever the names are, no two nodes share one, so that a wrong guess makes a change look larger and never
    smaller than it is.
    """
    mentions: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        for term in {row[0], row[2]}:
            if term.startswith("_:"):
                mentions[term].append(row)
    colours = dict.fromkeys(mentions, 0)
    colours |= {label: _colour(label, said, colours) for label, said in mentions.items()}
    # What is said within a blank node is carried out to those that lead to it.
    linked = [label for label, said in mentions.items() if any(_others(label, row) for row in said)]
    for _ in range(min(_ROUNDS, len(linked))):
        colours |= {label: _colour(label, mentions[label], colours) for label in linked}
    count: defaultdict[int, int] = defaultdict(int)
    told = {}
    for label in mentions:
        count[colours[label]] += 1
        told[label] = f"_:{colours[label] & 0xFFFF_FFFF_FFFF_FFFF:016x}x{count[colours[label]]}"
    return told


def _others(label: str, row: Row) -> bool:
    return any(term.startswith("_:") and term != label for term in (row[0], row[2]))


def _colour(label: str, said: Iterable[Row], colours: Mapping[str, int]) -> int:
    def seen(term: str) -> str | int:
        return "" if term == label else colours.get(term, term)

    return hash(frozenset((seen(s), p, seen(o)) for s, p, o in said))
