"""The built wheel in an empty environment, away from any checkout: what a user gets from ``pip install``."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from polcoop.cli.extras import extra_of

SOURCES = (
    "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "LICENSE-DATA", "CITATION.cff",
    "CHANGELOG.md", "catalogue.ttl", "server", "ontology", "instances", "shapes", "queries",
)  # fmt: skip
COUNT = "SELECT (COUNT(*) AS ?n) { ?c a <https://w3id.org/polcoop/ontology#Claim> }"


@dataclass
class Installed:
    """An environment, and an empty folder to work in with a cache of its own."""

    bin: Path
    folder: Path

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("POLCOOP_")}
        environment = {**bare, "XDG_CACHE_HOME": str(self.folder / "cache")}
        environment.pop("PYTHONPATH", None)
        return subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=280,
        )  # fmt: skip

    def polcoop(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return self.run("polcoop", *arguments)


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the checkout and nothing of it is found by chance."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
        else:
            shutil.copy(source, copy / name)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, copy)
    (built,) = out.glob("*.whl")
    return built


def install(installed: Installed, what: str | Path) -> None:
    """Install with the pip that is here; compiling what is never imported would take longer than the rest."""
    pip("--python", installed.bin / "python", "install", "--quiet", "--no-compile", what)


def pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if done.returncode and "No matching distribution found" in done.stderr:
        pytest.skip(f"no package index is at hand: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def test_every_extra_can_be_named(root: Path) -> None:
    """A command that lacks a library names the extra that brings it."""
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra, lines in extras["optional-dependencies"].items():
        for line in lines:
            name = re.match(r"[A-Za-z0-9-]+", line)[0]  # type: ignore[index]
            assert name == "polcoop" or extra_of(name.replace("-", "_")) is not None, (extra, name)
    assert extra_of("fastapi") == "server"
    assert extra_of("text_to_num") == extra_of("pyshacl.validate") == "validate"
    assert extra_of("json") is extra_of("pyoxigraph") is None


@pytest.mark.timeout(900)
def test_an_empty_environment(wheel: Path, root: Path, dataset: Path, tmp_path: Path) -> None:
    """The slow one: what the wheel holds; the package alone, then with the extra of the server, from the
    package index.  One test, since the tests of a module may run in several processes, each with a wheel of
    its own."""
    _holds(wheel, root)
    venv.create(tmp_path / "venv", with_pip=False)
    folder = tmp_path / "work"
    folder.mkdir()
    installed = Installed(tmp_path / "venv" / "bin", folder)
    install(installed, wheel)
    _alone(installed, dataset)
    install(installed, f"{wheel}[server]")
    _with_server(installed)


def _holds(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for pattern in ("ontology/**/*.ttl", "instances/**/*.ttl", "shapes/**/*.ttl", "queries/**/*.*"):
        expected = {f"polcoop/shipped/{path.relative_to(root).as_posix()}" for path in root.glob(pattern)}
        assert len(expected) > 5, pattern
        assert expected <= names, f"{pattern}: {sorted(expected - names)[:3]}"
    assert {"polcoop/py.typed", "polcoop/citation/apa.csl", "polcoop/web/templates/stored.html"} <= names
    assert not [name for name in names if name.startswith("tests") or "note-135-paginated" in name]


def _alone(installed: Installed, dataset: Path) -> None:
    program = (
        "import sys; n = len(sys.modules); import polcoop; print(len(sys.modules) - n, polcoop.__version__)"
    )
    modules, version = installed.run("python", "-c", program).stdout.split()
    assert version == json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))["release"]
    assert int(modules) < 20, "importing the package is light"
    asked = installed.polcoop("query", "-e", COUNT, "--format", "csv")
    assert asked.returncode == 0, asked.stderr
    assert int(asked.stdout.split()[1]) > 500
    cited = installed.polcoop("cite", "--style", "csl-json")
    assert (cited.returncode, cited.stderr) == (0, ""), "it is compiled once"
    # The same dataset as in the checkout, to the last byte.
    digest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))["version"]
    assert json.loads(cited.stdout)[0]["note"].startswith(f"SHA-256 {digest}")
    assert installed.polcoop("cite").stdout.startswith("The polcoop contributors.")
    wrong = installed.polcoop("query", "-e", "SELECT ?x { ?x ?y }")
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (3, False), wrong.stderr
    for command, extra in (("serve --port 0", "server"), ("validate", "validate")):
        missing = installed.polcoop(*command.split())
        assert missing.returncode == 2, missing.stderr
        assert f"pip install 'polcoop[{extra}]'" in missing.stderr
        assert "Traceback" not in missing.stderr


def _with_server(installed: Installed) -> None:
    data = installed.folder / "data.ttl"
    claim = (
        "@prefix polcoop: <https://w3id.org/polcoop/ontology#> .\n<https://example.org/c> a polcoop:Claim ."
    )
    data.write_text(claim, encoding="utf-8")
    judged = installed.polcoop("validate", data)
    assert judged.returncode == 1, judged.stderr
    assert "data.ttl:2:" in judged.stdout
    _serves(installed)


def _serves(installed: Installed) -> None:
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("POLCOOP_", "PYTHONPATH"))
    }
    with subprocess.Popen(
        [installed.bin / "polcoop", "serve", "--port", "0"], cwd=installed.folder, text=True,
        env={**bare, "XDG_CACHE_HOME": str(installed.folder / "cache")}, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            url = next(found[1] for line in process.stdout if (found := re.search(r"page +(http\S+)/", line)))
            with httpx2.Client(base_url=url, timeout=120, trust_env=False) as http:
                count = http.get("/sparql", params={"query": COUNT, "format": "csv"})
                assert int(count.text.split()[1]) > 500
                assert http.get("/q").json()["examples"]
                report = http.post(
                    "/validate", params={"format": "json"}, headers={"Content-Type": "text/turtle"},
                    content=(installed.folder / "data.ttl").read_bytes(),
                )  # fmt: skip
                assert report.json()["conforms"] is False
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
