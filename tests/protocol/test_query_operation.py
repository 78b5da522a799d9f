"""SPARQL 1.1 Protocol, section 2.1 (query operation) and the want of 2.2 (update), over real HTTP."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from xml.etree import ElementTree

import httpx2
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

ALL = "SELECT ?s ?o WHERE { ?s <http://example.org/p> ?o } ORDER BY ?s"
ASK = "ASK { ?s ?p ?o }"
CONSTRUCT = "CONSTRUCT { ?s <http://example.org/q> ?o } WHERE { ?s <http://example.org/p> ?o }"
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
ONE, TWO = "http://example.org/one", "http://example.org/two"


def subjects(response: httpx2.Response) -> list[str]:
    """Last letters of the subjects in a JSON result."""
    assert response.status_code == 200, response.text
    return [row["s"]["value"][-1] for row in response.json()["results"]["bindings"]]


# 2.1.1 to 2.1.3: the three ways to send a query


def test_query_via_get(client: httpx2.Client) -> None:
    response = client.get("/sparql", params={"query": ALL})
    assert subjects(response) == ["a", "b", "c", "d"]
    assert response.headers["content-type"] == "application/sparql-results+json"
    assert int(response.headers["content-length"]) == len(response.content)


def test_query_via_post_form(client: httpx2.Client) -> None:
    assert subjects(client.post("/sparql", data={"query": ALL})) == ["a", "b", "c", "d"]
    response = client.post(
        "/sparql", content="query=ASK+%7B%7D", headers={"Content-Type": f"{FORM}; charset=UTF-8"}
    )
    assert response.json()["boolean"] is True


@pytest.mark.parametrize(
    "kind", [QUERY, f"{QUERY}; charset=utf-8", f'{QUERY};charset="UTF-8"', QUERY.upper()]
)
@pytest.mark.parametrize("start", ["", "\ufeff", "# é 漢字 😀\n"])
def test_query_via_post_directly(client: httpx2.Client, kind: str, start: str) -> None:
    response = client.post("/sparql", content=(start + ALL).encode(), headers={"Content-Type": kind})
    assert subjects(response) == ["a", "b", "c", "d"]


def test_an_empty_post_with_the_query_in_the_url(client: httpx2.Client) -> None:
    assert subjects(client.post("/sparql", params={"query": ALL})) == ["a", "b", "c", "d"]


def test_a_trailing_slash_is_the_same_place(client: httpx2.Client) -> None:
    assert subjects(client.post("/sparql/", data={"query": ALL})) == ["a", "b", "c", "d"]
    response = client.get("/sparql/", params={"query": ALL})
    assert subjects(response) == ["a", "b", "c", "d"]
    assert "Accept" in response.headers["vary"]
    assert client.put("/sparql/").headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_characters_survive_every_way(client: httpx2.Client) -> None:
    query = "SELECT ('é漢😀+%&= ;' AS ?x) {}"
    for response in (
        client.get("/sparql", params={"query": query}),
        client.post("/sparql", data={"query": query}),
        client.post("/sparql", content=query.encode(), headers={"Content-Type": QUERY}),
    ):
        assert response.json()["results"]["bindings"][0]["x"]["value"] == "é漢😀+%&= ;"


# 2.1.4: the dataset


@pytest.mark.parametrize(
    ("query", "parameters", "expected"),
    [
        (ALL, [], ["a", "b", "c", "d"]),
        (ALL, [("default-graph-uri", ONE)], ["a"]),
        (ALL, [("default-graph-uri", ONE), ("default-graph-uri", TWO)], ["a", "b", "c"]),
        (ALL.replace("WHERE", f"FROM <{TWO}> WHERE"), [], ["b", "c"]),
        (ALL.replace("WHERE", f"FROM <{TWO}> WHERE"), [("default-graph-uri", ONE)], ["a"]),
        (ALL, [("named-graph-uri", ONE)], []),
        (
            "SELECT ?s { GRAPH ?g { ?s <http://example.org/p> ?o } } ORDER BY ?s",
            [("named-graph-uri", TWO)],
            ["b", "c"],
        ),
        (ALL, [("default-graph-uri", "http://example.org/nothing")], []),
    ],
)
def test_the_dataset(
    client: httpx2.Client, query: str, parameters: list[tuple[str, str]], expected: list[str]
) -> None:
    encoded = httpx2.QueryParams(parameters)
    direct = {"Content-Type": QUERY}
    assert subjects(client.get("/sparql", params=[("query", query), *parameters])) == expected
    assert subjects(client.post(f"/sparql?{encoded}", content=query, headers=direct)) == expected
    body = str(httpx2.QueryParams([("query", query), *parameters]))
    assert subjects(client.post("/sparql", content=body, headers={"Content-Type": FORM})) == expected


# 2.1.5: accepted response formats


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_select_in_four_formats(client: httpx2.Client, name: str) -> None:
    kinds = {
        "json": ("application/sparql-results+json", QueryResultsFormat.JSON),
        "xml": ("application/sparql-results+xml", QueryResultsFormat.XML),
        "csv": ("text/csv", None),
        "tsv": ("text/tab-separated-values", QueryResultsFormat.TSV),
    }
    media_type, parsed_as = kinds[name]
    by_header = client.get("/sparql", params={"query": ALL}, headers={"Accept": media_type})
    by_name = client.get("/sparql", params={"query": ALL, "format": name}, headers={"Accept": "image/png"})
    assert by_header.content == by_name.content
    assert by_header.headers["content-type"].split(";")[0] == media_type
    assert "Accept" in by_header.headers["vary"]
    if parsed_as is None:
        rows = list(csv.reader(io.StringIO(by_header.text, newline="")))
        assert rows[0] == ["s", "o"]
        assert rows[3] == ["http://example.org/c", 'tab\there, "quoted"\nand a second line']
        assert len(rows) == 5
    else:
        results = parse_query_results(by_header.content, format=parsed_as)
        found = [row["o"].value for row in results]  # type: ignore[union-attr, index]
        assert found == ["1", "2", 'tab\there, "quoted"\nand a second line', "3"]


def test_ask_in_json_and_xml(client: httpx2.Client) -> None:
    as_json = client.get("/sparql", params={"query": ASK})
    assert json.loads(as_json.content)["boolean"] is True
    as_xml = client.get("/sparql", params={"query": ASK, "format": "xml"})
    tree = ElementTree.fromstring(as_xml.content)  # noqa: S314 - our own server
    assert tree.findtext("{http://www.w3.org/2005/sparql-results#}boolean") == "true"


@pytest.mark.parametrize("query", [CONSTRUCT, "DESCRIBE <http://example.org/a>"])
@pytest.mark.parametrize(
    ("name", "parsed_as"),
    [
        ("turtle", RdfFormat.TURTLE),
        ("ntriples", RdfFormat.N_TRIPLES),
        ("rdfxml", RdfFormat.RDF_XML),
        ("jsonld", RdfFormat.JSON_LD),
        ("nquads", RdfFormat.N_QUADS),
        ("trig", RdfFormat.TRIG),
    ],
)
def test_graphs_in_six_formats(client: httpx2.Client, query: str, name: str, parsed_as: RdfFormat) -> None:
    expected = set(parse(client.get("/sparql", params={"query": query}).content, format=RdfFormat.TURTLE))
    by_header = client.get("/sparql", params={"query": query}, headers={"Accept": parsed_as.media_type})
    by_name = client.get("/sparql", params={"query": query, "format": name})
    assert by_header.headers["content-type"].split(";")[0] == parsed_as.media_type
    for response in (by_header, by_name):
        assert set(parse(response.content, format=parsed_as)) == expected
    assert expected


def test_a_graph_has_the_prefixes_of_the_query(client: httpx2.Client) -> None:
    query = f"PREFIX ex: <http://example.org/> PREFIX : <http://example.org/q#> {CONSTRUCT}"
    plain = client.get("/sparql", params={"query": CONSTRUCT, "format": "ntriples"}).content
    expected = set(parse(plain, format=RdfFormat.N_TRIPLES))
    for kind in (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML, RdfFormat.JSON_LD, RdfFormat.N_TRIPLES):
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": kind.media_type})
        assert set(parse(answer.content, format=kind)) == expected
        if kind is RdfFormat.TURTLE:
            assert "\nex:a ex:q" in answer.text
            assert "@prefix : <http://example.org/q#> ." in answer.text


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (ALL, "text/turtle"),
        (CONSTRUCT, "text/csv"),
        (ASK, "text/csv"),
        (ASK, "text/tab-separated-values"),
        (ALL, "*/*;q=0"),
    ],
)
def test_nothing_acceptable_is_406_and_says_what_there_is(
    client: httpx2.Client, query: str, accept: str
) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 406
    assert response.headers["content-type"] == "application/problem+json"
    assert "application/" in response.json()["hint"]


def test_several_accept_headers_are_one(client: httpx2.Client) -> None:
    headers = [("Accept", "image/png"), ("Accept", "text/csv;q=0.4"), ("Accept", "application/json;q=0.5")]
    response = client.get("/sparql", params={"query": ALL}, headers=headers)
    assert response.headers["content-type"] == "application/json"


# 2.1.6 and 2.1.7: failure


MALFORMED = [
    "query=", "query=%20", "query=ASK{}&query=ASK{}", "format=json", "query=%FF", "query=ASK{}&timeout=0",
    "query=ASK{}&timeout=x", "query=ASK{}&timeout=nan", "query=ASK{}&format=yaml",
    "query=ASK{}&format=json&format=xml", "&".join(["x=1"] * 1200),
]  # fmt: skip


@pytest.mark.parametrize("query_string", MALFORMED)
def test_parameters_missing_repeated_or_malformed(client: httpx2.Client, query_string: str) -> None:
    response = client.get(f"/sparql?{query_string}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 400
    assert problem["detail"]


def test_a_query_both_in_body_and_url_is_one_too_many(client: httpx2.Client) -> None:
    response = client.post("/sparql?query=ASK{}", content="ASK {}", headers={"Content-Type": QUERY})
    assert response.status_code == 400
    assert "2 times" in response.json()["detail"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", f"{QUERY}; charset=latin-1", f"{FORM};charset=utf-16", ""]
)
def test_other_bodies_are_415(client: httpx2.Client, kind: str) -> None:
    response = client.post("/sparql", content=b"ASK {}", headers={"Content-Type": kind} if kind else {})
    assert response.status_code == 415
    assert QUERY in response.json()["hint"]


def test_a_body_that_is_compressed_is_415(client: httpx2.Client) -> None:
    for kind in (QUERY, FORM):
        headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
        response = client.post("/sparql", content=gzip.compress(b"ASK {}"), headers=headers)
        assert response.status_code == 415
        assert response.json()["detail"] == "the body is compressed"


def test_a_body_that_is_not_utf8(client: httpx2.Client) -> None:
    assert (
        client.post("/sparql", content=b"ASK {} # \xff", headers={"Content-Type": QUERY}).status_code == 400
    )
    assert (
        client.post("/sparql", content=b"query=ASK{}\xff", headers={"Content-Type": FORM}).status_code == 400
    )


def test_a_syntax_error_says_where_and_what(client: httpx2.Client) -> None:
    response = client.get("/sparql", params={"query": "# é\nSELECT * WHERE {\n  ?é <a:p> }"})
    assert response.status_code == 400
    problem = response.json()
    assert (problem["line"], problem["column"]) == (3, 12)
    assert problem["detail"] == "expected a term or variable, found '}'"
    assert problem["title"] == "Malformed query"
    assert problem["type"].endswith("/query-syntax-error")


def test_an_unknown_function_is_the_querys_fault(client: httpx2.Client) -> None:
    response = client.get("/sparql", params={"query": "SELECT (<http://example.org/f>(1) AS ?x) {}"})
    assert response.status_code == 400
    assert "http://example.org/f" in response.json()["detail"]


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "text/plain"])
def test_a_browser_is_told_in_words_that_can_do_nothing(client: httpx2.Client, accept: str) -> None:
    query = "# not a query\n<script>alert(1)</script>"
    response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 400
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "Accept" in response.headers["vary"]
    assert response.text.startswith("400 Malformed query\n\n")
    assert re.search(r"\(line 2, column \d+\)$", response.text, re.M)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/sparql-results+json", "application/json, text/html;q=0.5", "x"]
)
def test_a_program_is_told_in_json(client: httpx2.Client, accept: str) -> None:
    response = client.get("/sparql", params={"query": "<script>"}, headers={"Accept": accept})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"


# 2.2 and 3: no update, whatever the way


UPDATE = "INSERT DATA { <http://example.org/x> <http://example.org/p> 1 }"


def test_updates_are_refused_in_every_shape(client: httpx2.Client) -> None:
    update = {"Content-Type": "application/sparql-update"}
    for response in (
        client.post("/sparql", data={"update": UPDATE}),
        client.post("/sparql", content=UPDATE, headers=update),
        client.get("/sparql", params={"update": UPDATE}),
        client.get("/sparql", params={"query": UPDATE}),
        client.post("/sparql", content=UPDATE, headers={"Content-Type": QUERY}),
        client.post("/sparql", data={"query": "ASK {}", "update": UPDATE}),
        client.post("/sparql", data={"query": "LOAD <http://example.org/>"}),
    ):
        assert response.status_code == 403
        assert "read-only" in response.json()["detail"]
    assert subjects(client.get("/sparql", params={"query": ALL})) == ["a", "b", "c", "d"]
