"""SPARQL 1.1 Protocol, the query operation: from an HTTP request to what it asks for (section 2.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from polcoop.errors import ForbiddenQuery, QueryTooLarge, UnsupportedMediaType, UsageError
from polcoop.formats import Format, Representation, by_name, negotiate
from polcoop.web.access import QUERY as QUERY_TEXT

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
_MAX_FIELDS: Final = 1000
_FORM_OVERHEAD: Final = 3
"""Percent-encoding makes three bytes of one."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation, each parameter consumed once; ``digest`` asks for that of the result."""

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    timeout: float | None = None
    format: str | None = None
    digest: bool = False

    def seconds(self, longest: float) -> float:
        """The deadline: ``timeout=`` may only shorten it."""
        return longest if self.timeout is None else min(self.timeout, longest)

    def representation(self, accept: str | None, offered: tuple[Format, ...]) -> Representation:
        """What to send: ``format=`` goes before the Accept header.

        :raises NotAcceptable: no format fits.
        :raises UsageError: ``format=`` names none.
        """
        return by_name(self.format, offered) if self.format is not None else negotiate(accept, offered)


async def read_operation(request: Request, max_bytes: int) -> Operation:
    """Read the operation from the query string and the body; the framework parses neither, so repetition
    survives.

    :raises UsageError: a parameter is missing, repeated or malformed.
    :raises ForbiddenQuery: it is an update operation.
    :raises UnsupportedMediaType: the body is neither a form nor a query in UTF-8.
    :raises QueryTooLarge: the body exceeds what a query of ``max_bytes`` can need.
    """
    fields = read_fields(request)
    if request.method == "POST":
        body = await _body(request, max_bytes * _FORM_OVERHEAD + 65_536)
        fields += _body_fields(request, body)
    operation = _operation(fields)
    request.scope[QUERY_TEXT] = operation.query
    return operation


def read_fields(request: Request) -> list[tuple[str, str]]:
    """Return the parameters of the query string, in their order.

    :raises UsageError: it is not UTF-8, or has too many.
    """
    return _fields(request.scope["query_string"], "query string")


def _body_fields(request: Request, body: bytes) -> list[tuple[str, str]]:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    media_type, charset = header.get_content_type(), header.get_param("charset", "utf-8")
    if not request.headers.get("content-type"):
        # Blazegraph, as a client, puts everything in the URL and posts nothing.
        if not body:
            return []
        raise UnsupportedMediaType("the body has no Content-Type", hint=_ACCEPTED)
    if media_type == UPDATE:
        raise _read_only()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("the body is compressed", hint=_ACCEPTED)
    if media_type not in {FORM, QUERY}:
        raise UnsupportedMediaType(
            "the body has a media type that the protocol does not define", hint=_ACCEPTED
        )
    if str(charset).lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("the body is not in UTF-8", hint=_ACCEPTED)
    if media_type == FORM:
        return _fields(body, "form")
    try:
        return [("query", body.decode("utf-8-sig"))]
    except UnicodeDecodeError as error:
        raise UsageError("the query is not UTF-8 text") from error


_ACCEPTED: Final = f"send {QUERY} or {FORM}, in UTF-8"


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise QueryTooLarge(f"the body has more than {limit:,} bytes")
    return bytes(body)


def _fields(encoded: bytes, place: str) -> list[tuple[str, str]]:
    try:
        text = encoded.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise UsageError(f"the {place} is not UTF-8 text") from error
    except ValueError as error:
        raise UsageError(f"the {place} has more than {_MAX_FIELDS} parameters") from error


def _operation(fields: list[tuple[str, str]]) -> Operation:
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    if "update" in values:
        raise _read_only()
    query = _single(values, "query")
    if query is None or not query.strip():
        raise UsageError(
            "the parameter 'query' is missing", hint="/sparql?query=SELECT * WHERE { ?s ?p ?o } LIMIT 10"
        )
    return Operation(
        query,
        tuple(values.get("default-graph-uri", ())),
        tuple(values.get("named-graph-uri", ())),
        _timeout(_single(values, "timeout")),
        _single(values, "format") or None,
        _truth(values, "digest"),
    )


def _single(values: dict[str, list[str]], name: str) -> str | None:
    found = values.get(name, [])
    if len(found) > 1:
        raise UsageError(f"the parameter '{name}' is given {len(found)} times; once is meant")
    return found[0] if found else None


def _truth(values: dict[str, list[str]], name: str) -> bool:
    value = _single(values, name)
    if value not in {None, "true", "false"}:
        raise UsageError(f"the parameter '{name}' is true or false")
    return value == "true"


def _timeout(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise UsageError("the parameter 'timeout' is a number of seconds greater than 0")
    return seconds


def _read_only() -> ForbiddenQuery:
    return ForbiddenQuery(
        "this endpoint is read-only: it takes no updates", hint="send a query as the parameter 'query'"
    )
