"""A table with aligned columns, a line for each result."""

from __future__ import annotations

from rich.cells import cell_len

from polcoop.quality.report import ValidationResult
from polcoop.quality.wording import summary
from polcoop.quality.writers.presentation import Presentation

_COLUMNS = ("place", "severity", "shape", "focus and path", "value", "message")


def write(shown: Presentation) -> str:
    """The results, one a line, and the verdict."""
    rows = [_COLUMNS, *(_row(shown, result) for result in shown.report.results)]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = []
    for row in rows if len(rows) > 1 else ():
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    return "\n".join([*lines, summary(shown.report)]) + "\n"


def _row(shown: Presentation, result: ValidationResult) -> tuple[str, ...]:
    place = result.location
    where = "" if place is None else f"{shown.file(place)}:{place.line}"
    severity = f"known {result.severity.label}" if result.known else result.severity.label
    return (
        where,
        severity,
        shown.rule(result),
        shown.about(result),
        shown.value(result),
        shown.message(result),
    )
