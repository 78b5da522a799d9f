"""``POST /validate``: a body of RDF in, a validation report out.

The status tells of the validation, not of its verdict: data with violations is a 200 like data without, since
the report is what was asked for.
"""

from __future__ import annotations

from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request, Response

from polcoop.errors import DataTooLarge, UnsupportedMediaType, UsageError
from polcoop.formats import REPORTS, Representation, by_name, negotiate
from polcoop.quality.service import Judge, Judgement
from polcoop.web.delivery import while_connected

SUFFIXES: Final = {
    "text/turtle": ".ttl",
    "application/n-triples": ".nt",
    "application/ld+json": ".jsonld",
}
"""Media types of data to the endings of its files."""
PARAMETERS: Final = {"format": None, "profile": ("general", "note"), "lang": ("en", "fr")}
"""Parameters of the query string, with their values where they are a closed list, the default one first."""


async def validated(request: Request, judge: Judge, max_bytes: int) -> Response:
    """Answer one request.

    :raises UnsupportedMediaType: the body is in none of ``SUFFIXES``, or not in UTF-8.
    :raises DataTooLarge: it has more than ``max_bytes``.
    :raises NotAcceptable: no format of reports fits.
    :raises PolcoopError: as :meth:`Judge.judge` says.
    """
    parameters = _parameters(request)
    representation = _representation(request, parameters.get("format"))
    suffix = _suffix(request)
    body = await _body(request, max_bytes)
    asked = Judgement(
        suffix, representation.format.name, parameters.get("profile", "general"), parameters.get("lang", "en")
    )
    report = await while_connected(request.receive, judge.judge(body, asked))
    headers = {"Content-Type": representation.content_type, "Vary": "Accept", "Cache-Control": "no-store"}
    return Response(report, headers=headers)


def _parameters(request: Request) -> dict[str, str]:
    try:
        pairs = parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise UsageError("the query string cannot be read") from error
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UsageError("a parameter is given twice")
    for name, value in found.items():
        if name not in PARAMETERS:
            raise UsageError(f"there is no parameter '{name}'", hint=f"parameters: {', '.join(PARAMETERS)}")
        values = PARAMETERS[name]
        if values is not None and value not in values:
            raise UsageError(f"'{name}' is one of {', '.join(values)}")
    return found


def _representation(request: Request, name: str | None) -> Representation:
    if name is not None:
        return by_name(name, REPORTS)
    return negotiate(", ".join(request.headers.getlist("accept")) or None, REPORTS)


def _suffix(request: Request) -> str:
    accepted = f"send {', '.join(SUFFIXES)}, in UTF-8"
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    media_type = header.get_content_type() if request.headers.get("content-type") else ""
    if media_type not in SUFFIXES:
        raise UnsupportedMediaType("the body is not data in a format that is read here", hint=accepted)
    if str(header.get_param("charset", "utf-8")).lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("the body is not in UTF-8", hint=accepted)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("the body is compressed", hint=accepted)
    return SUFFIXES[media_type]


async def _body(request: Request, limit: int) -> bytes:
    too_large = DataTooLarge(f"the body has more than {limit:,} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)
