"""The compiled project, as the exporters see it, and the command."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from polcoop.export.compiled import Compiled

Export = Callable[..., bytes]


@pytest.fixture(scope="session")
def compiled(dataset: Path) -> Compiled:
    """The project's data."""
    return Compiled.open(dataset)


@pytest.fixture(scope="session")
def export(
    dataset: Path,
    polcoop: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Export:
    """Run ``polcoop export`` with these arguments; what it wrote, each once."""
    done: dict[tuple[str, ...], bytes] = {}

    def run(*arguments: str) -> bytes:
        if arguments not in done:
            out = tmp_path_factory.mktemp("export") / "exported"
            result = polcoop("export", *arguments, "--dataset", dataset.parent, "--out", out)
            assert result.returncode == 0, result.stderr
            done[arguments] = out.read_bytes()
        return done[arguments]

    return run


@pytest.fixture(scope="session")
def wikidata(root: Path) -> Path:
    """The files that record where Wikidata's identifiers were seen; without them tests are skipped aloud."""
    folder = root.parent / "shared" / "wikidata"
    if not (folder / "alignments.csv").is_file():
        pytest.skip(
            "the evidence for Wikidata's identifiers is not at hand (no ../shared/wikidata/alignments.csv)"
        )
    return folder
