"""Progress on a terminal for work that lasts; silence in a pipe, and silence for what is quick."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Stage = Callable[[str], None]
"""Told the name of each stage as it begins."""

PATIENCE = 1.0
"""Seconds before anything is shown."""


@contextmanager
def progress(work: str) -> Iterator[Stage]:
    """Show ``work`` and its present stage on stderr once it has lasted a second, if stderr is a terminal.

    Yields a function that is told the name of each stage.
    """
    if not sys.stderr.isatty():
        yield lambda _stage: None
        return
    from rich.console import Console

    status = Console(stderr=True).status(work)
    timer = threading.Timer(PATIENCE, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda stage: status.update(f"{work}: {stage}")
    finally:
        timer.cancel()
        # The timer may be starting the display at this very moment.
        timer.join()
        status.stop()
