"""Turns among clients."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from polcoop.errors import Overloaded, Throttled
from polcoop.sparql.turns import Turns


def turns(longest: int = 100, share: int = 100) -> tuple[Turns[str], list[str]]:
    """Turns, and what is given back to them."""
    back: list[str] = []
    return Turns(longest, share, back.append), back


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 30))


def test_a_client_with_one_query_is_second_beside_one_with_many() -> None:
    async def test() -> None:
        line, _ = turns()
        order: list[str] = []

        async def ask(client: str, name: str) -> None:
            await line.wait(client, 30)
            order.append(name)

        tasks = [asyncio.create_task(ask("many", f"many {number}")) for number in range(5)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(ask("one", "one")))
        await asyncio.sleep(0)
        assert line.waiting == 6
        while line.call("place"):
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert order == ["many 0", "one", *(f"many {number}" for number in range(1, 5))]
        assert line.waiting == 0

    run(test())


def test_who_has_left_or_lost_patience_is_passed_over_and_nothing_is_lost() -> None:
    async def test() -> None:
        line, back = turns()
        leaver = asyncio.create_task(line.wait("a", 30))
        hasty = asyncio.create_task(line.wait("a", 0.01))
        stayer = asyncio.create_task(line.wait("b", 30))
        await asyncio.sleep(0)
        leaver.cancel()
        with pytest.raises(Overloaded, match="busy"):
            await hasty
        assert line.waiting == 1
        assert line.call("place")
        assert await stayer == "place"
        assert not line.call("another")
        assert back == []

    run(test())


def test_a_place_that_comes_as_its_query_leaves_is_given_back() -> None:
    async def test() -> None:
        line, back = turns()
        leaver = asyncio.create_task(line.wait("a", 30))
        await asyncio.sleep(0)
        assert line.call("place")
        leaver.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaver
        assert back == ["place"]
        assert line.waiting == 0

    run(test())


def test_bounds() -> None:
    async def test() -> None:
        line, _ = turns(longest=1, share=2)
        line.enter("a")
        line.enter("a")
        with pytest.raises(Throttled, match="2 queries"):
            line.enter("a")
        line.enter("b")
        line.leave("a")
        line.enter("a")
        waiting = asyncio.create_task(line.wait("a", 30))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="too many"):
            await line.wait("b", 30)
        waiting.cancel()

    run(test())
