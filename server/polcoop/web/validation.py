"""``POST /validate``: a body of RDF in, a validation report out.

The status tells of the validation, not of its verdict: data with violations is a 200 like data without, since
the report is what was asked for.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from polcoop.errors import DataTooLarge, UnsupportedMediaType, UsageError
from polcoop.formats import REPORTS, Representation, by_name, negotiate
from polcoop.quality.service import Judge, Judgement
from polcoop.web.delivery import while_connected
from polcoop.web.reading import body, media_type, once, query_fields, refuse_encoded

_MOST_FIELDS: Final = 10
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
    data = await body(request, max_bytes, DataTooLarge)
    asked = Judgement(
        suffix, representation.format.name, parameters.get("profile", "general"), parameters.get("lang", "en")
    )
    report = await while_connected(request.receive, judge.judge(data, asked))
    headers = {"Content-Type": representation.content_type, "Vary": "Accept", "Cache-Control": "no-store"}
    return Response(report, headers=headers)


def _parameters(request: Request) -> dict[str, str]:
    found = once(query_fields(request, _MOST_FIELDS), PARAMETERS)
    for name, value in found.items():
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
    suffix = SUFFIXES.get(media_type(request) or "")
    if suffix is None:
        raise UnsupportedMediaType("the body is not data in a format that is read here", hint=accepted)
    refuse_encoded(request, accepted)
    return suffix
