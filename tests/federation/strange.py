"""A real server on loopback that misbehaves as it is told to."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

RESULTS: Final = "application/sparql-results+json"
Behaviour = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One request, and the way to answer it."""

    def __init__(
        self, head: str, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first, *lines = head.split("\r\n")
        self.method, self.path, _ = first.split(" ")
        self.headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name
        }
        self.query = parse_qs(body.decode())["query"][0]
        self.reader, self.writer = reader, writer

    async def hang(self) -> None:
        """Say nothing for as long as the visitor stays."""
        await self.reader.read()

    async def send(self, *pieces: bytes) -> None:
        """Send raw bytes, each piece at once."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self, body: bytes, status: str = "200 OK", **headers: str) -> None:
        """Send a whole response; ``Content_Type`` and the like become headers."""
        named = {"Content-Type": RESULTS, "Content-Length": str(len(body)), "Connection": "close"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        await self.send(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)


def results(variables: Sequence[str] = ("x",), rows: Sequence[dict[str, Any]] = ()) -> bytes:
    """SPARQL results in JSON; a text stands for an IRI."""
    bindings = [
        {
            name: {"type": "uri", "value": term} if isinstance(term, str) else term
            for name, term in row.items()
        }
        for row in rows
    ]
    return json.dumps({"head": {"vars": list(variables)}, "results": {"bindings": bindings}}).encode()


class StrangeServer:
    """Runs in a thread of its own; ``behaviour`` may be changed at any time, ``visits`` are the requests so
    far, ``most_at_once`` how many were open together."""

    def __init__(self, behaviour: Behaviour | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour or (lambda visit: visit.answer(results()))
        self.visits: list[Visit] = []
        self.most_at_once = 0
        self._open = 0
        self._loop = asyncio.new_event_loop()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self._server = self._loop.run_until_complete(starting)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/sparql"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
            visit = Visit(head, await reader.readexactly(length), reader, writer)
            self.visits.append(visit)
            await self.behaviour(visit)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the visitor has left, which is often the point
        finally:
            self._open -= 1
            writer.close()

    def close(self) -> None:
        """Stop listening, and drop what is still open; harmless when called twice."""
        if self._loop.is_closed():
            return

        def stop() -> None:
            self._server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_later(0.05, self._loop.stop)

        self._loop.call_soon_threadsafe(stop)
        self._thread.join(timeout=10)
        self._loop.close()
