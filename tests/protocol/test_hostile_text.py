"""Whatever the query text: a clear refusal or a well-formed result, and the server is as before."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results

from serving import serving

QUERY = {"Content-Type": "application/sparql-query"}
N = 100_000
SCALE = "\u0000\u0001\b\u000b\u001f\u007f\u0085\u2028\ufffe\uffff😀"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A client of a server of its own, with a short deadline: the workers of others are not to be killed."""
    data = tmp_path_factory.mktemp("hostile") / "data.ttl"
    data.write_text('<http://example.org/a> <http://example.org/p> "1" .', encoding="utf-8")
    limits = {"POLCOOP_MEMORY": "1024", "POLCOOP_PATIENCE": "60"}
    with (
        serving("--data", data, "--workers", "2", "--timeout", "10", **limits) as running,
        httpx2.Client(base_url=running.url, timeout=120, trust_env=False) as client,
    ):
        yield client


def ask(client: httpx2.Client, text: str, accept: str = "*/*") -> httpx2.Response:
    return client.post("/sparql", content=text.encode(), headers={**QUERY, "Accept": accept})


DEEP = {
    "braces": "ASK " + "{" * N + "}" * N,
    "parentheses": "ASK { FILTER(" + "(" * N + "1" + ")" * N + ") }",
    "lists": "ASK { ?s ?p " + "(" * N + ")" * N + " }",
    "blank nodes": "ASK { ?s ?p " + "[ ?p " * N + "]" * N + " }",
    "reified triples": "ASK { " + "<<" * N + " }",
    "triple terms": "ASK { ?s ?p " + "<<( ?a ?b " * N + " }",
    "never closed": "SELECT * { OPTIONAL " + "{ OPTIONAL " * N,
}
WIDE = {
    "negations": "ASK { FILTER(" + "!" * N + "true) }",
    "minuses": "ASK { FILTER(" + "- " * N + "?x) }",
    "sum": "ASK { FILTER(" + "1+" * N + "1) }",
    "disjunction": "ASK { FILTER(" + "?x||" * N + "?x) }",
    "path": "ASK { ?s " + "<a:p>/" * N + "<a:p> ?o }",
    "inverse path": "ASK { ?s " + "^" * N + "<a:p> ?o }",
    "alternatives": "ASK { ?s " + "<a:p>|" * N + "<a:p> ?o }",
    "union": "ASK { {}" + " UNION {}" * N + " }",
    "filters": "ASK { " + "FILTER(?x)" * N + " }",
    "patterns": "ASK { " + "?s ?p ?o." * N + " }",
    "variables": "SELECT " + " ".join(f"?x{i}" for i in range(N)) + " { ?s ?p ?o }",
    "template": "CONSTRUCT { " + "?s ?p ?o ." * N + "} WHERE { ?s ?p ?o }",
    "dataset": "SELECT * " + "FROM <a:a> " * (N // 2) + "{}",
    "objects": "ASK { ?s ?p 1" + ",1" * N + " }",
    # What the engine would plan for longer than anybody waits, though it is of no great length.
    "two hundred patterns": "ASK { " + "?s ?p ?o." * 200 + " }",
    "two hundred objects": "ASK { ?s ?p " + ", ".join(f"?o{i}" for i in range(200)) + " }",
    "two hundred options": "ASK { ?s ?p ?o " + "OPTIONAL { ?s ?p ?o } " * 200 + "}",
    "two hundred annotations": "ASK { ?s ?p ?o " + "{| <a:p> ?q |} " * 200 + "}",
    "four groups": "ASK { " + ("{ " + "?s ?p ?o." * 50 + " } ") * 4 + "}",
    "constants": "PREFIX : <a:> ASK { " + ":s :p :o. " * 10_000 + " }",
    "described": "DESCRIBE " + "<a:b> " * 10_000,
}


@pytest.mark.parametrize("text", [*DEEP.values(), *WIDE.values()], ids=[*DEEP, *WIDE])
def test_too_deep_or_too_wide_is_413(hostile: httpx2.Client, text: str) -> None:
    response = ask(hostile, text)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["hint" if "parts" in text else "detail"]
    assert ask(hostile, "ASK {}").json()["boolean"] is True


LONG = {
    "values": "SELECT (COUNT(*) AS ?n) { VALUES ?x {" + "1 " * N + "} }",
    "rows of values": "SELECT (COUNT(*) AS ?n) { VALUES (?x ?y) {" + "(1 2)" * N + "} }",
    "a list": "SELECT (COUNT(*) AS ?n) { FILTER(1 IN (" + "2," * N + "1)) }",
    "arguments": "SELECT (STRLEN(CONCAT(" + "'a'," * N + "'b')) AS ?n) {}",
    "prologue": "PREFIX a:<a:> " * (N // 2) + "SELECT (1 AS ?n) {}",
    "unions": "SELECT (COUNT(*) AS ?n) { {}" + " UNION { ?s <a:none> 1, 2, 3 }" * 500 + " }",
    "comment": "SELECT (1 AS ?n) {} #" + "{" * N,
    "string": "SELECT (STRLEN('" + "{" * N + "') AS ?n) {}",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_what_is_long_and_plain_is_answered(hostile: httpx2.Client, text: str) -> None:
    response = ask(hostile, text)
    assert response.status_code == 200, response.text
    (row,) = response.json()["results"]["bindings"]
    assert int(row["n"]["value"]) in {1, N, N + 1}


@pytest.mark.parametrize("character", list("x {(<'\"\\#?@:^.é😀\0"))
@pytest.mark.parametrize("around", ["{}", "ASK {{ FILTER('' = {}) }}"])
def test_a_megabyte_of_one_character(hostile: httpx2.Client, character: str, around: str) -> None:
    text = around.format(character * (1_000_000 // len(character.encode())))
    response = ask(hostile, text)
    assert response.status_code in {200, 400, 413}, response.text
    if response.status_code == 200:
        assert response.json()["boolean"] is not None
    else:
        problem = response.json()
        assert problem["detail"]
        assert len(response.content) < 2000


# Control characters in literals


def in_literal(text: str) -> str:
    """A query that answers with ``text`` as a literal, whatever it holds."""
    escaped = "".join(f"\\U{ord(character):08X}" for character in text)
    return f'SELECT ("{escaped}" AS ?x) {{}}'


RESULTS = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
GRAPHS = [
    RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.RDF_XML, RdfFormat.JSON_LD, RdfFormat.N_QUADS,
    RdfFormat.TRIG,
]  # fmt: skip
texts = st.text(
    st.one_of(st.sampled_from(SCALE), st.characters(codec="utf-8"), st.sampled_from("\"'<>&\\\n\r\t,")),
    max_size=8,
)


def check_solutions(client: httpx2.Client, text: str) -> None:
    """The literal comes back as it is in every format of solutions, or XML is said not to carry it."""
    for media_type, kind in RESULTS.items():
        response = ask(client, in_literal(text), media_type)
        if response.status_code == 406:
            assert kind == QueryResultsFormat.XML
            assert "XML cannot carry" in response.json()["detail"]
            continue
        assert response.status_code == 200, response.text
        if kind == QueryResultsFormat.XML:
            ElementTree.fromstring(response.content)  # noqa: S314 - our own server
        if kind == QueryResultsFormat.JSON:
            assert json.loads(response.content)["results"]["bindings"][0]["x"]["value"] == text
        (row,) = parse_query_results(response.content, format=kind)  # type: ignore[misc]
        found = row["x"].value  # type: ignore[index]
        # An XML parser reads every end of a line as one character (XML 1.0, 2.11).
        assert found == text or (kind == QueryResultsFormat.XML and _lines(found) == _lines(text))
    rows = list(
        csv.reader(io.StringIO(ask(client, in_literal(text), "text/csv").content.decode(), newline=""))
    )
    assert rows[0] == ["x"]
    assert rows[1:] in ([[text]], [[]])


def check_graphs(client: httpx2.Client, text: str) -> None:
    query = (
        in_literal(text).replace("SELECT (", "CONSTRUCT { <a:s> <a:p> ?x } WHERE { BIND(").replace("{}", "}")
    )
    for kind in GRAPHS:
        response = ask(client, query, kind.media_type)
        if response.status_code == 406:
            assert kind == RdfFormat.RDF_XML
            continue
        assert response.status_code == 200, response.text
        (quad,) = parse(response.content, format=kind)
        found = quad.object.value  # type: ignore[union-attr]
        assert found == text or (kind == RdfFormat.RDF_XML and _lines(found) == _lines(text))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", [*SCALE, SCALE, "a\u0000b", "\r", "]]>", "<!-- & -->"], ids=ascii)
def test_strange_characters_in_every_format(hostile: httpx2.Client, text: str) -> None:
    check_solutions(hostile, text)
    check_graphs(hostile, text)


def test_any_characters_in_every_format(hostile: httpx2.Client) -> None:
    @settings(max_examples=15, database=None)
    @given(texts)
    def check(text: str) -> None:
        check_solutions(hostile, text)
        check_graphs(hostile, text)

    check()


# Texts made of the pieces of queries

PIECES = """
    SELECT ASK CONSTRUCT DESCRIBE WHERE FROM NAMED GRAPH OPTIONAL UNION MINUS FILTER BIND VALUES SERVICE
    SILENT EXISTS NOT IN AS BASE PREFIX ORDER BY GROUP HAVING LIMIT OFFSET DISTINCT LATERAL LOAD INSERT
    DELETE COUNT(*) UNDEF true { } ( ) [ ] << >> <<( )>> {| |} ~ ?x ?y $z <a:b> <file:///etc/passwd> a:b : _:b
    'a' "b" @en ^^ 1 -1 1e0 . ; , / | ^ * + ? ! = != < > <= && || - # \\u0041 \0 é 😀 \'\'\'c\'\'\'
""".split()  # noqa: SIM905


CLAUSES = [
    "?s ?p ?o .", "OPTIONAL { ?s ?p ?o }", "FILTER(?o > 1)", "{ ?s ?p ?o } UNION { ?o ?p ?s }",
    "GRAPH ?g { ?s ?p ?o }", "VALUES ?v { 1 UNDEF 'a'@en }", "MINUS { ?s <a:p> ?o }", "LATERAL { ?s ?p ?o }",
    "?s <a:p>*/^<a:q>|!<a:r> ?o .", "<< ?s ?p ?o >> ?q ?r .", "FILTER NOT EXISTS { ?s <a:p> ?o }",
    "[] ?p ( 1 2 ) ; a ?t .", "{ SELECT ?s { ?s ?p ?o } }",
]  # fmt: skip
heads = st.sampled_from(["", "SELECT * {", "ASK {", "SELECT ", "CONSTRUCT {", "PREFIX : <a:> ASK { ?s ?p "])
noise = st.builds(
    lambda head, pieces, end, space: head + space.join(pieces) + end,
    heads,
    st.lists(st.sampled_from([*PIECES, *CLAUSES]), max_size=20),
    st.sampled_from(["", "}", " } }"]),
    st.sampled_from([" ", "", "\n"]),
)
queries = st.builds(
    lambda head, clauses: f"{head} {{ {' '.join(clauses)} }}",
    st.sampled_from(
        ["SELECT *", "ASK", "CONSTRUCT { ?s ?p ?o } WHERE", "SELECT (COUNT(*) AS ?n)", "DESCRIBE ?s"]
    ),
    st.lists(st.sampled_from(CLAUSES), max_size=3),
)


def test_any_text_is_answered_or_refused_clearly(hostile: httpx2.Client) -> None:
    statuses: dict[int, int] = {}

    @settings(max_examples=150, database=None)
    @given(st.one_of(noise, queries))
    def check(text: str) -> None:
        response = ask(hostile, text)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        assert response.status_code in {200, 400, 403, 503}, response.text
        if response.status_code != 200:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["detail"]

    check()
    assert statuses[400] > 10
    assert statuses[200] > 10
    assert statuses.get(503, 0) < 5


def test_the_workers_are_as_before(hostile: httpx2.Client) -> None:
    assert ask(hostile, "SELECT * { ?s ?p ?o }").json()["results"]["bindings"]


def test_the_paths_of_files_lead_nowhere(hostile: httpx2.Client, tmp_path: Path) -> None:
    """No spelling of a path reaches a file, neither as a path nor as the name of a graph."""
    secret = tmp_path / "secret.ttl"
    secret.write_text("<a:s> <a:p> 'SECRET' .", encoding="utf-8")
    client = hostile
    for path in (
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd",
        "/assets/..%2f..%2fapp.py", "/assets/%2e%2e/app.py", "/ontology/%2e%2e/%2e%2e/etc/passwd",
        "/q/..%2f..%2fetc", "/id/../../../etc/passwd", "/.well-known/../../../etc/passwd", "/graph/%00",
            f"/{secret}", f"//{secret}",
    ):  # fmt: skip
        response = client.get(path)
        assert response.status_code in {400, 404}, path
        assert "root:" not in response.text
    for graph in (secret.as_uri(), str(secret), f"file:{secret}", "file:///etc/passwd"):
        for query in (
            f"SELECT * FROM <{graph}> {{ ?s ?p ?o }}",  # noqa: S608
            f"SELECT * FROM NAMED <{graph}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",  # noqa: S608
            f"SELECT * {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}",
            f"DESCRIBE <{graph}>",
            f"LOAD <{graph}>",
            f"SELECT * {{ SERVICE <{graph}> {{ ?s ?p ?o }} }}",
        ):
            response = client.post("/sparql", data={"query": query})
            assert response.status_code in {200, 400, 403}
            assert "SECRET" not in response.text
        for parameter in ("default-graph-uri", "named-graph-uri"):
            response = client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }", parameter: graph})
            assert response.status_code in {200, 400}
            assert "SECRET" not in response.text
        assert client.get("/graphs", params={"graph": graph}).status_code in {400, 404}
