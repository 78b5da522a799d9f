"""The benchmark of validation runs, on next to nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ONTOLOGY = "@prefix owl: <http://www.w3.org/2002/07/owl#> . <urn:o> a owl:Ontology . <urn:C> a owl:Class .\n"
INSTANCES = "".join(
    f"<https://w3id.org/polcoop/id/x/{n}> a <urn:C> ; <urn:p> [ <urn:q> {n} ] .\n" for n in range(3)
)
SHAPES = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:S> a sh:NodeShape ; sh:targetClass <urn:C> ; "
    "sh:property [ sh:path ( <urn:p> <urn:q> ) ; sh:minInclusive 1 ] .\n"
)


def run(root: Path, *arguments: str | Path) -> str:
    command = [sys.executable, str(root / "benchmarks" / "validate.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


def test_it_measures_each_tool_at_each_size(root: Path, tmp_path: Path) -> None:
    for name, text in (("ontology", ONTOLOGY), ("instances", INSTANCES), ("shapes", SHAPES)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.ttl").write_text(text)
    told = run(
        root, "--root", tmp_path, "--scale", "1", "3", "--runs", "1", "--tools", "polcoop", "pyshacl"
    )  # fmt: skip
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in told.splitlines() if "×" in line][1:]
    # One node in three is wrong, in each copy; the two triples of the ontology are not copied.
    assert [(size, triples, tool, results) for size, triples, tool, *_, results in rows] == [
        ("1×", "11", "polcoop", "1"),
        ("1×", "11", "pyshacl", "1"),
        ("3×", "29", "polcoop", "3"),
        ("3×", "29", "pyshacl", "3"),
    ]


def test_it_says_what_it_can_do(root: Path) -> None:
    told = run(root, "--help")
    assert all(option in told for option in ("--scale", "--runs", "--limit", "--memory", "--tools"))
