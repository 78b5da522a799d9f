"""What the documentation shows is what happens: its queries give the printed answers, its commands exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from polcoop.errors import PolcoopError

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "data-guide.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^### (?P<title>.+?)$.*?```sparql\n(?P<query>.*?)```\n+```csv\n(?P<answer>.*?)```", re.M | re.S
)
EXAMPLES = [match.groupdict() for match in EXAMPLE.finditer(GUIDE)]
COMMANDS = README.split("## The command\n")[1].split("### Exit codes")[0]
OPTION = r"--[a-z-]+"
# Run in the documentation's own words, but not at its port.
SHOWN_ADDRESS = "http://127.0.0.1:8000"


def test_every_query_of_the_guide_has_its_answer() -> None:
    assert len(EXAMPLES) == GUIDE.count("```sparql\n") >= 12


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["title"])
def test_guide(example: dict[str, str], server: str) -> None:
    prefixes = re.search(r"```sparql-prefixes\n(.*?)```", GUIDE, re.S)
    assert prefixes
    answer = httpx2.get(
        f"{server}/sparql", params={"query": prefixes[1] + example["query"]}, headers={"Accept": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.text.replace("\r\n", "\n") == example["answer"]
    assert answer.text.count("\n") > 1, "an example without a row shows nothing"


def test_the_query_of_the_readme(server: str) -> None:
    shown = re.search(r"```sh\n(curl .*?\nEOF\n)```\n+```csv\n(.*?)```", README, re.S)
    assert shown
    done = subprocess.run(
        ["bash", "-c", shown[1].replace(SHOWN_ADDRESS, server)],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.replace("\r\n", "\n") == shown[2]


def test_the_readme_names_each_command(polcoop) -> None:
    offered = re.findall(r"^  (\w+)  ", polcoop("--help").stdout.split("Commands:")[1], re.M)
    assert len(offered) >= 9
    assert sorted(offered) == sorted(re.findall(r"^\| `(?!polcoop)(\w+)", COMMANDS, re.M))


def test_the_readme_names_only_options_that_exist(polcoop) -> None:
    for command, rest in re.findall(r"^\| `(?!polcoop)(\w+)([^`]*)`", COMMANDS, re.M):
        missing = set(re.findall(OPTION, rest)) - set(re.findall(OPTION, polcoop(command, "--help").stdout))
        assert not missing, f"{command} has no {missing}"


def test_the_exit_codes_of_the_readme_are_those_of_the_errors() -> None:
    said = {int(code) for code in re.findall(r"^\| (\d) \|", README, re.M)}
    kinds = [PolcoopError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.exit_code for kind in kinds} | {0, 1} == said


def test_every_folder_of_the_readme_is_there() -> None:
    names = re.findall(r"^\| `([a-z./-]+)` \|", README, re.M)
    assert "ontology/" in names
    for name in names:
        assert (ROOT / name).exists(), name


def test_one_version() -> None:
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert project
    assert citation
    assert project[1] == citation[1]
