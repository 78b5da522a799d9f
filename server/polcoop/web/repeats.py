"""Requests that were seen before, byte for byte, and what was answered: the shortest way there is."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from polcoop.sparql.engine import Dataset
from polcoop.sparql.telemetry import Outcome, Telemetry
from polcoop.web.caching import Headers
from polcoop.web.delivery import Kept

EXTENSION: Final = "polcoop.repeat"
"""The ASGI extension: ``learn`` takes a request and the response that the same may get again."""

LONGEST: Final = 4096
"""Bytes of the longest request that is remembered."""
_MOST: Final = 4096
"""Requests that are remembered."""

_PHRASES: Final = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}

Told = Callable[[Scope, int, int, float], None]
"""Told of an answer that no application saw: the request, status, bytes of the body, seconds."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The answer to a request, as it goes over the wire but for the headers that the server adds to all."""

    dataset: Dataset
    kept: Kept
    scope: Scope
    head: bytes


class Repeats:
    """A dictionary from requests to answers; an answer goes when its result leaves the cache or the dataset
    changes.

    What a request means depends on its bytes alone, so nothing in it has to be understood again.
    """

    def __init__(self, dataset: Callable[[], Dataset], telemetry: Telemetry) -> None:
        self._dataset, self._telemetry = dataset, telemetry
        self._known: OrderedDict[bytes, Repeat] = OrderedDict()
        self.told: Told | None = None
        self._headers: Headers = []
        self._lines = b""

    def _common(self, headers: Headers) -> bytes:
        # The server makes a new list every second, for the date.
        if headers is not self._headers:
            self._headers, self._lines = headers, _lines(headers)
        return self._lines

    def learn(self, request: bytes, scope: Scope, kept: Kept) -> None:
        """Remember what ``request`` was answered with."""
        self._known[request] = Repeat(self._dataset(), kept, scope, _lines(kept.raw_headers) + b"\r\n")
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def answer(self, request: bytes, common: Headers) -> bytes | None:
        """The whole response to ``request`` if it is known; ``common`` are headers of all responses."""
        found = self._known.get(request)
        if found is None:
            return None
        begun = time.perf_counter()
        kept = found.kept
        if found.dataset is not self._dataset() or not (kept.entry.kept or kept.status_code == 304):
            del self._known[request]
            return None
        unchanged = kept.status_code == 304
        self._telemetry.hits += not unchanged
        seconds = time.perf_counter() - begun
        self._telemetry.finished(Outcome.UNCHANGED if unchanged else Outcome.CACHED, seconds)
        if self.told is not None:
            self.told(found.scope, kept.status_code, len(kept.body), seconds)
        return b"".join((_PHRASES[kept.status_code], self._common(common), found.head, kept.body))


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
