"""Where the dataset is that this package came with."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from polcoop.sources.dataset import Manifest
from polcoop.sources.packaged import packaged

VARIABLE: Final = "POLCOOP_DATASET"


def packaged_dataset() -> Path:
    """Return the folder of a compiled dataset (with ``store/`` and ``manifest.json`` in it).

    The one that ``POLCOOP_DATASET`` names; in a checkout the one that ``polcoop compile`` wrote; else the
    data of the package, compiled once into the user's cache folder under the digest of all that it is made
    from.

    :raises SourceError: there is none, or it cannot be compiled.
    """
    named = os.environ.get(VARIABLE)
    out = Path(named) if named else packaged(_tell)
    # The link may move on while this is in use; the version that it names now stays.
    current = (out / "current").resolve()
    Manifest.load(current)
    return current


def _tell(stage: str) -> None:
    sys.stderr.write(f"polcoop: the dataset is compiled, once: {stage}\n")
