"""How entities, types and properties are told to a client."""

from __future__ import annotations

from typing import Any, Final

from polcoop.iris import ONTOLOGY
from polcoop.reconcile.ids import short
from polcoop.reconcile.index import Entity, Index, Kind
from polcoop.reconcile.matching import Candidate
from polcoop.solutions import Iri

_WHERE: Final = tuple(ONTOLOGY + name for name in ("ofCountry", "inCountry", "atPlace"))


def description(index: Index, entity: Entity) -> str:
    """What tells namesakes apart: the types, and where the entity belongs ("Organisation, China")."""
    where = [
        index.entities[value.value].name
        for name in _WHERE
        for value in entity.values.get(name, ())
        if isinstance(value, Iri) and value.value in index.entities
    ]
    return ", ".join(dict.fromkeys([kind["name"] for kind in types(index, entity)] + where))


def types(index: Index, entity: Entity) -> list[dict[str, str]]:
    """The types of an entity, by identifier and name."""
    kinds = [index.types.get(iri, Kind(iri, short(iri))) for iri in entity.types]
    return [{"id": kind.id, "name": kind.name} for kind in kinds]


def _described(index: Index, entity: Entity) -> dict[str, str]:
    text = description(index, entity)
    return {"description": text} if text else {}


def candidate(index: Index, found: Candidate) -> dict[str, Any]:
    """A reconciliation candidate (0.2, section 4.2)."""
    return {
        "id": found.entity.id,
        "name": found.entity.name,
        **_described(index, found.entity),
        "type": types(index, found.entity),
        "score": found.score,
        "match": found.match,
        "features": [{"id": name, "value": value} for name, value in found.features.items()],
    }


def suggestion(index: Index, entity: Entity) -> dict[str, Any]:
    """An entity as a suggest service tells it (0.2, section 6.3)."""
    return {
        "id": entity.id,
        "name": entity.name,
        **_described(index, entity),
        "notable": types(index, entity),
    }


def kind(index: Index, of: Kind) -> dict[str, Any]:
    """A type or a property (0.2, sections 2.2 and 2.3), a type with the ones directly broader."""
    told: dict[str, Any] = {"id": of.id, "name": of.name}
    if of.description:
        told["description"] = of.description
    broader = [index.types[iri] for iri in of.broader if iri in index.types]
    if broader:
        told["broader"] = [{"id": parent.id, "name": parent.name} for parent in broader]
    return told
