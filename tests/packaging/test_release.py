"""``make release-check``: green on this tree, red for each fault that it is there to find."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "release_check.py"
FILES = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "LICENSE-DATA",
    "CITATION.cff",
    "CHANGELOG.md",
)
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
NOTE = "# Changelog\n\n## {version}\n\n### Data\n- First.\n"


def check(root: Path, *checks: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOOL, "--root", root, *checks],
        capture_output=True, text=True, check=False, timeout=280, cwd=root,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The program as a module: its checks one by one, without a process for each."""
    spec = importlib.util.spec_from_file_location("release_check", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What is released of this tree, without the program."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    return tmp_path


def test_this_tree_agrees_with_itself() -> None:
    done = check(ROOT, "versions", "note")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("yes ") == 2


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("pyproject.toml", ('\nversion = "1', '\nversion = "7'), "CITATION.cff has version 1"),
        ("CITATION.cff", ("\nversion: 1", "\nversion: 7"), "CITATION.cff has version 7"),
        ("CITATION.cff", ('date-released: "20', 'date-released: "19'), "CITATION.cff is of 19"),
        (
            "ontology/core.ttl",
            ('versionInfo "1', 'versionInfo "7'),
            "ontology/core.ttl has owl:versionInfo '7",
        ),
        ("ontology/claims.ttl", ('versionInfo "1', 'versionInfo "7'), "newer than the release"),
        ("ontology/claims.ttl", ("claims/1.", "claims/7."), "has owl:versionIRI"),
        ("CHANGELOG.md", ("\n## 1.0.0", "\n## 0.9.0"), "CHANGELOG.md has no section '## 1.0.0'"),
        (
            "CHANGELOG.md",
            ("\n## 1.0.0", "\n## 7.0.0\n\n## 1.0.0"),
            "the newest section of CHANGELOG.md is 7.0.0",
        ),
        ("CHANGELOG.md", ("\n### Data", "\n### Dates"), "has no '### Data'"),
    ],
)
def test_each_disagreement_is_found(
    tool: ModuleType, copy: Path, name: str, change: tuple[str, str], words: str
) -> None:
    old, new = change
    text = (copy / name).read_text(encoding="utf-8")
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    version = tomllib.loads((copy / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    problems = [*tool.versions(copy, version), *tool.note(copy, version)]
    assert any(words in problem for problem in problems), problems


def test_a_disagreement_is_told_and_is_exit_code_1(copy: Path) -> None:
    citation = copy / "CITATION.cff"
    text = citation.read_text(encoding="utf-8")
    citation.write_text(text.replace("\nversion: 1", "\nversion: 7"), encoding="utf-8")
    done = check(copy, "versions", "note")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\n     CITATION.cff has version 7" in done.stdout
    assert done.stdout.count("yes ") == 1
    assert not done.stderr


def test_the_dataset_has_to_be_that_of_these_files(small: Path) -> None:
    (small / "pyproject.toml").write_text('[project]\nversion = "1.0.0"\n', encoding="utf-8")
    absent = check(small, "dataset")
    assert (absent.returncode, "no compiled dataset" in absent.stdout) == (1, True)
    subprocess.run([sys.executable, "-m", "polcoop", "compile"], cwd=small, check=True, capture_output=True)
    stale = check(small, "dataset")
    assert "the compiled dataset has version ''" in stale.stdout
    assert "older" not in stale.stdout
    with (small / "instances" / "facts.ttl").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert "older than its sources" in check(small, "dataset").stdout


def test_the_note_counts_what_changed_in_the_data(small: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", *IDENTITY, *arguments], cwd=small, check=True, capture_output=True)  # noqa: S607

    def release(version: str) -> None:
        (small / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', encoding="utf-8")
        (small / "CHANGELOG.md").write_text(NOTE.format(version=version), encoding="utf-8")

    git("init", "--quiet")
    release("1.0.0")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    assert "no earlier tag" in check(small, "changes").stdout
    git("tag", "v1.0.1")
    with (small / "instances" / "facts.ttl").open("a", encoding="utf-8") as file:
        file.write(
            "\n<https://w3id.org/polcoop/id/agent/zz> a <https://w3id.org/polcoop/ontology#Country> .\n"
        )
    git("commit", "--quiet", "--all", "--message", "second")
    silent = check(small, "changes")
    assert silent.returncode == 1, silent.stdout + silent.stderr
    assert "the data changed since v1.0.1, and the version is still 1.0.0" in silent.stdout
    counted = "Since v1.0.1: entities 1 added."
    assert counted in silent.stdout
    release("1.1.0")
    with (small / "CHANGELOG.md").open("a", encoding="utf-8") as file:
        file.write(f"- {counted}\n")
    assert check(small, "changes").returncode == 0


def test_faults_of_the_package_are_found(copy: Path) -> None:
    """One build with three faults in it: a folder left out, no description, the same file twice."""
    for name in ("instances", "shapes", "queries"):
        shutil.copytree(ROOT / name, copy / name)
    package = copy / "server" / "polcoop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "one.py").write_text("ONE = 1\n", encoding="utf-8")
    (package / "two.py").write_text("ONE = 1\n", encoding="utf-8")
    setup = (copy / "setup.py").read_text(encoding="utf-8")
    (copy / "setup.py").write_text(setup.replace('    "shapes/**/*.ttl",\n', ""), encoding="utf-8")
    project = (copy / "pyproject.toml").read_text(encoding="utf-8")
    (copy / "pyproject.toml").write_text(project.replace('\nreadme = "README.md"', ""), encoding="utf-8")
    done = check(copy, "artifacts")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the wheel lacks" in done.stdout
    assert "shapes/" in done.stdout
    assert "has no description" in done.stdout
    assert "check-wheel-contents" in done.stdout
    (copy / "setup.py").write_text("raise SystemExit('broken')\n", encoding="utf-8")
    assert "the package cannot be built" in check(copy, "artifacts").stdout


def test_metadata_that_an_index_would_refuse(tool: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            "x.dist-info/METADATA", "Metadata-Version: 2.4\nName: x\nVersion: first one\n\nWords."
        )
    (problem,) = tool._metadata(wheel, "1.0.0")
    assert "'first one' is invalid for 'version'" in problem
