"""Data extension: values of properties of reconciled entities (0.2, section 7)."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any, Final

from polcoop.iris import PREFIXES
from polcoop.reconcile.batches import Extension
from polcoop.reconcile.ids import resolve, short
from polcoop.reconcile.index import Index, Kind
from polcoop.solutions import Iri, Literal, Term

_XSD: Final = PREFIXES["xsd"]
_WHOLE: Final = frozenset(
    _XSD + name for name in ("integer", "int", "long", "nonNegativeInteger", "positiveInteger", "gYear")
)
_BROKEN: Final = frozenset(_XSD + name for name in ("decimal", "double", "float"))
SETTINGS: Final = [
    {
        "name": "lang",
        "label": "Language",
        "type": "select",
        "default": "any",
        "help_text": "Of texts, only those in this language.",
        "choices": [
            {"value": "any", "name": "any language"},
            {"value": "en", "name": "English"},
            {"value": "fr", "name": "French"},
            {"value": "zh", "name": "Chinese"},
        ],
    }
]
"""Property settings of the manifest (0.2, section 7.1)."""


def propose(index: Index, kind: str, limit: int | None) -> list[Kind]:
    """The properties that entities of the type (IRI) have, the most frequent first."""
    used = Counter(
        property_
        for entity in index.entities.values()
        if index.is_a(entity, [kind])
        for property_ in entity.values
        if property_ in index.properties
    )
    ordered = sorted(used, key=lambda iri: (-used[iri], iri))
    return [index.properties[iri] for iri in ordered[:limit]]


def extend(index: Index, query: Extension) -> dict[str, Any]:
    """Answer a data extension query; what is not known has no values."""
    meta = [{"id": name, "name": _name(index, name)} for name, _ in query.properties]
    rows = {
        identifier: {name: _cells(index, identifier, name, lang) for name, lang in query.properties}
        for identifier in query.ids
    }
    return {"meta": meta, "rows": rows}


def _name(index: Index, identifier: str) -> str:
    known = index.properties.get(resolve(identifier))
    return known.name if known else identifier


def _cells(index: Index, identifier: str, name: str, lang: str | None) -> list[dict[str, Any]]:
    entity = index.entities.get(resolve(identifier))
    values = entity.values.get(resolve(name), ()) if entity else ()
    return [_cell(index, value) for value in values if _speaks(value, lang)]


def _speaks(value: Term, lang: str | None) -> bool:
    """Whether the value is in the language, or in none (RFC 4647, basic filtering)."""
    if lang is None or not isinstance(value, Literal) or value.language is None:
        return True
    return f"{value.language.lower()}-".startswith(f"{lang.lower()}-")


def _cell(index: Index, value: Term) -> dict[str, Any]:
    if isinstance(value, Iri):
        known = index.entities.get(value.value)
        return {"id": short(value.value), "name": known.name} if known else {"str": value.value}
    if not isinstance(value, Literal):
        return {}
    # Malformed numbers do not pass compilation, and data of others may say what it likes: then it is text.
    with contextlib.suppress(ValueError):
        if value.datatype in _WHOLE:
            return {"int": int(value.value)}
        if value.datatype in _BROKEN:
            return {"float": float(value.value)}
    return {"date" if value.datatype == f"{_XSD}dateTime" else "str": value.value}
