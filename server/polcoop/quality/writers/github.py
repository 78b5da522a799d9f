"""Workflow commands of GitHub Actions, which show each result at its line in a pull request.

GitHub shows ten annotations of a kind for each step, so the most severe come first, as they do in a report.
"""

from __future__ import annotations

from polcoop.quality.report import Severity, ValidationResult
from polcoop.quality.wording import summary
from polcoop.quality.writers.presentation import Presentation

_COMMANDS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(shown: Presentation) -> str:
    """An annotation for each result, and the verdict as a plain line of the log."""
    lines = [_annotation(shown, result) for result in shown.report.results]
    if shown.report.empty:
        # The job passes, and nobody reads the log of a job that passes.
        lines.append("::warning title=polcoop::no shape found anything to look at: nothing was checked")
    return "\n".join([*lines, summary(shown.report)]) + "\n"


def _annotation(shown: Presentation, result: ValidationResult) -> str:
    place = result.location
    known = "known: " if result.known else ""
    properties = {"title": f"{known}{shown.rule(result)}"}
    if place is not None:
        ends_here = place.end_line == place.line and place.end_column
        properties = {
            "file": shown.file(place),
            "line": str(place.line),
            **({"endLine": str(place.end_line)} if place.end_line else {}),
            **({"col": str(place.column)} if place.column else {}),
            # GitHub counts the last column in, and takes none for what goes over several lines.
            **({"endColumn": str(max(place.column or 1, place.end_column - 1))}
               if ends_here and place.end_column else {}),
            **properties,
        }  # fmt: skip
    rows = (
        shown.message(result),
        f"focus: {shown.about(result)}",
        f"value: {value}" if (value := shown.value(result)) else "",
        f"hint: {hint}" if (hint := shown.hint(result)) else "",
    )
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    # What is known is told, but does not count as an error again.
    command = "notice" if result.known else _COMMANDS[result.severity]
    return f"::{command} {told}::{_data(chr(10).join(filter(None, rows)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
