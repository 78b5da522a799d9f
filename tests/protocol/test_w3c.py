"""The W3C's tests of SPARQL 1.1, Protocol and Query, as HTTP requests to a running server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pyoxigraph import RdfFormat, serialize

import w3c_sparql as w3c
from serving import Server, serving
from w3c_sparql import Case, Exchange

DOCS = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text(encoding="utf-8")
CASES = 235
PROTOCOL_CASES = 34
NOTHING = "urn:x-test:nothing"

# Cases whose update would have to be carried out; that they are refused is what is right here.
UPDATES = {
    "update_dataset_default_graph", "update_dataset_default_graphs", "update_dataset_named_graphs",
    "update_dataset_full", "update_post_form", "update_post_direct", "update_base_uri",
}  # fmt: skip
KINDS = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
    },
    "RDF": {"text/turtle", "application/rdf+xml", "application/n-triples"},
}
ACCEPT = {
    "srx": "application/sparql-results+xml",
    "srj": "application/sparql-results+json",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server over all data of the suite, each file a named graph."""
    if not w3c.SUITE.is_dir():
        pytest.skip("the W3C's SPARQL test suite is not at hand (shared/w3c/sparql11 beside the repository)")
    data = tmp_path_factory.mktemp("w3c") / "suite.nq"
    data.write_bytes(serialize(w3c.quads(), format=RdfFormat.N_QUADS) or b"")
    with serving("--data", data, "--workers", "2", POLCOOP_MEMORY="1024") as running:
        yield running


def documented() -> dict[str, str]:
    """Case to reason, as the documentation lists those that fail."""
    section = DOCS.split("### The W3C’s test suite\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+/[^`]+)` \| (.+) \|$", section, re.M))


def test_the_evaluation_cases_but_for_those_that_the_documentation_lists(suite: Server) -> None:
    cases = w3c.evaluation_cases()
    assert len(cases) == CASES
    with httpx2.Client(base_url=suite.url, timeout=60, trust_env=False) as client:
        failing = {name for name, case in cases.items() if not passes(client, case)}
    assert failing == set(documented())
    assert f"Of the {CASES} evaluation cases (numbers compared by value) {CASES - len(failing)} pass" in DOCS


def passes(client: httpx2.Client, case: Case) -> bool:
    ending = case.result.suffix.removeprefix(".")
    base = w3c.BASE + case.result.relative_to(w3c.SUITE).as_posix()
    expected = w3c.told(case.result.read_bytes(), ending, base)
    if ending in w3c.GRAPHS and isinstance(expected, tuple):
        ending = "srx"
    # No graph but those of the case: without any, the default graph would be all the data of the suite.
    graphs = [("default-graph-uri", iri) for iri in case.default]
    graphs += [("named-graph-uri", iri) for iri in case.named]
    if not graphs and not case.has_dataset:
        graphs = [("default-graph-uri", NOTHING)]
    body = str(httpx2.QueryParams([("query", case.query), *graphs]))
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": ACCEPT[ending]}
    response = client.post("/sparql", content=body, headers=headers)
    assert response.status_code in {200, 400}, response.text
    return response.status_code == 200 and w3c.told(response.content, ending, base) == expected


def test_the_protocol_cases(suite: Server) -> None:
    cases = w3c.protocol_cases()
    assert len(cases) == PROTOCOL_CASES
    assert set(cases) >= UPDATES
    assert f"Of the {PROTOCOL_CASES} protocol cases {PROTOCOL_CASES - len(UPDATES)} pass" in DOCS
    with httpx2.Client(base_url=suite.url, timeout=60, trust_env=False) as client:
        for name, exchanges in cases.items():
            for exchange in exchanges:
                check(client, name, exchange)


def check(client: httpx2.Client, name: str, exchange: Exchange) -> None:
    response = client.request(
        exchange.method, exchange.target, headers=list(exchange.headers), content=exchange.body
    )
    is_update = "update" in dict(exchange.headers).get("content-type", "") or exchange.body.startswith(
        b"update="
    )
    if name in UPDATES:
        if is_update:
            assert response.status_code == 403, name
            assert "read-only" in response.json()["detail"]
        else:
            # What the update before it would have written is not there.
            assert response.json()["boolean"] is False, name
        return
    assert f"{response.status_code // 100}xx" in exchange.statuses, (name, response.text)
    if exchange.boolean is not None:
        assert response.json()["boolean"] is exchange.boolean, name
    if exchange.format is not None:
        assert response.headers["content-type"].split(";")[0] in KINDS[exchange.format], name
