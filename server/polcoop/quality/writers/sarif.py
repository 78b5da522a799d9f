"""SARIF 2.1.0 (OASIS Standard with errata 01) for code scanning; the shapes are its rules."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from polcoop import __version__
from polcoop.quality.report import Location, Rule, Severity, ValidationResult, in_language
from polcoop.quality.wording import line, short, visible
from polcoop.quality.writers.presentation import Presentation

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://w3id.org/polcoop/"
_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_FINGERPRINT = "polcoop/v1"


def write(shown: Presentation) -> str:
    """One run with all results; those that a baseline knows are told as unchanged and suppressed."""
    used = sorted({result.rule for result in shown.report.results})
    numbers = {rule: number for number, rule in enumerate(used)}
    seen: Counter[str] = Counter()
    results = []
    for result in shown.report.results:
        seen[result.fingerprint] += 1
        results.append(_result(shown, result, numbers[result.rule], seen[result.fingerprint]))
    run = {
        "tool": {
            "driver": {
                "name": "polcoop",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": _HOME,
                "rules": [_rule(shown, shown.report.rules.get(rule, Rule(rule))) for rule in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return visible(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _rule(shown: Presentation, rule: Rule) -> dict[str, Any]:
    iri = rule.iri.strip("<>")
    name = shown.name(rule) or short(rule.iri)
    about = line(in_language(rule.messages, shown.language)) or name
    more = line(in_language(rule.descriptions, shown.language))
    help_text = "\n\n".join(filter(None, (about, more, f"Shape: {iri}")))
    found = {
        "id": short(rule.iri),
        "shortDescription": {"text": name},
        "fullDescription": {"text": about},
        "help": {"text": help_text, "markdown": help_text.replace(f"Shape: {iri}", f"Shape: `{iri}`")},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }
    return found | ({"helpUri": iri} if iri.startswith(("http://", "https://")) else {})


def _result(shown: Presentation, result: ValidationResult, rule: int, turn: int) -> dict[str, Any]:
    rows = (
        shown.message(result),
        f"Focus node: {shown.about(result)}",
        f"Value: {value}" if (value := shown.value(result)) else "",
        f"Hint: {hint}" if (hint := shown.hint(result)) else "",
    )
    told: dict[str, Any] = {
        "ruleId": shown.rule(result),
        "ruleIndex": rule,
        "level": _LEVELS[result.severity],
        "message": {"text": "\n".join(filter(None, rows))},
        "locations": [_place(shown, result.location)] if result.location else [],
        # Several results may be told apart by nothing but their order.
        "partialFingerprints": {_FINGERPRINT: f"{result.fingerprint}:{turn}"},
        "properties": {"component": short(result.component), "focusNode": result.focus},
    }
    if result.related is not None:
        related = _place(shown, result.related) | {
            "id": 1,
            "message": {"text": f"Shape {shown.rule(result)}"},
        }
        told["relatedLocations"] = [related]
    if result.known:
        told["baselineState"] = "unchanged"
        told["suppressions"] = [{"kind": "external", "justification": "known by the baseline"}]
    return told


def _place(shown: Presentation, place: Location) -> dict[str, Any]:
    name = shown.file(place)
    artifact = (
        {"uri": Path(name).as_uri()}
        if Path(name).is_absolute()
        else {"uri": quote(name), "uriBaseId": "%SRCROOT%"}
    )
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {name: number for name, number in region.items() if number},
        }
    }
