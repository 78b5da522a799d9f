"""What a query worker may have of the machine; each function is about the process that calls it."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path
from typing import Final

STACK: Final = 96 << 20
"""Bytes; Linux leaves 128 MiB free below the stack of a process, whatever its limit was when it began."""


def forbid_descriptors(folder: Path) -> None:
    """Let this process open no file and no socket from now on: should a SERVICE ever get here, it cannot
    leave.

    Only when the engine has opened all its tables; it opens those of a very large store as it needs them.
    """
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        return
    opened = {target for link in descriptors.iterdir() if (target := os.path.realpath(link)).endswith(".sst")}
    if all(os.path.realpath(table) in opened for table in folder.glob("*.sst")):
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def bound_memory(memory: int) -> None:
    """Let this process take ``memory`` bytes of address space more than it has.

    Not an absolute number, and not before the store is open: opening takes several threads, each of which
    reserves address space of its own for a moment, up to 1 GiB in all, and the process would end at random.
    """
    pages = Path("/proc/self/statm")
    taken = int(pages.read_text().split()[0]) * resource.getpagesize() if pages.is_file() else 0
    resource.setrlimit(resource.RLIMIT_AS, (taken + memory, taken + memory))


def enlarge_stack() -> None:
    """Let the stack grow to ``STACK``, as far as the system allows: the engine recurses over long queries."""
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    soft = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


def volunteer() -> None:
    """When the machine runs out of memory, end this process and not the server (Linux)."""
    # Not every container has the file, or lets it be written.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def yield_to_parent() -> None:
    """Do not push the server off its processor with every request that it hands over (Linux)."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
