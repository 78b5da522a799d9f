"""Links to Wikidata: each identifier held against the files that record where it was seen beside which label;
and what has no link."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode

from polcoop.errors import ParseError, SourceError
from polcoop.export.compiled import Compiled
from polcoop.iris import ONTOLOGY, PREFIXES, shrink

FILES: Final = ("alignments.csv", "countries.csv", "classes.csv", "properties.csv")
"""Files of evidence: a column ``qid`` or ``pid``, and labels in ``label_en``, ``label_fr``, ``label_zh``."""
ALIGNABLE: Final = (
    "Country", "Organisation", "Person", "Place", "Post", "Framework", "Programme", "InternationalInstrument",
    "DomesticInstrument", "Work",
)  # fmt: skip
"""Classes of which Wikidata may have items one by one."""
_LABELS: Final = ("label_en", "label_fr", "label_zh")
_IDENTITY: Final = f"{PREFIXES['schema']}sameAs"
_MATCHES: Final = tuple(
    f"{PREFIXES['skos']}{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related")
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the data: CURIEs of subject and property, the identifier, and what the check says of it.

    ``problem`` is empty when the evidence has the identifier with a label of the subject.  ``remark`` says
    that a concept or term, which matches in meaning, is called otherwise there.
    """

    subject: str
    property: str
    item: str
    problem: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Unaligned:
    """Something without a link: class, CURIE, English label."""

    of: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a class: how many there are, and which of them have no link."""

    of: str
    total: int
    unaligned: tuple[Unaligned, ...]


def read_evidence(folder: Path) -> dict[str, frozenset[str]]:
    """Read the labels recorded for each identifier.

    :raises SourceError: the folder or a file is missing or cannot be read.
    :raises ParseError: a file has no such columns.
    """
    labels: dict[str, set[str]] = defaultdict(set)
    for name in FILES:
        path = folder / name
        try:
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    identifier = row.get("qid") or row.get("pid")
                    if not identifier:
                        raise ParseError("a row without an identifier", source=str(path))
                    labels[identifier] |= {row[column] for column in _LABELS if row.get(column)}
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"the evidence for Wikidata's identifiers is not at hand: {path} cannot be read",
                hint="name its folder with --evidence or POLCOOP_WIKIDATA",
            ) from error
    return {identifier: frozenset(map(_comparable, found)) for identifier, found in labels.items()}


def check(data: Compiled, evidence: dict[str, frozenset[str]]) -> list[Link]:
    """Check every link to Wikidata; sorted by subject."""
    labels: dict[str, set[str]] = defaultdict(set)
    for subject, label in data.select(
        "SELECT ?s ?l { ?s skos:prefLabel|skos:altLabel ?l FILTER(ISIRI(?s)) }"
    ):
        if isinstance(subject, NamedNode) and isinstance(label, Literal):
            labels[subject.value].add(_comparable(label.value))
    return [
        _checked(subject, predicate, item, labels[subject], evidence)
        for subject, predicate, item in _links(data)
    ]


def _links(data: Compiled) -> Iterator[tuple[str, str, str]]:
    properties = " ".join(f"<{iri}>" for iri in (_IDENTITY, *_MATCHES))
    rows = data.select(
        f"""SELECT DISTINCT ?s ?p ?o {{ VALUES ?p {{ {properties} }} ?s ?p ?o
            FILTER(CONTAINS(STR(?o), "wikidata.org")) }} ORDER BY ?s ?p ?o"""
    )
    for row in rows:
        subject, predicate, item = (term.value for term in row if isinstance(term, NamedNode))
        yield subject, predicate, item.rpartition("/")[2]


def _checked(
    subject: str, predicate: str, item: str, labels: set[str], evidence: dict[str, frozenset[str]]
) -> Link:
    link = (shrink(subject), shrink(predicate), item)
    if item not in evidence:
        return Link(*link, problem=f"{item} is in no file of evidence")
    if labels & evidence[item]:
        return Link(*link)
    difference = f"{item} is called {_listed(evidence[item])}, here {_listed(labels)}"
    if predicate == _IDENTITY:
        return Link(*link, problem=difference)
    # A close match is called otherwise for good reason.
    return Link(*link, remark=difference if predicate == _MATCHES[0] else "")


def uncovered(data: Compiled) -> list[Coverage]:
    """What has no link to Wikidata, by class; groups, events and numbers of ours are no items there."""
    found = []
    for name in ALIGNABLE:
        rows = data.select(
            f"""SELECT ?s (SAMPLE(?label) AS ?l) (COUNT(?item) AS ?items) {{
                ?s a <{ONTOLOGY}{name}> FILTER(ISIRI(?s))
                OPTIONAL {{ ?s skos:prefLabel ?label FILTER(LANG(?label) = "en") }}
                OPTIONAL {{ ?s schema:sameAs ?item FILTER(CONTAINS(STR(?item), "wikidata.org")) }}
            }} GROUP BY ?s ORDER BY ?s"""
        )
        every = [
            (Unaligned(name, shrink(s.value), label.value if isinstance(label, Literal) else ""), items.value)
            for s, label, items in rows
            if isinstance(s, NamedNode) and isinstance(items, Literal)
        ]
        found.append(Coverage(name, len(every), tuple(each for each, items in every if items == "0")))
    return found


def _comparable(label: str) -> str:
    return " ".join(label.replace("’", "'").casefold().split())


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(f"“{label}”" for label in sorted(labels)) or "nothing"
