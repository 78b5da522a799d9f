"""The same statements in the JSON of the Wikibase data model, as ``wbeditentity`` takes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from polcoop.export.statements import REFERENCE_URL, Contribution, Statement
from polcoop.export.wikidata_values import Item, Monolingual, Snak, Text, Time

GREGORIAN: Final = "http://www.wikidata.org/entity/Q1985727"
"""The calendar model that the format demands of every date: a constant of Wikibase, nothing that is said."""


def write(contribution: Contribution) -> bytes:
    """A list of items with their statements; references of the same statement are gathered.  Items without an
    identifier are to be created."""
    items: list[dict[str, Any]] = [
        {"type": "item", "id": subject, "claims": _claims(list(statements))}
        for subject, statements in groupby(contribution.statements, key=lambda each: each.subject)
    ]
    for item in contribution.new_items:
        labels = {label.language: {"language": label.language, "value": label.text} for label in item.labels}
        items.append({"type": "item", "labels": labels, "claims": _claims(item.statements)})
    return (json.dumps(items, ensure_ascii=False, indent=1) + "\n").encode()


def _claims(statements: Sequence[Statement]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, dict[tuple[object, ...], dict[str, Any]]] = {}
    for each in statements:
        same = found.setdefault(each.property, {})
        key = (each.value, each.qualifiers)
        if key not in same:
            same[key] = {
                "type": "statement",
                "rank": "normal",
                "mainsnak": _snak(Snak(each.property, each.value)),
                "qualifiers": _snaks(each.qualifiers),
                "qualifiers-order": [snak.property for snak in each.qualifiers],
                "references": [],
            }
        order = [snak.property for snak in each.reference]
        same[key]["references"].append({"snaks": _snaks(each.reference), "snaks-order": order})
    return {name: list(same.values()) for name, same in found.items()}


def _snaks(snaks: Iterable[Snak]) -> dict[str, list[dict[str, Any]]]:
    return {snak.property: [_snak(snak)] for snak in snaks}


def _snak(snak: Snak) -> dict[str, Any]:
    datatype, kind, value = _value(snak)
    return {
        "snaktype": "value",
        "property": snak.property,
        "datatype": datatype,
        "datavalue": {"value": value, "type": kind},
    }


def _value(snak: Snak) -> tuple[str, str, Any]:
    """Datatype of the property, type of the value, the value."""
    match snak.value:
        case Item(identifier):
            value: Any = {"entity-type": "item", "numeric-id": int(identifier[1:]), "id": identifier}
            return "wikibase-item", "wikibase-entityid", value
        case Time(iso, precision):
            value = {"time": iso, "timezone": 0, "before": 0, "after": 0, "precision": precision}
            return "time", "time", value | {"calendarmodel": GREGORIAN}
        case Text(text):
            return "url" if snak.property == REFERENCE_URL else "string", "string", text
        case Monolingual(language, text):
            return "monolingualtext", "monolingualtext", {"text": text, "language": language}
