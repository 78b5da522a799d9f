"""The few look-ups that nearly everybody writes: labels, the evidence of a fact, the item of Wikidata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from polcoop.errors import UsageError
from polcoop.values import Iri, Text

from .result import Table

if TYPE_CHECKING:
    from .connection import Connection

_BATCH: Final = 500

_LABELS: Final = """SELECT ?thing ?kind ?label WHERE {
  { ?thing skos:prefLabel ?label BIND(1 AS ?kind) }
  UNION { ?thing rdfs:label ?label BIND(2 AS ?kind) }
  UNION { ?thing polcoop:title ?label BIND(3 AS ?kind) }
}"""

_EVIDENCE: Final = """SELECT DISTINCT ?claim ?page ?statement ?modality ?voice ?footnote ?source ?work WHERE {
  { ?claim polcoop:establishes ?fact } UNION { ?claim a polcoop:Claim FILTER(?claim = ?fact) }
  ?claim polcoop:onPage ?page
  OPTIONAL { ?claim polcoop:statement ?statement FILTER(LANG(?statement) = ?lang) }
  OPTIONAL { ?claim polcoop:modality/skos:prefLabel ?modality FILTER(LANG(?modality) = ?lang) }
  OPTIONAL { ?claim polcoop:attributedTo/skos:prefLabel ?voice FILTER(LANG(?voice) = ?lang) }
  OPTIONAL {
    ?claim polcoop:restsOn|polcoop:inFootnote ?note . ?note polcoop:footnoteNumber ?footnote
    OPTIONAL {
      ?note polcoop:citesWork ?work
      OPTIONAL { ?work polcoop:title ?title }
      OPTIONAL { ?work skos:prefLabel ?name FILTER(LANG(?name) = ?lang) }
      BIND(COALESCE(?title, ?name) AS ?source)
    }
  }
} ORDER BY ?page ?claim ?footnote ?work ?voice"""

_WIKIDATA: Final = """SELECT ?item WHERE {
  ?thing schema:sameAs|skos:exactMatch ?item FILTER(STRSTARTS(STR(?item), STR(wd:)))
} ORDER BY ?item LIMIT 1"""


def labels(connection: Connection, things: Sequence[Iri], lang: str) -> dict[Iri, str]:
    """Return a label for each thing that has one: in ``lang``, else in English, else any; preferred labels
    first."""
    found: dict[Iri, tuple[tuple[int, int, str], str]] = {}
    for start in range(0, len(things), _BATCH):
        for row in connection.stream(_LABELS, {"thing": things[start : start + _BATCH]}).values():
            thing, kind, label = row
            assert isinstance(thing, Iri)  # noqa: S101 - it is one of those asked for
            assert isinstance(kind, int)  # noqa: S101 - bound in the query
            tag = label.language.lower() if isinstance(label, Text) else ""
            rank = (0 if tag == lang.lower() else 1 if tag == "en" else 2, kind, str(label))
            if thing not in found or rank < found[thing][0]:
                found[thing] = rank, str(label)
    return {thing: label for thing, (_, label) in found.items()}


def evidence(connection: Connection, fact: Iri, lang: str) -> Table:
    """Return one row for each claim, voice, footnote and cited work behind a fact.

    :raises UsageError: there is no claim for it.
    """
    found = connection.select(_EVIDENCE, {"fact": fact, "lang": lang})
    if not found:
        raise UsageError(
            f"no claim establishes {fact.curie}", hint="facts are what polcoop:establishes points at"
        )
    return found


def wikidata(connection: Connection, thing: Iri) -> Iri | None:
    """Return the item that is the same."""
    found = connection.select(_WIKIDATA, {"thing": thing})
    item = found[0]["item"] if found else None
    assert item is None or isinstance(item, Iri)  # noqa: S101 - the query asks for one
    return item
