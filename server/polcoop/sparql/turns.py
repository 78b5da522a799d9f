"""Who may ask and who is next: bounds on waiting, and turns that go round among clients."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

from polcoop.errors import Overloaded, Throttled

T = TypeVar("T")


class Turns(Generic[T]):
    """Queries of many clients before a few places of type ``T``.

    A client with a thousand queries and one with a single one take turns.  Touched on one event loop only.
    """

    def __init__(self, longest: int, share: int, give_back: Callable[[T], None]) -> None:
        """At most ``longest`` queries wait, and a client has at most ``share`` waiting or in flight;
        ``give_back`` takes a place whose query has left."""
        self._longest, self._share, self._give_back = longest, share, give_back
        self._present: Counter[str] = Counter()
        self._lines: OrderedDict[str, deque[asyncio.Future[T]]] = OrderedDict()
        self.waiting = 0

    def enter(self, client: str) -> None:
        """Count a query in.

        :raises Throttled: this client has too many already.
        """
        if self._present[client] >= self._share:
            raise Throttled(
                f"you have {self._share} queries in flight or waiting, which is the limit",
                hint="wait for an answer before you ask again",
            )
        self._present[client] += 1

    def leave(self, client: str) -> None:
        """Count a query out."""
        self._present[client] -= 1
        if not self._present[client]:
            del self._present[client]

    async def wait(self, client: str, patience: float) -> T:
        """Wait for a place, ``patience`` seconds at most.

        :raises Overloaded: too many wait already, or it took too long.
        """
        if self.waiting >= self._longest:
            raise Overloaded("too many queries are waiting", hint="try again in a few seconds")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[T] = loop.create_future()
        self._lines.setdefault(client, deque()).append(turn)
        self.waiting += 1
        timer = loop.call_later(patience, self._expire, client, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # The place and the end of waiting came at the same moment.
                self._give_back(turn.result())
            self._forget(client, turn)
            raise
        finally:
            timer.cancel()

    def _expire(self, client: str, turn: asyncio.Future[T]) -> None:
        if not turn.done():
            self._forget(client, turn)
            turn.set_exception(Overloaded("all query processes are busy", hint="try again in a few seconds"))

    def call(self, place: T) -> bool:
        """Give ``place`` to who is next; return whether anybody waits."""
        while self._lines:
            client, line = self._lines.popitem(last=False)
            turn = line.popleft()
            if line:
                self._lines[client] = line
            self.waiting -= 1
            if not turn.done():
                turn.set_result(place)
                return True
        return False

    def _forget(self, client: str, turn: asyncio.Future[T]) -> None:
        line = self._lines.get(client)
        if line is not None and turn in line:
            line.remove(turn)
            self.waiting -= 1
            if not line:
                del self._lines[client]
