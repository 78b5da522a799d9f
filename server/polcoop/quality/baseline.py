"""A file of known results that may only shrink: what it knows is shown and forgiven, what it does not know
fails, and what is no longer found is to be struck from it.

The file is JSON, one entry for each fingerprint, made to be read in a review.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from polcoop.errors import ParseError, Position, SourceError, UsageError
from polcoop.quality.report import ValidationReport, ValidationResult
from polcoop.quality.wording import line, short

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Known:
    """One entry: how many results with this fingerprint are known, and in words what they are."""

    fingerprint: str
    count: int
    severity: str
    shape: str
    focus: str
    path: str
    value: str

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return " ".join(filter(None, (self.shape, self.focus, self.path, self.value))) + times


def load(file: Path) -> list[Known]:
    """Read a baseline.

    :raises SourceError: it cannot be read.
    :raises ParseError: it is none.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            raise ParseError(f"version {content['version']!r} of baselines is unknown", source=str(file))
        found = [Known(**entry) for entry in content["known"]]
        if not all(
            isinstance(k.count, int) and k.count > 0 and isinstance(k.fingerprint, str) for k in found
        ):
            raise ParseError("an entry has no fingerprint or count", source=str(file))
        return found
    except OSError as error:
        raise SourceError(
            f"baseline {file} cannot be read: {error.strerror}", hint="--update-baseline creates it"
        ) from error
    except json.JSONDecodeError as error:
        raise ParseError(error.msg, source=str(file), position=Position(error.lineno, error.colno)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError("this is no baseline written by polcoop validate", source=str(file)) from error


def save(file: Path, known: Iterable[Known]) -> None:
    """Write a baseline, replacing another in one step.

    :raises UsageError: it cannot be written.
    """
    entries = sorted(known, key=lambda k: (k.shape, k.focus, k.path, k.value, k.fingerprint))
    content = {"version": _VERSION, "known": [asdict(entry) for entry in entries]}
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise UsageError(f"baseline {file} cannot be written: {error.strerror}") from error


def of_report(report: ValidationReport) -> list[Known]:
    """The baseline that knows all results of ``report``."""
    counts = Counter(result.fingerprint for result in report.results)
    first = {result.fingerprint: result for result in reversed(report.results)}
    return [_entry(first[fingerprint], count) for fingerprint, count in counts.items()]


def apply(report: ValidationReport, known: Iterable[Known]) -> tuple[ValidationReport, list[Known]]:
    """Mark what is known; return the report and the entries, or parts of entries, that nothing answers to
    any more."""
    entries = {entry.fingerprint: entry for entry in known}
    left = Counter({entry.fingerprint: entry.count for entry in entries.values()})
    results = []
    for result in report.results:
        is_known = left[result.fingerprint] > 0
        left[result.fingerprint] -= is_known
        results.append(replace(result, known=is_known))
    gone = [replace(entries[fingerprint], count=count) for fingerprint, count in left.items() if count > 0]
    return replace(report, results=tuple(results)), gone


def shrunk(known: Iterable[Known], gone: Iterable[Known]) -> list[Known]:
    """The baseline without what is gone."""
    less = {entry.fingerprint: entry.count for entry in gone}
    left = [replace(entry, count=entry.count - less.get(entry.fingerprint, 0)) for entry in known]
    return [entry for entry in left if entry.count > 0]


def _entry(result: ValidationResult, count: int) -> Known:
    def said(term: str | None) -> str:
        # The label of a blank node is another one each time.
        return "[]" if (term or "").startswith("_:") else line(short(term or ""))

    return Known(
        fingerprint=result.fingerprint,
        count=count,
        severity=result.severity.label,
        shape=short(result.rule),
        focus=said(result.focus),
        path=said(result.path),
        value=said(result.value),
    )
