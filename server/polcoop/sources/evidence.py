"""One claim with all that supports it, read from the dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from polcoop.errors import SourceError, UsageError
from polcoop.iris import PREFIXES, shrink
from polcoop.sources.dataset import Manifest, project_quads
from polcoop.sources.project import Project

_WIDTH: Final = 12
# Kind of line, the pattern that leads from ?claim to ?value, in the order of printing.
_LINES: Final = (
    ("statement", "?claim polcoop:statement ?value FILTER(LANG(?value) = $lang)"),
    ("page", "?claim polcoop:onPage ?value"),
    ("page end", "?claim polcoop:pageEnd ?value"),
    ("claimant", "?claim polcoop:claimant ?value"),
    ("modality", "?claim polcoop:modality ?value"),
    ("voice", "?claim polcoop:attributedTo ?value"),
    ("assessment", "?claim polcoop:assessment ?value"),
    ("note", "?claim polcoop:editorialNote ?value FILTER(LANG(?value) = $lang)"),
    ("establishes", "?claim polcoop:establishes ?value"),
    ("subject", "?claim polcoop:claimSubject ?value"),
    ("predicate", "?claim polcoop:claimPredicate ?value"),
    ("object", "?claim polcoop:claimObject|polcoop:claimValue ?value"),
    ("contradicts", "?claim polcoop:contradicts|^polcoop:contradicts ?value"),
    ("footnote", "?claim polcoop:restsOn|polcoop:inFootnote ?value"),
)
_LABEL = """
    OPTIONAL { ?value skos:prefLabel ?own FILTER(LANG(?own) = $lang) }
    OPTIONAL { ?value skos:prefLabel ?english FILTER(LANG(?english) = "en") }
    OPTIONAL { ?value polcoop:title ?title }
    OPTIONAL { ?value polcoop:statement ?statement FILTER(LANG(?statement) = $lang) }
    BIND(COALESCE(?own, ?english, ?statement, ?title) AS ?label)
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim: its facts as (kind, text), and its passages as (page, start, end), offsets in code points of
    the page."""

    claim: str
    facts: tuple[tuple[str, str], ...]
    passages: tuple[tuple[int, int, int], ...]

    def lines(self) -> Iterator[str]:
        """Yield the claim as lines of text, without its passages."""
        yield f"{'claim':{_WIDTH}}{shrink(self.claim)}"
        for kind, text in self.facts:
            yield f"{kind:{_WIDTH}}{text}"


def open_project(project: Project, out: Path) -> Store:
    """Return the compiled dataset in ``out`` if it is up to date with ``project``, else the project read from
    its sources.

    :raises SourceError: a source cannot be read or parsed.
    """
    current = out / "current"
    try:
        if Manifest.load(current).sources == project.digest:
            return Store.read_only(str(current / "store"))
    except (SourceError, OSError):
        # No dataset, or one that cannot be opened: the sources say the same.
        pass
    store = Store()
    store.bulk_extend(project_quads(project))
    return store


def describe(store: Store, claim: str, lang: str) -> Evidence:
    """Return the claim whose IRI is ``claim``, with labels in ``lang`` where there are any, else in English.

    :raises UsageError: ``claim`` is no IRI, or the dataset has no such claim.
    """
    try:
        NamedNode(claim)
    except ValueError as error:
        # Python's way to write strings keeps this on one line, whatever was given.
        raise UsageError(f"{claim!r} is not an IRI: {str(error)!r}") from error
    if not _rows(store, claim, lang, "?claim a polcoop:Claim BIND(?claim AS ?value)"):
        raise UsageError(
            f"there is no claim {shrink(claim)}", hint="claims are called claim:p14-08, by page and number"
        )
    facts: list[tuple[str, str]] = []
    for kind, pattern in _LINES:
        for value, label in _rows(store, claim, lang, pattern):
            facts.append((kind, _text(value, label)))
            if kind == "footnote":
                works = _rows(store, value.value, lang, "?claim polcoop:citesWork ?value")
                facts += [("  cites", _text(work, title)) for work, title in works]
    return Evidence(claim, tuple(facts), tuple(_passages(store, claim)))


def _passages(store: Store, claim: str) -> list[tuple[int, int, int]]:
    pattern = """SELECT ?page ?start ?end WHERE {
        ?claim polcoop:passage ?passage . ?passage oa:start ?start ; oa:end ?end .
        OPTIONAL { ?claim polcoop:onPage ?claimPage } OPTIONAL { ?passage polcoop:onPage ?own }
        BIND(COALESCE(?own, ?claimPage) AS ?page) } ORDER BY ?page ?start"""
    return [
        (int(row[0].value), int(row[1].value), int(row[2].value))
        for row in _select(store, claim, "en", pattern)
    ]


def _rows(
    store: Store, claim: str, lang: str, pattern: str
) -> list[tuple[NamedNode | Literal, Literal | None]]:
    query = f"SELECT DISTINCT ?value ?label WHERE {{ {pattern} {_LABEL} }} ORDER BY ?value"
    return [(row[0], row[1]) for row in _select(store, claim, lang, query)]


def _select(store: Store, claim: str, lang: str, query: str) -> QuerySolutions:
    result = store.query(
        query.replace("$lang", f'"{lang}"').replace("?claim ", f"<{claim}> "),
        prefixes={name: PREFIXES[name] for name in ("polcoop", "skos", "oa")},
        use_default_graph_as_union=True,
    )
    assert isinstance(result, QuerySolutions)  # noqa: S101 - every query here is a SELECT
    return result


def _text(value: NamedNode | Literal, label: Literal | None) -> str:
    if isinstance(value, Literal):
        return value.value
    return f"{shrink(value.value)}  {label.value}" if label is not None else shrink(value.value)
