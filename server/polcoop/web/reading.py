"""What a request brings with it: parameters in the query string or in a form, and a body.

The framework parses neither: it would drop repetition, which the protocols tell apart, and replace what is
not UTF-8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from polcoop.errors import PolcoopError, UnsupportedMediaType, UsageError

FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 1000
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def query_fields(request: Request, most: int = _MOST_FIELDS) -> list[tuple[str, str]]:
    """Return the parameters of the query string, in their order; at most ``most``.

    :raises UsageError: it is not UTF-8, or has too many.
    """
    return fields(request.scope["query_string"], "query string", most)


def fields(encoded: bytes, place: str, most: int = _MOST_FIELDS) -> list[tuple[str, str]]:
    """Return the parameters that are percent-encoded in ``encoded``, in their order, at most ``most``;
    ``place`` is for errors.

    :raises UsageError: they are not UTF-8, or too many.
    """
    try:
        text = encoded.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=most)
    except UnicodeDecodeError as error:
        raise UsageError(f"the {place} is not UTF-8 text") from error
    except ValueError as error:
        raise UsageError(f"the {place} has more than {most} parameters") from error


def once(pairs: Iterable[tuple[str, str]], known: Collection[str] | None = None) -> dict[str, str]:
    """Return the value of each parameter; without ``known`` any name will do.

    :raises UsageError: one is repeated, or not in ``known``.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if known is not None and name not in known:
            raise UsageError("there is no such parameter", hint=f"parameters: {', '.join(known)}")
        if name in found:
            # What is told is one of our own names, never what a stranger sent.
            which = "a parameter" if known is None else f"the parameter '{name}'"
            raise UsageError(f"{which} is given twice")
        found[name] = value
    return found


def media_type(request: Request) -> str | None:
    """Return the media type of the body, in lower case and without its parameters; None if none is told."""
    return _content_type(request).get_content_type() if request.headers.get("content-type") else None


def refuse_encoded(request: Request, accepted: str) -> None:
    """Let no body pass that is compressed or says that it is not in UTF-8; ``accepted`` is the hint.

    :raises UnsupportedMediaType: it is.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("the body is compressed", hint=accepted)
    if str(_content_type(request).get_param("charset", "utf-8")).lower() not in _UTF8:
        raise UnsupportedMediaType("the body is not in UTF-8", hint=accepted)


async def body(request: Request, limit: int, too_large: type[PolcoopError]) -> bytes:
    """Return the body, which may have ``limit`` bytes; what is longer is not read to its end.

    :raises PolcoopError: it is longer; of the class ``too_large``.
    """
    read = bytearray()
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise too_large(f"the body has more than {limit:,} bytes")
    async for chunk in request.stream():
        read += chunk
        if len(read) > limit:
            raise too_large(f"the body has more than {limit:,} bytes")
    return bytes(read)


def _content_type(request: Request) -> Message:
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    return header
