"""Any SPARQL endpoint, asked over HTTP (SPARQL 1.1 Protocol, 2.1)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any, Final

import httpx2

from polcoop import __version__
from polcoop.citation.provenance import WANTED
from polcoop.errors import (
    EngineFailure,
    ForbiddenQuery,
    Overloaded,
    PolcoopError,
    Position,
    QueryError,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    SourceError,
    UsageError,
)

from .background import loop
from .transport import Answer, Chunks, Kind

METHODS: Final = ("auto", "GET", "POST")
_LONGEST_URL: Final = 2000
"""Characters of query text up to which ``auto`` asks by GET, whose answers caches keep."""
_MOST_OF_AN_ERROR: Final = 20_000
_SHOWN: Final = 500
_AGENT: Final = f"polcoop/{__version__} (Python client; +https://w3id.org/polcoop/)"


class RemoteTransport:
    """An endpoint at an address; see :class:`polcoop.client.transport.Transport`."""

    def __init__(self, url: str, method: str, headers: dict[str, str] | None) -> None:
        """``headers`` are sent with each query, an Authorization for instance.

        :raises UsageError: ``url`` is no HTTP address, or ``method`` none of ``METHODS``.
        """
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise UsageError(f"'{url}' is not an address: {error}") from error
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise UsageError(f"'{url}' is not an HTTP address", hint='such as "http://127.0.0.1:8000/sparql"')
        if method not in METHODS:
            raise UsageError(f"'{method}' is no method for queries", hint=f"one of {', '.join(METHODS)}")
        self.name = url
        self._method = method
        # Time is kept by the deadline of each query, which covers all that the library would time by parts.
        self._http = httpx2.AsyncClient(
            headers={"User-Agent": _AGENT, **(headers or {})}, timeout=None, follow_redirects=True
        )

    def ask(self, text: str, kind: Kind, seconds: float, *, identified: bool = False) -> Answer:
        """See :class:`polcoop.client.transport.Transport`."""
        request = self._request(text, kind, {WANTED: "result"} if identified else {})
        media_type, result = loop().run(self._begin(request, kind, seconds))
        return Answer(media_type, Chunks(result), result.headers)

    def close(self) -> None:
        """Close the connections."""
        loop().run(self._http.aclose())

    async def _begin(self, request: httpx2.Request, kind: Kind, seconds: float) -> tuple[str, RemoteResult]:
        """Send the request; return the media type of the answer once its head is there, and the result."""
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._http.send(request, stream=True)
                media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                if response.status_code != HTTPStatus.OK:
                    raise _refusal(response, await _start(response))
                if media_type not in kind.media_types:
                    await response.aclose()
                    raise SourceError(
                        f"{self.name} answers with {media_type or 'no media type'}, no result of a query",
                        hint="is this the address of a SPARQL endpoint, and not of a page about one?",
                    )
        except TimeoutError:
            raise _late(seconds) from None
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        return media_type, RemoteResult(response, deadline, seconds)

    def _request(self, text: str, kind: Kind, wanted: dict[str, str]) -> httpx2.Request:
        get = self._method == "GET" or (self._method == "auto" and len(text) <= _LONGEST_URL)
        headers = {"Accept": kind.accept, **wanted}
        if get:
            # The address may have parameters of its own.
            url = httpx2.URL(self.name).copy_merge_params({"query": text})
            return self._http.build_request("GET", url, headers=headers)
        return self._http.build_request("POST", self.name, data={"query": text}, headers=headers)

    def _unreachable(self, error: Exception) -> SourceError:
        return SourceError(f"{self.name} cannot be asked: {error or type(error).__name__}")


class RemoteResult:
    """The body of a response, read as it comes; see :class:`polcoop.sparql.engine.QueryResult`."""

    length = None
    digest = None
    explanation = None

    def __init__(self, response: httpx2.Response, deadline: float, seconds: float) -> None:
        self._response, self._deadline, self._seconds = response, deadline, seconds
        self.headers = dict(response.headers)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes; a normal end means that the result is complete."""
        try:
            chunks = self._response.aiter_bytes()
            while True:
                async with asyncio.timeout_at(self._deadline):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    return
                yield chunk
        except TimeoutError:
            raise _late(self._seconds) from None
        except httpx2.HTTPError as error:
            host = self._response.url.host
            raise EngineFailure(f"the answer of {host} is broken off: {error}") from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the response; its connection with it unless the body has been read to its end."""
        await self._response.aclose()


def _late(seconds: float) -> QueryTimeout:
    return QueryTimeout(
        f"no complete answer within {seconds:g} seconds", hint="ask for less, or set timeout="
    )


async def _start(response: httpx2.Response) -> str:
    """The beginning of the body of an error."""
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MOST_OF_AN_ERROR:
            break
    await response.aclose()
    return body[:_MOST_OF_AN_ERROR].decode(errors="replace")


def _kinds(root: type[PolcoopError] = PolcoopError) -> Iterator[type[PolcoopError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)


_BY_STATUS: Final[dict[int, type[PolcoopError]]] = {
    400: QueryError,
    401: ForbiddenQuery,
    403: ForbiddenQuery,
    404: SourceError,
    408: QueryTimeout,
    413: QueryTooLarge,
    414: QueryTooLarge,
    429: Overloaded,
    503: Overloaded,
    504: QueryTimeout,
}
# As Jena, RDF4J, Blazegraph, GraphDB and Virtuoso say where a query does not parse.
_PLACE: Final = re.compile(r"\bline:? (\d+)(?:,? *col(?:umn)?:? (\d+))?", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]+>", re.DOTALL | re.IGNORECASE)


def _refusal(response: httpx2.Response, body: str) -> PolcoopError:
    """The error that a response tells of: of the endpoint's own kind when it is one of ours."""
    document = _problem(response, body)
    detail = str(document.get("detail") or document.get("message") or "") or _words(response, body)
    kind = _BY_STATUS.get(response.status_code, EngineFailure)
    last = str(document.get("type", "")).rpartition("/")[2].replace("-", "")
    kind = next((known for known in _kinds() if known.__name__.lower() == last), kind)
    place = _place(document, "" if document else detail)
    if issubclass(kind, QueryError) and place is not None:
        return QuerySyntaxError(detail, position=place, hint=document.get("hint"))
    wait = response.headers.get("retry-after")
    hint = document.get("hint") or (f"it asks to wait {wait} seconds" if wait and wait.isdecimal() else None)
    return kind(detail, hint=hint)


def _problem(response: httpx2.Response, body: str) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        return {}
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _words(response: httpx2.Response, body: str) -> str:
    """What an error page says, without its markup and in a length that a person reads."""
    text = " ".join(_MARKUP.sub(" ", body).split())
    said = f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
    status = f"{response.status_code} {response.reason_phrase}"
    return f"{response.url.host} answers {status}: {said or 'no reason given'}"


def _place(document: dict[str, Any], detail: str) -> Position | None:
    if isinstance(line := document.get("line"), int):
        return Position(line, document.get("column") or 1)
    if found := _PLACE.search(detail):
        return Position(int(found[1]), int(found[2] or 1))
    return None
