"""Results of a SHACL validation as plain values, independent of the validator and of any output format.

Terms are strings in N-Triples notation (``<iri>``, ``_:label``, ``"text"@en``; a text of several lines is in
three quotes).  Specification: SHACL, section 3.6 (validation report).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdflib import Graph

_SHACL = "http://www.w3.org/ns/shacl#"


class Severity(Enum):
    """Severity of a result (SHACL 2.1.4); the value is the IRI, the order is that of ``rank``."""

    INFO = _SHACL + "Info"
    WARNING = _SHACL + "Warning"
    VIOLATION = _SHACL + "Violation"

    @property
    def rank(self) -> int:
        """0 for information, 1 for a warning, 2 for a violation."""
        return list(Severity).index(self)

    @property
    def label(self) -> str:
        """The lower-case English word: ``info``, ``warning`` or ``violation``."""
        return self.name.lower()

    @classmethod
    def of(cls, iri: str) -> Severity:
        """The severity with this IRI; an IRI that SHACL does not define counts as a violation."""
        return next((severity for severity in cls if severity.value == iri), cls.VIOLATION)


@dataclass(frozen=True, slots=True)
class Location:
    """Where something stands: a file (or any name of a source), 1-based line and, when known, column.

    ``end_line`` and ``end_column`` are the place after its last character.
    """

    source: str
    line: int
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Message:
    """One human-readable message; ``language`` is a BCP 47 tag or empty."""

    text: str
    language: str = ""


def in_language(messages: tuple[Message, ...], language: str) -> str:
    """The text in ``language``, else without a language, else in English, else the first there is."""
    for wanted in (language, "", "en"):
        for message in messages:
            if message.language.split("-")[0].lower() == wanted:
                return message.text
    return messages[0].text if messages else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape as a reader of reports knows it: its IRI, or for a nameless one that of the shape it is part
    of, with what ``sh:name``, ``sh:message`` and ``sh:description`` say."""

    iri: str
    names: tuple[Message, ...] = ()
    messages: tuple[Message, ...] = ()
    descriptions: tuple[Message, ...] = ()
    severity: Severity = Severity.VIOLATION
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """One ``sh:ValidationResult``.

    ``path`` is a SPARQL property path with full IRIs, or None for a constraint on the focus node itself;
    ``rule`` is the key of the shape in ``ValidationReport.rules``, ``target`` the shape that chose the focus
    node.  ``fingerprint`` stays the same when lines move and blank nodes are labelled anew; ``known`` says
    that a baseline has it.  ``location`` and ``related`` (the shape's place) are filled by whoever knows the
    files; ``node`` is the label of the result in ``ValidationReport.graph``.
    """

    focus: str
    path: str | None
    value: str | None
    severity: Severity
    shape: str
    component: str
    messages: tuple[Message, ...]
    location: Location | None = None
    related: Location | None = None
    rule: str = ""
    target: str = ""
    hints: tuple[Message, ...] = ()
    fingerprint: str = ""
    known: bool = False
    node: str = field(default="", compare=False)

    def message(self, language: str = "en") -> str:
        """The text in ``language``, else without a language, else in English, else the first there is."""
        return in_language(self.messages, language)


@dataclass(frozen=True)
class ValidationReport:
    """Everything one validation found.

    ``conforms`` is SHACL's own verdict: no result of any severity.  ``focus_nodes`` counts distinct nodes
    of the data that some shape looked at; ``idle_shapes`` are the targeting shapes that found no focus node,
    for which conformance means nothing, ``checked`` the others.  ``unaffected`` counts the focus nodes that
    were left out, since no change can have touched their results.  ``graph`` is pySHACL's report.
    """

    conforms: bool
    results: tuple[ValidationResult, ...]
    focus_nodes: int
    shapes: int
    idle_shapes: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    unaffected: int = 0
    rules: Mapping[str, Rule] = field(default_factory=dict)
    graph: Graph | None = field(default=None, repr=False, compare=False)

    @property
    def empty(self) -> bool:
        """Whether no shape found anything in the data to look at, so that "conforms" would mean nothing."""
        return not (self.focus_nodes or self.unaffected or self.results)

    @cached_property
    def counts(self) -> dict[Severity, int]:
        """Number of results per severity, all severities present."""
        return {severity: sum(r.severity is severity for r in self.results) for severity in Severity}

    @property
    def new(self) -> tuple[ValidationResult, ...]:
        """The results that no baseline knows."""
        return tuple(result for result in self.results if not result.known)

    def reaches(self, severity: Severity) -> bool:
        """True when some result that no baseline knows is at least this severe."""
        return any(result.severity.rank >= severity.rank for result in self.new)
