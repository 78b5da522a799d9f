"""SPARQL 1.1 Protocol, the query operation: from an HTTP request to what it asks for (section 2.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from polcoop.errors import ForbiddenQuery, QueryTooLarge, UnsupportedMediaType, UsageError
from polcoop.formats import Format, Representation, by_name, negotiate
from polcoop.web.access import QUERY as QUERY_TEXT
from polcoop.web.reading import FORM, body, fields, media_type, query_fields, refuse_encoded

QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
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
    """Read the operation from the query string and the body.

    :raises UsageError: a parameter is missing, repeated or malformed.
    :raises ForbiddenQuery: it is an update operation.
    :raises UnsupportedMediaType: the body is neither a form nor a query in UTF-8.
    :raises QueryTooLarge: the body exceeds what a query of ``max_bytes`` can need.
    """
    pairs = query_fields(request)
    if request.method == "POST":
        posted = await body(request, max_bytes * _FORM_OVERHEAD + 65_536, QueryTooLarge)
        pairs += _body_fields(request, posted)
    operation = _operation(pairs)
    request.scope[QUERY_TEXT] = operation.query
    return operation


def _body_fields(request: Request, posted: bytes) -> list[tuple[str, str]]:
    kind = media_type(request)
    if kind is None:
        # Blazegraph, as a client, puts everything in the URL and posts nothing.
        if not posted:
            return []
        raise UnsupportedMediaType("the body has no Content-Type", hint=_ACCEPTED)
    if kind == UPDATE:
        raise _read_only()
    if kind not in {FORM, QUERY}:
        raise UnsupportedMediaType(
            "the body has a media type that the protocol does not define", hint=_ACCEPTED
        )
    refuse_encoded(request, _ACCEPTED)
    if kind == FORM:
        return fields(posted, "form")
    try:
        return [("query", posted.decode("utf-8-sig"))]
    except UnicodeDecodeError as error:
        raise UsageError("the query is not UTF-8 text") from error


_ACCEPTED: Final = f"send {QUERY} or {FORM}, in UTF-8"


def _operation(pairs: list[tuple[str, str]]) -> Operation:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
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
