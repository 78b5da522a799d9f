"""Answers on disk: for their lifetime, up to a size, and never in the way."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from polcoop.errors import RemoteFailure
from polcoop.sparql.federation.cache import Cache
from polcoop.sparql.federation.source import Allowance, Answer, Budget, Request


class Counting:
    """A source that answers with random-looking bytes, and counts."""

    def __init__(self, size: int = 10) -> None:
        self.asked: list[Request] = []
        self.size = size

    async def answer(self, request: Request, budget: Budget) -> Answer:  # noqa: ARG002
        """Answer, or fail where the query says so."""
        self.asked.append(request)
        if request.query == "fail":
            raise RemoteFailure("no")
        digits = "".join(str(hash((request.query, place))) for place in range(self.size // 10))
        return Answer((request.query + digits).encode())


def ask(cache: Cache, *queries: str, endpoint: str = "http://example.org/a") -> list[Answer]:
    """Ask one query after the other."""

    async def all_of_them() -> list[Answer]:
        budget = Budget(Allowance(), 60.0)
        return [await cache.answer(Request(endpoint, query), budget) for query in queries]

    return asyncio.run(all_of_them())


def test_the_second_time_nobody_is_asked(tmp_path: Path) -> None:
    source = Counting()
    path = tmp_path / "new" / "cache.sqlite"
    cached = [answer.cached for answer in ask(Cache(source, path, lifetime=60), "a", "b", "a")]
    assert cached == [False, False, True]
    again = ask(Cache(source, path, lifetime=60), "a", "b")
    assert [answer.cached for answer in again] == [True, True], "it outlives the process"
    assert ask(Cache(source, path, lifetime=60), "a", endpoint="http://example.org/b")[0].cached is False
    assert len(source.asked) == 3


def test_nothing_is_kept_beyond_its_lifetime(tmp_path: Path) -> None:
    source = Counting()
    cache = Cache(source, tmp_path / "cache.sqlite", lifetime=-1)
    assert [answer.cached for answer in ask(cache, "a", "a")] == [False, False]


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    source = Counting()
    cache = Cache(source, tmp_path / "cache.sqlite", lifetime=60)
    for _ in range(2):
        with pytest.raises(RemoteFailure):
            ask(cache, "fail")
    assert len(source.asked) == 2


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    source = Counting(size=10_000)
    cache = Cache(source, tmp_path / "cache.sqlite", lifetime=60, size=30_000)
    ask(cache, *"abcdefgh")
    newest, oldest = ask(cache, "h", "a")
    assert newest.cached
    assert not oldest.cached


@pytest.mark.parametrize("broken", ["no database", "a folder"])
def test_a_cache_that_cannot_be_used_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    path = tmp_path / "cache.sqlite"
    if broken == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database at all" * 100)
    with caplog.at_level(logging.WARNING):
        assert not ask(Cache(Counting(), path, lifetime=60), "a")[0].cached
    assert "cannot be read" in caplog.text
