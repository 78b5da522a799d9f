"""The worker processes over one store: a number of seats, each taken anew when its worker dies or is set
aside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from polcoop.errors import PolcoopError
from polcoop.sparql.process import Worker
from polcoop.sparql.telemetry import Telemetry

_log: Final = logging.getLogger(__name__)
_FIRST_DELAY: Final = 0.1
_LAST_DELAY: Final = 10.0
"""Seconds between attempts to start a worker, at first and at most."""


class Pool:
    """Keeps its seats taken until it is retired; then its workers end, each after the query that it has."""

    def __init__(
        self, store: Path, seats: int, memory: int, telemetry: Telemetry, ready: Callable[[Pool], None]
    ) -> None:
        """``memory`` in bytes for a query; ``ready`` is called when a worker is free."""
        self._store, self._seats, self._memory = store, seats, memory
        self._telemetry, self._ready = telemetry, ready
        self._idle: list[Worker] = []
        self._vacated: dict[Worker, asyncio.Event] = {}
        self._retired = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the workers; return when the first is ready.

        :raises SourceError: the store cannot be opened.
        """
        # When the store is no good, one process finds out.
        first = await Worker.start(self._store, self._memory)
        self._spawn(self._keep(first))
        for _ in range(self._seats - 1):
            self._spawn(self._keep(None))

    @property
    def pids(self) -> frozenset[int]:
        """Process ids of the workers that are up, those set aside included."""
        return frozenset(worker.pid for worker in self._vacated if worker.alive)

    @property
    def idle(self) -> bool:
        """Whether a worker is free."""
        return any(worker.alive for worker in self._idle)

    def take(self) -> Worker | None:
        """Take a free worker, if there is one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            # It died while nobody used it; another one is on its way.
        return None

    def give_back(self, worker: Worker) -> None:
        """Count down a query of a worker, which is free after its last one."""
        worker.load -= 1
        self.offer(worker)

    def offer(self, worker: Worker) -> None:
        """Make a worker available, if it has nothing to do."""
        if worker.load or not worker.clean:
            return
        if worker.demoted or self._retired.is_set():
            worker.kill()
        elif worker.alive:
            self._idle.append(worker)
            self._ready(self)

    def set_aside(self, worker: Worker) -> None:
        """Let a worker go on by itself, when nobody else wants to; its seat is free for another one."""
        worker.demote()
        if worker in self._vacated:
            self._vacated[worker].set()

    def retire(self) -> None:
        """Start no more workers and end those that have nothing to do."""
        self._retired.set()
        for worker in self._idle:
            worker.kill()
        self._idle.clear()

    def kill(self) -> None:
        """End all workers at once."""
        self.retire()
        for worker in self._vacated:
            worker.kill()

    async def gone(self) -> None:
        """Wait until all workers of a retired pool have ended."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, worker: Worker | None) -> None:
        """Keep one seat taken, whatever its worker dies of."""
        while worker := worker or await self._start():
            vacated = self._vacated[worker] = asyncio.Event()
            self._spawn(self._watch(worker))
            worker.on_clean = self.offer
            self.offer(worker)
            await vacated.wait()
            worker = None

    async def _start(self) -> Worker | None:
        """Start a worker, however many attempts it takes; None when the pool is retired."""
        delay = _FIRST_DELAY
        while not self._retired.is_set():
            try:
                return await Worker.start(self._store, self._memory)
            except (PolcoopError, OSError) as error:
                _log.error("a query process could not be started, trying again in %.1f s: %s", delay, error)
                await _either(self._retired, delay)
                delay = min(delay * 2, _LAST_DELAY)
        return None

    async def _watch(self, worker: Worker) -> None:
        self._telemetry.started += 1
        self._telemetry.workers += 1
        await worker.ended()
        self._telemetry.workers -= 1
        if worker.killed:
            self._telemetry.killed += 1
        else:
            self._telemetry.crashed += 1
        self._vacated.pop(worker).set()


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for ``event``, and no longer than ``seconds``."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
