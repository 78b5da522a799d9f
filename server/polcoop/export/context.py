"""The JSON-LD context of the data: what a bare key means, and how its values are typed.

It is generated from the ontology and kept in the repository as ``context.jsonld``, which the server sends at
``/context.jsonld``; a test sees that both agree.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pyoxigraph import NamedNode

from polcoop.export.compiled import Compiled
from polcoop.iris import BASE, CONCEPTS, GRAPHS, ONTOLOGY, PREFIXES

URL: Final = f"{BASE}context.jsonld"
"""Address at which the context is published."""
PREFIXED: Final = {
    # Not the prefix of each kind and scheme: several are also names of properties (modality, currency).
    "id": f"{BASE}id/",
    "concept": CONCEPTS,
    "graph": GRAPHS,
    **{
        name: PREFIXES[name]
        for name in ("dcterms", "geo", "gsp", "oa", "owl", "rdfs", "schema", "sh", "skos", "wd", "xsd")
    },
}
_XSD: Final = PREFIXES["xsd"]
_IRIS: Final = (f"{PREFIXES['schema']}sameAs", *(f"{PREFIXES['skos']}{name}" for name in (
    "broader", "narrower", "related", "inScheme", "topConceptOf", "hasTopConcept", "exactMatch", "closeMatch",
)))  # fmt: skip


def build(data: Compiled) -> dict[str, Any]:
    """Return the context document for the ontology that ``data`` holds."""
    terms = {curie(iri): {"@id": iri, "@type": "@id"} for iri in _IRIS}
    rows = data.select(
        """SELECT ?p ?kind ?range {
            ?p a ?kind FILTER(?kind IN (owl:ObjectProperty, owl:DatatypeProperty))
            OPTIONAL { ?p rdfs:range ?range }
        }"""
    )
    for p, kind, range_ in rows:
        if not isinstance(p, NamedNode) or not p.value.startswith(ONTOLOGY):
            continue
        if kind == NamedNode(f"{PREFIXES['owl']}ObjectProperty"):
            terms[curie(p.value)] = {"@id": p.value, "@type": "@id"}
        elif (
            isinstance(range_, NamedNode)
            and range_.value.startswith(_XSD)
            and not range_.value.endswith("#string")
        ):
            terms[curie(p.value)] = {"@id": p.value, "@type": range_.value}
    return {"@context": {"@version": 1.1, "@vocab": ONTOLOGY, **PREFIXED, **dict(sorted(terms.items()))}}


def write(data: Compiled) -> bytes:
    """The context document as it is published."""
    return (json.dumps(build(data), ensure_ascii=False, indent=2) + "\n").encode()


def curie(iri: str) -> str:
    """Return what stands for ``iri`` as a key or type: a bare local name of the ontology, a compact IRI, or
    the IRI itself."""
    local = iri.removeprefix(ONTOLOGY)
    return local if local != iri and local.isidentifier() else compact(iri)


def compact(iri: str) -> str:
    """Return what stands for ``iri`` as an identifier: a compact IRI where a prefix gives one."""
    for prefix, namespace in PREFIXED.items():
        local = iri.removeprefix(namespace)
        if local != iri and local and not local.startswith("//"):
            return f"{prefix}:{local}"
    return iri
