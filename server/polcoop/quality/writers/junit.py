"""JUnit XML: a suite for each shape with a target, a test case for each result, one that passes where there
is none.

All text is made ``visible``: XML 1.0 has no way to hold some control characters.
"""

from __future__ import annotations

from collections import defaultdict

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from polcoop.quality.report import ValidationResult
from polcoop.quality.wording import short, visible
from polcoop.quality.writers.presentation import Presentation


def write(shown: Presentation) -> str:
    """The report for a tool that shows tests: what fails the command fails here, what is known or below the
    severity is skipped, and so is a shape that found nothing to look at."""
    found = defaultdict[str, list[ValidationResult]](list)
    for result in shown.report.results:
        found[result.target or result.rule].append(result)
    document = JUnitXml("polcoop validate")
    for target in sorted({*shown.report.checked, *shown.report.idle_shapes, *found}):
        suite = TestSuite(visible(short(target)))
        # All at once: each call counts what the suite has, so that one for each result would be quadratic.
        suite.add_testcases([_case(shown, result) for result in found[target]])
        if not found[target]:
            case = TestCase("conforms", classname=visible(short(target)))
            if target in shown.report.idle_shapes:
                case.result = [Skipped("no focus node")]
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    content: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return content.decode("utf-8").rstrip("\n") + "\n"


def _case(shown: Presentation, result: ValidationResult) -> TestCase:
    rule = shown.rule(result)
    case = TestCase(
        visible(" ".join(filter(None, (shown.about(result), shown.value(result))))), classname=visible(rule)
    )
    place = result.location
    where = ""
    if place is not None:
        where = ":".join(str(part) for part in (shown.file(place), place.line, place.column) if part)
        # No part of any schema, but what most readers of JUnit files look for.
        case._elem.set("file", visible(shown.file(place)))
        case._elem.set("line", str(place.line))
    kind = short(result.component)
    verdict: Failure | Skipped
    if shown.fails(result):
        verdict = Failure(visible(shown.message(result)), kind)
    else:
        why = "known" if result.known else result.severity.label
        verdict = Skipped(visible(f"{why}: {shown.message(result)}"), kind)
    rows = (
        f"{where}: {result.severity.label}: {shown.message(result)} [{rule}]",
        f"focus: {shown.about(result)}",
        f"value: {shown.value(result)}" if shown.value(result) else "",
        f"hint: {shown.hint(result)}" if shown.hint(result) else "",
    )
    verdict.text = visible("\n".join(filter(None, rows)))
    case.result = [verdict]
    return case
