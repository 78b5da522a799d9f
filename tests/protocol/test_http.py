"""What HTTP asks of the endpoint beyond the SPARQL Protocol, and the few other pages."""

from __future__ import annotations

import html
import re

import httpx2
import pytest

from serving import Server

ASK = "ASK { ?s ?p ?o }"
SELECT = "SELECT * { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT WHERE { ?s ?p ?o }"
QUERY = "application/sparql-query"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_405_with_allow(client: httpx2.Client, method: str) -> None:
    response = client.request(method, "/sparql", params={"query": ASK})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert response.headers["content-type"] == "application/problem+json"


def test_options_says_what_is_allowed(client: httpx2.Client) -> None:
    response = client.options("/sparql")
    assert response.status_code == 204
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_head_is_get_without_body(client: httpx2.Client, endpoint: Server) -> None:
    workers = endpoint.workers
    for query in (SELECT, CONSTRUCT):
        got, headed = (
            client.request(method, "/sparql", params={"query": query}) for method in ("GET", "HEAD")
        )
        assert headed.content == b""
        for name in ("content-type", "content-length", "vary"):
            assert headed.headers[name] == got.headers[name]
    assert endpoint.workers == workers
    assert client.head("/sparql", params={"format": "json"}).status_code == 400


@pytest.mark.parametrize("header", ["content-type", "accept,x-anything"])
def test_cors_preflight(client: httpx2.Client, header: str) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": header,
    }
    response = client.options("/sparql", headers=asked)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == header


@pytest.mark.parametrize("query", [ASK, "not a query", "ASK { SERVICE <http://example.org/> {} }"])
def test_cors_on_answers_and_errors(client: httpx2.Client, query: str) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"Origin": "https://example.org"})
    assert response.headers["access-control-allow-origin"] == "*"


def test_a_long_query_fits_into_the_url(client: httpx2.Client) -> None:
    query = "ASK { VALUES ?x { " + "<http://www.wikidata.org/entity/Q123456> " * 600 + "} }"
    assert client.get("/sparql", params={"query": query}).json()["boolean"] is True


def test_ten_thousand_values_fit_into_a_body(client: httpx2.Client) -> None:
    query = (
        "SELECT (COUNT(*) AS ?n) { VALUES ?x { "
        + "<http://www.wikidata.org/entity/Q1234567> " * 10_000
        + "} }"
    )
    for response in (
        client.post("/sparql", content=query, headers={"Content-Type": QUERY}),
        client.post("/sparql", data={"query": query}),
    ):
        assert response.json()["results"]["bindings"][0]["n"]["value"] == "10000"


def test_what_is_too_large_is_413(client: httpx2.Client) -> None:
    long = "ASK {} #" + "x" * 1_100_000
    deep = "ASK " + "{" * 100_000 + "}" * 100_000
    endless = (b"x" * 100_000 for _ in range(1000))
    for content in (long, deep, endless):
        response = client.post("/sparql", content=content, headers={"Content-Type": QUERY})
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"


def test_the_page(client: httpx2.Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert '<form id="form" action="/sparql" method="get"' in response.text
    assert client.head("/").status_code == 200


def test_every_link_of_the_page_works(client: httpx2.Client) -> None:
    paths = [path for path in re.findall(r'<a [^>]*href="([^"]*)"', client.get("/").text) if "#" not in path]
    assert len(paths) >= 5
    for path in paths:
        assert client.get(html.unescape(path)).status_code == 200, path


def test_health_and_description(client: httpx2.Client) -> None:
    assert client.get("/health").json()["status"] == "ok"
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/sparql"]) == {"get", "post"}


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/nothing", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"]
)
def test_nothing_else_is_there(client: httpx2.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
