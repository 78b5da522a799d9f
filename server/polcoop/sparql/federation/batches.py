"""Asking one endpoint for the solutions of one pattern that agree with given values, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from polcoop.errors import RemoteFailure
from polcoop.sparql.federation.inline import Row, columns, has_more_than, values
from polcoop.sparql.federation.plan import Step
from polcoop.sparql.federation.remote import TooMuch
from polcoop.sparql.federation.source import Answer, Budget, Request, Source

SMALLEST: Final = 50
LARGEST: Final = 200
_QUICK, _SLOW = 2.0, 8.0
"""Seconds: a batch answered in less is followed by one twice as large, in more by one half as large."""
_LONG: Final = 1 << 18
_IN_A_TERM: Final = 16
"""Texts, commas and braces that the JSON of a term has at most: a literal with a datatype has 12."""


class BatchSize:
    """How many rows of values to send at once: adapted to how quickly the answers come, or ``fixed``, so that
    the same query always sends the same requests."""

    def __init__(self, *, fixed: int | None = None) -> None:
        self._fixed = fixed
        self.rows = fixed or SMALLEST

    def learn(self, seconds: float) -> None:
        """Take note of how long the last batch took."""
        if self._fixed is None:
            factor = 2.0 if seconds < _QUICK else 0.5 if seconds > _SLOW else 1.0
            self.rows = max(SMALLEST, min(LARGEST, int(self.rows * factor)))

    def shrink(self) -> bool:
        """Make batches as small as can be; return whether they were not."""
        larger = self._fixed is None and self.rows > SMALLEST
        self.rows = SMALLEST if larger else self.rows
        return larger


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is asked of an endpoint: a group as text, with its braces; its ``prologue``; the variables
    ``wanted`` back.  ``open`` says that values may stand inside the group, at its beginning, which engines
    plan better than values beside it."""

    group: str
    prologue: str
    wanted: tuple[str, ...]
    open: bool

    def query(self, join: Sequence[str], rows: Sequence[Row] | None, limit: int) -> str:
        """The query for the solutions that agree with ``rows`` of values for the variables ``join``, or for
        all."""
        names = " ".join(f"?{name}" for name in self.wanted) or "(1 AS ?solution)"
        given = "" if rows is None else values(join, rows)
        inside = f"{{{given}{self.group[1:]}" if self.open or not given else f"{{{given}{self.group} }}"
        return f"{self.prologue}\nSELECT {names} WHERE {inside}\nLIMIT {limit}".lstrip()


class Asking:
    """The means that one query has to ask endpoints."""

    def __init__(self, source: Source, budget: Budget, size: BatchSize) -> None:
        self._source, self._budget, self._size = source, budget, size
        # One row more than can be used shows that there are too many; the same number in every request, so
        # that the same question is the same text.
        self._limit = budget.rows + 1

    async def all(self, pattern: Pattern, step: Step) -> list[Row]:
        """Every solution of the pattern, with the variables that it wants.

        :raises PolcoopError: as :meth:`polcoop.sparql.federation.source.Source.answer` says.
        """
        return await self._rows(pattern, pattern.query((), None, self._limit), step)

    async def matching(
        self, pattern: Pattern, join: Sequence[str], rows: Sequence[Row], step: Step
    ) -> list[Row]:
        """The solutions that agree with one of the ``rows`` (distinct, nothing unbound in them).

        :raises PolcoopError: as :meth:`polcoop.sparql.federation.source.Source.answer` says.
        """
        found: list[Row] = []
        start = 0
        while start < len(rows):
            batch = rows[start : start + self._size.rows]
            try:
                found += await self._rows(pattern, pattern.query(join, batch, self._limit), step)
            except TooMuch:
                if not self._size.shrink():
                    raise
                continue
            step.rows_out += len(batch)
            start += len(batch)
        return found

    async def _rows(self, pattern: Pattern, query: str, step: Step) -> list[Row]:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        step.query = step.query or query
        try:
            answer = await self._source.answer(Request(step.endpoint, query), self._budget)
            rows = await self._read(answer, pattern.wanted)
        except RemoteFailure as error:
            if f"<{step.endpoint}>" not in error.detail:
                error.args = (f"<{step.endpoint}>: {error.detail}",)
                error.detail = error.args[0]
            raise
        finally:
            taken = loop.time() - begun
            step.milliseconds += taken * 1000
        self._size.learn(taken)
        step.batches += 1
        step.cached += answer.cached
        step.rows_back += len(rows)
        self._budget.take_rows(len(rows))
        return rows

    async def _read(self, answer: Answer, wanted: tuple[str, ...]) -> list[Row]:
        """The rows of an answer; in a thread when they are many, so that others get their turn.

        :raises BudgetExceeded: there is so much in it that reading alone would take seconds and gigabytes.
        """
        if len(answer.content) <= _LONG:
            return columns(answer.content, wanted)
        most = (self._budget.rows + 1) * (1 + _IN_A_TERM * (1 + len(wanted)))
        if await asyncio.to_thread(has_more_than, most, answer.content):
            raise self._budget.exceeded(f"{self._budget.rows:,} rows from other endpoints")
        return await asyncio.to_thread(columns, answer.content, wanted)
