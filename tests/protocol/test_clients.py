"""Clients that are slow, large, many, or not who they seem."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from serving import Server, serving

ROWS = 1100
LIGHT = "ASK { ?s ?p ?o }"
COUNTING = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
MILLION = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f }"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with little patience."""
    data = tmp_path_factory.mktemp("strict") / "data.nt"
    iri = "http://example.org/"
    data.write_text("\n".join(f"<{iri}{n}> <{iri}p> <{iri}{n}> ." for n in range(ROWS)), encoding="utf-8")
    limits = {
        "CLIENT_TIMEOUT": "2",
        "CONNECTIONS": "30",
        "SHARE": "3",
        "PATIENCE": "60",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    limits = {f"POLCOOP_{name}": value for name, value in limits.items()}
    with serving("--data", data, "--workers", "2", "--timeout", "100", **limits) as running:
        yield running


def connect(server: Server) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=60)


def rest(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    received = b""
    try:
        while data := connection.recv(65_536):
            received += data
    except ConnectionResetError:
        pass
    return received


def until(condition: object) -> None:
    """Wait for what happens in its own time."""
    end = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /sparql?query=",
        b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nX-Slow",
        b"POST /sparql HTTP/1.1\r\nContent-Type: application/sparql-query\r\nContent-Length: 99\r\n\r\nASK",
    ],
    ids=["nothing", "line", "head", "body"],
)
def test_a_request_that_does_not_arrive_is_cut_off(strict: Server, sent: bytes) -> None:
    with connect(strict) as connection:
        connection.sendall(sent)
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_request_that_drips_is_cut_off(strict: Server) -> None:
    with connect(strict) as connection, pytest.raises(OSError):  # noqa: PT011, PT012 - reset or broken pipe
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for number in range(600):
            connection.sendall(b"X-%d: x\r\n" % number)
            time.sleep(0.1)


def is_open(connection: socket.socket) -> bool:
    """Whether the server's end of a connection is open, as the kernel tells (proc(5), net/tcp)."""
    ours, theirs = connection.getsockname()[1], connection.getpeername()[1]
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        local, remote, state = line.split()[1:4]
        if (int(local.partition(":")[2], 16), int(remote.partition(":")[2], 16)) == (theirs, ours):
            return state == "01"
    return False


def test_a_client_that_stops_reading_is_cut_off_and_its_query_with_it(strict: Server) -> None:
    query = quote(f"{MILLION} #stalled")
    with connect(strict) as connection:
        connection.sendall(f"GET /sparql?format=csv&query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        until(lambda: not is_open(connection))
        # The deadline would have come after a hundred seconds.
        assert time.monotonic() - begun < 90
        received = rest(connection)
    assert len(received) > 100_000
    assert not received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("head", [b"GET /?%b HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX-Long: %b\r\n"])
def test_a_head_that_is_too_large_is_refused(strict: Server, head: bytes) -> None:
    for size in (70_000, 1_000_000):
        with connect(strict) as connection:
            try:
                connection.sendall(head % (b"x" * size) + b"Host: x\r\n\r\n")
            except OSError:
                continue
            # A client that is still sending may see its connection reset instead.
            assert rest(connection)[:13] in {b"HTTP/1.1 431 ", b""}


def test_more_connections_than_there_may_be_are_refused_and_others_live(strict: Server) -> None:
    with httpx2.Client(base_url=strict.url, trust_env=False) as client:
        assert client.get("/sparql", params={"query": LIGHT}).status_code == 200
        crowd = [connect(strict) for _ in range(40)]
        try:
            assert client.get("/sparql", params={"query": LIGHT}).status_code == 200
            assert any(rest(each).startswith(b"HTTP/1.1 503 ") for each in crowd[-3:])
        finally:
            for each in crowd:
                each.close()
    until(lambda: httpx2.get(strict.sparql, params={"query": LIGHT}, trust_env=False).status_code == 200)


def test_a_client_has_its_share_and_a_proxy_is_believed_who_it_is(strict: Server) -> None:
    async def run() -> tuple[list[int], httpx2.Response, httpx2.Response]:
        async with httpx2.AsyncClient(timeout=120, trust_env=False) as client:

            async def ask(address: str, query: str, timeout: str = "8") -> httpx2.Response:
                data, headers = {"query": query, "timeout": timeout}, {"X-Forwarded-For": address}
                return await client.post(strict.sparql, data=data, headers=headers)

            long = [asyncio.create_task(ask("192.0.2.1", COUNTING)) for _ in range(3)]
            await asyncio.sleep(2)
            refused = await ask("192.0.2.1", f"{LIGHT} #new")
            other = await ask("192.0.2.2", LIGHT, timeout="60")
            return [response.status_code for response in await asyncio.gather(*long)], refused, other

    statuses, refused, other = asyncio.run(run())
    assert refused.status_code == 429
    assert refused.json()["title"] == "Too many queries"
    assert int(refused.headers["retry-after"]) > 0
    assert other.status_code == 200
    assert statuses == [503] * 3


def memory(server: Server) -> int:
    """Resident bytes of the server itself."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_result_of_a_million_rows_does_not_grow_the_server(strict: Server, coding: str) -> None:
    httpx2.get(strict.sparql, params={"query": LIGHT}, trust_env=False)
    before, largest, rows, size = memory(strict), 0, 0, 0
    unzip = zlib.decompressobj(31)
    with httpx2.stream(
        "GET",
        strict.sparql,
        params={"query": MILLION, "format": "csv"},
        headers={"Accept-Encoding": coding},
        trust_env=False,
        timeout=200,
    ) as response:
        assert response.status_code == 200
        for chunk in response.iter_raw():
            data = unzip.decompress(chunk) if coding == "gzip" else chunk
            rows += data.count(b"\n")
            size += len(data)
            largest = max(largest, memory(strict))
    assert rows == 1 + ROWS**2
    assert size > 40_000_000
    # Some buffers, and the copy for the cache while it still could fit.
    assert largest - before < 25_000_000


def test_an_answer_under_way_is_finished_when_the_server_is_stopped(tmp_path: Path) -> None:
    data, iri = tmp_path / "data.nt", "http://example.org/a-name-of-some-length/"
    data.write_text("\n".join(f"<{iri}{n}> <{iri}p> <{iri}{n}> ." for n in range(300)), encoding="utf-8")
    with (
        serving("--data", data, "--workers", "1") as server,
        httpx2.stream(
            "GET",
            server.sparql,
            params={"query": MILLION, "format": "csv"},
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
            timeout=60,
        ) as response,
    ):
        chunks = response.iter_raw()
        rows = next(chunks).count(b"\n")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(server))
        rows += sum(chunk.count(b"\n") for chunk in chunks)
        assert rows == 1 + 300**2
        assert server.process.wait(timeout=60) == 0


def accepts(server: Server) -> bool:
    try:
        connect(server).close()
    except ConnectionError:
        return False
    return True
