"""Parameters of requests that are asked as a query string or as a form, one value each."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from polcoop.errors import QueryTooLarge, UnsupportedMediaType
from polcoop.web.reading import FORM, body, fields, media_type, once, query_fields, refuse_encoded

MOST_BYTES: Final = 1_048_576
"""Longest body of a request."""
_MOST_FIELDS: Final = 100
_ACCEPTED: Final = f"send {FORM}, in UTF-8"


async def parameters(request: Request) -> dict[str, str]:
    """The parameters of the query string and of the form.

    :raises UsageError: one is given twice, or they cannot be read.
    :raises UnsupportedMediaType: the body is no form.
    :raises QueryTooLarge: the body is too long.
    """
    pairs = query_fields(request, _MOST_FIELDS)
    if request.method == "POST":
        if media_type(request) != FORM:
            raise UnsupportedMediaType("the body is not a form", hint=_ACCEPTED)
        refuse_encoded(request, _ACCEPTED)
        pairs += fields(await body(request, MOST_BYTES, QueryTooLarge), "form", _MOST_FIELDS)
    return once(pairs)
