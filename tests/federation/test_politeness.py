"""Turns with a host, among the queries of a process and among processes that share a folder."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from polcoop.errors import RemoteBusy
from polcoop.sparql.federation.politeness import DEFAULT_PAUSE, Turns

HOST = "example.org"


def test_another_process_waits_for_its_turn_but_not_for_ever(tmp_path: Path) -> None:
    async def scene() -> None:
        one, other = Turns(tmp_path / "turns"), Turns(tmp_path / "turns")
        async with one.turn(HOST, 60):
            async with other.turn("example.com", 60):
                pass
            with pytest.raises(RemoteBusy, match="stand in line"):
                async with other.turn(HOST, 0.05):
                    pytest.fail("two at once")
        async with other.turn(HOST, 60):
            pass

    asyncio.run(scene())


def test_who_has_many_requests_lets_others_in_between(tmp_path: Path) -> None:
    """The other one is a thread that looks now and then, as another process does."""
    done = threading.Event()

    def look() -> int:
        found = 0
        with (tmp_path / HOST).open("w") as file:
            while not done.wait(0.01):
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    found += 1
                    fcntl.flock(file, fcntl.LOCK_UN)
        return found

    async def ask() -> None:
        turns = Turns(tmp_path)
        for _ in range(40):
            async with turns.turn(HOST, 60):
                await asyncio.sleep(0.003)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        asyncio.run(ask())
        done.set()
    assert looking.result() > 10


@pytest.mark.parametrize("host", [HOST, "::1"])
def test_what_one_process_is_told_holds_for_all(tmp_path: Path, host: str) -> None:
    async def scene() -> None:
        one, other = Turns(tmp_path), Turns(tmp_path)
        async with one.turn(host, 60):
            one.postpone(host, "900")
            one.postpone(host, "5")
        for turns in (one, other, Turns(tmp_path)):
            with pytest.raises(RemoteBusy, match="not to come back before"):
                async with turns.turn(host, 60):
                    pytest.fail("asked too early")
        async with other.turn("example.com", 60):
            pass

    asyncio.run(scene())


def _in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        (500, 500),
        (-500, 1),
        ("999999999999", 86_400),
        (None, DEFAULT_PAUSE),
        ("", DEFAULT_PAUSE),
        ("soon", DEFAULT_PAUSE),
        ("-5", DEFAULT_PAUSE),
        ("²", DEFAULT_PAUSE),
        ("Fri, 31 Dec 99999 23:59:59 GMT", DEFAULT_PAUSE),
    ],
)
def test_retry_after(said: str | int | None, seconds: float) -> None:
    """A number means a date as far from now, which is made here: all processes must collect the same."""
    dated = isinstance(said, int)
    waits = Turns().postpone(HOST, _in(said) if isinstance(said, int) else said)
    # Dates have whole seconds, and a busy machine takes some to come here.
    assert seconds - (100 if dated else 0) <= waits <= seconds


@pytest.mark.parametrize("content", ["", "never", "nan", "inf", "1e300", "next day", "1"])
def test_what_a_host_cannot_have_said_delays_nobody(tmp_path: Path, content: str) -> None:
    if content == "next day":
        content = str(time.time() + 90_000)
    (tmp_path / HOST).write_text(content, encoding="ascii")

    async def scene() -> None:
        async with Turns(tmp_path).turn(HOST, 0.5):
            pass

    asyncio.run(scene())


def test_a_folder_that_cannot_be_used_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "turns").touch()

    async def scene() -> None:
        turns = Turns(tmp_path / "turns")
        async with turns.turn(HOST, 60):
            turns.postpone(HOST, "900")
        with pytest.raises(RemoteBusy):
            async with turns.turn(HOST, 60):
                pytest.fail("asked too early")

    with caplog.at_level(logging.WARNING):
        asyncio.run(scene())
    assert "not shared with other processes" in caplog.text
