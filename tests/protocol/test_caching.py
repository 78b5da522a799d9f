"""Results that are asked for again: entity tags, 304, content codings, the same bytes with and without a
cache."""

from __future__ import annotations

import gzip
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
import pytest
import zstandard

from serving import Server, serving

EX = "http://example.org/"
LIGHT = f"SELECT ?o {{ <{EX}7> ?p ?o }}"
BROAD = "SELECT * { ?s ?p ?o } ORDER BY ?o"
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER(?c < 8) } ORDER BY ?c ?f"
CONSTRUCT = "CONSTRUCT { ?s a ?o } WHERE { ?s ?p ?o } ORDER BY ?o"
ROWS = 400


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundred triples."""
    path = tmp_path_factory.mktemp("rows") / "data.nt"
    lines = (f'<{EX}{n}> <{EX}p> "{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .' for n in range(ROWS))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def caching(rows: Path) -> Iterator[Server]:
    """A server that keeps results."""
    with serving("--data", rows, "--workers", "1", POLCOOP_CACHE="16", POLCOOP_MAX_AGE="60") as running:
        yield running


@pytest.fixture(scope="module")
def forgetful(rows: Path) -> Iterator[Server]:
    """A server that keeps nothing."""
    with serving(
        "--data", rows, "--workers", "1", POLCOOP_CACHE="0", POLCOOP_MAX_RESULT_BYTES="2000000"
    ) as running:
        yield running


def get(server: Server, query: str, coding: str = "identity", **headers: str) -> httpx2.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.get(
        server.sparql,
        params={"query": query},
        headers={"Accept-Encoding": coding, **names},
        trust_env=False,
        timeout=60,
    )


def decoded(response: httpx2.Response) -> bytes:
    """The content; the client undoes the other codings by itself."""
    if response.headers.get("content-encoding") != "zstd":
        return response.content
    return zstandard.ZstdDecompressor().decompressobj().decompress(response.content)


@contextmanager
def asleep(server: Server) -> Iterator[None]:
    """No query can be evaluated as long as this lasts."""
    workers = server.workers
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("query", [LIGHT, BROAD, LARGE, CONSTRUCT])
@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_the_bytes_are_the_same_with_and_without_a_cache(
    caching: Server, forgetful: Server, query: str, coding: str
) -> None:
    expected = get(forgetful, query)
    assert len(expected.content) > 30
    for _ in range(3):
        response = get(caching, query, coding)
        assert decoded(response) == expected.content
        large = len(expected.content) >= 1000
        assert response.headers.get("content-encoding", "identity") == (coding if large else "identity")
        assert decoded(get(forgetful, query, coding)) == expected.content
        assert response.headers["content-type"] == expected.headers["content-type"]


def test_what_was_asked_before_needs_no_engine(caching: Server) -> None:
    for query in (LIGHT, LARGE):
        first = get(caching, query)
        with asleep(caching):
            for _ in range(3):
                again = get(caching, query)
                assert again.content == first.content
                assert again.headers["etag"] == first.headers["etag"]
            # However it is asked: another form of the request, another coding.
            data, plain = {"query": query}, {"Accept-Encoding": "gzip"}
            posted = httpx2.post(caching.sparql, data=data, headers=plain, trust_env=False)
            assert posted.content == first.content
            head = httpx2.head(caching.sparql, params=data, trust_env=False)
            assert head.headers["etag"] == first.headers["etag"]
            assert head.content == b""


def test_if_none_match_is_304_without_running_anything(caching: Server, forgetful: Server) -> None:
    for server in (caching, forgetful):
        for query in (LIGHT, LARGE, "ASK {}"):
            response = get(server, query)
            tag = response.headers["etag"]
            assert tag.startswith('W/"')
            with asleep(server):
                for given in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
                    unchanged = get(server, query, if_none_match=given)
                    assert unchanged.status_code == 304
                    assert unchanged.content == b""
                    for name in ("etag", "cache-control", "vary"):
                        assert unchanged.headers[name] == response.headers[name]
            assert get(server, query, if_none_match='"other"').status_code == 200


def test_the_tag_depends_on_all_that_the_result_does(caching: Server) -> None:
    def tag(query: str, **parameters: str) -> str:
        given = {"query": query, **parameters}
        return httpx2.get(caching.sparql, params=given, trust_env=False).headers["etag"]

    tags = [
        tag(LIGHT),
        tag(LIGHT + " "),
        tag(LIGHT, format="csv"),
        tag(LIGHT, format="xml"),
        tag(LIGHT, **{"default-graph-uri": EX}),
        tag(LIGHT, **{"named-graph-uri": EX}),
    ]
    assert len(set(tags)) == len(tags)
    assert tag(LIGHT, timeout="5") == tags[0]


def test_headers_tell_caches_what_to_do(caching: Server, forgetful: Server) -> None:
    response = get(caching, LIGHT)
    assert response.headers["cache-control"] == "public, max-age=60"
    assert response.headers["vary"] == "Accept, Accept-Encoding"
    assert get(forgetful, LIGHT).headers["cache-control"] == "public, no-cache"
    for query in ("not a query", "SELECT (RAND() AS ?n) {}", "SELECT (NOW() AS ?n) {}"):
        response = get(caching, query)
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


def test_chance_is_not_kept(caching: Server) -> None:
    answers = {get(caching, "SELECT (STRUUID() AS ?n) {}").content for _ in range(3)}
    assert len(answers) == 3


def test_no_answer_depends_on_who_asked_before(caching: Server) -> None:
    """Raw requests, since the shortest way goes by their bytes: alone, one behind the other, in pieces."""
    address = urlsplit(caching.url)
    path = f"/sparql?query={quote(LIGHT)}"

    def request(*headers: str, path: str = path, method: str = "GET") -> bytes:
        return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", *headers, "", "")).encode()

    def asked(*pieces: bytes) -> bytes:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR) if b"Connection: close" not in pieces[-1] else None
            received = b""
            while data := connection.recv(65_536):
                received += data
            return received

    close = request("Connection: close")
    plain = asked(close)
    body = plain.partition(b"\r\n\r\n")[2]
    assert b'"7"' in body
    for _ in range(3):
        assert asked(close).partition(b"\r\n\r\n")[2] == body
        # Twice on one connection, then pipelined, then in two pieces.
        assert asked(request(), close).count(body) == 2
        assert asked(request() + request() + close).count(body) == 3
        assert asked(close[:20], close[20:]).endswith(body)
        # The same bytes but for the path, the format, the method.
        other = asked(request("Connection: close", path=path.replace("/7", "/8")))
        assert b'"8"' in other
        csv = asked(request("Connection: close", "Accept: text/csv"))
        assert csv.endswith(b"o\r\n7\r\n")
        head = asked(request("Connection: close", method="HEAD"))
        assert head.endswith(b"\r\n\r\n")
        # A body behind a request that is known otherwise.
        carried = request("Content-Length: 4", "Connection: close")
        assert asked(carried + b"abcd").endswith(body)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_result_above_the_limit_is_broken_off_in_every_format_and_coding(
    forgetful: Server, name: str, coding: str
) -> None:
    received = b""
    with (  # noqa: PT012
        pytest.raises(httpx2.RemoteProtocolError),
        httpx2.stream(
            "GET",
            forgetful.sparql,
            params={"query": "SELECT * { ?a ?b ?c . ?d ?e ?f }", "format": name},
            headers={"Accept-Encoding": coding},
            trust_env=False,
            timeout=60,
        ) as response,
    ):
        assert response.status_code == 200
        for chunk in response.iter_raw():
            received += chunk
    assert len(received) > 10_000
    if coding == "gzip":
        with pytest.raises(EOFError):
            gzip.decompress(received)
