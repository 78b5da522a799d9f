"""The Dockerfile names what exists, does what the documentation does, and copies all that compiling needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from polcoop.settings import Settings
from polcoop.sources.dataset import Manifest
from polcoop.web.assets import HASHES, YASGUI


@pytest.fixture(scope="module")
def lines(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Instructions with their arguments, in order."""
    folder = tmp_path_factory.mktemp("docker")
    shutil.copy(root / "Dockerfile", folder)
    structure = DockerfileParser(str(folder)).structure
    return [(line["instruction"], line["value"]) for line in structure if line["instruction"] != "COMMENT"]


def _copies(lines: list[tuple[str, str]]) -> list[tuple[str | None, list[str], str]]:
    """Of each COPY: the stage it copies from, sources, target."""
    found = []
    for instruction, value in lines:
        if instruction == "COPY":
            stage = re.match(r"--from=(\S+) ", value)
            *sources, target = value.split()[1 if stage else 0 :]
            found.append((stage[1] if stage else None, sources, target))
    return found


def test_what_it_copies_exists_and_is_sent(lines: list[tuple[str, str]], root: Path) -> None:
    sent = (root / ".dockerignore").read_text(encoding="utf-8")
    local = [source for stage, sources, _ in _copies(lines) if stage is None for source in sources]
    assert len(local) > 8
    for source in local:
        assert (root / source).exists(), source
        assert f"!{source.partition('/')[0]}\n" in sent, source


def test_stages_are_copied_from_after_they_are_made(lines: list[tuple[str, str]]) -> None:
    made: set[str] = set()
    used: set[str] = set()
    for instruction, value in lines:
        if instruction == "FROM" and " AS " in value:
            made.add(value.split(" AS ")[1])
        elif instruction == "COPY" and (stage := re.match(r"--from=(\S+) ", value)):
            assert stage[1] in made
            used.add(stage[1])
    assert used == made == {"yasgui", "build"}


def test_its_commands_are_those_of_the_documentation(lines: list[tuple[str, str]], root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    runs = [value for instruction, value in lines if instruction == "RUN"]
    for command in runs:
        if "pip install" in command and "-r " in command:
            assert "--require-hashes --only-binary :all:" in command
            assert (root / command.split("-r ")[1]).is_file()
        elif command.startswith(".venv/bin/polcoop") or command.startswith("python3 -m venv"):
            assert command in readme
    assert ".venv/bin/polcoop compile" in runs
    assert f"npm pack --silent {YASGUI}" in runs
    unpack = next(command for command in runs if command.startswith("tar "))
    assert YASGUI.removeprefix("@").replace("/", "-").replace("yasgui@", "yasgui-") in unpack
    assert all(f"package/build/{name}" in unpack for name in HASHES)


def test_the_last_stage_is_small_and_not_root(lines: list[tuple[str, str]]) -> None:
    start = max(place for place, (instruction, _) in enumerate(lines) if instruction == "FROM")
    last = lines[start:]
    assert not [value for instruction, value in last if instruction == "RUN" and "useradd" not in value]
    user = next(place for place, (instruction, _) in enumerate(last) if instruction == "USER")
    assert last[user][1] == "10001"
    assert not {"COPY", "RUN", "ADD"} & {instruction for instruction, _ in last[user:]}
    command = json.loads(next(value for instruction, value in last if instruction == "CMD"))
    assert command == [".venv/bin/polcoop", "serve"]
    names = re.findall(
        r"POLCOOP_(\w+)=", " ".join(value for instruction, value in last if instruction == "ENV")
    )
    assert {"HOST", "ACCESS_LOG"} <= set(names)
    assert {name.lower() for name in names} <= set(Settings.model_fields)


def test_what_it_writes_is_where_it_may_write(lines: list[tuple[str, str]], root: Path) -> None:
    settings = dict(
        re.findall(
            r"POLCOOP_(\w+)=(\S+)", " ".join(value for instruction, value in lines if instruction == "ENV")
        )
    )
    run = re.search(r"docker run .*--read-only --tmpfs (\S+)", (root / "docs" / "operations.md").read_text())
    assert run
    assert Path(settings["FEDERATION_CACHE"]).is_relative_to(run[1])


def test_what_it_copies_is_enough_to_compile(
    lines: list[tuple[str, str]], root: Path, dataset: Path, tmp_path: Path
) -> None:
    skipped = shutil.ignore_patterns("*.egg-info", "__pycache__")
    for stage, sources, target in _copies(lines):
        for source in sources if stage is None else ():
            if (root / source).is_dir():
                shutil.copytree(root / source, tmp_path / target, ignore=skipped)
            else:
                (tmp_path / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(root / source, tmp_path / target)
    done = subprocess.run(
        [sys.executable, "-m", "polcoop", "compile"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "server")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    compiled = Manifest.load(tmp_path / "build" / "dataset" / "current")
    assert compiled.version == Manifest.load(dataset).version
