"""Namespaces and compact IRIs (CURIEs): the one place where a prefix is given its meaning."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from polcoop.errors import UsageError

BASE: Final = "https://w3id.org/polcoop/"
ONTOLOGY: Final = f"{BASE}ontology#"
SHAPES: Final = f"{BASE}shapes#"
CONCEPTS: Final = f"{BASE}concept/"
GRAPHS: Final = f"{BASE}graph/"
EXAMPLES: Final = f"{BASE}.well-known/sparql-examples"
CATALOGUE: Final = f"{BASE}.well-known/void"
SPARQL: Final = f"{BASE}sparql"
"""The endpoint; relative IRIs in queries are resolved against it, so ``<id/agent/cn>`` is one of ours."""

KINDS: Final = (
    "agent", "place", "instrument", "framework", "event", "post", "holding", "programme", "presence",
    "statistic", "amount", "lot", "participation", "provision", "work", "footnote", "claim", "section",
)  # fmt: skip
"""Kinds of instances; each has a prefix of its own, ``agent:cn`` =
``https://w3id.org/polcoop/id/agent/cn``."""

SCHEMES: Final = (
    "appointment-type", "assessment", "claim-kind", "communication-type", "contribution-type", "cost-type",
    "currency",
    "equipment-type", "footnote-form", "framework-type", "incident-type", "indicator", "instrument-type",
    "legal-character", "meeting-type", "modality", "operation-type", "organisation-type", "party-structure",
    "periodicity", "person-transfer-type", "post-type", "proceeding-type", "programme-type",
    "provision-type", "qualifier", "role", "source-kind", "topic", "transfer-type", "unit", "work-form",
)  # fmt: skip
"""Closed concept schemes; each has a prefix of its own, ``modality:asserted``."""

_EXTERNAL: Final = {
    "bibo": "http://purl.org/ontology/bibo/",
    "cito": "http://purl.org/spar/cito/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "fabio": "http://purl.org/spar/fabio/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "gsp": "http://www.opengis.net/ont/geosparql#",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "qb": "http://purl.org/linked-data/cube#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sdmx-attribute": "http://purl.org/linked-data/sdmx/2009/attribute#",
    "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
    "sdmx-measure": "http://purl.org/linked-data/sdmx/2009/measure#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

PREFIXES: Final = MappingProxyType(
    {
        "polcoop": ONTOLOGY,
        "shapes": SHAPES,
        "graph": GRAPHS,
        "scheme": CONCEPTS,
        **{kind: f"{BASE}id/{kind}/" for kind in KINDS},
        **{scheme: f"{CONCEPTS}{scheme}/" for scheme in SCHEMES},
        **_EXTERNAL,
    }
)
"""Prefix to namespace IRI. ``scheme:modality`` names the scheme, ``modality:asserted`` a concept in it."""

# The longest namespace first, so that ``modality:asserted`` wins over ``scheme:modality/asserted``.
_LONGEST_FIRST: Final = sorted(PREFIXES.items(), key=lambda item: len(item[1]), reverse=True)


def expand(curie: str) -> str:
    """Return the IRI that ``curie`` (``claim:p14-08``) stands for; an IRI, bare or in ``<>``, is returned as
    it is.

    :raises UsageError: the prefix is not one of ``PREFIXES``, or there is no colon.
    """
    if curie.startswith("<") and curie.endswith(">"):
        return curie[1:-1]
    prefix, colon, local = curie.partition(":")
    if not colon:
        raise UsageError(f"'{curie}' is neither an IRI nor a compact one like claim:p14-08")
    if local.startswith("//"):
        return curie
    if prefix not in PREFIXES:
        raise UsageError(
            f"unknown prefix '{prefix}:' in '{curie}'", hint=f"known prefixes: {' '.join(PREFIXES)}"
        )
    return PREFIXES[prefix] + local


def shrink(iri: str) -> str:
    """Return the shortest CURIE for ``iri``, or ``<iri>`` when no prefix gives one that Turtle would read
    back."""
    for prefix, namespace in _LONGEST_FIRST:
        local = iri.removeprefix(namespace)
        if local != iri and _plain(local):
            return f"{prefix}:{local}"
    return f"<{iri}>"


def prefixes_for(iris: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return those of ``PREFIXES`` with which ``iris`` are made compact, in the order of their names."""
    names = {shrink(iri).partition(":")[0] for iri in iris}
    return tuple(sorted((name, PREFIXES[name]) for name in names & PREFIXES.keys()))


def _plain(local: str) -> bool:
    """Whether ``local`` is a Turtle PN_LOCAL that needs no escape (a cautious subset of the grammar)."""
    return (
        bool(local)
        and local[0] not in "-."
        and local[-1] != "."
        and all(c.isalnum() or c in "-_." for c in local)
    )
