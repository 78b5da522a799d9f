"""What the tests see of processes, as Linux tells it."""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int | None = None) -> set[int]:
    """Process ids of the children of a process (by default this one), whichever thread started them."""
    while True:
        tasks = list(Path(f"/proc/{pid or os.getpid()}/task").iterdir())
        try:
            told = [(task / "children").read_text(encoding="ascii") for task in tasks]
        except (FileNotFoundError, ProcessLookupError):
            # A thread has just ended; another one has its children now.
            continue
        return {int(child) for line in told for child in line.split()}
