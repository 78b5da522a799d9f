"""Where answers come from (the network, a cache, a lockfile), and what one query may spend on them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from polcoop.errors import BudgetExceeded


@dataclass(frozen=True, slots=True)
class Request:
    """A query for an endpoint, by its IRI."""

    endpoint: str
    query: str


@dataclass(frozen=True, slots=True)
class Answer:
    """SPARQL results in JSON, and whether they had been asked for before."""

    content: bytes
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one query may spend on remote endpoints: calls, seconds, bytes and rows of answers."""

    calls: int = 50
    seconds: float = 20.0
    size: int = 32 << 20
    rows: int = 20_000


class Budget:
    """What is left of an allowance.  Made inside the event loop, whose clock it reads."""

    def __init__(self, allowance: Allowance, seconds: float) -> None:
        """``seconds`` is what is left until the deadline of the query itself."""
        self._allowance = allowance
        self._calls, self.size, self.rows = allowance.calls, allowance.size, allowance.rows
        self.deadline = asyncio.get_running_loop().time() + min(allowance.seconds, seconds)

    @property
    def seconds(self) -> float:
        """Seconds left, 0 when there are none."""
        return max(0.0, self.deadline - asyncio.get_running_loop().time())

    def call(self) -> None:
        """Count one request.

        :raises BudgetExceeded: it is one too many.
        """
        if self._calls == 0:
            raise self.exceeded(f"{self._allowance.calls} requests to other endpoints")
        self._calls -= 1

    def take(self, size: int) -> None:
        """Count bytes of an answer.

        :raises BudgetExceeded: they are too many.
        """
        self.size -= size
        if self.size < 0:
            raise self.exceeded(f"{self._allowance.size:,} bytes from other endpoints")

    def take_rows(self, count: int) -> None:
        """Count rows of an answer.

        :raises BudgetExceeded: they are too many.
        """
        self.rows -= count
        if self.rows < 0:
            raise self.exceeded(f"{self._allowance.rows:,} rows from other endpoints")

    @staticmethod
    def exceeded(what: str) -> BudgetExceeded:
        """The error for more than ``what``."""
        return BudgetExceeded(
            f"this query would need more than {what}",
            hint="bind more of what stands inside SERVICE by triples beside it, or ask for less there",
        )


class Source(Protocol):
    """Answers requests.  Caching, recording and replaying are sources around others."""

    async def answer(self, request: Request, budget: Budget) -> Answer:
        """Return the answer.

        :raises RemoteFailure: there is none, by the fault of the endpoint or of the way there.
        :raises ForbiddenQuery: the endpoint, or where it leads, is not allowed.
        :raises BudgetExceeded: the query has spent what it may.
        :raises NotRecorded: a lockfile knows no answer.
        """
