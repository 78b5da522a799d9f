"""Identifiers as reconciliation clients see them, and the IRIs that they stand for.

Entities are named relative to the identifier space, so that space and identifier put together are the IRI:
``id/agent/interpol``, ``concept/topic/terrorism``.  Types and properties are local names of the ontology
(``Organisation``, ``hasParty``); those of other vocabularies are CURIEs (``skos:Concept``).
"""

from __future__ import annotations

from polcoop.errors import UsageError
from polcoop.iris import BASE, ONTOLOGY, expand, shrink


def short(iri: str) -> str:
    """Return the identifier of ``iri``."""
    if iri.startswith(ONTOLOGY):
        return iri.removeprefix(ONTOLOGY)
    if iri.startswith(BASE):
        return iri.removeprefix(BASE)
    curie = shrink(iri)
    return iri if curie.startswith("<") else curie


def resolve(identifier: str) -> str:
    """Return the IRI of ``identifier``: what :func:`short` gives, a CURIE or the IRI itself.  What cannot be
    resolved is returned as it is: it then names nothing, which is an answer too."""
    if ":" in identifier:
        try:
            return expand(identifier)
        except UsageError:
            return identifier
    if identifier.startswith(("id/", "concept/")):
        return BASE + identifier
    return ONTOLOGY + identifier
