"""The index read from the data, through the engine like any other query."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from polcoop.errors import EngineFailure
from polcoop.formats import JSON
from polcoop.iris import CONCEPTS, ONTOLOGY, PREFIXES
from polcoop.reconcile.index import Entity, Index, Kind
from polcoop.solutions import Iri, Literal, Solutions, Term, read
from polcoop.sparql.engine import Engine, Limits
from polcoop.sparql.query import Query

KINDS: Final = (
    "agent", "place", "instrument", "framework", "event", "post", "programme", "presence", "work",
)  # fmt: skip
"""Kinds of instances that have a name of their own; numbers, footnotes and claims have none to match with."""

_SKOS: Final = PREFIXES["skos"]
_TYPE: Final = f"{PREFIXES['rdf']}type"
_SCHEME: Final = f"{_SKOS}inScheme"
_CONCEPT: Final = f"{_SKOS}Concept"
_LABEL: Final = f"{_SKOS}prefLabel"
_NAMES: Final = (_LABEL, f"{_SKOS}altLabel", f"{ONTOLOGY}title", f"{ONTOLOGY}translatedTitle")
_CODES: Final = (f"{ONTOLOGY}iso3166Alpha2", f"{ONTOLOGY}iso3166Alpha3", f"{_SKOS}notation")
_LINKS: Final = (f"{PREFIXES['schema']}sameAs", f"{_SKOS}exactMatch")
_PROPERTY_NAMES: Final = {
    _LABEL: "name",
    f"{_SKOS}altLabel": "other name",
    f"{_SKOS}definition": "definition",
    f"{_SKOS}broader": "broader concept",
    f"{_SKOS}exactMatch": "same concept elsewhere (Wikidata)",
    f"{_SKOS}notation": "code",
    f"{PREFIXES['schema']}sameAs": "same thing elsewhere (Wikidata)",
}
"""Names of properties of other vocabularies, which the ontology does not label."""
_LANGUAGES: Final = ("en", "fr")
"""Languages of the name that is shown, the preferred one first."""

_ENTITIES: Final = f"""
SELECT ?x ?p ?v WHERE {{
  ?x <{_LABEL}> ?label ; ?p ?v
  FILTER(ISIRI(?x) && !ISBLANK(?v) && ({
    " || ".join(f'STRSTARTS(STR(?x), "{start}")' for start in (*(PREFIXES[kind] for kind in KINDS), CONCEPTS))
}))
}}"""
_TERMS: Final = f"""
PREFIX owl: <{PREFIXES["owl"]}> PREFIX rdfs: <{PREFIXES["rdfs"]}> PREFIX skos: <{_SKOS}>
SELECT DISTINCT ?x ?kind ?label ?definition ?broader WHERE {{
  VALUES ?kind {{
    owl:Class owl:ObjectProperty owl:DatatypeProperty owl:AnnotationProperty skos:ConceptScheme
  }}
  ?x a ?kind ; skos:prefLabel|rdfs:label ?label FILTER(LANG(?label) = "en" && ISIRI(?x))
  OPTIONAL {{ ?x skos:definition ?definition FILTER(LANG(?definition) = "en") }}
  OPTIONAL {{ ?x rdfs:subClassOf ?broader FILTER(ISIRI(?broader) && ?broader != ?x) }}
}}"""
_SECONDS: Final = 60.0


async def read_index(engine: Engine) -> Index:
    """Read the index from the data that ``engine`` answers about.

    :raises PolcoopError: the engine cannot answer.
    """
    terms, triples = await _ask(engine, _TERMS), await _ask(engine, _ENTITIES)
    # In a thread: a second of work must not keep other requests waiting.
    return await asyncio.to_thread(_build, terms, triples)


async def _ask(engine: Engine, text: str) -> Solutions:
    result = await engine.query(Query.parse(text), JSON, Limits(_SECONDS))
    solutions = read(b"".join([chunk async for chunk in result.chunks()]))
    if isinstance(solutions, bool):
        raise EngineFailure("the engine answered a SELECT with a truth value")
    return solutions


def _build(terms: Solutions, triples: Solutions) -> Index:
    described: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for x, p, v in triples.rows:
        if (
            isinstance(x, Iri)
            and isinstance(p, Iri)
            and v is not None
            and v not in described[x.value][p.value]
        ):
            described[x.value][p.value].append(v)
    classes, properties, schemes = _terms(terms)
    for scheme in schemes:
        described.pop(scheme.iri, None)
    used = Counter(p for values in described.values() for p in values)
    for iri, name in _PROPERTY_NAMES.items():
        properties.setdefault(iri, Kind(iri, name))
    entities = [_entity(iri, values, classes) for iri, values in sorted(described.items())]
    return Index(
        entities,
        [*classes.values(), *schemes, Kind(_CONCEPT, "Concept", "A unit of thought in a closed list.")],
        [kind for iri, kind in properties.items() if used[iri]],
    )


def _terms(terms: Solutions) -> tuple[dict[str, Kind], dict[str, Kind], list[Kind]]:
    """Classes, properties and concept schemes; a scheme is a type of its concepts."""
    broader: dict[str, set[str]] = defaultdict(set)
    classes: dict[str, Kind] = {}
    properties: dict[str, Kind] = {}
    schemes: dict[str, Kind] = {}
    for x, kind, label, definition, parent in sorted(terms.rows, key=str):
        assert isinstance(x, Iri) and isinstance(kind, Iri) and isinstance(label, Literal)  # noqa: S101, PT018
        if isinstance(parent, Iri):
            broader[x.value].add(parent.value)
        described = definition.value if isinstance(definition, Literal) else ""
        if kind.value.endswith("#Class"):
            classes[x.value] = Kind(x.value, label.value, described, tuple(sorted(broader[x.value])))
        elif kind.value.endswith("#ConceptScheme"):
            schemes[x.value] = Kind(x.value, label.value, described, (_CONCEPT,))
        else:
            properties[x.value] = Kind(x.value, label.value, described)
    return classes, properties, list(schemes.values())


def _entity(iri: str, values: dict[str, list[Term]], classes: dict[str, Kind]) -> Entity:
    types = {v.value for v in values.get(_TYPE, ()) if isinstance(v, Iri)}
    if _CONCEPT in types:
        types = {v.value for v in values.get(_SCHEME, ()) if isinstance(v, Iri)} or {_CONCEPT}
    else:
        types &= classes.keys()
        # What is inferred is already said by the narrower type.
        types -= {parent for kind in types for parent in _above(kind, classes)}
    links = [v.value.rpartition("/")[2] for p in _LINKS for v in values.get(p, ()) if isinstance(v, Iri)]
    return Entity(
        iri,
        _ordered(literal for p in _NAMES for literal in values.get(p, ()) if isinstance(literal, Literal)),
        tuple(sorted(types)),
        tuple([v.value for p in _CODES for v in values.get(p, ()) if isinstance(v, Literal)] + links),
        {p: tuple(found) for p, found in values.items() if p != _TYPE},
    )


def _above(kind: str, classes: dict[str, Kind]) -> set[str]:
    found: set[str] = set()
    todo = list(classes[kind].broader)
    while todo:
        parent = todo.pop()
        if parent not in found:
            found.add(parent)
            todo += classes[parent].broader if parent in classes else ()
    return found


def _ordered(literals: Iterable[Literal]) -> tuple[str, ...]:
    """The names, each once; the first one in the language that is shown."""
    names = list(literals)
    first = next((name for lang in _LANGUAGES for name in names if name.language == lang), names[0])
    return tuple(dict.fromkeys([first.value, *(name.value for name in names)]))
