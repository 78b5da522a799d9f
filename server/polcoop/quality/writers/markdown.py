"""Markdown for a pull-request comment or the summary of a job: the verdict, and a table for each file."""

from __future__ import annotations

import re
from itertools import groupby

from polcoop.quality.report import Severity, ValidationResult
from polcoop.quality.wording import summary
from polcoop.quality.writers.presentation import Presentation

_SIGNS = {Severity.VIOLATION: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}
_LIMIT = 60_000
"""Bytes: GitHub takes comments of up to 65,536 characters."""


def write(shown: Presentation) -> str:
    """The verdict and the results that fit into a comment; how many do not is said."""
    sign = "⚠️" if shown.report.empty else "✅" if shown.passes else "❌"
    parts = [f"{sign} **{_escaped(summary(shown.report))}**\n"]
    size, told = len(parts[0].encode()), 0
    ordered = sorted(shown.report.results, key=lambda r: (r.known, -r.severity.rank, _file(shown, r)))
    for name, results in groupby(ordered, key=lambda r: (r.known, _file(shown, r))):
        head = _head(name[1], known=name[0])
        for number, result in enumerate(results):
            row = ("" if number else head) + _row(shown, result)
            size += len(row.encode())
            if size > _LIMIT:
                left = len(ordered) - told
                return "".join([*parts, f"\n… and {left} more: the log has them all.\n"])
            parts.append(row)
            told += 1
    return "".join(parts)


def _file(shown: Presentation, result: ValidationResult) -> str:
    return shown.file(result.location) if result.location else ""


def _head(file: str, *, known: bool) -> str:
    title = _code(file) if file else "Elsewhere"
    if known:
        title += " (known)"
    columns = "| | line | message | shape | focus and path | value |\n|---|--:|---|---|---|---|\n"
    return f"\n#### {title}\n\n{columns}"


def _row(shown: Presentation, result: ValidationResult) -> str:
    hint = shown.hint(result)
    cells = (
        _SIGNS[result.severity],
        str(result.location.line) if result.location else "",
        _escaped(shown.message(result)) + (f"<br>*{_escaped(hint)}*" if hint else ""),
        _code(shown.rule(result)),
        _code(shown.about(result)),
        _code(shown.value(result)),
    )
    return f"| {' | '.join(cells)} |\n"


def _escaped(text: str) -> str:
    """Text that Markdown, and GitHub with its mentions and references, leaves alone."""
    plain = re.sub(r"([\\`*_{}\[\]()#+!|~>-])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))
    return plain.replace("@", "@<!-- -->").replace("\\#", "#<!-- -->")


def _code(text: str) -> str:
    """A code span within a cell of a table: fenced by more backticks than it holds, bars escaped."""
    if not text:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"
