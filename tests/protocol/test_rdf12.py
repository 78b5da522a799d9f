"""RDF 1.2 terms in results: triple terms and text directions, in every format that can carry them."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import httpx2
import pytest
from pyoxigraph import Literal, NamedNode, QueryResultsFormat, RdfFormat, Triple, parse, parse_query_results

TERM = '<<( <http://example.org/s> <http://example.org/p> "a\\tb"@en )>>'
TEXT = '"שלום"@he--rtl'
TRIPLE_OF = 'TRIPLE(<http://example.org/s>, <http://example.org/p>, "a\\tb"@en)'
SELECT = f"SELECT ({TRIPLE_OF} AS ?t) ({TEXT} AS ?d) {{}}"
CONSTRUCT = f"CONSTRUCT {{ <http://example.org/x> <http://example.org/says> {TERM}, {TEXT} }} WHERE {{}}"
TRIPLE = Triple(
    NamedNode("http://example.org/s"), NamedNode("http://example.org/p"), Literal("a\tb", language="en")
)


def get(client: httpx2.Client, query: str, accept: str) -> httpx2.Response:
    return client.get("/sparql", params={"query": query}, headers={"Accept": accept})


@pytest.mark.parametrize("kind", [QueryResultsFormat.JSON, QueryResultsFormat.XML, QueryResultsFormat.TSV])
def test_in_solutions(client: httpx2.Client, kind: QueryResultsFormat) -> None:
    response = get(client, SELECT, kind.media_type)
    assert response.status_code == 200, response.text
    (row,) = parse_query_results(response.content, format=kind)  # type: ignore[misc]
    assert row["t"] == TRIPLE  # type: ignore[index]
    text = row["d"]  # type: ignore[index]
    assert (text.value, text.language, str(text)) == ("שלום", "he", TEXT)


def test_the_letters_of_the_formats(client: httpx2.Client) -> None:
    """SPARQL 1.2 Query Results JSON Format, 3.2.2; XML Format, 2.3.1."""
    (row,) = json.loads(get(client, SELECT, "application/json").content)["results"]["bindings"]
    assert row["d"] == {"type": "literal", "value": "שלום", "xml:lang": "he", "its:dir": "rtl"}
    assert row["t"] == {
        "type": "triple",
        "value": {
            "subject": {"type": "uri", "value": "http://example.org/s"},
            "predicate": {"type": "uri", "value": "http://example.org/p"},
            "object": {"type": "literal", "value": "a\tb", "xml:lang": "en"},
        },
    }
    tree = ElementTree.fromstring(get(client, SELECT, "application/xml").content)  # noqa: S314 - our own server
    names = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert names[names.index("triple") :][:4] == ["triple", "subject", "uri", "predicate"]
    assert "{http://www.w3.org/2005/11/its}dir" in {
        name for element in tree.iter() for name in element.attrib
    }


@pytest.mark.parametrize(
    "kind", [RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.RDF_XML, RdfFormat.N_QUADS, RdfFormat.TRIG]
)
def test_in_graphs(client: httpx2.Client, kind: RdfFormat) -> None:
    response = get(client, CONSTRUCT, kind.media_type)
    assert response.status_code == 200, response.text
    objects = {str(quad.object) for quad in parse(response.content, format=kind)}
    assert objects == {str(TRIPLE), TEXT}


def test_json_ld_cannot_carry_them_and_says_so(client: httpx2.Client) -> None:
    response = get(client, CONSTRUCT, "application/ld+json")
    assert response.status_code == 406
    assert "JSON-LD" in response.json()["detail"]
