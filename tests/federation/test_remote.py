"""Endpoints that misbehave are survived, each with a clear error; and we do not misbehave."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import pytest
import trustme
from strange import StrangeServer, Visit, results

from conftest import Federation, federation
from polcoop.errors import (
    BudgetExceeded,
    ForbiddenQuery,
    PolcoopError,
    QueryError,
    QueryTimeout,
    RemoteBusy,
    RemoteFailure,
    RemoteTimeout,
)
from polcoop.solutions import Iri
from polcoop.sparql.federation.inline import has_more_than
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.remote import Remote
from polcoop.sparql.federation.source import Allowance, Budget, Request

AGENT = "polcoop tests (https://example.org/contact)"
QUICK = Allowance(seconds=0.5)
PATIENT = Allowance(seconds=30.0)


@pytest.fixture
def strange() -> Iterator[StrangeServer]:
    server = StrangeServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """An engine over a hundred things, and one that is the head of a list."""
    folder = tmp_path_factory.mktemp("local")
    lines = [
        f"<http://example.org/{number}> <http://example.org/is> <http://example.org/thing> ."
        for number in range(100)
    ]
    (folder / "data.nt").write_text("\n".join(lines), encoding="utf-8")
    with federation(folder / "data.nt", folder) as engine:
        yield engine


class Asked:
    """Asks a strange server for everything, through a federated engine."""

    def __init__(self, local: Federation, server: StrangeServer) -> None:
        self._local, self._server = local, server
        self.policy = Policy([server.url], private=True)
        self.remote = Remote(self.policy, AGENT)

    def __call__(
        self, allowance: Allowance = PATIENT, *, silent: bool = False, around: str = "", seconds: float = 60
    ) -> list[tuple[object, ...]]:
        word = "SILENT " if silent else ""
        text = (
            f"SELECT * {{ {around} SERVICE {word}<{self._server.url}> {{ ?x <http://example.org/p> ?y }} }}"
        )
        found, _ = self._local.ask(text, self.remote, self.policy, allowance, seconds=seconds)
        return list(found.rows)


@pytest.fixture
def asked(local: Federation, strange: StrangeServer) -> Asked:
    return Asked(local, strange)


async def _drip(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n\r\n")
    while True:
        await visit.send(b" ")
        await asyncio.sleep(0.05)


async def _drip_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visit.send(b"X-Header: 1\r\n")
        await asyncio.sleep(0.05)


async def _flood_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await visit.send(b"X-Header: 1\r\n" * 10_000)


async def _flood_error(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        await visit.send(b"sorry " * 100_000)


async def _flood(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n\r\n")
    while True:
        await visit.send(b" " * (1 << 20))


@cache
def _packed() -> bytes:
    return gzip.compress(b" " * (100 << 20))


async def _bomb(visit: Visit) -> None:
    await visit.answer(_packed(), Content_Encoding="gzip")


async def _html(visit: Visit) -> None:
    await visit.answer(b"<html>fine</html>", Content_Type="text/html; charset=utf-8")


async def _lie(visit: Visit) -> None:
    await visit.answer(b"<html>fine</html>")


async def _xml(visit: Visit) -> None:
    await visit.answer(b"<sparql/>", Content_Type="application/sparql-results+xml")


async def _broken_json(visit: Visit) -> None:
    await visit.answer(results(["x"], [{"x": "http://example.org/1"}])[:-3])


async def _deep_json(visit: Visit) -> None:
    await visit.answer(b"[" * 200_000)


async def _ask_result(visit: Visit) -> None:
    await visit.answer(b'{"head": {}, "boolean": true}')


async def _cut_off(visit: Visit) -> None:
    await visit.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nContent-Length: 999\r\n\r\n{"
    )


async def _cut_off_gzip(visit: Visit) -> None:
    await visit.answer(gzip.compress(results())[:-9], Content_Encoding="gzip")


async def _no_http(visit: Visit) -> None:
    await visit.send(b"220 mail.example.org ESMTP\r\n")


async def _leave(visit: Visit) -> None:
    return


async def _server_error(visit: Visit) -> None:
    await visit.answer(
        b"java.lang.OutOfMemoryError\n\x07 at x", "500 Internal Server Error", Content_Type="text/plain"
    )


async def _syntax_error(visit: Visit) -> None:
    await visit.answer(
        b"MalformedQueryException: Lexical error", "400 Bad Request", Content_Type="text/plain"
    )


async def _zstd(visit: Visit) -> None:
    await visit.answer(results(), Content_Encoding="zstd")


def _term(term: dict[str, object] | str) -> object:
    async def behave(visit: Visit) -> None:
        await visit.answer(results(["x", "y"], [{"x": term}]))

    return behave


INJECTION = "http://example.org/> } SERVICE <http://127.0.0.1:9/> { ?x ?y ?z"

FAULTS = {
    "html": (_html, RemoteFailure, "answers with text/html instead of application/sparql-results\\+json"),
    "xml": (_xml, RemoteFailure, "answers with application/sparql-results\\+xml instead"),
    "a lie about its type": (_lie, RemoteFailure, "not a SPARQL result in JSON"),
    "broken JSON": (_broken_json, RemoteFailure, "not a SPARQL result in JSON"),
    "deep JSON": (_deep_json, RemoteFailure, "the answer is"),
    "an ASK result": (_ask_result, RemoteFailure, "one of ASK"),
    "cut off": (_cut_off, RemoteFailure, "cannot be asked"),
    "cut off, compressed": (_cut_off_gzip, RemoteFailure, "broke off"),
    "no HTTP": (_no_http, RemoteFailure, "cannot be asked"),
    "nothing": (_leave, RemoteFailure, "cannot be asked"),
    "status 500": (_server_error, RemoteFailure, "status 500: java.lang.OutOfMemoryError at x"),
    "endless headers": (_flood_headers, RemoteFailure, "cannot be asked"),
    "an endless excuse": (_flood_error, RemoteFailure, "status 500: sorry sorry"),
    "status 400": (_syntax_error, RemoteFailure, "status 400: MalformedQueryException"),
    "another encoding": (_zstd, RemoteFailure, "encoding zstd"),
    "an injection": (_term(INJECTION), RemoteFailure, "malformed IRI"),
    "a relative IRI": (_term("/x"), RemoteFailure, "malformed IRI"),
    "an IRI that is no text": (_term({"type": "uri", "value": 5}), RemoteFailure, "malformed IRI"),
    "half a character": (_term({"type": "literal", "value": "\ud800"}), RemoteFailure, "malformed literal"),
    "a language": (
        _term({"type": "literal", "value": "x", "xml:lang": "en . ?s ?p ?o"}), RemoteFailure, "language tag",
    ),
    "another kind of term": (_term({"type": "quad", "value": "x"}), RemoteFailure, "unknown kind of term"),
}  # fmt: skip


@pytest.mark.parametrize(("behaviour", "kind", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_a_clear_error(asked: Asked, strange: StrangeServer, behaviour, kind, words) -> None:
    strange.behaviour = behaviour
    with pytest.raises(kind, match=words) as raised:
        asked()
    assert strange.url in str(raised.value), "which endpoint it was"
    assert asked(silent=True) == [()], "SILENT: one solution that binds nothing"


@pytest.mark.parametrize("behaviour", [Visit.hang, _drip, _drip_headers])
def test_who_does_not_come_to_an_end_is_left(asked: Asked, strange: StrangeServer, behaviour) -> None:
    strange.behaviour = behaviour
    with pytest.raises(RemoteTimeout, match="did not answer completely"):
        asked(QUICK)
    assert asked(QUICK, silent=True) == [()]


def test_the_deadline_of_the_query_goes_before_that_of_the_endpoints(
    asked: Asked, strange: StrangeServer
) -> None:
    strange.behaviour = Visit.hang
    with pytest.raises((RemoteTimeout, QueryTimeout)):
        asked(PATIENT, seconds=0.5)


@pytest.mark.parametrize("behaviour", [_flood, _bomb])
@pytest.mark.parametrize("silent", [False, True])
def test_too_many_bytes_end_the_query(asked: Asked, strange: StrangeServer, behaviour, silent: bool) -> None:
    strange.behaviour = behaviour
    with pytest.raises(BudgetExceeded, match="5,000,000 bytes"):
        asked(Allowance(seconds=60, size=5_000_000), silent=silent)


def test_too_many_rows_end_the_query(asked: Asked, strange: StrangeServer) -> None:
    async def many(visit: Visit) -> None:
        await visit.answer(results(["x"], [{"x": f"http://example.org/{n}"} for n in range(11)]))

    strange.behaviour = many
    with pytest.raises(BudgetExceeded, match="10 rows") as raised:
        asked(Allowance(seconds=60, rows=10))
    assert raised.value.hint
    assert "LIMIT 11" in strange.visits[-1].query
    assert len(asked(Allowance(seconds=60, rows=11))) == 11


def test_what_would_take_long_to_read_is_not_read(asked: Asked, strange: StrangeServer) -> None:
    """A single row, and a million things in it."""
    body = results(["x"], [{"x": "http://example.org/1"}])
    strange.behaviour = lambda visit: visit.answer(body.replace(b"}}]", b"}" + b',"":{}' * 200_000 + b"}]"))
    with pytest.raises(BudgetExceeded, match="1,000 rows"):
        asked(Allowance(seconds=60, rows=1_000))
    # What stands in a text does not count.
    text = {"type": "literal", "value": 'a, {"b"}, [' * 100_000}
    strange.behaviour = lambda visit: visit.answer(results(["x"], [{"x": text}]))
    assert len(asked(Allowance(seconds=60, rows=1_000))) == 1


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (b"[]", 1),
        (b'{"a": [1, 2, {}]}', 6),
        (b'"a, \\", [b"', 1),
        (b'"\\\\", "x,"', 3),
        (b'"' + b'\\"' * 1_000_000, 1),
        (b'"\n,\n"', 1),
    ],
)
def test_the_size_of_an_answer_is_told_without_reading_it(content: bytes, tokens: int) -> None:
    assert has_more_than(tokens - 1, content)
    assert not has_more_than(tokens, content)


def test_too_many_requests_end_the_query(asked: Asked, strange: StrangeServer) -> None:
    everything = "?x <http://example.org/is> ?thing"
    assert asked(Allowance(calls=2, seconds=60), around=everything) == []
    assert len(strange.visits) == 2, "100 values go out in batches of 50"
    with pytest.raises(BudgetExceeded, match="1 requests"):
        asked(Allowance(calls=1, seconds=60), around=everything)


def test_batches_grow_while_answers_come_quickly_and_shrink_on_failure(
    asked: Asked, strange: StrangeServer
) -> None:
    sizes = []

    async def weak(visit: Visit) -> None:
        size = visit.query.count("<http://example.org/") - 1
        sizes.append(size)
        await (visit.answer(results()) if size <= 50 else _server_error(visit))

    strange.behaviour = weak
    lines = " ".join(f"<http://example.org/{n}>" for n in range(175))
    assert asked(around=f"VALUES ?x {{ {lines} }}") == []
    assert sizes == [50, 100, 50, 75, 50, 25]


def test_a_refusal_is_not_silenced(local: Federation, strange: StrangeServer) -> None:
    asked = Asked(local, strange)
    asked.policy = Policy(["http://127.0.0.1:9/sparql"], private=True)
    for silent in (False, True):
        with pytest.raises(ForbiddenQuery, match="not among the endpoints"):
            asked(silent=silent)
    assert strange.visits == []


def test_addresses_that_are_not_public_are_refused(local: Federation, strange: StrangeServer) -> None:
    policy = Policy([strange.url])
    asked = Asked(local, strange)
    asked.policy, asked.remote = policy, Remote(policy, AGENT)
    for silent in (False, True):
        with pytest.raises(ForbiddenQuery, match=r"leads to 127\.0\.0\.1, which is no public address"):
            asked(silent=silent)
    assert strange.visits == []


def _named(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the name of an endpoint lead to these numbers, one answer after the other; note each look-up."""
    real, looked_up = socket.getaddrinfo, []

    def lookup(host: str, *arguments: object, **options: object) -> list[object]:
        if host != "endpoint.example":
            return real(host, *arguments, **options)
        looked_up.append(host)
        numbers = answers[min(len(looked_up), len(answers)) - 1]
        return [found for number in numbers for found in real(number, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return looked_up


def test_a_name_is_looked_up_once_and_that_number_is_called(
    local: Federation, strange: StrangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives another answer the next time leads us nowhere."""
    looked_up = _named(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    strange.url = f"http://endpoint.example:{strange.port}/sparql"
    assert Asked(local, strange)() == []
    assert looked_up == ["endpoint.example"]
    assert strange.visits[0].headers["host"] == f"endpoint.example:{strange.port}"


@pytest.mark.parametrize(
    "numbers", [["93.184.215.14", "10.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["::127.0.0.1"]], ids=str
)
def test_one_number_that_is_not_public_is_enough_to_refuse(
    local: Federation, strange: StrangeServer, monkeypatch: pytest.MonkeyPatch, numbers: list[str]
) -> None:
    _named(monkeypatch, numbers)
    strange.url = f"http://endpoint.example:{strange.port}/sparql"
    asked = Asked(local, strange)
    asked.policy = Policy([strange.url])
    asked.remote = Remote(asked.policy, AGENT)
    with pytest.raises(ForbiddenQuery, match="is no public address"):
        asked(silent=True)
    assert strange.visits == []


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_no_redirect_out_of_the_list(asked: Asked, strange: StrangeServer, status: str) -> None:
    async def away(visit: Visit) -> None:
        await visit.answer(b"", status, Location="http://127.0.0.1:9/secrets")

    strange.behaviour = away
    for silent in (False, True):
        with pytest.raises(ForbiddenQuery, match=r"redirects to <http://127\.0\.0\.1:9/secrets>"):
            asked(silent=silent)


def test_a_redirect_within_the_list_is_followed(local: Federation, strange: StrangeServer) -> None:
    async def onward(visit: Visit) -> None:
        if visit.path == "/sparql":
            await visit.answer(b"", "307 Temporary Redirect", Location="/other")
        else:
            await visit.answer(results(["x"], [{"x": "http://example.org/1"}]))

    strange.behaviour = onward
    asked = Asked(local, strange)
    asked.policy = Policy([strange.url, f"http://127.0.0.1:{strange.port}/other"], private=True)
    asked.remote = Remote(asked.policy, AGENT)
    assert asked() == [(Iri("http://example.org/1"), None)]
    assert [visit.path for visit in strange.visits] == ["/sparql", "/other"]
    strange.behaviour = lambda visit: visit.answer(b"", "307 Temporary Redirect", Location="/sparql")
    with pytest.raises(RemoteFailure, match="redirects more than 3 times"):
        asked()


def test_who_we_are_and_what_we_want_is_said(asked: Asked, strange: StrangeServer) -> None:
    asked()
    visit = strange.visits[0]
    assert visit.method == "POST"
    assert visit.headers["user-agent"] == AGENT
    assert visit.headers["host"] == f"127.0.0.1:{strange.port}"
    assert visit.headers["accept"] == "application/sparql-results+json"
    assert visit.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(asked: Asked, strange: StrangeServer, form: str) -> None:
    begun: list[float] = []

    async def later(visit: Visit) -> None:
        begun.append(time.monotonic())
        if len(begun) > 1:
            await visit.answer(results())
            return
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        after = "1" if form == "seconds" else date
        await visit.answer(b"", "429 Too Many Requests", Retry_After=after)

    strange.behaviour = later
    assert asked() == []
    assert len(begun) == 2
    assert begun[1] - begun[0] >= 0.9


def test_a_busy_host_is_not_asked_again_at_once_though_it_allows_it(
    asked: Asked, strange: StrangeServer
) -> None:
    strange.behaviour = lambda visit: visit.answer(b"", "429 Too Many Requests", Retry_After="0")
    with pytest.raises(RemoteBusy):
        asked(Allowance(seconds=1.5))
    assert 1 <= len(strange.visits) <= 2


def test_a_host_that_wants_peace_has_it_from_everybody(asked: Asked, strange: StrangeServer) -> None:
    strange.behaviour = lambda visit: visit.answer(b"", "503 Service Unavailable", Retry_After="900")
    with pytest.raises(RemoteBusy, match=r"is too busy \(status 503\): we are to wait 900 seconds") as raised:
        asked()
    assert raised.value.retry_after == 900
    for _ in range(2):
        with pytest.raises(RemoteBusy, match="not to come back before"):
            asked()
    assert asked(silent=True) == [()]
    assert len(strange.visits) == 1


def test_one_request_at_a_time_for_all(strange: StrangeServer) -> None:
    async def slowly(visit: Visit) -> None:
        await asyncio.sleep(0.05)
        await visit.answer(results())

    strange.behaviour = slowly
    remote = Remote(Policy([strange.url], private=True), AGENT)

    async def many() -> list[object]:
        budgets = [Budget(PATIENT, 60.0) for _ in range(6)]
        asking = (remote.answer(Request(strange.url, "ASK {}"), budget) for budget in budgets)
        return await asyncio.gather(*asking)

    assert len(asyncio.run(many())) == 6
    assert strange.most_at_once == 1


def test_waiting_for_a_turn_is_bounded(strange: StrangeServer) -> None:
    strange.behaviour = Visit.hang
    remote = Remote(Policy([strange.url], private=True), AGENT)

    async def two() -> list[object]:
        asking = (
            remote.answer(Request(strange.url, "ASK {}"), Budget(Allowance(seconds=seconds), 60.0))
            for seconds in (1.5, 0.3)
        )
        return await asyncio.gather(*asking, return_exceptions=True)

    first, second = asyncio.run(two())
    assert isinstance(first, RemoteTimeout)
    assert isinstance(second, RemoteBusy)
    assert "stand in line" in str(second)


@pytest.mark.parametrize(
    "term",
    [
        {"type": "bnode", "value": "b0"},
        {
            "type": "triple",
            "value": {
                "subject": {"type": "uri", "value": "a:a"},
                "predicate": {"type": "uri", "value": "a:b"},
                "object": {"type": "uri", "value": "a:c"},
            },
        },
    ],
)
@pytest.mark.parametrize("silent", [False, True])
def test_what_cannot_be_carried_over_is_refused(asked: Asked, strange: StrangeServer, term, silent) -> None:
    strange.behaviour = _term(term)
    with pytest.raises(QueryError, match="cannot be carried") as raised:
        asked(silent=silent)
    assert "isBlank" in str(raised.value.hint)


def test_what_holds_the_word_is_carried_over(asked: Asked, strange: StrangeServer) -> None:
    terms = [
        {"type": "literal", "value": 'SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } "\\ \u0053ervice\n'},
        {"type": "literal", "value": "Secret Intelligence Service", "xml:lang": "en"},
        {"type": "literal", "value": "1", "datatype": "http://example.org/service"},
        {"type": "uri", "value": "http://example.org/Service#service"},
    ]

    async def words(visit: Visit) -> None:
        await visit.answer(results(["y"], [{"y": term} for term in terms]))

    strange.behaviour = words
    assert [row[1].value for row in asked()] == [term["value"] for term in terms]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for the name localhost alone, and the file of its authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return context, path


def test_tls_is_checked_under_the_name_though_the_number_is_called(
    local: Federation, certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, path = certificate
    server = StrangeServer(tls=context)
    try:
        server.url = f"https://localhost:{server.port}/sparql"
        with pytest.raises(RemoteFailure, match="CERTIFICATE_VERIFY_FAILED"):
            Asked(local, server)()
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert Asked(local, server)() == []
        assert server.visits[-1].headers["host"] == f"localhost:{server.port}"
        server.url = f"https://127.0.0.1:{server.port}/sparql"
        with pytest.raises(RemoteFailure, match="CERTIFICATE_VERIFY_FAILED"):
            Asked(local, server)()
    finally:
        server.close()


def test_nobody_there(local: Federation, strange: StrangeServer) -> None:
    strange.close()
    with pytest.raises(RemoteFailure, match="cannot be asked"):
        Asked(local, strange)()
    strange.url = "http://no-such-host.invalid/sparql"
    with pytest.raises(RemoteFailure, match=r"address of no-such-host\.invalid cannot be found") as raised:
        Asked(local, strange)()
    assert isinstance(raised.value, PolcoopError)
