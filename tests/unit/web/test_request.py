"""Reading a request (SPARQL 1.1 Protocol, 2.1) against a plain reading of the rules, whatever its bytes."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from polcoop.errors import ForbiddenQuery, PolcoopError, UsageError
from polcoop.web.origin import origin
from polcoop.web.protocol import QUERY, UPDATE, Operation, read_operation
from polcoop.web.reading import FORM

NAMES = ("query", "default-graph-uri", "named-graph-uri", "format", "timeout", "digest", "update", "other")
texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.one_of(
    texts, st.sampled_from(["ASK {}", "SELECT * { ?s ?p 'é+&=%' }", "1.5", "0", "json", "true", ""])
)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=6)


def request(method: str, query_string: bytes = b"", body: bytes = b"", **headers: str) -> Request:
    """A request as the server hands it over; the body comes in pieces."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/sparql",
        "query_string": query_string,
        "headers": [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in headers.items()],
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
    }
    pieces = [body[i : i + 7] for i in range(0, len(body), 7)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    return Request(scope, receive)


def read(asked: Request) -> Operation:
    return asyncio.run(read_operation(asked, 10_000))


def expected(given_: list[tuple[str, str]]) -> Operation | type[PolcoopError]:
    """The rules, word by word."""

    def of(name: str) -> list[str]:
        return [value for key, value in given_ if key == name]

    if of("update"):
        return ForbiddenQuery
    once = ("query", "format", "timeout", "digest")
    if any(len(of(name)) > 1 for name in once) or not "".join(of("query")).strip():
        return UsageError
    if (of("digest") or ["true"])[0] not in {"true", "false"}:
        return UsageError
    timeout = None
    if of("timeout"):
        try:
            timeout = float(of("timeout")[0])
        except ValueError:
            return UsageError
        if not 0 < timeout < float("inf"):
            return UsageError
    return Operation(
        of("query")[0],
        tuple(of("default-graph-uri")),
        tuple(of("named-graph-uri")),
        timeout,
        (of("format") or [None])[0] or None,
        (of("digest") or ["false"])[0] == "true",
    )


def check(asked: Request, wanted: Operation | type[PolcoopError]) -> None:
    if isinstance(wanted, Operation):
        assert read(asked) == wanted
    else:
        with pytest.raises(wanted):
            read(asked)


@given(pairs, st.sampled_from([quote, quote_plus]))
def test_the_same_parameters_by_every_way(given_: list[tuple[str, str]], escape: Any) -> None:
    encoded = urlencode(given_, quote_via=escape).encode()
    wanted = expected(given_)
    check(request("POST", b"", encoded, content_type=FORM), wanted)
    check(request("GET", encoded), wanted)
    check(request("POST", encoded), wanted)
    # Some in the URL, some in the body: the order is that of the URL, then of the body.
    for cut in range(len(given_)):
        url, body = (urlencode(part).encode() for part in (given_[:cut], given_[cut:]))
        check(request("POST", url, body, content_type=f'{FORM}; charset="utf-8"'), wanted)
    if len([name for name, _ in given_ if name == "query"]) == 1:
        direct = next(value for name, value in given_ if name == "query")
        if not direct.startswith("\ufeff"):
            others = urlencode([pair for pair in given_ if pair[0] != "query"]).encode()
            check(request("POST", others, direct.encode(), content_type=QUERY), wanted)


@given(
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.one_of(
        st.sampled_from(
            [FORM, QUERY, UPDATE, "", f"{QUERY}; charset=latin-1", f"{FORM};", ";", "a/b;charset=\xff"]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    ),
)
def test_whatever_the_bytes_it_is_an_operation_or_the_clients_fault(
    method: str, query_string: bytes, body: bytes, content_type: str
) -> None:
    fault, operation = None, None
    try:
        operation = read(request(method, query_string, body, content_type=content_type))
    except PolcoopError as error:
        fault = error
    if operation is not None:
        assert operation.query.strip()
        assert operation.query.encode()
    else:
        assert fault is not None
        assert 400 <= fault.status < 500
        assert fault.detail


@given(st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=30))
def test_the_origin_is_an_iri_whatever_the_host(host: str) -> None:
    found = origin(request("GET", host=host))
    assert found.startswith("http://")
    assert not set(found) & set('<>"{}|^`\\ \t\r\n')
    assert found.isascii()
    if host in {"example.org", "example.org:80", "[::1]:8000"}:
        assert found == f"http://{host}"


def test_the_origin_of_well_known_hosts() -> None:
    for host in ("example.org", "example.org:8443", "[::1]:8000", "127.0.0.1"):
        assert origin(request("GET", host=host)) == f"http://{host}"
    assert origin(request("GET", host="exa mple")) == "http://127.0.0.1:8000"
    assert origin(request("GET")) == "http://127.0.0.1:8000"
