"""Errors as ``application/problem+json`` (RFC 9457); in words for who asks for a page or for text."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from polcoop.errors import NotAcceptable, PolcoopError, Position
from polcoop.formats import ERRORS, PROBLEM, negotiate
from polcoop.web.headers import COMMON

_log: Final = logging.getLogger(__name__)
_TYPES: Final = "https://w3id.org/polcoop/problem/"


def problem(
    request: Request,
    status: int,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return the response for one problem; ``more`` are further members, ``type`` for instance."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})}
    if _for_programs(request):
        return JSONResponse(body, status, headers, media_type=PROBLEM.media_type)
    return PlainTextResponse(_in_words(body), status, headers)


def _for_programs(request: Request) -> bool:
    try:
        return negotiate(", ".join(request.headers.getlist("accept")), ERRORS).format is PROBLEM
    except NotAcceptable:
        return True


def _in_words(body: Mapping[str, Any]) -> str:
    """Plain text, so that what it quotes of the request can do nothing in a browser."""
    place = f" (line {body['line']}, column {body['column']})" if "line" in body else ""
    lines = [f"{body['status']} {body['title']}", "", f"{body['detail']}{place}"]
    if "hint" in body:
        lines.append(f"Hint: {body['hint']}")
    return "\n".join(lines) + "\n"


async def on_error(request: Request, error: Exception) -> Response:
    """Answer an error of our own tree: its class says the status, the title and the type."""
    assert isinstance(error, PolcoopError)  # noqa: S101 (registered for this class)
    extra: dict[str, Any] = {}
    if error.hint:
        extra["hint"] = error.hint
    position = getattr(error, "position", None)
    if isinstance(position, Position):
        extra |= {"line": position.line, "column": position.column}
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("%s: %s", error.title, error.detail)
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    extra["type"] = _TYPES + kind
    return problem(request, error.status, error.title, error.detail, headers=headers, **extra)


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what the framework raises, such as 404 and 405."""
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for this class)
    phrase = HTTPStatus(error.status_code).phrase
    return problem(request, error.status_code, phrase, str(error.detail), headers=error.headers)


async def on_crash(request: Request, _error: Exception) -> Response:
    """Answer a fault of ours, saying nothing about it; the server logs it."""
    # The framework sends this from outside of all that adds headers.
    detail = "the server made a mistake; it has been logged"
    return problem(request, 500, "Internal error", detail, headers=COMMON)
