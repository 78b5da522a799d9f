"""docs/endpoint.md: what it says of the protocol is what the server does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest

from polcoop.errors import PolcoopError
from polcoop.formats import GRAPH, SOLUTIONS, Format
from polcoop.web.description import GET_QUERY

TEXT = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text(encoding="utf-8")
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    found = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.M)
    assert found, heading
    lines = found[1].splitlines()
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
    ]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_ways(client: httpx2.Client) -> None:
    ways = [codes(row[0]) for row in table("way")]
    assert ways == [["GET"], ["POST", FORM], ["POST", QUERY], ["POST"]]
    for response in (
        client.get("/sparql?query=ASK{}"),
        client.post("/sparql", data={"query": "ASK {}"}),
        client.post("/sparql?format=json", content="ASK {}", headers={"Content-Type": QUERY}),
        client.post("/sparql?query=ASK{}"),
    ):
        assert response.json() == {"head": {}, "boolean": True}


def test_the_parameters_are_those_of_the_description() -> None:
    said = [codes(row[0])[0] for row in table("parameter")]
    assert said == [parameter["name"] for parameter in GET_QUERY["openapi_extra"]["parameters"]]


def test_the_formats_are_those_that_there_are() -> None:
    rows = [
        (codes(name)[0], *codes(kind), *codes(others), of) for name, kind, others, of in table("`format`")
    ]
    forms = ["SELECT, ASK"] * 2 + ["SELECT"] * 4 + ["CONSTRUCT, DESCRIBE"] * len(GRAPH)
    offered: tuple[Format, ...] = (*SOLUTIONS, *GRAPH)
    assert rows == [(c.name, *c.media_types, of) for c, of in zip(offered, forms, strict=True)]


REQUESTS = {
    200: ("GET", "/sparql?query=ASK{}", {}),
    303: ("GET", "/sparql", {"Accept": "text/html"}),
    400: ("GET", "/sparql?query=ASK", {}),
    403: ("GET", "/sparql?query=CLEAR+ALL", {}),
    404: ("GET", "/graphs?graph=a:b", {}),
    405: ("PUT", "/sparql", {}),
    406: ("GET", "/sparql?query=ASK{}&format=turtle", {}),
    413: ("GET", f"/sparql?query=ASK{'{' * 200}", {}),
    415: ("POST", "/sparql", {"Content-Type": "text/plain"}),
}
# What takes more than one request to bring about is tested in test_isolation.py and tests/federation.
ELSEWHERE = {422, 429, 500, 501, 502, 503, 504, 507}


@pytest.mark.parametrize("status", REQUESTS)
def test_a_status_is_there_when_the_documentation_says(client: httpx2.Client, status: int) -> None:
    method, path, headers = REQUESTS[status]
    assert (
        client.request(method, path, headers=headers, content=b"x" if method == "POST" else None).status_code
        == status
    )


def test_every_status_is_documented() -> None:
    said = {int(row[0]) for row in table("status")}
    kinds = [PolcoopError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.status for kind in kinds} <= said
    assert said - ELSEWHERE == set(REQUESTS)


def test_the_fault_that_is_shown(server: str) -> None:
    query, shown = re.search(
        r"A query with a fault:\n\n```sparql\n(.*?)\n```\n\n```json\n(.*?)```", TEXT, re.S
    ).groups()  # type: ignore[union-attr]
    response = httpx2.get(f"{server}/sparql", params={"query": query}, trust_env=False)
    assert response.json() == json.loads(shown)
    assert response.status_code == response.json()["status"]


def test_relative_iris(server: str) -> None:
    (base,) = re.findall(r"resolved against\n`([^`]+)`", TEXT)
    label = "http://www.w3.org/2004/02/skos/core#prefLabel"
    query = f"SELECT ?name (STR(<>) AS ?base) {{ <id/agent/cn> <{label}> ?name }}"
    response = httpx2.get(f"{server}/sparql", params={"query": query}, trust_env=False)
    rows = response.json()["results"]["bindings"]
    assert {row["base"]["value"] for row in rows} == {base}
    assert "China" in {row["name"]["value"] for row in rows}


@pytest.mark.parametrize("row", table("what")[:8], ids=lambda row: row[0])
def test_what_is_understood_beyond_sparql_1_1(client: httpx2.Client, row: list[str]) -> None:
    (query,) = codes(row[1])
    answer = client.post("/sparql", data={"query": query}).json()
    if "boolean" in answer:
        assert answer["boolean"] is True
    else:
        bindings = answer["results"]["bindings"]
        assert bindings
        assert all(set(b) == set(answer["head"]["vars"]) for b in bindings)


def test_every_address_answers(server: str) -> None:
    addresses = [codes(row[0])[0] for row in table("address")]
    assert len(addresses) == 6
    for address in addresses:
        path = address.replace("IRI", "https://w3id.org/polcoop/graph/ontology")
        with httpx2.stream("GET", server + path, trust_env=False, timeout=60) as response:
            assert response.status_code == 200
