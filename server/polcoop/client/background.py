"""An event loop in a thread of its own, on which all queries of this process run.

A notebook has a loop already, a script has none; either way the caller waits here, and an interrupt (Ctrl-C,
the kernel's stop button) cancels the query instead of leaving it behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, wait
from functools import cache
from typing import Any, Final, TypeVar

T = TypeVar("T")

# Seconds after which a waiting thread looks up. The system may hand an interrupt to any thread of the
# process; then nothing wakes this one, since Python tells only a thread that runs.
_LOOK_UP: Final = 0.25


class Loop:
    """A running event loop; the thread is a daemon and ends with the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="polcoop", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work`` on the loop and wait for it; an interrupt meanwhile cancels it and waits for its
        end."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            while not wait([future], _LOOK_UP).done:
                pass
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise
        except CancelledError:
            raise KeyboardInterrupt from None

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Do ``work`` soon without waiting for it; for clean-up, which any thread may have to do."""
        asyncio.run_coroutine_threadsafe(work, self._loop)


@cache
def loop() -> Loop:
    """The loop of this process, started when it is first needed."""
    return Loop()
