"""Other engines as clients: requests in the shapes that they send, and the engines themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_server

import httpx2
import pyoxigraph
import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, GET, JSON, POST, POSTDIRECTLY, TURTLE, URLENCODED, XML, SPARQLWrapper

from serving import Server

EX = "http://example.org/"
PATTERN = f"?s <{EX}p> ?o"
JSON_TYPE, XML_TYPE = "application/sparql-results+json", "application/sparql-results+xml"
VALUES = f"SELECT ?o ?s WHERE {{ VALUES (?s) {{ (<{EX}a>) (<{EX}b>) }} {PATTERN} }}"
ROWS = {(f"{EX}a", "1"), (f"{EX}b", "2")}


def bindings(response: httpx2.Response) -> set[tuple[str, str]]:
    """The rows of a JSON result."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == JSON_TYPE, "some clients compare the whole header"
    return {(row["s"]["value"], row["o"]["value"]) for row in response.json()["results"]["bindings"]}


# ---- in their shapes ---------------------------


def test_blazegraph(client: httpx2.Client) -> None:
    """POST with everything in the URL, an empty body, no Content-Type, parameters of its own."""
    response = client.post(
        "/sparql",
        params={"query": VALUES, "queryId": "b3c5a0f2-9d7e-4f0a-8f57-0d1c2b3a4e5f"},
        headers={
            "Accept": f"application/x-binary-rdf-results-table, {XML_TYPE};q=0.6, {JSON_TYPE};q=0.8",
            "Content-Length": "0",
        },
    )
    assert bindings(response) == ROWS


def test_qlever(client: httpx2.Client) -> None:
    """Direct POST; the media type exactly as asked, and head.vars exactly the projection, in its order."""
    response = client.post(
        "/sparql",
        content=VALUES,
        headers={"Accept": JSON_TYPE, "Content-Type": "application/sparql-query", "User-Agent": "QLever"},
    )
    assert bindings(response) == ROWS
    assert response.json()["head"]["vars"] == ["o", "s"]
    nothing = client.post(
        "/sparql",
        content="SELECT ?o ?never ?s WHERE { ?s <a:b> ?o }",
        headers={"Accept": JSON_TYPE, "Content-Type": "application/sparql-query"},
    )
    assert nothing.json() == {"head": {"vars": ["o", "never", "s"]}, "results": {"bindings": []}}


def test_qlever_sends_ten_thousand_rows_of_values(client: httpx2.Client) -> None:
    items = [f"<http://www.wikidata.org/entity/Q{100_000_000 + number}>" for number in range(9_998)]
    lines = "".join(f"({item} {item})\n" for item in [f"<{EX}a>", *items, f"<{EX}b>"])
    query = f"SELECT ?o ?s ?item WHERE {{ VALUES (?s ?item) {{ {lines} }} {PATTERN} }}"
    assert 890_000 < len(query) < 1_048_576
    headers = {"Accept": JSON_TYPE, "Content-Type": "application/sparql-query"}
    assert bindings(client.post("/sparql", content=query, headers=headers)) == ROWS
    # Twice as much is more than the limit, and said so at once.
    refused = client.post("/sparql", content=query.replace(lines, lines * 2), headers=headers)
    assert refused.status_code == 413


def test_virtuoso(client: httpx2.Client) -> None:
    """GET with a limit of its own, an empty body that has a length, and RDF among what it accepts."""
    response = client.get(
        "/sparql",
        params={"query": VALUES, "maxrows": "10000000"},
        headers={
            "Accept": f"{XML_TYPE}, text/rdf+n3, text/turtle, application/rdf+xml, application/xml",
            "User-Agent": "Mozilla/4.0 (compatible; Virtuoso)",
            "Content-Length": "0",
        },
    )
    assert response.headers["content-type"] == XML_TYPE
    assert f"<uri>{EX}a</uri>" in response.text


def test_rdflib_and_sparqlwrapper(client: httpx2.Client) -> None:
    """They name the format by every parameter that any server knows."""
    for names in ({"output": "json"}, {"format": "json", "output": "json", "results": "json"}):
        response = client.get("/sparql", params={"query": VALUES, **names}, headers={"Accept": JSON_TYPE})
        assert bindings(response) == ROWS


@pytest.mark.parametrize(
    "accept",
    [
        # Comunica's, RDF4J's and Jena's, as they are or were.
        f"{JSON_TYPE};q=1.0,application/json;q=1.0,{XML_TYPE};q=0.9,application/n-quads;q=0.7,text/turtle;q=0.6",
        f"application/x-binary-rdf-results-table, {XML_TYPE};q=0.8, {JSON_TYPE};q=0.9, text/csv;q=0.5",
        f"{JSON_TYPE}, {XML_TYPE};q=0.9, text/tab-separated-values;q=0.7, text/csv;q=0.5, */*;q=0.1",
    ],
)
def test_long_accept_headers(client: httpx2.Client, accept: str) -> None:
    assert bindings(client.post("/sparql", data={"query": VALUES}, headers={"Accept": accept})) == ROWS


# ---- the engines themselves --------------------


def test_rdflib_itself(endpoint: Server) -> None:
    query = f"SELECT ?s ?o WHERE {{ SERVICE <{endpoint.sparql}> {{ {PATTERN} }} }}"
    found = {(str(row.s), str(row.o)) for row in rdflib.Graph().query(query)}
    assert found > ROWS
    graph = rdflib.Graph(SPARQLStore(endpoint.sparql))
    assert len(list(graph.triples((None, rdflib.URIRef(f"{EX}p"), None)))) == len(found)


def test_pyoxigraph_itself(endpoint: Server) -> None:
    query = f"SELECT ?s ?o WHERE {{ SERVICE <{endpoint.sparql}> {{ {PATTERN} }} }}"
    rows = pyoxigraph.Store().query(query)
    assert isinstance(rows, pyoxigraph.QuerySolutions)
    assert {(row["s"].value, row["o"].value) for row in rows} > ROWS


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.parametrize("way", [URLENCODED, POSTDIRECTLY])
@pytest.mark.parametrize("form", [JSON, XML, CSV])
def test_sparqlwrapper_itself(endpoint: Server, method: str, way: str, form: str) -> None:
    wrapper = SPARQLWrapper(endpoint.sparql)
    wrapper.setMethod(method)
    if method == POST:
        wrapper.setRequestMethod(way)
    wrapper.setReturnFormat(form)
    wrapper.setQuery(VALUES)
    found = wrapper.queryAndConvert()
    text = json.dumps(found) if form == JSON else found.toxml() if form == XML else found.decode()
    assert f"{EX}a" in text
    assert f"{EX}b" in text


def test_sparqlwrapper_itself_with_a_graph(endpoint: Server) -> None:
    wrapper = SPARQLWrapper(endpoint.sparql)
    wrapper.setReturnFormat(TURTLE)
    wrapper.setQuery(f"CONSTRUCT {{ {PATTERN} }} WHERE {{ {PATTERN} }}")
    graph = rdflib.Graph().parse(data=wrapper.queryAndConvert(), format="turtle")
    assert (rdflib.URIRef(f"{EX}a"), rdflib.URIRef(f"{EX}p"), rdflib.Literal("1")) in graph


def test_comunica_itself(endpoint: Server, root: Path) -> None:
    modules = root / "build" / "comunica"
    if shutil.which("node") is None or not (modules / "node_modules").is_dir():
        pytest.skip("Comunica is not here: it needs Node and `make comunica`")
    program = root / "tests" / "federation" / "comunica" / "answer.mjs"
    query = f"SELECT ?s ?o WHERE {{ ?s <{EX}is> ?kind SERVICE <{endpoint.sparql}> {{ {PATTERN} }} }}"
    data = f"<{EX}a> <{EX}is> 1 . <{EX}b> <{EX}is> 1 ."
    done = subprocess.run(
        ["node", program, modules],  # noqa: S607
        input=json.dumps({"data": data, "queries": [query]}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    (found,) = json.loads(done.stdout)
    assert {(row["s"], row["o"].partition("|")[0]) for row in found} == ROWS


INI = """[Database]
DatabaseFile = virtuoso.db
TransactionFile = virtuoso.trx
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{port}
DirsAllowed = .
NumberOfBuffers = 2000
MaxDirtyBuffers = 1200
"""


@pytest.fixture(scope="module")
def isql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Run a command in a Virtuoso server of its own; return what it prints."""
    if shutil.which("virtuoso-t") is None:
        pytest.skip("Virtuoso is not here: Debian has it as virtuoso-opensource (`make system`)")
    folder = tmp_path_factory.mktemp("virtuoso")
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "virtuoso.ini").write_text(INI.format(port=port), encoding="ascii")

    def run(command: str) -> str:
        call = ["isql-vt", str(port), "dba", "dba", f"exec={command};"]
        done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr

    start = ["virtuoso-t", "+wait", "+configfile", "virtuoso.ini"]
    subprocess.run(
        start, cwd=folder, check=True, timeout=240, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield run
    finally:
        run("shutdown")


def test_virtuoso_itself(endpoint: Server, isql: Callable[[str], str]) -> None:
    shown = isql(f"SPARQL SELECT * WHERE {{ SERVICE <{endpoint.sparql}> {{ {PATTERN} }} }}")
    assert f"{EX}a" in shown, shown
    assert f"{EX}b" in shown
    joined = isql(
        f"SPARQL SELECT ?s ?o WHERE {{ VALUES ?s {{ <{EX}b> }} SERVICE <{endpoint.sparql}> {{ {PATTERN} }} }}"
    )
    assert f"{EX}b" in joined, joined
    assert f"{EX}a " not in joined
