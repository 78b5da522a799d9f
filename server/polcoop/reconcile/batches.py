"""Reconciliation and data extension queries, read from JSON with bounds on everything (0.2, sections 4 and
7)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from polcoop.errors import QueryTooLarge, UsageError
from polcoop.reconcile.ids import resolve
from polcoop.reconcile.matching import Condition, Query, Strictness
from polcoop.solutions import Iri

MOST_QUERIES: Final = 50
MOST_LETTERS: Final = 500
MOST_TYPES: Final = 20
MOST_CONDITIONS: Final = 20
MOST_VALUES: Final = 50
MOST_CANDIDATES: Final = 100
MOST_ENTITIES: Final = 500
MOST_PROPERTIES: Final = 50
_CANDIDATES: Final = 10


@dataclass(frozen=True, slots=True)
class Extension:
    """A data extension query: entities and properties as the client calls them; of each property the language
    that its literals must have, or None."""

    ids: tuple[str, ...]
    properties: tuple[tuple[str, str | None], ...]


def read_batch(text: str) -> dict[str, Query]:
    """Read a query batch.

    :raises UsageError: it is not JSON, or a query in it is malformed; says which.
    :raises QueryTooLarge: there are more queries, or longer ones, than are answered at once.
    """
    batch = _object(_json(text, "queries"), "queries")
    if len(batch) > MOST_QUERIES:
        raise QueryTooLarge(
            f"the batch has {len(batch)} queries; at most {MOST_QUERIES} are answered at once",
            hint="the manifest's batchSize says how many",
        )
    return {key: _query(_object(value, f"queries.{key}"), f"queries.{key}") for key, value in batch.items()}


def read_extension(text: str) -> Extension:
    """Read a data extension query.

    :raises UsageError: it is not JSON, or malformed.
    :raises QueryTooLarge: it names more entities or properties than are answered at once.
    """
    query = _object(_json(text, "extend"), "extend")
    ids = [_text(value, "extend.ids") for value in _list(query.get("ids"), "extend.ids", MOST_ENTITIES)]
    properties = []
    for value in _list(query.get("properties"), "extend.properties", MOST_PROPERTIES):
        wanted = _object(value, "extend.properties")
        settings = _object(wanted.get("settings") or {}, "extend.properties.settings")
        language = settings.get("lang")
        properties.append(
            (_text(wanted.get("id"), "extend.properties.id"), language if isinstance(language, str) else None)
        )
    return Extension(tuple(ids), tuple((name, None if lang == "any" else lang) for name, lang in properties))


def _query(value: dict[str, Any], place: str) -> Query:
    text = _text(value.get("query") or "", f"{place}.query")
    conditions = tuple(
        _condition(_object(each, f"{place}.properties"), f"{place}.properties")
        for each in _list(value.get("properties") or [], f"{place}.properties", MOST_CONDITIONS)
    )
    if not text.strip() and not conditions:
        raise UsageError(f"{place} has neither a query nor properties: there is nothing to match")
    kinds = value.get("type") or []
    kinds = [kinds] if isinstance(kinds, str) else _list(kinds, f"{place}.type", MOST_TYPES)
    return Query(
        text,
        tuple(resolve(_text(kind, f"{place}.type")) for kind in kinds),
        _strictness(value.get("type_strict"), place),
        conditions,
        _limit(value.get("limit"), place),
    )


def _condition(value: dict[str, Any], place: str) -> Condition:
    given = value.get("v")
    values = _list(given, f"{place}.v", MOST_VALUES) if isinstance(given, list) else [given]
    found = tuple(_value(each, f"{place}.v") for each in values)
    if not found:
        raise UsageError(f"{place}.v has no value")
    return Condition(resolve(_text(value.get("pid"), f"{place}.pid")), found)


def _value(value: object, place: str) -> Iri | str:
    if isinstance(value, dict):
        return Iri(resolve(_text(value.get("id"), f"{place}.id")))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return _text(value, place)


def _strictness(value: object, place: str) -> Strictness:
    try:
        return Strictness(str(value)) if value else Strictness.ANY
    except ValueError as error:
        raise UsageError(f"{place}.type_strict is one of {', '.join(Strictness)}") from error


def _limit(value: object, place: str) -> int:
    # Some clients write 0 for "as many as you like".
    if value in (None, 0):
        return _CANDIDATES
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 1 or value % 1:
        raise UsageError(f"{place}.limit is a whole number greater than 0")
    return int(min(value, MOST_CANDIDATES))


def _json(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the parameter '{name}' is not JSON: {error}") from error


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{place} is not a JSON object")
    return value


def _list(value: object, place: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"{place} is not a JSON array")
    if len(value) > most:
        raise QueryTooLarge(f"{place} has {len(value)} members; at most {most} are answered at once")
    return value


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{place} is not a string")
    if len(value) > MOST_LETTERS:
        raise QueryTooLarge(f"{place} has {len(value)} characters; at most {MOST_LETTERS} are compared")
    return value
