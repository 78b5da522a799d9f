"""The dataset that this package came with, compiled once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from polcoop.errors import SourceError
from polcoop.sources.dataset import Report, compile_project
from polcoop.sources.project import Project, shipped

BUILT: Final = Path("build", "dataset")
_NAME_LENGTH: Final = 16
_KEPT: Final = 3


def packaged(report: Report = lambda _: None) -> Path:
    """Return a folder as ``polcoop compile`` writes it (``current`` is in it) that holds this package's data.

    In a checkout the one that was compiled there; else one in the user's cache folder, named by the digest of
    all that it is made from, compiled now unless it is there.

    :raises SourceError: it cannot be compiled or written.
    """
    root = shipped()
    if (root / BUILT / "current").is_dir():
        return root / BUILT
    project = Project(root)
    cache = user_cache_path("polcoop") / "dataset"
    out = cache / project.digest[:_NAME_LENGTH]
    try:
        compile_project(project, out, report)
    except SourceError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise SourceError(
            str(error), hint="make that folder writable, or name a compiled dataset: POLCOOP_DATASET"
        ) from error
    _prune(cache, out)
    return out


def _prune(cache: Path, used: Path) -> None:
    """Remove what earlier versions of the package compiled, but for the newest few."""
    others = [path for path in cache.iterdir() if path != used and path.is_dir()]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
