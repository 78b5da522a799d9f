"""What the dataset says about a text, as a check needs it: claims, their passages, the figures they carry."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from polcoop.errors import ParseError, Position, SourceError
from polcoop.iris import PREFIXES, shrink
from polcoop.sources.layout import Span

_YEAR = re.compile(r"(?<![\d-])\d{4}(?!\d)")
_PASSAGES: Final = """SELECT ?claim ?page ?start ?end WHERE {
    ?claim a polcoop:Claim ; polcoop:passage ?passage .
    ?passage polcoop:onPage ?page ; oa:start ?start ; oa:end ?end } ORDER BY ?claim ?page ?start"""
_PAGES: Final = "SELECT ?claim ?page WHERE { ?claim a polcoop:Claim ; polcoop:onPage ?page } ORDER BY ?claim"
_FOOTNOTES: Final = """SELECT ?claim ?number WHERE {
    ?claim polcoop:restsOn|polcoop:inFootnote ?footnote . ?footnote polcoop:footnoteNumber ?number }"""
_FIGURES: Final = """SELECT ?claim ?fact ?figure ?date WHERE {
    { ?claim polcoop:establishes ?fact .
      ?fact polcoop:value|polcoop:decimalValue|polcoop:quantity|polcoop:editionNumber|polcoop:rank ?figure }
    UNION { ?claim polcoop:establishes ?fact . ?fact polcoop:edtf ?date }
    UNION { ?claim polcoop:claimSubject ?fact ; polcoop:claimPredicate polcoop:edtf ;
                   polcoop:claimValue ?date }
    UNION { ?claim polcoop:claimSubject ?fact ; polcoop:claimValue ?figure FILTER(isNumeric(?figure)) } }
    ORDER BY ?claim ?fact ?figure ?date"""
_BIBLIOGRAPHIC: Final = """SELECT ?number WHERE {
    ?footnote polcoop:footnoteNumber ?number ; polcoop:footnoteForm ?form
    FILTER(?form IN
        (footnote-form:full, footnote-form:ibid, footnote-form:op-cit, footnote-form:website)) }"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A claim's passage on a page: offsets in code points, end exclusive."""

    page: int
    span: Span


@dataclass(frozen=True, slots=True)
class Figure:
    """A number carried by a fact: the fact's CURIE, the number, and how the data writes it."""

    fact: str
    number: Decimal
    written: str


@dataclass(frozen=True, slots=True)
class EncodedClaim:
    """A claim: where it points, the footnotes it rests on or stands in, the figures of its facts."""

    name: str
    page: int
    passages: tuple[Passage, ...]
    footnotes: frozenset[int]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Exemption:
    """A stretch of a page that no claim needs to cover, with the reason."""

    page: int
    span: Span
    reason: str


def claims(store: Store) -> list[EncodedClaim]:
    """Return the claims of the dataset in ``store``, ordered by IRI."""
    passages: dict[str, list[Passage]] = {}
    for claim, page, start, end in _select(store, _PASSAGES):
        passages.setdefault(claim, []).append(Passage(int(page), Span(int(start), int(end))))
    footnotes: dict[str, set[int]] = {}
    for claim, number in _select(store, _FOOTNOTES):
        footnotes.setdefault(claim, set()).add(int(number))
    figures: dict[str, list[Figure]] = {}
    for claim, fact, figure, date in _select(store, _FIGURES):
        figures.setdefault(claim, []).extend(_figures(shrink(fact), figure, date))
    return [
        EncodedClaim(
            shrink(claim),
            int(page),
            tuple(passages.get(claim, [])),
            frozenset(footnotes.get(claim, ())),
            tuple(figures.get(claim, [])),
        )
        for claim, page in _select(store, _PAGES)
    ]


def bibliographic_footnotes(store: Store) -> frozenset[int]:
    """Return the numbers of the footnotes that only give references, whose content the cited works encode."""
    return frozenset(int(number) for (number,) in _select(store, _BIBLIOGRAPHIC))


def exemptions(path: Path) -> list[Exemption]:
    """Read the list of what no claim covers: tab-separated page, start, end, reason; ``#`` begins a comment.

    :raises SourceError: the file cannot be read.
    :raises ParseError: a line has another form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    found: list[Exemption] = []
    for number, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) != 4 or not all(cell.isdecimal() for cell in row[:3]) or not row[3].strip():
            raise ParseError(
                "a line is: page, start, end, reason, separated by tabs",
                source=str(path),
                position=Position(number, 1),
            )
        found.append(Exemption(int(row[0]), Span(int(row[1]), int(row[2])), row[3]))
    return found


def _figures(fact: str, figure: str, date: str) -> Iterator[Figure]:
    if figure:
        yield Figure(fact, Decimal(figure), figure)
    for year in _YEAR.findall(date):
        yield Figure(fact, Decimal(year), date)


def _select(store: Store, query: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a SELECT as lexical forms and IRIs, unbound as the empty string."""
    names = ("polcoop", "oa", "footnote-form")
    result = store.query(
        query, prefixes={name: PREFIXES[name] for name in names}, use_default_graph_as_union=True
    )
    assert isinstance(result, QuerySolutions)  # noqa: S101 - every query here is a SELECT
    for row in result:
        yield tuple(_text(row[variable]) for variable in result.variables)


def _text(term: object) -> str:
    return term.value if isinstance(term, (Literal, NamedNode)) else ""
