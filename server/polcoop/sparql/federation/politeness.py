"""One request at a time to each host, from whichever query; and none before a host wants to hear from us."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from polcoop.errors import RemoteBusy

DEFAULT_PAUSE: Final = 60.0
"""Seconds to keep away from a host that says it is too busy but not for how long."""
_SHORTEST_PAUSE: Final = 1.0
"""Seconds to keep away at least: who is too busy is not asked again at once, whatever the header says."""
_LONGEST_PAUSE: Final = 86_400.0
_GLANCE: Final = 0.01
"""Seconds after which a process looks again whether another one is done."""
_GAP: Final = 2 * _GLANCE
"""Seconds that a process leaves to others after its own request: else its next one would always be first."""

_log: Final = logging.getLogger(__name__)


class Turns:
    """The queues of all hosts, shared by all queries of a process; with ``folder`` also by all processes that
    name it, in a file for each host.  A folder that cannot be used is said so in the log and passed over."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._files: dict[str, int] = {}
        self._left: dict[str, float] = {}
        # Times of the clock on the wall, which other processes have too.
        self._not_before: dict[str, float] = {}

    @contextlib.asynccontextmanager
    async def turn(self, host: str, seconds: float) -> AsyncIterator[None]:
        """Wait for a turn with ``host``, at most ``seconds``.

        :raises RemoteBusy: it does not come in time, or the host has asked us to stay away for longer.
        """
        lock, end = self._locks[host], time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError:
            raise _crowded(host) from None
        try:
            await self._enter(host, end)
            await self._pause(host, end - time.monotonic())
            yield
        finally:
            self._leave(host)
            lock.release()

    async def _enter(self, host: str, end: float) -> None:
        """Keep other processes out until :meth:`_leave`, and take over what they were told."""
        if self._folder is None:
            return
        await asyncio.sleep(self._left.get(host, 0.0) + _GAP - time.monotonic())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._folder / quote(host, safe=""), os.O_RDWR | os.O_CREAT, 0o600)
            self._files[host] = file
            while not _locked(file):
                if time.monotonic() > end:
                    raise _crowded(host)
                await asyncio.sleep(_GLANCE)
            self._not_before[host] = max(_read(file), self._not_before.get(host, 0.0))
        except OSError as error:
            _log.warning("turns with %s are not shared with other processes: %s", host, error)

    def _leave(self, host: str) -> None:
        self._left[host] = time.monotonic()
        file = self._files.pop(host, None)
        if file is not None:
            os.close(file)  # and the lock goes with it

    async def _pause(self, host: str, seconds: float) -> None:
        wait = self._not_before.get(host, 0.0) - time.time()
        if wait > seconds:
            raise RemoteBusy(
                f"{host} asks us not to come back before {wait:.0f} seconds have passed",
                seconds=wait,
                hint="try again then",
            )
        if wait > 0:
            await asyncio.sleep(wait)

    def postpone(self, host: str, retry_after: str | None) -> float:
        """Take note of a Retry-After header (RFC 9110, 10.2.3) in a turn with ``host``; return the seconds to
        wait."""
        seconds = _seconds(retry_after)
        until = max(time.time() + seconds, self._not_before.get(host, 0.0))
        self._not_before[host] = until
        if host in self._files:
            # A full disk is no reason to lose the answer: this process remembers.
            with contextlib.suppress(OSError):
                os.pwrite(self._files[host], f"{until:<20.3f}".encode(), 0)
        return seconds


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: int) -> float:
    """When the host wants to be asked again, 0 if it has not said; a clock that was set back, or a file of
    somebody else, delays nobody for ever."""
    try:
        until = float(os.pread(file, 20, 0))
    except ValueError:
        return 0.0
    return until if until <= time.time() + _LONGEST_PAUSE else 0.0


def _crowded(host: str) -> RemoteBusy:
    return RemoteBusy(f"other queries stand in line for {host}", seconds=5)


def _seconds(retry_after: str | None) -> float:
    if retry_after is None:
        return DEFAULT_PAUSE
    try:
        wait = float(retry_after) if retry_after.isdigit() else _until(retry_after)
    except (ValueError, OverflowError):
        return DEFAULT_PAUSE
    return min(max(wait, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time.time()
