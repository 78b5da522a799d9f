"""What the tests share: the repository, the compiled dataset, the text of the note, a running server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import forked

pytest_plugins = ["serving"]
# No example fails, and no strategy is refused, because the machine is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def polcoop() -> Run:
    """Run the real command with these arguments; keywords mean what they mean to ``subprocess.run``.

    The environment says nothing about this machine, unless a test does.
    """

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("POLCOOP_")}
        told = list(map(str, arguments))
        return forked.run(told, cwd or Path.cwd(), {**bare, **(env or {})}, input or "", timeout)

    return run


@pytest.fixture(scope="session")
def dataset(root: Path, polcoop: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project compiled into a folder of its own; the dataset is its ``current``."""
    out = tmp_path_factory.mktemp("dataset")
    done = polcoop("compile", "--root", root, "--out", out)
    assert done.returncode == 0, done.stderr
    return out / "current"


@pytest.fixture(scope="session")
def note_text(root: Path) -> Path:
    """The text of the note, which is not part of the project: tests that need it are skipped aloud without
    it."""
    named = os.environ.get("POLCOOP_NOTE")
    path = Path(named) if named else root.parent / "shared" / "note" / "note-135-paginated.txt"
    if not path.is_file():
        pytest.skip(f"the text of the note is not at hand (no {path.name}; POLCOOP_NOTE names it)")
    return path


@pytest.fixture
def small(root: Path, tmp_path: Path) -> Path:
    """A small project of its own, with the real rules, that a test may change."""
    project = tmp_path / "small"
    shutil.copytree(root / "tests" / "fixtures" / "small", project)
    shutil.copytree(root / "queries" / "derive", project / "queries" / "derive")
    return project
