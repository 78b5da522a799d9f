"""Asking a remote endpoint over HTTP: the SPARQL 1.1 Protocol's query operation, from the client's side."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urljoin

import httpx2

from polcoop.errors import ForbiddenQuery, RemoteBusy, RemoteFailure, RemoteTimeout
from polcoop.formats import JSON
from polcoop.sparql.federation.policy import Address, Policy
from polcoop.sparql.federation.politeness import Turns
from polcoop.sparql.federation.source import Answer, Budget, Request

_REDIRECTS: Final = frozenset({301, 302, 307, 308})
_MOST_REDIRECTS: Final = 3
_BUSY: Final = frozenset({429, 503})
_TOO_MUCH: Final = frozenset({413, 414, 500, 502, 504})
_EXCERPT: Final = 300


class TooMuch(RemoteFailure):
    """The endpoint failed in a way that a smaller request may not."""


class Remote:
    """The source that is the network.  One object serves all queries of a process; those that have ``turns``
    in one folder take turns with one another."""

    def __init__(self, policy: Policy, user_agent: str, turns: Path | None = None) -> None:
        self._policy, self._turns = policy, Turns(turns)
        # Certificates are those of the system or of SSL_CERT_FILE; they are read once.
        self._tls = httpx2.create_ssl_context()
        self._headers = {
            "User-Agent": user_agent,
            "Accept": JSON.media_type,
            # Decoded below, where the size of what comes out is bounded.
            "Accept-Encoding": "gzip",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    async def answer(self, request: Request, budget: Budget) -> Answer:
        """Send the request; see :class:`polcoop.sparql.federation.source.Source`."""
        url = request.endpoint
        for _ in range(_MOST_REDIRECTS + 1):
            address = self._policy.check(url)
            found = await self._patiently(address, request.query, budget)
            if isinstance(found, bytes):
                return Answer(found)
            url = urljoin(url, found)
            try:
                self._policy.check(url)
            except ForbiddenQuery as error:
                raise ForbiddenQuery(
                    f"<{request.endpoint}> redirects to <{url[:200]}>, which is not on the list",
                    hint=error.hint,
                ) from error
        raise RemoteFailure(f"<{request.endpoint}> redirects more than {_MOST_REDIRECTS} times")

    async def _patiently(self, address: Address, query: str, budget: Budget) -> bytes | str:
        """The body of an answer, or where the endpoint redirects to.  When it asks us to wait and there is
        time, we wait."""
        while True:
            try:
                return await self._politely(address, query, budget)
            except RemoteBusy as error:
                if error.retry_after is None or error.retry_after >= budget.seconds:
                    raise

    async def _politely(self, address: Address, query: str, budget: Budget) -> bytes | str:
        if not budget.seconds:
            raise _late(address)
        async with self._turns.turn(address.host, budget.seconds):
            budget.call()
            try:
                async with asyncio.timeout(budget.seconds):
                    return await self._exchange(address, query, budget)
            except TimeoutError as error:
                raise _late(address) from error
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise RemoteFailure(f"<{_url(address)}> cannot be asked: {reason[:_EXCERPT]}") from error

    async def _exchange(self, address: Address, query: str, budget: Budget) -> bytes | str:
        numbers = await self._policy.resolve(address)
        async with self._sent(address, numbers, query) as response:
            status = response.status_code
            if status in _REDIRECTS and "location" in response.headers:
                return response.headers["location"]
            if status in _BUSY:
                seconds = self._turns.postpone(address.host, response.headers.get("retry-after"))
                raise RemoteBusy(
                    f"<{_url(address)}> is too busy (status {status}): we are to wait {seconds:.0f} seconds",
                    seconds=seconds,
                )
            if status != httpx2.codes.OK:
                kind = TooMuch if status in _TOO_MUCH else RemoteFailure
                raise kind(
                    f"<{_url(address)}> answers with status {status}: {await _excerpt(response, address)}"
                )
            return await _body(response, address, budget)

    @asynccontextmanager
    async def _sent(self, address: Address, numbers: list[str], query: str) -> AsyncIterator[httpx2.Response]:
        """Connect to one of the numbers that the name stands for, under its name, and send the query."""
        # No connection is kept: one made under another name of the same number must not be taken.
        limits = httpx2.Limits(max_keepalive_connections=0)
        transport = httpx2.AsyncHTTPTransport(verify=self._tls, limits=limits)
        # No proxy and no .netrc.
        async with httpx2.AsyncClient(transport=transport, trust_env=False, timeout=None) as client:
            for number in numbers:
                host = f"[{number}]" if ":" in number else number
                request = client.build_request(
                    "POST",
                    f"{address.scheme}://{host}:{address.port}{address.path}",
                    content=urlencode({"query": query}).encode(),
                    headers={**self._headers, "Host": address.authority},
                    extensions={"sni_hostname": address.host},
                )
                try:
                    response = await client.send(request, stream=True)
                except httpx2.ConnectError:
                    if number == numbers[-1]:
                        raise
                    continue
                try:
                    yield response
                finally:
                    await response.aclose()
                return


async def _body(response: httpx2.Response, address: Address, budget: Budget) -> bytes:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON.media_types:
        raise RemoteFailure(
            f"<{_url(address)}> answers with {media_type or 'no media type'} instead of {JSON.media_type}"
        )
    body = bytearray()
    async for piece in _decoded(response, address):
        budget.take(len(piece))
        body += piece
    return bytes(body)


async def _decoded(response: httpx2.Response, address: Address) -> AsyncIterator[bytes]:
    """The body without its compression, in pieces that stay small however much is packed into them."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise RemoteFailure(
            f"<{_url(address)}> answers in the encoding {encoding[:40]}, which was not asked for"
        )
    gzip = zlib.decompressobj(wbits=31) if encoding != "identity" else None
    try:
        async for raw in response.aiter_raw():
            if gzip is None:
                yield raw
                continue
            piece = gzip.decompress(raw, _PIECE)
            while piece:
                yield piece
                piece = gzip.decompress(gzip.unconsumed_tail, _PIECE)
    except zlib.error as error:
        raise RemoteFailure(f"<{_url(address)}> answers with broken compression: {error}") from error
    if gzip is not None and not gzip.eof:
        raise RemoteFailure(f"<{_url(address)}> broke off in the middle of its answer")


_PIECE: Final = 1 << 16


async def _excerpt(response: httpx2.Response, address: Address) -> str:
    """The beginning of an error message, as one printable line."""
    begin = b""
    async for piece in _decoded(response, address):
        begin += piece
        if len(begin) >= _EXCERPT:
            break
    text = begin[:_EXCERPT].decode(errors="replace")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split()) or "nothing more"


def _late(address: Address) -> RemoteTimeout:
    return RemoteTimeout(
        f"<{_url(address)}> did not answer completely in the time that this query had for it",
        hint="ask for less inside SERVICE, or try again later",
    )


def _url(address: Address) -> str:
    return f"{address.scheme}://{address.authority}{address.path}"
