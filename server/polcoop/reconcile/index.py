"""What can be found: entities with their names, types and values, and the words that lead to them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA, Prefix

from polcoop.iris import ONTOLOGY
from polcoop.reconcile.ids import short
from polcoop.reconcile.names import fold, initials, words
from polcoop.solutions import Iri, Term

_ACRONYM_LENGTH: Final = 7
_SPELLINGS: Final = 3
_STEM: Final = 4
"""Letters that two words must begin with to be taken for forms of one (policing, police)."""
_STEM_SHARE: Final = 0.57
"""What share of the longer word that beginning must be (chinois, Chine; but not Interpol, interview)."""
_STEM_SIMILARITY: Final = 0.85
_KNOWN: Final = 0.8
"""What is left of a similarity when the word is no misspelling, since it stands in other names."""
_LEAST_SIMILARITY: Final = 0.7
_TYPO_LENGTH: Final = 4
"""Shorter words are one another or nothing: of three letters, one wrong letter is another word."""


_BELONGS: Final = tuple(ONTOLOGY + p for p in ("ofCountry", "inCountry", "atPlace", "partOf", "postOf"))


@dataclass(frozen=True, slots=True)
class Kind:
    """A type or a property: IRI, name, definition (may be empty), and the IRIs of those directly broader."""

    iri: str
    name: str
    description: str = ""
    broader: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its identifier."""
        return short(self.iri)


@dataclass(frozen=True, slots=True)
class Entity:
    """Something to match with: ``names`` has the one that is shown first, ``codes`` are short identifiers
    such as ISO codes, ``types`` the most specific ones first."""

    iri: str
    names: tuple[str, ...]
    types: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    values: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its identifier."""
        return short(self.iri)

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entity, ready to be compared."""

    entity: Entity
    folded: str
    words: tuple[str, ...]
    context: frozenset[str]
    """Words that say where the entity belongs, which a query may add to any of its names."""

    @property
    def joined(self) -> str:
        """The name without its spaces (Lian yun gang, Lianyungang)."""
        return self.folded.replace(" ", "")


class Index:
    """Entities, types and properties of one version of the data.  Immutable once made; building takes time in
    proportion to the number of names, looking up a word in proportion to the vocabulary."""

    def __init__(self, entities: Iterable[Entity], types: Iterable[Kind], properties: Iterable[Kind]) -> None:
        self.entities = {entity.iri: entity for entity in entities}
        self.types = {kind.iri: kind for kind in types}
        self.properties = {kind.iri: kind for kind in properties}
        self.names = [
            Name(entity, folded, words(folded), context)
            for entity in self.entities.values()
            for context in [self._context(entity)]
            for folded in dict.fromkeys(fold(name) for name in entity.names)
            if folded
        ]
        frequency = Counter(word for name in self.names for word in set(name.words))
        self._weights = {word: math.log(1 + len(self.names) / n) for word, n in frequency.items()}
        self._unknown = math.log(1 + len(self.names))
        self._vocabulary = sorted(frequency)
        self._similar: dict[str, dict[str, float]] = {}

    @cached_property
    def by_word(self) -> Mapping[str, tuple[Name, ...]]:
        """The names in which a word stands."""
        found: dict[str, list[Name]] = defaultdict(list)
        for name in self.names:
            for word in set(name.words):
                found[word].append(name)
        return {word: tuple(names) for word, names in found.items()}

    @cached_property
    def by_joined(self) -> Mapping[str, frozenset[str]]:
        """The entities that a name without spaces belongs to, by IRI."""
        return _grouped((name.joined, name.entity.iri) for name in self.names)

    @cached_property
    def by_code(self) -> Mapping[str, frozenset[str]]:
        """The entities that a code (``CN``), or what serves as an identifier, belongs to."""
        codes = [(code.casefold(), entity.iri) for entity in self.entities.values() for code in entity.codes]
        return _grouped(codes + [(key, iri) for iri in self.entities for key in (iri, short(iri))])

    @cached_property
    def by_initials(self) -> Mapping[str, frozenset[str]]:
        """The entities whose names have these initials."""
        return _grouped((initials(name.folded), name.entity.iri) for name in self.names)

    def spelled_out(self, word: str) -> tuple[str, ...]:
        """The long names of the one entity that has the acronym ``word`` (UN: United Nations)."""
        entities = self.by_joined.get(word, frozenset())
        if len(entities) != 1 or len(word) > _ACRONYM_LENGTH:
            return ()
        (iri,) = entities
        names = self.entities[iri].names
        if not any(fold(name) == word and sum(map(str.isupper, name)) > 1 for name in names):
            return ()
        return tuple(folded for folded in map(fold, names) if " " in folded and folded.isascii())[:_SPELLINGS]

    def knows(self, word: str) -> bool:
        """Whether the word stands in some name."""
        return word in self._weights

    def weight(self, word: str) -> float:
        """How much a word tells: the rarer, the more; most of all one that stands in no name."""
        return self._weights.get(word, self._unknown)

    def similar(self, word: str) -> Mapping[str, float]:
        """The words of the vocabulary that ``word`` may stand for, with a similarity up to 1."""
        if word in self._similar:
            return self._similar[word]
        found: dict[str, float] = {}
        if len(word) >= _TYPO_LENGTH and not word.isdecimal():
            share = _KNOWN if self.knows(word) else 1.0
            for known, similarity, _ in process.extract_iter(
                word, self._vocabulary, scorer=OSA.normalized_similarity, score_cutoff=_LEAST_SIMILARITY
            ):
                if len(known) >= _TYPO_LENGTH and not known.isdecimal():
                    found[known] = share * similarity
            for known in self._stems(word):
                found[known] = max(share * _STEM_SIMILARITY, found.get(known, 0.0))
        if self.knows(word):
            found[word] = 1.0
        if len(self._similar) < len(self._vocabulary):
            # Bounded: what clients send is not kept without end.
            self._similar[word] = found
        return found

    def is_a(self, entity: Entity, types: Iterable[str]) -> bool:
        """Whether the entity bears one of the types, or one narrower than it."""
        wanted = set(types)
        return any(self._broader(kind) & wanted for kind in entity.types)

    def _broader(self, kind: str) -> set[str]:
        found, todo = {kind}, [kind]
        while todo:
            known = self.types.get(todo.pop())
            new = set(known.broader) - found if known else set()
            found |= new
            todo += new
        return found

    def _stems(self, word: str) -> list[str]:
        """Words with the same beginning."""
        stem = word[:_STEM]
        first = bisect_left(self._vocabulary, stem)
        last = bisect_left(self._vocabulary, stem + "\U0010ffff")
        return [
            known
            for known in self._vocabulary[first:last]
            if Prefix.similarity(known, word) >= _STEM_SHARE * max(len(known), len(word))
        ]

    def _context(self, entity: Entity) -> frozenset[str]:
        places = [v.value for p in _BELONGS for v in entity.values.get(p, ()) if isinstance(v, Iri)]
        names = [name for place in places if place in self.entities for name in self.entities[place].names]
        return frozenset(word for name in names for word in words(fold(name)))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        if key:
            found[key].add(value)
    return {key: frozenset(values) for key, values in found.items()}
