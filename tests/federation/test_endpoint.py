"""Federation as a client of ``/sparql`` sees it: answer, plan in a header, a status for each fault."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from strange import StrangeServer, Visit, results

from serving import Listener, Server, serving

Run = Callable[..., subprocess.CompletedProcess[str]]

DATA = "<http://example.org/a> <http://example.org/same> <http://example.org/Q1> ."


async def answer(visit: Visit) -> None:
    """Something to join with."""
    rows = [{"x": "http://example.org/Q1", "y": {"type": "literal", "value": "Service", "xml:lang": "en"}}]
    await visit.answer(results(["x", "y"], rows))


@pytest.fixture(scope="module")
def strange() -> Iterator[StrangeServer]:
    server = StrangeServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def behaved(strange: StrangeServer) -> None:
    strange.behaviour, strange.most_at_once = answer, 0
    strange.visits.clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data."""
    folder = tmp_path_factory.mktemp("endpoint")
    (folder / "data.nt").write_text(DATA, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def environment(strange: StrangeServer, folder: Path) -> dict[str, str]:
    """Settings of the server and of the command beside it."""
    return {
        "POLCOOP_FEDERATION_ENDPOINTS": strange.url,
        "POLCOOP_FEDERATION_PRIVATE": "true",
        "POLCOOP_FEDERATION_CACHE": str(folder / "cache" / "federation.sqlite"),
        "POLCOOP_FEDERATION_LIFETIME": "0",
        "POLCOOP_FEDERATION_SECONDS": "3",
        "POLCOOP_FEDERATION_BYTES": "100000",
        "POLCOOP_FEDERATION_CONTACT": "tests@example.org",
        "POLCOOP_MEMORY": "1024",
    }


@pytest.fixture(scope="module")
def endpoint(folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    with serving("--data", folder / "data.nt", "--workers", "2", **environment) as server:
        yield server


def query(strange: StrangeServer, word: str = "") -> str:
    """A query that asks the endpoint."""
    clause = f"SERVICE {word}<{strange.url}> {{ ?x <http://example.org/p> ?y }}"
    return f"SELECT ?s ?y {{ ?s <http://example.org/same> ?x . {clause} }}"


def ask(endpoint: Server, text: str, **headers: str) -> httpx2.Response:
    """Send a query by POST."""
    return httpx2.post(
        endpoint.sparql, data={"query": text}, headers={"Accept": "text/csv", **headers}, timeout=60,
        trust_env=False,
    )  # fmt: skip


def test_the_answer_and_the_plan(endpoint: Server, strange: StrangeServer) -> None:
    response = ask(endpoint, query(strange))
    assert response.status_code == 200, response.text
    assert response.text.split() == ["s,y", "http://example.org/a,Service"]
    plan = response.headers["polcoop-federation"]
    assert plan.startswith(f"<{strange.url}>;batches=1;cached=0;out=1;back=1;ms=")
    assert response.headers["cache-control"] == "no-store", "another endpoint may answer otherwise next time"
    assert "etag" not in response.headers
    exposed = ask(endpoint, query(strange), Origin="http://example.org").headers
    assert "Polcoop-Federation" in exposed["access-control-expose-headers"]
    assert strange.visits[0].headers["user-agent"].endswith("(tests@example.org)")


def test_the_header_is_there_only_with_service(endpoint: Server) -> None:
    assert "polcoop-federation" not in ask(endpoint, "SELECT * { ?s ?p ?o }").headers


@pytest.mark.parametrize(
    "accept", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"]
)
def test_every_format(endpoint: Server, strange: StrangeServer, accept: str) -> None:
    response = ask(endpoint, query(strange), Accept=accept)
    assert response.headers["content-type"].startswith(accept)
    assert "Service" in response.text


@pytest.mark.parametrize("form", ["ASK", "CONSTRUCT { ?s <http://example.org/y> ?y }", "DESCRIBE ?s"])
def test_every_form(endpoint: Server, strange: StrangeServer, form: str) -> None:
    text = query(strange).replace("SELECT ?s ?y", f"{form} WHERE" if form != "ASK" else form)
    response = ask(endpoint, text, Accept="*/*")
    assert response.status_code == 200, response.text
    expected = {"ASK": "true", "DESC": "same", "CONS": '"Service"@en'}[form[:4]]
    assert expected in response.text


async def _large(visit: Visit) -> None:
    await visit.answer(results() + b" " * 200_000)


STATUSES = {
    502: lambda visit: visit.answer(b"no", "500 Internal Server Error"),
    504: Visit.hang,
    403: _large,
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_for_each_fault(endpoint: Server, strange: StrangeServer, status: int) -> None:
    strange.behaviour = STATUSES[status]
    response = ask(endpoint, query(strange))
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"].startswith("https://w3id.org/polcoop/problem/")
    assert strange.url in problem["detail"] or status == 403
    if status != 403:
        silent = ask(endpoint, query(strange, "SILENT "))
        assert silent.text.split() == ["s,y", "http://example.org/a,"]
        assert silent.headers["polcoop-federation"].endswith(";failed")


def test_what_is_not_allowed_is_refused_with_what_to_do(endpoint: Server, listener: Listener) -> None:
    for word in ("", "SILENT "):
        response = ask(endpoint, f"SELECT * {{ SERVICE {word}<{listener.url}> {{ ?s ?p ?o }} }}")
        assert response.status_code == 403
        assert "POLCOOP_FEDERATION_ENDPOINTS" in response.json()["hint"]
    assert listener.visits == 0


def test_all_users_take_turns(endpoint: Server, strange: StrangeServer) -> None:
    async def slowly(visit: Visit) -> None:
        await asyncio.sleep(0.1)
        await answer(visit)

    strange.behaviour = slowly
    with ThreadPoolExecutor(5) as clients:
        responses = list(clients.map(lambda _: ask(endpoint, query(strange)), range(5)))
    assert [response.status_code for response in responses] == [200] * 5
    assert strange.most_at_once == 1


def test_a_client_that_leaves_takes_its_request_along(endpoint: Server, strange: StrangeServer) -> None:
    strange.behaviour = Visit.hang
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(endpoint.sparql, data={"query": query(strange)}, timeout=0.5, trust_env=False)
    strange.behaviour = answer
    # The turn is free again long before the endpoint's time is up.
    assert ask(endpoint, query(strange)).status_code == 200


def test_who_is_told_to_wait_tells_it_on(
    endpoint: Server, strange: StrangeServer, polcoop: Run, folder: Path, environment: dict[str, str]
) -> None:
    """The last test of this endpoint: from now on it is left in peace."""
    strange.behaviour = lambda visit: visit.answer(b"", "429 Too Many Requests", Retry_After="1200")
    for _ in range(2):
        response = ask(endpoint, query(strange))
        assert response.status_code == 503
        assert 1190 <= int(response.headers["retry-after"]) <= 1200
    # And so does the command that shares the cache with the server.
    arguments = ("query", "-", "--data", folder / "data.nt")
    done = polcoop(*arguments, input=query(strange), env=environment)
    assert done.returncode == 3
    assert "127.0.0.1 asks us not to come back before" in done.stderr
    assert len(strange.visits) == 1


def test_switched_off(strange: StrangeServer, tmp_path: Path) -> None:
    (tmp_path / "data.nt").write_text(DATA, encoding="utf-8")
    with serving(
        "--data", tmp_path, "--workers", "1", POLCOOP_FEDERATION="false", POLCOOP_MEMORY="1024"
    ) as server:
        response = ask(server, query(strange))
    assert response.status_code == 403
    assert "this endpoint asks no other one" in response.json()["detail"]
    assert strange.visits == []
