"""Endpoints of others, with their habits and their faults, each a real server on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

import polcoop
from polcoop.errors import (
    EngineFailure,
    ForbiddenQuery,
    Overloaded,
    ParseError,
    PolcoopError,
    QueryError,
    QuerySyntaxError,
    QueryTimeout,
    SourceError,
    UsageError,
)

JSON = "application/sparql-results+json"
ONE = json.dumps(
    {"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "1"}}]}}
)
Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def endpoint(reply: Reply) -> Iterator[str]:
    """An endpoint that answers each request in this way."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            reply(self)

        do_POST = do_GET  # noqa: N815 - as the library calls it

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/sparql"
        server.shutdown()


def send(
    request: BaseHTTPRequestHandler, body: str, kind: str = JSON, status: int = 200, **headers: str
) -> None:
    content = body.encode()
    request.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(content)


def test_what_is_sent() -> None:
    seen: list[tuple[str, str | None, str | None, dict[str, list[str]]]] = []

    def reply(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        fields = parse_qs(urlsplit(request.path).query) | parse_qs(body)
        seen.append((request.command, request.headers["Accept"], request.headers["Authorization"], fields))
        send(request, ONE)

    with endpoint(reply) as url:
        data = polcoop.connect(f"{url}?key=5", headers={"Authorization": "Basic eA=="})
        assert data.select("SELECT ?x {}").column("x") == ["1"]
        data.select(f"SELECT ?x {{ }} # {'long' * 600}")
    (get, accept, secret, fields), (post, *_, more) = seen
    assert (get, secret, fields) == ("GET", "Basic eA==", {"key": ["5"], "query": ["SELECT ?x {}"]})
    assert accept is not None
    assert accept.startswith(JSON)
    assert post == "POST"
    assert "long" in more["query"][0]


JENA = 'Parse error: \nEncountered " "}" "} "" at line 2, column 5.\nWas expecting one of: ...'
VIRTUOSO = "Virtuoso 37000 Error SP030: SPARQL compiler, line 2: syntax error at 'FILTR'\n\nSPARQL query: ..."
PAGE = "<html><head><style>p {}</style></head><body><h1>Bad Gateway</h1><p>try &amp; wait</p></body></html>"


@pytest.mark.parametrize(
    ("status", "kind", "body", "error", "says"),
    [
        (400, "text/plain", JENA, QuerySyntaxError, "line 2, column 5"),
        (400, "text/plain", VIRTUOSO, QuerySyntaxError, "'FILTR'"),
        (400, "application/json", '{"message": "no such graph"}', QueryError, "no such graph"),
        (403, "text/plain", "", ForbiddenQuery, "403 Forbidden: no reason given"),
        (404, "text/html", PAGE, SourceError, "404 Not Found: Bad Gateway try"),
        (429, "text/plain", "slow down", Overloaded, "slow down"),
        (
            500,
            "text/plain",
            "java.lang.NullPointerException" + "\n\tat x" * 5000,
            EngineFailure,
            "NullPointer",
        ),
        (502, "text/html", PAGE, EngineFailure, "Bad Gateway"),
        (504, "text/plain", "", QueryTimeout, "504"),
        (200, "text/html", PAGE, SourceError, "text/html, no result"),
        (200, JSON, PAGE, ParseError, "not a SPARQL result"),
        (200, JSON, ONE[:-10], ParseError, "broken off|not a SPARQL result"),
        (200, JSON, '{"head": {}, "boolean": true}', ParseError, "no variables"),
    ],
)
def test_their_errors_are_readable(
    status: int, kind: str, body: str, error: type[PolcoopError], says: str
) -> None:
    with endpoint(lambda request: send(request, body, kind, status, Retry_After="7")) as url:
        data = polcoop.connect(url)
        with pytest.raises(error, match=says) as raised:
            data.select("SELECT ?x {\n  FILTR(?x)\n}")
        assert len(str(raised.value)) < 700
        assert "<html" not in str(raised.value)
        if error is QuerySyntaxError:
            assert raised.value.position.line == 2  # type: ignore[attr-defined]
            assert raised.value.__notes__[0].startswith("2 |   FILTR")
        if status == 429:
            assert raised.value.__notes__ == ["hint: it asks to wait 7 seconds"]


def test_ask_without_a_truth_value() -> None:
    with (
        endpoint(lambda request: send(request, ONE)) as url,
        pytest.raises(ParseError, match="no truth value"),
    ):
        polcoop.connect(url).ask("ASK {}")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/turtle; charset=utf-8", "<a:b> <a:c> 'é' ."),
        ("application/n-triples", '<a:b> <a:c> "é" .'),
        (
            "application/rdf+xml",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="a:">'
            '<r:Description r:about="a:b"><a:c>é</a:c></r:Description></r:RDF>',
        ),
    ],
)
def test_graphs_in_the_formats_of_others(kind: str, body: str) -> None:
    with endpoint(lambda request: send(request, body, kind)) as url:
        ((subject, predicate, value),) = polcoop.connect(url).construct("CONSTRUCT WHERE { ?s ?p ?o }")
        assert (str(subject), str(predicate), str(value)) == ("a:b", "a:c", "é")
    with (
        endpoint(lambda request: send(request, "<a:b> <", kind)) as url,
        pytest.raises(ParseError, match="cannot be read"),
    ):
        polcoop.connect(url).construct("CONSTRUCT WHERE { ?s ?p ?o }")


def test_the_deadline_is_that_of_the_whole_answer() -> None:
    """Each byte comes soon after the last; a timeout of the library's own kind would never pass."""
    stop = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", JSON)
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        with suppress(OSError):  # the client has left
            while not stop.wait(0.05):
                request.wfile.write(b" ")

    with endpoint(drip) as url:
        started = time.monotonic()
        with pytest.raises(QueryTimeout, match="within 1 seconds"):
            polcoop.connect(url, timeout=1).select("SELECT ?x {}")
        assert time.monotonic() - started < 60
        stop.set()


def test_a_body_that_ends_too_soon() -> None:
    def cut(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", JSON)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(ONE[:40].encode())
        request.close_connection = True

    with endpoint(cut) as url, pytest.raises(EngineFailure, match="broken off"):
        polcoop.connect(url).select("SELECT ?x {}")


def test_nobody_there() -> None:
    with pytest.raises(SourceError, match="cannot be asked"):
        polcoop.connect("http://127.0.0.1:9/sparql").ask("ASK {}")


@pytest.mark.parametrize("url", ["", "sparql", "ftp://example.org/", "http://", "http://[::1/"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="address"):
        polcoop.connect(url)


def test_what_is_no_method() -> None:
    with pytest.raises(UsageError, match="method"):
        polcoop.connect("http://127.0.0.1/", method="PUT")


def test_a_foreign_endpoint_is_not_asked_for_labels_of_foreign_things() -> None:
    asked: list[str] = []

    def reply(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        thing = {"x": {"type": "uri", "value": "http://www.wikidata.org/entity/Q148"}}
        send(request, json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [thing]}}))

    with endpoint(reply) as url:
        assert ">wd:Q148</a>" in polcoop.connect(url).select("SELECT ?x {}")._repr_html_()
    assert len(asked) == 1
