"""SPARQL 1.1 Graph Store HTTP Protocol, reading: sections 4.2, 5.2, 5.6, and the want of the rest."""

from __future__ import annotations

import httpx2
import pytest
from pyoxigraph import RdfFormat, parse

ONE, TWO = "http://example.org/one", "http://example.org/two"
KINDS = [
    RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.RDF_XML, RdfFormat.JSON_LD, RdfFormat.N_QUADS,
    RdfFormat.TRIG,
]  # fmt: skip


def triples(response: httpx2.Response, kind: RdfFormat = RdfFormat.TURTLE) -> set[str]:
    assert response.status_code == 200, response.text
    return {str(quad.triple) for quad in parse(response.content, format=kind)}


def constructed(client: httpx2.Client, pattern: str) -> set[str]:
    query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"
    return triples(client.get("/sparql", params={"query": query}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_in_every_format(client: httpx2.Client, kind: RdfFormat) -> None:
    response = client.get("/graphs", params={"graph": ONE}, headers={"Accept": kind.media_type})
    assert response.headers["content-type"].split(";")[0] == kind.media_type
    assert "Accept" in response.headers["vary"]
    found = triples(response, kind)
    assert found == constructed(client, f"GRAPH <{ONE}> {{ ?s ?p ?o }}")
    assert len(found) == 2


@pytest.mark.parametrize("query", ["default", "default=", "default&format=turtle"])
def test_the_default_graph_is_that_of_queries(client: httpx2.Client, query: str) -> None:
    assert triples(client.get(f"/graphs?{query}")) == constructed(client, "?s ?p ?o")


def test_head_is_get_without_body(client: httpx2.Client) -> None:
    got, headed = (client.request(method, "/graphs", params={"graph": TWO}) for method in ("GET", "HEAD"))
    assert headed.content == b""
    for name in ("content-type", "content-length", "vary"):
        assert headed.headers[name] == got.headers[name]
    assert client.head("/graphs", params={"graph": "http://example.org/three"}).status_code == 404


@pytest.mark.parametrize("graph", ["http://example.org/three", "http://example.org/", "file:///etc/passwd"])
def test_a_graph_that_is_not_there(client: httpx2.Client, graph: str) -> None:
    response = client.get("/graphs", params={"graph": graph})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert graph not in response.text


@pytest.mark.parametrize(
    "query",
    [
        "", "graph=", "graph=one", "graph=../../etc/passwd", "graph=a:b%3E%20%7B%7D", "graph=a:b%22",
        "default&graph=a:b", "graph=a:b&graph=a:c", "default&default", "default&x=1", "default&format=yaml",
        "graph=%FF", "graph=a:b%3E+%7B+%7D+%7D+%23",
    ],
)  # fmt: skip
def test_what_names_no_graph(client: httpx2.Client, query: str) -> None:
    response = client.get(f"/graphs?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_no_format_that_is_accepted(client: httpx2.Client) -> None:
    assert client.get("/graphs?default", headers={"Accept": "text/csv"}).status_code == 406
    assert client.get("/graphs?default&format=csv").status_code == 406


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_nothing_is_written(client: httpx2.Client, method: str) -> None:
    before = triples(client.get("/graphs?default"))
    content = b"<http://example.org/x> <http://example.org/p> 1 ."
    for query in (f"graph={ONE}", "graph=http://example.org/new", "default", ""):
        response = client.request(
            method, f"/graphs?{query}", content=content, headers={"Content-Type": "text/turtle"}
        )
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"
    assert triples(client.get("/graphs?default")) == before


def test_options(client: httpx2.Client) -> None:
    assert client.options("/graphs").headers["allow"] == "GET, HEAD, OPTIONS"


# /.well-known/ over data that is not the project's


def test_the_data_of_others_are_counted_when_they_are_asked_about(client: httpx2.Client) -> None:
    address = f"{client.base_url}".rstrip("/")
    described = triples(client.get("/.well-known/void"))
    dataset = f"<{address}/.well-known/void#dataset>"
    for name, number in (("triples", 5), ("distinctSubjects", 4), ("properties", 2), ("classes", 0)):
        integer = "http://www.w3.org/2001/XMLSchema#integer"
        assert f'{dataset} <http://rdfs.org/ns/void#{name}> "{number}"^^<{integer}>' in described
    assert sum("void#subset" in triple for triple in described) == 2
    # Whose they are and under which licence is not ours to tell.
    assert not [triple for triple in described if "license" in triple or "polcoop" in triple]


def test_the_data_of_others_come_without_examples(client: httpx2.Client) -> None:
    response = client.get("/.well-known/sparql-examples")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
