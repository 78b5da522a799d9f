"""What docs/notebooks.md shows is run: every other client gives the same answer, and so does the tour."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
SHOWN_ADDRESS = "http://127.0.0.1:8000"
TOUR, ELSEWHERE = GUIDE.split("## The same answer elsewhere\n")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.S)
INTRODUCTION, *SECTIONS = ELSEWHERE.split("\n### ")
EXAMPLES = [
    pytest.param(kind, code, id=f"{section.splitlines()[0]}-{number}")
    for section in SECTIONS
    for number, (kind, code) in enumerate(BLOCK.findall(section))
]
QUESTION, ANSWER = (code for _, code in BLOCK.findall(INTRODUCTION))
COMMANDS = {"sh": ["bash", "-euc"], "python": [sys.executable, "-c"], "r": ["Rscript", "-e"]}


def test_the_clients_are_those_that_were_promised() -> None:
    names = [section.splitlines()[0] for section in SECTIONS]
    assert names == ["curl", "pandas alone", "SPARQLWrapper", "rdflib", "R", "DuckDB"]
    assert len(EXAMPLES) == 7


@pytest.mark.parametrize(("kind", "code"), EXAMPLES)
def test_the_same_answer(
    kind: str, code: str, server: str, tmp_path: Path, bare_environment: dict[str, str]
) -> None:
    command = COMMANDS[kind]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: r-base-core)")
    (tmp_path / "voices.rq").write_text(QUESTION, encoding="utf-8")
    path = f"{Path(sys.executable).parent}:{bare_environment['PATH']}"
    done = subprocess.run(
        [*command, code.replace(SHOWN_ADDRESS, server)],
        cwd=tmp_path,
        env={**bare_environment, "PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith("voice,")]
    assert lines == ANSWER.splitlines()


def test_the_tour(server: str, dataset: Path, bare_environment: dict[str, str]) -> None:
    code = next(code for kind, code in BLOCK.findall(TOUR) if kind == "python")
    done = subprocess.run(
        [sys.executable, "-c", code.replace(SHOWN_ADDRESS, server)],
        env={**bare_environment, "POLCOOP_DATASET": str(dataset.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^instrument:cn-fr-mlat-2005 .* 2005-04-18 ", done.stdout, re.M)


def test_the_notebooks_that_are_named_are_there() -> None:
    named = re.findall(r"^\| `(\d\d-[\w-]+\.ipynb)`", GUIDE, re.M)
    assert named == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
