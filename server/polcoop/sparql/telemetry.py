"""What the endpoint counts, in plain numbers: who shows them (``/metrics``, a log) reads them here.

One object for a server, made where engine and application are put together, and only touched on the thread of
the event loop.  No dependency, so that every floor above may count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a query ended, as the client sees it; each query ends in exactly one way."""

    ANSWERED = "answered"
    """By the engine, to the last byte."""
    CACHED = "cached"
    """From the cache."""
    UNCHANGED = "unchanged"
    """With 304: the client has the result."""
    REFUSED = "refused"
    """By the fault of the query or the request: malformed, forbidden, too large, not acceptable."""
    TIMEOUT = "timeout"
    """The deadline passed before the first byte."""
    FAILED = "failed"
    """The worker died before the first byte, or the server made a mistake."""
    OVERSIZED = "oversized"
    """The result exceeded the limit on its size before the first byte."""
    BUSY = "busy"
    """Turned away with 503: the server has too much to do."""
    THROTTLED = "throttled"
    """Turned away with 429: this client has too many queries in flight."""
    LEFT = "left"
    """The client left, or stopped reading."""
    BROKEN_OFF = "broken-off"
    """The result failed after its first byte; the connection was broken off."""


Observer = Callable[[Outcome, float], None]
"""Told of every query that has ended: how, and after how many seconds."""


@dataclass(slots=True)
class Telemetry:
    """Counters grow for as long as the server runs; gauges say what is the case now."""

    queries: Counter[Outcome] = field(default_factory=Counter)
    """Counter: queries that have ended, by outcome."""
    hits: int = 0
    """Counter: results found in the cache."""
    misses: int = 0
    """Counter: results that had to be evaluated."""
    evicted: int = 0
    """Counter: results that left the cache to make room."""
    cached_results: int = 0
    """Gauge: results in the cache."""
    cached_bytes: int = 0
    """Gauge: their size, compressed forms included."""
    workers: int = 0
    """Gauge: worker processes that are up."""
    busy: int = 0
    """Gauge: worker processes that evaluate a query."""
    waiting: int = 0
    """Gauge: queries that wait for a worker."""
    started: int = 0
    """Counter: worker processes started."""
    killed: int = 0
    """Counter: worker processes ended by the server: deadline, size, client gone, retired."""
    crashed: int = 0
    """Counter: worker processes that ended by themselves."""
    switched: int = 0
    """Counter: changes to another version of the dataset."""
    observers: list[Observer] = field(default_factory=list)

    def finished(self, outcome: Outcome, seconds: float) -> None:
        """Count a query that has ended after ``seconds`` and tell the observers."""
        self.queries[outcome] += 1
        for observe in self.observers:
            observe(outcome, seconds)
