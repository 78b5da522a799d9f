"""The engine on this machine: worker processes, each of which can be killed.

A worker is killed at the deadline, when it runs out of memory or stack, and when the caller closes a result
early; another one takes its place, and no other query notices.  A query that takes longer than a moment is
set aside: it goes on at the lowest priority, and a new worker takes its place, so that light queries never
wait for heavy ones.  Processes are spawned, never forked: the server has threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from polcoop.formats import JSONLD, RDFXML, TRIG, TURTLE, Format
from polcoop.iris import SPARQL
from polcoop.sparql.engine import Dataset, Limits
from polcoop.sparql.exchange import DisplacedError
from polcoop.sparql.pool import Pool
from polcoop.sparql.process import Worker
from polcoop.sparql.query import Query
from polcoop.sparql.result import LocalResult
from polcoop.sparql.telemetry import Telemetry
from polcoop.sparql.turns import Turns

Place = tuple[Pool, Worker]

_WITH_PREFIXES: Final = frozenset({TURTLE, TRIG, RDFXML, JSONLD})

_TOGETHER: Final = 4
"""Queries that a worker gets at once, at most."""
_SOON: Final = 0.004
"""Seconds in which it is done with them, as far as can be foreseen."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much an engine does at a time.

    ``workers`` queries are evaluated at once, and ``long`` more that have taken longer than ``grace``
    seconds, or half of that when no worker is free; each may take ``memory`` bytes.  ``queue`` queries wait,
    at most ``patience`` seconds; a client has at most ``share`` of all these.
    """

    workers: int = 4
    memory: int = 1 << 30
    queue: int = 64
    patience: float = 10.0
    share: int = 1 << 30
    long: int = 4
    grace: float = 1.0


class LocalEngine:
    """The engine over one store folder at a time.  ``async with`` starts and stops its workers."""

    def __init__(
        self,
        dataset: Dataset | Path,
        capacity: Capacity = Capacity(),
        telemetry: Telemetry | None = None,
    ) -> None:
        self.dataset = dataset if isinstance(dataset, Dataset) else Dataset(dataset)
        """What new queries are answered from."""
        self.telemetry = telemetry or Telemetry()
        self._capacity = capacity
        self._turns: Turns[Place] = Turns(
            capacity.queue, capacity.share, lambda place: place[0].give_back(place[1])
        )
        self._pool = self._new_pool(self.dataset)
        self._retired: dict[Pool, asyncio.Task[None]] = {}
        self._aside: list[LocalResult] = []

    async def start(self) -> None:
        """Start the workers; return when the first is ready.

        :raises SourceError: the store cannot be opened.
        """
        await self._pool.start()

    async def switch(self, dataset: Dataset) -> None:
        """Answer new queries from ``dataset``; those under way end on the one before.

        :raises SourceError: its store cannot be opened; then all is as before.
        """
        pool = self._new_pool(dataset)
        await pool.start()
        before, self._pool, self.dataset = self._pool, pool, dataset
        self.telemetry.switched += 1
        before.retire()
        self._retired[before] = asyncio.create_task(before.gone())
        self._retired[before].add_done_callback(lambda _: self._retired.pop(before, None))
        self._call(pool)

    async def aclose(self) -> None:
        """End all workers and wait until they are gone."""
        pools = [self._pool, *self._retired]
        for pool in pools:
            pool.kill()
        for pool in pools:
            await pool.gone()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def pids(self) -> frozenset[int]:
        """Process ids of the workers that are up."""
        return frozenset().union(*(pool.pids for pool in (self._pool, *self._retired)))

    async def query(self, query: Query, format: Format, limits: Limits) -> LocalResult:  # noqa: A002
        """Evaluate ``query``; see :class:`polcoop.sparql.engine.Engine`."""
        text = await query.in_turn(query.engine_text)
        request = _request(text, query, format, limits)
        while True:
            with contextlib.suppress(DisplacedError):
                return await self._ask(request, query, limits)

    async def _ask(self, request: bytes, query: Query, limits: Limits) -> LocalResult:
        self._turns.enter(limits.client)
        try:
            pool, worker = await self._place(limits.client)
        except BaseException:
            self._turns.leave(limits.client)
            raise
        self.telemetry.busy += 1
        result = LocalResult(worker, query, limits, lambda closed: self._closed(closed, pool))
        result.arm(self._capacity.grace, lambda late, last: self._overstays(late, pool, last=last))
        try:
            await result.begin(request)
        except BaseException:
            await result.aclose()
            raise
        return result

    def _closed(self, result: LocalResult, pool: Pool) -> None:
        self.telemetry.busy -= 1
        self._turns.leave(result.client)
        if result in self._aside:
            self._aside.remove(result)
        pool.give_back(result.worker)

    def _overstays(self, result: LocalResult, pool: Pool, *, last: bool) -> bool:
        """Set a long query aside, and say so; where there is no room at ``last``, end the youngest of the
        client who has most.  Before that nothing is done while others find a worker."""
        if not last and pool.idle:
            return False
        if len(self._aside) >= self._capacity.long:
            if not last:
                return False
            counts = Counter(each.client for each in (*self._aside, result))
            most = max(counts.values())
            victim = next(each for each in (result, *reversed(self._aside)) if counts[each.client] == most)
            victim.shed()
            if victim is result:
                return True
            self._aside.remove(victim)
        self._aside.append(result)
        pool.set_aside(result.worker)
        return True

    async def _place(self, client: str) -> Place:
        # Nobody is overtaken: a worker becomes idle only when nobody waits.
        worker = self._pool.take()
        if worker is not None:
            worker.load += 1
            return self._pool, worker
        self.telemetry.waiting += 1
        try:
            return await self._turns.wait(client, self._capacity.patience)
        finally:
            self.telemetry.waiting -= 1

    def _new_pool(self, dataset: Dataset) -> Pool:
        seats, memory = self._capacity.workers, self._capacity.memory
        return Pool(dataset.store, seats, memory, self.telemetry, self._call)

    def _call(self, pool: Pool) -> None:
        """Give the free workers of ``pool`` to those who wait; not before it is the current one."""
        while pool is self._pool and self._turns.waiting and (worker := pool.take()):
            # Several at once, where many light ones wait: each change of processes costs as much as one.
            fair = -(-self._turns.waiting // self._capacity.workers)
            for _ in range(max(1, min(_TOGETHER, fair, int(_SOON / worker.pace)))):
                worker.load += self._turns.call((pool, worker))
            if not worker.load:
                pool.offer(worker)
                return


def _request(text: str, query: Query, form: Format, limits: Limits) -> bytes:
    return json.dumps(
        {
            "text": text,
            "base": SPARQL,
            "format": form.name,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            "has_dataset": query.has_dataset,
            "prefixes": query.namespaces if form in _WITH_PREFIXES else {},
            "seconds": limits.seconds,
            "bytes": limits.bytes,
            "digest": {"ordered": query.ordered} if query.identified else None,
        }
    ).encode()
