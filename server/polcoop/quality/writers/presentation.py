"""What a writer is given: the report, and how it is to be shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from polcoop.quality.report import Location, Rule, Severity, ValidationReport, ValidationResult, in_language
from polcoop.quality.wording import line, short

_LONGEST = 200
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Presentation:
    """A report to be written in ``language``; results at or above ``severity`` fail.

    ``sources`` are the texts of the files, by the names that locations have.  Files are named from
    ``folder``, the working directory, where they are under it.
    """

    report: ValidationReport
    language: str = "en"
    severity: Severity = Severity.VIOLATION
    sources: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)

    def fails(self, result: ValidationResult) -> bool:
        """Whether this result makes the command fail."""
        return not result.known and result.severity.rank >= self.severity.rank

    @property
    def passes(self) -> bool:
        """Whether the command succeeds."""
        return not any(map(self.fails, self.report.results))

    def message(self, result: ValidationResult) -> str:
        """The message on one line, of the constraint if nobody wrote one."""
        return line(result.message(self.language)) or short(result.component)

    def hint(self, result: ValidationResult) -> str:
        """What would put it right, on one line; empty when nothing is known."""
        return line(in_language(result.hints, self.language))

    def rule(self, result: ValidationResult) -> str:
        """The CURIE of the shape, the nearest one with a name."""
        return short(result.rule or result.shape)

    def about(self, result: ValidationResult) -> str:
        """Focus node and path, in CURIEs."""
        return line(" ".join(filter(None, (node(result.focus), short(result.path or "")))))

    def value(self, result: ValidationResult) -> str:
        """The value, shortened, on one line; empty without one or when it is the focus node."""
        if result.value is None or result.value == result.focus:
            return ""
        text = line(node(result.value))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    def name(self, rule: Rule) -> str:
        """What the shape calls itself."""
        return line(in_language(rule.names, self.language))

    def file(self, place: Location) -> str:
        """The file from the working directory where it is below it, with slashes."""
        path = Path(os.path.normpath(self.folder / place.source))
        return (
            path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.as_posix()
        )

    def source_line(self, place: Location) -> str | None:
        """The line of the source at a place."""
        lines = self.sources.get(place.source, "").split("\n")
        return lines[place.line - 1].rstrip("\r") if 0 < place.line <= len(lines) else None


def node(term: str) -> str:
    """A term in CURIEs; the label of a blank node says nothing to anybody."""
    return "[]" if term.startswith("_:") else short(term)
