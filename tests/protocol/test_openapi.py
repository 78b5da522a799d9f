"""The OpenAPI description: what it allows is answered as it says, and what it does not allow is refused."""

from __future__ import annotations

import contextlib

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serving import Server

# A validation starts a process of its own and may take its time; it has tests of its own.
SLOW = "/validate"


@schemathesis.serializer("application/sparql-query")
def _as_text(_context: object, value: object) -> bytes:
    return str(value).encode()


@pytest.fixture(scope="module")
def described(endpoint: Server) -> schemathesis.schemas.BaseSchema:
    """The description that the server gives."""
    document = httpx2.get(f"{endpoint.url}/openapi.json", timeout=120, trust_env=False).json()
    loaded = schemathesis.openapi.from_dict(document)
    loaded.config.update(base_url=endpoint.url)
    return loaded.exclude(path=SLOW)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_what_is_sent_by_the_description_and_against_it(
    described: schemathesis.schemas.BaseSchema, mode: GenerationMode
) -> None:
    operations = [result.ok() for result in described.get_all_operations()]
    assert len(operations) >= 20
    seen: set[int] = set()
    for operation in operations:
        # Where anything goes there is nothing against the description.
        with contextlib.suppress(Unsatisfiable):
            seen |= probe(operation.as_strategy(generation_mode=mode))
    assert seen >= ({200, 400} if mode is GenerationMode.POSITIVE else {400})


def probe(cases: st.SearchStrategy[schemathesis.Case]) -> set[int]:
    """Send some, hold the answers against the description, return their statuses."""
    seen: set[int] = set()

    @settings(max_examples=6, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases)
    def check(case: schemathesis.Case) -> None:
        response = case.call(timeout=120)
        seen.add(response.status_code)
        # No schema can say what a query is. And a deadline that has passed is an answer too.
        excluded = [positive_data_acceptance]
        excluded += [not_a_server_error] if response.status_code == 503 else []
        case.validate_response(response, excluded_checks=excluded)

    check()
    return seen


def test_every_operation_shows_an_example(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, item in paths.items():
        for method, operation in item.items():
            bodies = [operation.get("requestBody", {}), operation["responses"].get("200", {})]
            shown = [
                *operation.get("parameters", ()),
                *(c for b in bodies for c in b.get("content", {}).values()),
            ]
            assert any("example" in each for each in shown), (method, path)


def test_every_operation_of_the_protocol_is_described(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/sparql"]) == {"get", "post"}
    for path in ("/graphs", "/.well-known/void", "/.well-known/sparql-examples"):
        assert set(paths[path]) == {"get"}
    named = [parameter["name"] for parameter in paths["/sparql"]["get"]["parameters"]]
    assert named == ["query", "default-graph-uri", "named-graph-uri", "format", "timeout", "digest"]
