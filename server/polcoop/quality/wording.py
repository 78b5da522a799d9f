"""Terms and counts as people read them, the same in every format of a report."""

from __future__ import annotations

import re

from polcoop.iris import shrink
from polcoop.quality.report import Severity, ValidationReport

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


def short(term: str) -> str:
    """A term or path in N-Triples notation with every IRI as CURIE where a prefix gives one."""
    return re.sub(r"<([^<>\s]+)>", lambda match: shrink(match[1]), term)


def iris(path: str) -> list[str]:
    """The IRIs in a path in SPARQL syntax, in angle brackets, in their order."""
    return re.findall(r"<[^<>\s]+>", path)


def visible(text: str) -> str:
    """``text`` with its control and direction characters spelt out as in Turtle and JSON: what a value holds
    must neither steer a terminal nor break a document.  Tabs and line breaks stay."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04X}", text)


def line(text: str) -> str:
    """``visible`` text on one line."""
    return visible(re.sub(r"\r\n|\n|\r", "↵", text).replace("\t", " "))


def plural(count: int, noun: str) -> str:
    """``1 warning``, ``2 warnings``."""
    if noun == "info":
        return f"{count} info"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def summary(report: ValidationReport) -> str:
    """The verdict and how much was looked at, on one line."""
    if report.empty:
        verdict = "Nothing checked"
    elif not report.results:
        verdict = "Conforms" if report.focus_nodes else "Nothing to check: no change"
    else:
        counts = ", ".join(plural(report.counts[s], s.label) for s in reversed(Severity))
        known = len(report.results) - len(report.new)
        # Warnings and information do not fail a run; the verdict must not read as if they did.
        failed = report.counts[Severity.VIOLATION] > 0
        verdict = f"{'Does not conform' if failed else 'No violation'}: {counts}" + (
            f"; {known} of them known" if known else ""
        )
    looked = f"{plural(report.focus_nodes, 'focus node')} checked against {plural(report.shapes, 'shape')}"
    idle = f"; {plural(len(report.idle_shapes), 'shape')} found none" if report.idle_shapes else ""
    left = f"; {report.unaffected} unaffected by the change" if report.unaffected else ""
    return f"{verdict} ({looked}{left}{idle})"
