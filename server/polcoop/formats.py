"""Result formats, their media types, and content negotiation (RFC 9110, section 12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from polcoop.errors import NotAcceptable, UsageError


@dataclass(frozen=True, slots=True)
class Format:
    """A serialisation of query results.

    ``media_types`` are the types it may be sent as, the registered one first; ``names`` are the values of
    ``?format=`` and ``--format`` that choose it, the canonical one first; ``extension`` is a file ending
    without the dot.
    """

    names: tuple[str, ...]
    media_types: tuple[str, ...]
    extension: str

    @property
    def name(self) -> str:
        """The canonical short name, such as ``json``."""
        return self.names[0]

    @property
    def media_type(self) -> str:
        """The registered media type, without parameters."""
        return self.media_types[0]


@dataclass(frozen=True, slots=True)
class Representation:
    """What negotiation chose: a format, and the media type under which the client asked for it."""

    format: Format
    media_type: str

    @property
    def content_type(self) -> str:
        """Value of the Content-Type header; ``text/*`` names its charset, since clients still guess
        Latin-1."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


JSON: Final = Format(("json", "srj"), ("application/sparql-results+json", "application/json"), "srj")
XML: Final = Format(("xml", "srx"), ("application/sparql-results+xml", "application/xml", "text/xml"), "srx")
CSV: Final = Format(("csv",), ("text/csv",), "csv")
TSV: Final = Format(("tsv",), ("text/tab-separated-values",), "tsv")
ARROW: Final = Format(("arrow",), ("application/vnd.apache.arrow.stream",), "arrows")
PARQUET: Final = Format(("parquet",), ("application/vnd.apache.parquet",), "parquet")
TURTLE: Final = Format(("turtle", "ttl"), ("text/turtle", "application/x-turtle"), "ttl")
NTRIPLES: Final = Format(("ntriples", "nt"), ("application/n-triples",), "nt")
RDFXML: Final = Format(
    ("rdfxml", "rdf", "xml"), ("application/rdf+xml", "application/xml", "text/xml"), "rdf"
)
JSONLD: Final = Format(("jsonld", "json"), ("application/ld+json", "application/json"), "jsonld")
NQUADS: Final = Format(("nquads", "nq"), ("application/n-quads",), "nq")
TRIG: Final = Format(("trig",), ("application/trig", "application/x-trig"), "trig")

NOT_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|<oxprefix: ")
"""What no XML 1.0 document may contain, not even as a reference; and the empty name that the serialiser
writes for a predicate whose IRI has no local name, such as <http://example.org/1>."""

PLAIN_JSON: Final = Format(("json",), ("application/json",), "json")
_REPORT_JSONLD: Final = Format(("jsonld",), ("application/ld+json",), "jsonld")
SARIF: Final = Format(("sarif",), ("application/sarif+json",), "sarif")
MARKDOWN: Final = Format(("markdown", "md"), ("text/markdown",), "md")
TEXT: Final = Format(("text", "txt"), ("text/plain",), "txt")

HTML: Final = Format(("html",), ("text/html",), "html")

SOLUTIONS: Final = (JSON, XML, CSV, TSV, ARROW, PARQUET)
"""Formats of SELECT results, the preferred one first."""
BOOLEAN: Final = (JSON, XML)
"""Formats of ASK results: the CSV and TSV recommendation defines no boolean."""
GRAPH: Final = (TURTLE, NTRIPLES, RDFXML, JSONLD, NQUADS, TRIG)
"""Formats of CONSTRUCT and DESCRIBE results, the preferred one first; in those of datasets the result is the
default graph."""

PROBLEM: Final = Format(("problem",), ("application/problem+json", "application/json"), "json")
ERRORS: Final = (PROBLEM, Format(("text",), ("text/plain", "text/html"), "txt"))
"""Formats of errors: for programs, and in words for a person with a browser or a terminal."""

REFERENCES: Final = (
    Format(("apa",), ("text/x-bibliography",), "txt"),
    Format(("bibtex", "bib"), ("application/x-bibtex", "text/x-bibtex"), "bib"),
    Format(("ris",), ("application/x-research-info-systems",), "ris"),
    Format(("csl-json", "csl"), ("application/vnd.citationstyles.csl+json",), "json"),
)
"""Formats of citations, by the media types that DOI resolvers use."""

REPORTS: Final = (TURTLE, _REPORT_JSONLD, PLAIN_JSON, SARIF, TEXT, MARKDOWN)
"""Formats of validation reports, the preferred one first: SHACL defines a report as a graph."""


def by_name(name: str, offered: Sequence[Format]) -> Representation:
    """Return the offered format with this short name or media type (``?format=`` or ``--format``).

    :raises UsageError: no format at all has this name.
    :raises NotAcceptable: there is such a format, but not for this kind of result.
    """
    wanted = name.strip().lower()
    for choice in offered:
        if wanted in choice.names:
            return Representation(choice, choice.media_type)
        if wanted in choice.media_types:
            return Representation(choice, wanted)
    if any(wanted in (*known.names, *known.media_types) for known in (*SOLUTIONS, *GRAPH, *REPORTS)):
        raise NotAcceptable(f"a result of this kind has no format '{wanted}'", hint=_offers(offered))
    raise UsageError("there is no such result format", hint=_offers(offered))


def negotiate(accept: str | None, offered: Sequence[Format]) -> Representation:
    """Choose the representation that the Accept header likes best.

    The most specific range that matches a media type gives its quality (RFC 9110, 12.5.1).  Of equal
    qualities a type named outright goes before one matched by a wildcard, since a client that adds ``*/*``
    means "rather than nothing"; then the order of ``offered`` decides.  A missing or empty header accepts
    everything; a malformed range is passed over.

    :raises NotAcceptable: nothing offered is accepted.
    """
    first = Representation(offered[0], offered[0].media_type)
    if accept is None or not accept.strip():
        return first
    ranges = _ranges(accept)
    best, best_score = first, (0.0, 0)
    for choice in offered:
        for media_type in choice.media_types:
            score = _score(media_type, ranges)
            if score > best_score and score[0] > 0:
                best, best_score = Representation(choice, media_type), score
    if best_score[0] == 0:
        raise NotAcceptable(
            "no format of this result is among those that the Accept header names", hint=_offers(offered)
        )
    return best


_TCHARS: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE: Final = re.compile(
    rf'\s*({_TCHARS})/({_TCHARS})((?:\s*;\s*(?:{_TCHARS}=(?:{_TCHARS}|"(?:[^"\\]|\\.)*"))?)*)\s*', re.ASCII
)
_PARAMETER: Final = re.compile(rf';\s*({_TCHARS})=({_TCHARS}|"(?:[^"\\]|\\.)*")', re.ASCII)
_QVALUE: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)
_MEMBER: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')


def _ranges(accept: str) -> dict[tuple[str, str], float]:
    """Read an Accept header: (type, subtype) to quality, the highest one where a range is repeated."""
    found: dict[tuple[str, str], float] = {}
    for member in _MEMBER.findall(accept):
        match = _RANGE.fullmatch(member)
        if match is None:
            continue
        kind, subtype, parameters = match[1].lower(), match[2].lower(), match[3]
        stated = [value for name, value in _PARAMETER.findall(parameters) if name in "qQ"]
        if not all(_QVALUE.fullmatch(value) for value in stated):
            continue
        quality = float(stated[0]) if stated else 1.0
        found[kind, subtype] = max(quality, found.get((kind, subtype), 0.0))
    return found


def _score(media_type: str, ranges: dict[tuple[str, str], float]) -> tuple[float, int]:
    """Quality of ``media_type``, and how specific the range was that gave it (3 exact, 2 ``type/*``, 1
    ``*/*``)."""
    kind, _, subtype = media_type.partition("/")
    for specificity, key in ((3, (kind, subtype)), (2, (kind, "*")), (1, ("*", "*"))):
        if key in ranges:
            return ranges[key], specificity
    return 0.0, 0


def _offers(offered: Sequence[Format]) -> str:
    return "available: " + ", ".join(f"{choice.name} ({choice.media_type})" for choice in offered)
