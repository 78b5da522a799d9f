"""Parameters of requests that are asked as a query string or as a form, one value each."""

from __future__ import annotations

from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from polcoop.errors import QueryTooLarge, UnsupportedMediaType, UsageError

MOST_BYTES: Final = 1_048_576
"""Longest body of a request."""
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100


async def parameters(request: Request) -> dict[str, str]:
    """The parameters of the query string and of the form.

    :raises UsageError: one is given twice, or they cannot be read.
    :raises UnsupportedMediaType: the body is no form.
    :raises QueryTooLarge: the body is too long.
    """
    fields = _fields(request.scope["query_string"])
    if request.method == "POST":
        fields += _fields(await _body(request))
    given = dict(fields)
    if len(given) < len(fields):
        raise UsageError("a parameter is given twice")
    return given


def _fields(encoded: bytes) -> list[tuple[str, str]]:
    try:
        text = encoded.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise UsageError("the parameters cannot be read: they are not UTF-8, or too many") from error


async def _body(request: Request) -> bytes:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if header.get_content_type() != _FORM:
        raise UnsupportedMediaType("the body is not a form", hint=f"send {_FORM}, in UTF-8")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise QueryTooLarge(f"the body has more than {MOST_BYTES:,} bytes")
    return bytes(body)
