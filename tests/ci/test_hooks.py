"""The hooks of .pre-commit-hooks.yaml, through the real pre-commit, in a scratch repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: polcoop-validate
      - id: polcoop-format
"""
PREFIX = "@prefix polcoop: <https://w3id.org/polcoop/ontology#> .\n"
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.org")
FINE = PREFIX + '\n<https://example.org/a>\n    polcoop:printedAs "A" .\n'


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", *arguments],  # noqa: S607
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "all")
    return git(folder, "rev-parse", "HEAD")


def pre_commit(folder: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("POLCOOP_", "PRE_COMMIT"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        env={**bare, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never", "PIP_NO_COMPILE": "1"},
        cwd=folder, capture_output=True, text=True, check=False, timeout=1400,
    )  # fmt: skip


@pytest.mark.timeout(1500)
def test_the_hooks_in_a_scratch_repository(checkout: Path, tmp_path: Path) -> None:
    """The slow one (a minute): pre-commit installs the package with pip into an environment of its own."""
    git(checkout, "init", "--quiet")
    revision = commit(checkout)
    scratch, home = tmp_path / "scratch", tmp_path / "home"
    scratch.mkdir()
    git(scratch, "init", "--quiet")
    config = CONFIG.format(repository=checkout, revision=revision)
    (scratch / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    (scratch / "fine.ttl").write_text(FINE, encoding="utf-8")
    (scratch / "notes.txt").write_text("no data\n", encoding="utf-8")
    git(scratch, "add", "--all")
    done = pre_commit(scratch, home, "run", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 2

    # A claim that is only half written is a violation, with its file and line.
    half = PREFIX + "\n<https://example.org/c>\n    a polcoop:Claim .\n"
    (scratch / "half.ttl").write_text(half, encoding="utf-8")
    git(scratch, "add", "half.ttl")
    done = pre_commit(scratch, home, "run", "polcoop-validate")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "exit code: 1" in done.stdout
    assert "half.ttl:3" in done.stdout
    git(scratch, "rm", "--quiet", "--force", "half.ttl")

    # What is laid out otherwise is laid out anew, and pre-commit says that it was.
    (scratch / "loose.ttl").write_text(FINE.replace("    polcoop", "polcoop"), encoding="utf-8")
    git(scratch, "add", "loose.ttl")
    done = pre_commit(scratch, home, "run", "polcoop-format")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "files were modified by this hook" in done.stdout
    assert (scratch / "loose.ttl").read_text(encoding="utf-8") == FINE

    # The commit itself is held up by what does not parse.
    assert pre_commit(scratch, home, "install").returncode == 0
    (scratch / "broken.ttl").write_text("<a:b> ;;", encoding="utf-8")
    git(scratch, "add", "--all")
    held = subprocess.run(
        ["git", *IDENTITY, "commit", "--message", "x"],  # noqa: S607
        env={**os.environ, "PRE_COMMIT_HOME": str(home)},
        cwd=scratch, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert held.returncode == 1
    assert "broken.ttl:1:" in held.stdout + held.stderr
    assert "exit code: 3" in held.stdout + held.stderr


def test_the_hooks_are_commands_that_exist(polcoop) -> None:
    assert [hook["id"] for hook in HOOKS] == ["polcoop-validate", "polcoop-format"]
    for hook in HOOKS:
        program, command = hook["entry"].split()
        assert program == "polcoop"
        assert polcoop(command, "--help").returncode == 0
        assert hook["language"] == "python"
