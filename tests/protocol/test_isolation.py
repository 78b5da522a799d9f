"""One query never hurts another: deadlines, crashes, clients that leave, results that cannot be completed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx2
import pytest

from serving import Listener, Server, serving

ROWS = 2000
EX = "http://example.org/"
LIGHT = f"ASK {{ <{EX}7> <{EX}p> 7 }}"
NUMBERS = " ".join(map(str, range(3000)))
# A cartesian product from nothing but the query, sorted: no row before all of them.
RUNAWAY = (
    f"SELECT * {{ VALUES ?a {{ {NUMBERS} }} VALUES ?b {{ {NUMBERS} }} ?s ?p ?o }} ORDER BY ?b DESC(?a) ?o"
)
COUNTING = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, with two thousand triples and few workers."""
    data = tmp_path_factory.mktemp("busy") / "data.nt"
    lines = (f'<{EX}{n}> <{EX}p> "{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .' for n in range(ROWS))
    data.write_text("\n".join(lines), encoding="utf-8")
    limits = {"POLCOOP_MEMORY": "1024", "POLCOOP_QUEUE": "100", "POLCOOP_PATIENCE": "60"}
    with serving("--data", data, "--workers", "3", "--timeout", "20", **limits) as running:
        yield running


def ask(server: Server, query: str, **parameters: str) -> httpx2.Response:
    """POST a query; the URL would be too long for some of them."""
    data = {"query": query, **parameters}
    return httpx2.post(server.sparql, data=data, timeout=120, trust_env=False)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in its own time."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def settled(server: Server) -> set[int]:
    """The workers, once those that earlier tests have killed are gone and replaced."""
    seen: list[set[int]] = []

    def quiet() -> bool:
        seen.append(server.workers)
        return len(seen[-1]) == 3 and seen[-10:] == [seen[-1]] * 10

    until(quiet)
    return seen[-1]


@pytest.mark.parametrize("query", [RUNAWAY, COUNTING], ids=["sorting", "counting"])
def test_a_runaway_query_ends_at_its_deadline(busy: Server, query: str) -> None:
    begun = time.monotonic()
    response = ask(busy, query, timeout="2")
    assert response.status_code in {500, 503}, response.text
    if response.status_code == 503:
        assert "ended after 2 seconds" in response.json()["detail"]
    # Without a deadline it would take days.
    assert time.monotonic() - begun < 15
    assert ask(busy, LIGHT).json()["boolean"] is True


def test_a_client_can_only_shorten_the_deadline(tmp_path: Path) -> None:
    data = tmp_path / "data.nt"
    data.write_text("\n".join(f"<{EX}{n}> <{EX}p> <{EX}{n}> ." for n in range(ROWS)), encoding="utf-8")
    with serving("--data", data, "--workers", "1", "--timeout", "1") as server:
        response = ask(server, COUNTING, timeout="3600")
        assert response.status_code == 503
        assert "ended after 1 seconds" in response.json()["detail"]


def test_light_queries_are_answered_while_others_run_away(
    busy: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> tuple[list[httpx2.Response], list[float]]:
        async with httpx2.AsyncClient(timeout=120, trust_env=False) as client:

            async def post(query: str, timeout: str) -> httpx2.Response:
                return await client.post(busy.sparql, data={"query": query, "timeout": timeout})

            runaways = [asyncio.create_task(post(COUNTING, "4")) for _ in range(2)]
            await asyncio.sleep(0.3)
            times = []
            while not any(task.done() for task in runaways):
                begun = time.perf_counter()
                response = await post(LIGHT, "20")
                times.append(time.perf_counter() - begun)
                assert response.json()["boolean"] is True
            return list(await asyncio.gather(*runaways)), times

    responses, times = asyncio.run(run())
    assert [response.status_code for response in responses] == [503, 503]
    assert len(times) > 20
    times.sort()
    with capsys.disabled():
        sys.stdout.write(
            f"\n  beside two runaway queries: {len(times)} light ones one after the other, "
            f"p50 {median(times) * 1e3:.1f} ms, p99 {times[int(len(times) * 0.99)] * 1e3:.1f} ms"
        )


def test_a_query_that_kills_its_process_costs_itself_alone(busy: Server) -> None:
    before = settled(busy)
    long = "x" * 60_000
    response = ask(busy, f"SELECT (GROUP_CONCAT(CONCAT('{long}', STR(?c))) AS ?n) {{ ?a ?b ?c . ?d ?e ?f }}")
    assert response.status_code == 500
    assert "want of memory or stack" in response.json()["detail"]
    assert ask(busy, LIGHT).json()["boolean"] is True
    assert len(settled(busy) & before) == 2


def test_deep_nesting_is_refused_before_anything_recursive_sees_it(busy: Server) -> None:
    before = settled(busy)
    for text in ("ASK { FILTER(" + "(" * 100_000 + "1" + ")" * 100_000 + ") }", "ASK " + "{" * 100_000):
        assert ask(busy, text).status_code == 413
    assert busy.workers == before


def test_a_worker_killed_in_mid_query_is_an_error_and_is_replaced(busy: Server) -> None:
    async def run() -> httpx2.Response:
        async with httpx2.AsyncClient(timeout=120, trust_env=False) as client:
            task = asyncio.create_task(client.post(busy.sparql, data={"query": COUNTING}))
            await asyncio.sleep(0.5)
            for pid in busy.workers:
                os.kill(pid, signal.SIGKILL)
            return await task

    response = asyncio.run(run())
    assert response.status_code == 500
    assert "SIGKILL" in response.json()["detail"]
    until(lambda: len(busy.workers) == 3)
    assert ask(busy, LIGHT).json()["boolean"] is True


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_a_result_that_cannot_be_completed_is_broken_off(busy: Server, name: str) -> None:
    parameters, received = {"query": ENDLESS, "format": name, "timeout": "1.5"}, 0
    with (  # noqa: PT012
        pytest.raises(httpx2.RemoteProtocolError),
        httpx2.stream("GET", busy.sparql, params=parameters, trust_env=False, timeout=60) as response,
    ):
        assert response.status_code == 200
        for chunk in response.iter_bytes():
            received += len(chunk)
    assert received > 100_000
    assert ask(busy, LIGHT).json()["boolean"] is True


def test_a_client_that_leaves_takes_its_query_with_it(busy: Server) -> None:
    for query in (COUNTING, ENDLESS):
        before = settled(busy)
        address = urlsplit(busy.url)
        with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
            body = httpx2.QueryParams({"query": query})
            connection.sendall(f"GET /sparql?{body} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(0.5)
        # The worker that had it is gone well before the deadline of 20 seconds; all is as before.
        until(lambda before=before: busy.workers != before)  # type: ignore[misc]
        assert len(settled(busy) & before) == 2


def test_more_than_the_queue_holds_is_turned_away(tmp_path: Path) -> None:
    data = tmp_path / "data.nt"
    data.write_text("\n".join(f"<{EX}{n}> <{EX}p> <{EX}{n}> ." for n in range(ROWS)), encoding="utf-8")

    async def run(server: Server) -> list[httpx2.Response]:
        async with httpx2.AsyncClient(timeout=120, trust_env=False) as client:
            queries = (client.post(server.sparql, data={"query": COUNTING, "timeout": "3"}) for _ in range(4))
            return list(await asyncio.gather(*queries))

    with serving("--data", data, "--workers", "1", POLCOOP_QUEUE="1", POLCOOP_PATIENCE="0.2") as server:
        responses = asyncio.run(run(server))
        titles = sorted(response.json()["title"] for response in responses)
        assert titles == ["Query timed out", "Too busy", "Too busy", "Too busy"]
        for response in responses:
            assert response.status_code == 503
            assert ("retry-after" in response.headers) == (response.json()["title"] == "Too busy")


@pytest.mark.parametrize("query", [
    "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ sErVice SILENT <{url}> {{ ?s ?p ?o }} }}",
    "ASK {{ FILTER(?a<?b)SERVICE#>\n<{url}>{{ ?s ?p ?o }} }}",
    "ASK {{ \\u0053ERVICE <{url}> {{ ?s ?p ?o }} }}",
    "LOAD <{url}>",
    "SELECT * FROM <{url}> {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "DESCRIBE <{url}>",
    "SELECT * {{ GRAPH <{url}> {{ ?s ?p ?o }} }}",
    "BASE <{url}> SELECT * {{ SERVICE <x> {{ ?s ?p ?o }} }}",
    "BASE <{url}> SELECT * FROM <x> FROM NAMED <y> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "PREFIX x: <{url}> SELECT * {{ SERVICE x: {{ ?s ?p ?o }} }}",
    "SELECT * {{ VALUES ?e {{ <{url}> }} SERVICE ?e {{ ?s ?p ?o }} }}",
    "SELECT (<{url}>(1) AS ?x) {{}}",
    "load silent <{url}> into graph <a:a>",
])  # fmt: skip
def test_no_query_makes_the_server_talk_to_anybody(busy: Server, query: str) -> None:
    listener = Listener()
    text = query.format(url=listener.url)
    for parameters in ({}, {"default-graph-uri": listener.url}, {"named-graph-uri": listener.url}):
        status = ask(busy, text, **parameters).status_code
        refused = 403 if "ERV" in text.upper() or text.upper().startswith("LOAD") else 200
        # A function that is not there, and the address of a service that is relative: malformed.
        assert status == (400 if "(1)" in text or "SERVICE <x>" in text else refused)
    listener.close()
    assert listener.visits == 0
