"""How well an entity answers a query: names first, then what is said of types and properties.

A name is compared word by word.  A word weighs the more the fewer names have it, so that "Ministry of Magic"
does not match a ministry; a wrong letter costs little, a missing word what it weighs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, product
from typing import Final

from rapidfuzz import fuzz

from polcoop.reconcile.ids import short
from polcoop.reconcile.index import Entity, Index, Name
from polcoop.reconcile.names import fold, words
from polcoop.solutions import Iri, Literal, Term

MATCH: Final = 80.0
"""Least score of a certain match."""
MARGIN: Final = 4.0
"""What a certain match must be ahead of the next candidate."""
LEAST: Final = 45.0
"""Candidates below this score are not told."""
_SAME_WORDS, _SAME_LETTERS, _INITIALS, _WORDS, _LETTERS = 98.0, 97.0, 86.0, 0.97, 0.95
_NEAR: Final = 88.0
_WRONG_TYPE: Final = 20.0
_PROPERTIES_SHARE: Final = 0.3
_UNKNOWN: Final = 0.8
"""How far a name's score stands for a property of which nothing is known."""
_COMPARED: Final = 60
_MOST_SPELLINGS: Final = 6
_MOST_WORDS: Final = 32
"""Words of a query that are compared; no name has as many."""
_SPELLED_OUT: Final = 0.98
_SAME_VALUE: Final = 85.0


class Strictness(StrEnum):
    """What ``type_strict`` means here: with ``any`` and ``all`` the types are a condition, with ``should``
    they are a wish."""

    ANY = "any"
    ALL = "all"
    SHOULD = "should"


@dataclass(frozen=True, slots=True)
class Condition:
    """A property (IRI) with the values of which one is wanted; an IRI means that very entity."""

    property: str
    values: tuple[Iri | str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A reconciliation query (0.2, section 4.1); ``types`` are IRIs."""

    text: str = ""
    types: tuple[str, ...] = ()
    strictness: Strictness = Strictness.ANY
    conditions: tuple[Condition, ...] = ()
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate: score from 0 to 100, what it was computed from, and whether it is taken for certain."""

    entity: Entity
    score: float
    features: Mapping[str, float | bool]
    match: bool = False


def reconcile(index: Index, query: Query) -> list[Candidate]:
    """Return the best candidates, best first; at most one is a certain match."""
    named = bool(query.text.strip())
    scores = name_scores(index, query.text) if named else dict.fromkeys(index.entities, 100.0)
    found = [
        candidate
        for iri, score in scores.items()
        if (candidate := _judge(index, query, index.entities[iri], score)) and candidate.score >= LEAST
    ]
    found.sort(key=lambda candidate: (-candidate.score, candidate.entity.iri))
    return _decided(found)[: query.limit]


def name_scores(index: Index, text: str) -> dict[str, float]:
    """Return how well names agree with ``text``, from 0 to 100, by the entity's IRI."""
    scores: dict[str, float] = defaultdict(float)
    codes = index.by_code.get(text.strip(), frozenset()) | index.by_code.get(
        text.strip().casefold(), frozenset()
    )
    folded = fold(text)
    joined = folded.replace(" ", "")
    for iri in codes:
        scores[iri] = 100.0
    for iri in index.by_joined.get(joined, ()):
        scores[iri] = max(scores[iri], _SAME_LETTERS)
    for iri in index.by_initials.get(joined, ()):
        scores[iri] = max(scores[iri], _INITIALS)
    for spelling, share in _spellings(index, folded):
        asked = _merged(index, words(spelling)[:_MOST_WORDS])
        for name in _likely(index, asked):
            score = share * _compare(index, spelling, asked, name)
            scores[name.entity.iri] = max(scores[name.entity.iri], score)
    return dict(scores)


def _spellings(index: Index, folded: str) -> list[tuple[str, float]]:
    """The query itself, and with its acronyms spelled out."""
    parts = folded.split()
    spellings = [(folded, 1.0)]
    if len(parts) > 1:
        options = [(part, *index.spelled_out(part)) for part in parts]
        products = islice(
            product(*(sorted(option, key=len, reverse=True) for option in options)), _MOST_SPELLINGS
        )
        spellings += [(" ".join(chosen), _SPELLED_OUT) for chosen in products if list(chosen) != parts]
    return spellings


def _merged(index: Index, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Put together what a known word was taken apart into: Xiao Hong, Xiaohong."""
    found: list[str] = []
    for word in asked:
        if found and index.knows(found[-1] + word) and not (index.knows(found[-1]) and index.knows(word)):
            found[-1] += word
        else:
            found.append(word)
    return tuple(found)


def _likely(index: Index, asked: Iterable[str]) -> list[Name]:
    """The names that share most with the words asked for."""
    shared: dict[int, float] = defaultdict(float)
    names: dict[int, Name] = {}
    for word in set(asked):
        for known, similarity in index.similar(word).items():
            for name in index.by_word[known]:
                names[id(name)] = name
                shared[id(name)] += similarity * index.weight(known)
    best = sorted(shared, key=lambda key: (-shared[key] / (2 + len(names[key].words)), names[key].folded))
    return [names[key] for key in best[:_COMPARED]]


def _compare(index: Index, folded: str, asked: tuple[str, ...], name: Name) -> float:
    if folded == name.folded:
        return 100.0
    if sorted(asked) == sorted(name.words):
        return _SAME_WORDS
    score = 100 * _WORDS * _agreement(index, asked, name)
    letters = fuzz.ratio(folded.replace(" ", ""), name.joined)
    # Letters in one row say little about long names, whose words are much alike.
    if letters >= _NEAR and not _differ_in_number(asked, name.words):
        score = max(score, _LETTERS * letters)
    return min(score, _SAME_LETTERS)


def _differ_in_number(one: Iterable[str], other: Iterable[str]) -> bool:
    return {word for word in one if word.isdecimal()} != {word for word in other if word.isdecimal()}


def _agreement(index: Index, asked: tuple[str, ...], name: Name) -> float:
    """Harmonic mean of what of the query is in the name and what of the name is in the query, by weight."""
    named = name.words
    pairs = sorted(
        (
            (similarity, i, j)
            for i, word in enumerate(asked)
            for j, known in enumerate(named)
            if (similarity := index.similar(word).get(known, 0.0))
        ),
        key=lambda pair: (-pair[0], abs(pair[1] - pair[2])),
    )
    taken: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for similarity, i, j in pairs:
        if i not in taken and j not in used:
            taken[i] = (j, similarity)
            used.add(j)
    covered = sum(similarity * index.weight(named[j]) for j, similarity in taken.values())
    # A misspelt word weighs what the word weighs that it stands for.
    wanted = sum(
        index.weight(named[taken[i][0]] if i in taken else word)
        for i, word in enumerate(asked)
        if i in taken or word not in name.context
    )
    present = sum(index.weight(word) for j, word in enumerate(named) if j in used or word not in name.context)
    return 2 * covered / (wanted + present) if covered else 0.0


def _judge(index: Index, query: Query, entity: Entity, score: float) -> Candidate | None:
    features: dict[str, float | bool] = {"name_similarity": round(score, 2)}
    if query.types:
        features["type_match"] = fits = _fits(index, query, entity)
        if not fits and query.strictness is not Strictness.SHOULD:
            return None
        score -= 0.0 if fits else _WRONG_TYPE
    if query.conditions:
        share = _PROPERTIES_SHARE if query.text.strip() else 1.0
        unknown = _UNKNOWN * score / 100 if query.text.strip() else 0.0
        agreements = [_satisfied(index, condition, entity) for condition in query.conditions]
        for condition, agreement in zip(query.conditions, agreements, strict=True):
            if agreement is not None:
                features[f"property:{short(condition.property)}"] = round(agreement, 2)
        mean = sum(unknown if each is None else each for each in agreements) / len(agreements)
        score = score * (1 - share) + 100 * mean * share
    return Candidate(entity, round(score, 2), features)


def _fits(index: Index, query: Query, entity: Entity) -> bool:
    if query.strictness is Strictness.ALL:
        return all(index.is_a(entity, [kind]) for kind in query.types)
    return index.is_a(entity, query.types)


def _satisfied(index: Index, condition: Condition, entity: Entity) -> float | None:
    """From 0 to 1; None when nothing is known of the property, for which the entity is not to blame."""
    values = entity.values.get(condition.property, ())
    if not values:
        return None
    return max(_alike(index, wanted, value) for wanted in condition.values for value in values)


def _alike(index: Index, wanted: Iri | str, value: Term) -> float:
    if isinstance(wanted, Iri):
        return float(wanted == value)
    if isinstance(value, Literal):
        return _same_text(wanted, [value.value])
    if isinstance(value, Iri):
        known = index.entities.get(value.value)
        identifiers = {value.value, short(value.value), value.value.rpartition("/")[2]}
        if wanted.strip() in identifiers or (
            known and wanted.strip().casefold() in map(str.casefold, known.codes)
        ):
            return 1.0
        return _same_text(wanted, known.names) if known else 0.0
    return 0.0


def _same_text(wanted: str, texts: Sequence[str]) -> float:
    folded = fold(wanted)
    if any(folded == fold(text) for text in texts):
        return 1.0
    best = max(fuzz.token_sort_ratio(folded, fold(text)) for text in texts)
    return best / 100 if best >= _SAME_VALUE and not folded.isdecimal() else 0.0


def _decided(found: list[Candidate]) -> list[Candidate]:
    """Mark the first as certain if it is: good enough, ahead of the next, and nothing speaks against it."""
    if not found:
        return found
    first, *others = found
    contradicted = any(value == 0 for name, value in first.features.items() if name.startswith("property:"))
    certain = (
        first.score >= MATCH
        and first.features.get("type_match", True) is True
        and not contradicted
        and not (others and first.score - others[0].score < (MARGIN if first.score < 100 else 0.01))
    )
    return [Candidate(first.entity, first.score, first.features, certain), *others]
