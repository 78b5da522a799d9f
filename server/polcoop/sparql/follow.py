"""Following the compiled dataset while it is served: when another version becomes current, the engine turns
to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from polcoop.errors import PolcoopError
from polcoop.sparql.engine import Dataset
from polcoop.sparql.local import LocalEngine

_log: Final = logging.getLogger(__name__)
_INTERVAL: Final = 0.5
"""Seconds between looks at the link; a look costs microseconds."""
_PAUSE: Final = 10.0
"""Seconds until the next attempt when a version cannot be served."""


@contextlib.asynccontextmanager
async def following(engine: LocalEngine, link: Path, read: Callable[[Path], Dataset]) -> AsyncIterator[None]:
    """Let ``engine`` answer from whatever ``link`` points at; ``read`` reads the folder of a version."""
    task = asyncio.create_task(_follow(engine, link, read))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _follow(engine: LocalEngine, link: Path, read: Callable[[Path], Dataset]) -> None:
    pause = _INTERVAL
    while True:
        await asyncio.sleep(pause)
        try:
            directory = link.resolve(strict=True)
        except OSError:
            # Nothing is current: the dataset that is served stays.
            continue
        if directory / "store" == engine.dataset.store:
            continue
        try:
            await engine.switch(await asyncio.to_thread(read, directory))
        except (PolcoopError, OSError) as error:
            pause = _PAUSE
            _log.error("the dataset in %s cannot be served, the one before stays: %s", directory, error)
        else:
            pause = _INTERVAL
            _log.warning("serving %s", engine.dataset.description)
