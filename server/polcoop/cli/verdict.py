"""The exit code of a judgement, whatever becomes of its output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer


@contextmanager
def verdict(code: int) -> Iterator[None]:
    """Write in this block; leave with ``code``, also when the reader has left before the end (``| head``)."""
    with suppress(BrokenPipeError):
        yield
    if code:
        raise typer.Exit(code)
