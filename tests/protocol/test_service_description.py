"""SPARQL 1.1 Service Description: what the server says of itself, and that it is so."""

from __future__ import annotations

import httpx2
import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from polcoop.iris import CATALOGUE
from polcoop.sparql.description import EXTENSION_FUNCTIONS, LANGUAGE_EXTENSIONS
from serving import Server

SD = "http://www.w3.org/ns/sparql-service-description#"
FORMATS = "http://www.w3.org/ns/formats/"
VOID = "http://rdfs.org/ns/void#"
LICENCE = "http://purl.org/dc/terms/license"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
XSD = "http://www.w3.org/2001/XMLSchema#"
SQUARE = '"POLYGON((0 0,2 0,2 2,0 2,0 0))"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
POINT = '"POINT(1 1)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
METRE = "<http://www.opengis.net/def/uom/OGC/1.0/metre>"

# What each function is called with where two geometries, one, or a string would not do.
ARGUMENTS = {
    "relate": f'{SQUARE}, {SQUARE}, "T*F**FFF*"',
    "distance": f"{POINT}, {POINT}, {METRE}",
    "length": f"{SQUARE}, {METRE}",
    "perimeter": f"{SQUARE}, {METRE}",
    **dict.fromkeys(
        ("asGeoJSON", "centroid", "convexHull", "coordinateDimension", "dimension", "envelope"), SQUARE
    ),
    **dict.fromkeys(("getSRID", "isEmpty", "isSimple", "spatialDimension"), SQUARE),
}
LEXICAL = {
    "date": "2017-09-26", "time": "10:00:00", "duration": "P1Y", "dayTimeDuration": "PT1H",
    "yearMonthDuration": "P1Y", "gYear": "2017", "gYearMonth": "2017-09", "gMonth": "--09", "gDay": "---26",
    "gMonthDay": "--09-26",
}  # fmt: skip
EXTENSIONS = {
    "https://www.w3.org/TR/sparql12-query/": 'VERSION "1.2" ASK { FILTER(isTRIPLE(<<( <a:s> <a:p> 1 )>>)) }',
    "https://github.com/w3c/sparql-dev/blob/main/SEP/SEP-0002/sep-0002.md": (
        f'ASK {{ FILTER(ADJUST("2017-09-26T10:00:00Z"^^<{XSD}dateTime>, "PT8H"^^<{XSD}dayTimeDuration>)'
        f' = "2017-09-26T18:00:00+08:00"^^<{XSD}dateTime>) }}'
    ),
    "https://github.com/w3c/sparql-dev/blob/main/SEP/SEP-0006/sep-0006.md": (
        "ASK { VALUES ?x { 1 } LATERAL { BIND(?x + 1 AS ?y) } FILTER(?y = 2) }"
    ),
}


def described(url: str, **headers: str) -> Store:
    """The description, read as Turtle against its own address."""
    response = httpx2.get(url, headers=headers, trust_env=False, timeout=60)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/turtle; charset=utf-8"
    store = Store()
    store.extend(parse(response.content, format=RdfFormat.TURTLE, base_iri=url))
    return store


def values(store: Store, subject: str | None, predicate: str) -> set[str]:
    node = None if subject is None else NamedNode(subject)
    return {quad.object.value for quad in store.quads_for_pattern(node, NamedNode(predicate), None)}


@pytest.fixture(scope="module")
def description(endpoint: Server) -> Store:
    """The description of the small endpoint."""
    return described(endpoint.sparql)


def test_the_endpoint_is_where_it_says(endpoint: Server, description: Store) -> None:
    (service,) = {q.subject.value for q in description if q.object == NamedNode(f"{SD}Service")}
    assert values(description, service, f"{SD}endpoint") == {endpoint.sparql}
    assert described(f"{endpoint.sparql}/").__len__() == len(description)


@pytest.mark.parametrize("accept", ["*/*", "text/turtle", "application/xml;q=0.1, text/turtle"])
def test_any_client_that_asks_nothing_is_told(endpoint: Server, accept: str) -> None:
    assert len(described(endpoint.sparql, Accept=accept)) > 50


@pytest.mark.parametrize(
    "kind",
    [
        RdfFormat.TURTLE,
        RdfFormat.N_TRIPLES,
        RdfFormat.RDF_XML,
        RdfFormat.JSON_LD,
        RdfFormat.N_QUADS,
        RdfFormat.TRIG,
    ],
)
def test_it_comes_in_every_format(client: httpx2.Client, description: Store, kind: RdfFormat) -> None:
    response = client.get("/sparql", headers={"Accept": kind.media_type})
    assert response.headers["content-type"].split(";")[0] == kind.media_type
    assert {q.triple for q in parse(response.content, format=kind)} == {q.triple for q in description}
    headed = client.head("/sparql", headers={"Accept": kind.media_type})
    assert headed.headers["content-length"] == response.headers["content-length"]


def test_a_browser_is_led_to_the_page(client: httpx2.Client) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    response = client.get("/sparql", headers=browser)
    assert response.status_code == 303
    assert client.get("/sparql", headers=browser, follow_redirects=True).url.path == "/"


def test_who_wants_a_result_has_forgotten_the_query(client: httpx2.Client) -> None:
    response = client.get("/sparql", headers={"Accept": "application/sparql-results+json"})
    assert response.status_code == 400
    assert "'query' is missing" in response.json()["detail"]
    assert client.post("/sparql").status_code == 400


@pytest.mark.parametrize("host", ['evil.example"><script>', "a b", "x/../y", "a>b", "[::1", "x" * 10 + "}"])
def test_no_strange_host_is_repeated(endpoint: Server, host: str) -> None:
    response = httpx2.get(endpoint.sparql, headers={"Host": host}, trust_env=False)
    assert response.status_code in {200, 400}
    assert host not in response.text


def test_a_host_is_the_clients_own(endpoint: Server) -> None:
    for host in ("data.example.org", "[::1]:8000"):
        response = httpx2.get(endpoint.sparql, headers={"Host": host}, trust_env=False)
        assert f"<http://{host}/sparql>" in response.text
    # Nobody else is told it.
    assert "example.org/sparql" not in httpx2.get(endpoint.sparql, trust_env=False).text


def test_each_format_that_it_names_is_written(client: httpx2.Client, description: Store) -> None:
    named = values(description, None, f"{SD}resultFormat")
    kinds = {
        "SPARQL_Results_JSON": "application/sparql-results+json",
        "SPARQL_Results_XML": "application/sparql-results+xml",
        "SPARQL_Results_CSV": "text/csv",
        "SPARQL_Results_TSV": "text/tab-separated-values",
        "Turtle": "text/turtle",
        "N-Triples": "application/n-triples",
        "RDF_XML": "application/rdf+xml",
        "JSON-LD": "application/ld+json",
        "N-Quads": "application/n-quads",
        "TriG": "application/trig",
    }
    assert named == {FORMATS + name for name in kinds}
    for name, media_type in kinds.items():
        query = "SELECT * {}" if "SPARQL" in name else "CONSTRUCT {} {}"
        response = client.get("/sparql", params={"query": query}, headers={"Accept": media_type})
        assert response.status_code == 200
        assert response.headers["content-type"].split(";")[0] == media_type


def test_each_language_that_it_names_is_understood(client: httpx2.Client, description: Store) -> None:
    assert values(description, None, f"{SD}supportedLanguage") == {
        f"{SD}SPARQL10Query",
        f"{SD}SPARQL11Query",
    }
    for query in ("ASK { OPTIONAL { ?s ?p ?o } }", "ASK { { SELECT (COUNT(*) AS ?n) { ?s ?p*/^?q ?o } } }"):
        response = client.get("/sparql", params={"query": query.replace("?p*/^?q", "<a:p>*/^<a:q>")})
        assert response.json()["boolean"] is True
    assert set(EXTENSIONS) == set(LANGUAGE_EXTENSIONS) == values(description, None, f"{SD}languageExtension")
    for query in EXTENSIONS.values():
        assert client.get("/sparql", params={"query": query}).json()["boolean"] is True, query


def test_each_feature_is_there_and_no_other(client: httpx2.Client, description: Store) -> None:
    assert values(description, None, f"{SD}feature") == {f"{SD}UnionDefaultGraph", f"{SD}BasicFederatedQuery"}
    union = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    each = "SELECT (COUNT(*) AS ?n) { { GRAPH ?g { ?s ?p ?o } } UNION { <http://example.org/d> ?p ?o } }"
    counts = [
        client.get("/sparql", params={"query": query}).json()["results"]["bindings"][0]["n"]["value"]
        for query in (union, each)
    ]
    assert counts == ["5", "5"]
    # That SERVICE is answered where it is allowed is tested in tests/federation; a graph that is not there is
    # not fetched (DereferencesURIs).
    refused = client.get("/sparql", params={"query": "ASK { SERVICE <http://example.org/> {} }"})
    assert "not among the endpoints that may be asked" in refused.json()["detail"]
    absent = "ASK FROM <http://example.org/three> { ?s ?p ?o }"
    assert client.get("/sparql", params={"query": absent}).json()["boolean"] is False
    assert values(description, None, f"{SD}defaultEntailmentRegime") == {
        "http://www.w3.org/ns/entailment/Simple"
    }
    entailed = "ASK { <http://example.org/a> a <http://www.w3.org/2000/01/rdf-schema#Resource> }"
    assert client.get("/sparql", params={"query": entailed}).json()["boolean"] is False


@pytest.mark.parametrize("function", EXTENSION_FUNCTIONS)
def test_each_function_that_it_names_gives_a_value(client: httpx2.Client, function: str) -> None:
    name = function.rpartition("#" if function.startswith(XSD) else "/")[2]
    arguments = (
        f'"{LEXICAL[name]}"' if function.startswith(XSD) else ARGUMENTS.get(name, f"{SQUARE}, {SQUARE}")
    )
    query = f"SELECT (<{function}>({arguments}) AS ?x) {{}}"
    rows = client.post("/sparql", data={"query": query}).json()["results"]["bindings"]
    assert rows[0]["x"]["value"]


def test_the_functions_are_those_and_a_function_that_is_not_named_is_not_there(
    client: httpx2.Client, description: Store
) -> None:
    assert values(description, None, f"{SD}extensionFunction") == set(EXTENSION_FUNCTIONS)
    for missing in (
        "http://www.opengis.net/def/function/geosparql/buffer",
        "http://www.opengis.net/def/function/geosparql/area",
        f"{XSD}anyURI",
    ):
        assert missing not in EXTENSION_FUNCTIONS
        query = f"SELECT (<{missing}>({SQUARE}) AS ?x) {{}}"
        response = client.get("/sparql", params={"query": query})
        assert response.status_code == 400 or response.json()["results"]["bindings"] == [{}]


def test_the_graphs_are_those_of_the_data(client: httpx2.Client, description: Store) -> None:
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    rows = client.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    names = {row["g"]["value"] for row in rows}
    assert names == {"http://example.org/one", "http://example.org/two"}
    assert values(description, None, f"{SD}name") == names
    (dataset,) = values(description, None, f"{SD}defaultDataset")
    assert len(values(description, dataset, f"{SD}namedGraph")) == len(names)
    assert values(description, dataset, f"{SD}defaultGraph")
    # The licence of other people's data is not ours to tell.
    assert values(description, None, LICENCE) == set()


def test_the_licence_and_the_sizes_of_the_graphs_of_our_own_data(server: str) -> None:
    description = described(f"{server}/sparql")
    assert values(description, f"{server}/sparql", LICENCE) == {CC0}
    (dataset,) = values(description, None, f"{SD}defaultDataset")
    assert values(description, dataset, LICENCE) == {CC0}
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    response = httpx2.get(f"{server}/sparql", params={"query": query}, trust_env=False, timeout=60)
    counted = {r["g"]["value"]: r["n"]["value"] for r in response.json()["results"]["bindings"]}
    said = {
        q.object.value: next(iter(values(description, content.value, f"{VOID}triples")), None)
        for q in description.quads_for_pattern(None, NamedNode(f"{SD}name"), None)
        for content in (
            c.object for c in description.quads_for_pattern(q.subject, NamedNode(f"{SD}graph"), None)
        )
    }
    assert said.pop(CATALOGUE) is None
    del counted[CATALOGUE]
    assert said == counted
