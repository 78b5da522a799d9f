"""polcoop validate --changed-since REV: the verdict of a whole run, of what a change can affect."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from polcoop.cli import app
from polcoop.errors import PolcoopError

PREFIXES = """
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
"""
ONTOLOGY = """
<https://example.org/o> a owl:Ontology .
ex:Text a owl:Class . ex:Treaty a owl:Class ; rdfs:subClassOf ex:Text .
"""
RULE = """
PREFIX ex: <https://example.org/>
# The parties of a treaty count for the treaty that it follows.
CONSTRUCT { ?old ex:heir ?party } WHERE { ?new ex:follows ?old ; ex:party ?party }
"""
SHAPES = """
ex:Parties a sh:NodeShape ; sh:targetClass ex:Text ; sh:property ex:Parties-count , ex:Parties-named .
ex:Parties-count sh:path ex:party ; sh:minCount 1 ; sh:maxCount 2 .
ex:Parties-named sh:path ( ex:party ex:name ) ; sh:minCount 1 .
ex:Heirs a sh:NodeShape ; sh:targetSubjectsOf ex:heir ;
    sh:property [ sh:path ex:heir ; sh:qualifiedValueShape [ sh:class ex:State ] ; sh:qualifiedMinCount 1 ] .
ex:Dates a sh:NodeShape ; sh:targetSubjectsOf polcoop:edtf ;
    sh:property [ sh:path polcoop:latest ; sh:minCount 1 ] .
"""
ROWS = [
    "ex:t1 a ex:Treaty ; ex:party ex:a , ex:b .",
    "ex:t2 a ex:Treaty ; ex:follows ex:t1 ; ex:party ex:a .",
    "ex:t3 a ex:Text ; ex:party ex:c .",
    "ex:t3 ex:party ex:a , ex:b .",
    "ex:t4 a ex:Treaty ; ex:follows ex:t3 ; ex:party [ ex:name 'D' ] .",
    "ex:t4 polcoop:edtf '2016-05' .",
    "ex:t5 a ex:Treaty .",
    "ex:a a ex:State ; ex:name 'A' .",
    "ex:b a ex:State .",
    "ex:c ex:name 'C' .",
    "ex:State rdfs:subClassOf ex:Text .",
]
Finding = tuple[str, ...]


class Repository:
    """A small project under git."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("ontology/o.ttl", PREFIXES + ONTOLOGY)
        self.write("queries/derive/heirs.rq", RULE)
        self.write("shapes/shapes.ttl", PREFIXES + SHAPES)
        self.git("init", "--quiet")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def data(self, rows: list[str], name: str = "instances/data.ttl") -> Path:
        return self.write(name, PREFIXES + "\n".join(rows) + "\n")

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True, capture_output=True)  # noqa: S607

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "state")

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        command = ["validate", *map(str, arguments), "--root", str(self.root), "--format", "json"]
        done = CliRunner().invoke(app, command)
        error = done.exception
        code = error.exit_code if isinstance(error, PolcoopError) else done.exit_code
        return code, done.stdout, done.stderr

    def findings(self, *arguments: str | Path) -> tuple[set[Finding], int]:
        """The results, and the exit code."""
        code, out, err = self.run(*arguments)
        assert code in (0, 1), err
        parts = ("focusNode", "path", "value", "sourceShape", "resultSeverity")
        return {tuple(_text(found.get(part)) for part in parts) for found in json.loads(out)["result"]}, code


def _text(value: object) -> str:
    return str(value.get("@id", value)) if isinstance(value, dict) else str(value)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


rows = st.sets(st.sampled_from(ROWS)).map(sorted)


def combined(repository: Repository, old: list[str], new: list[str], *paths: Callable[[], Path]) -> None:
    repository.data(old)
    repository.commit()
    targets = [path() for path in paths]
    before, _ = repository.findings(*targets)
    repository.data(new)
    after, code = repository.findings(*targets)
    changed, _ = repository.findings(*targets, "--changed-since", "HEAD")
    blank = {finding for finding in after | changed if any("_:" in part for part in finding)}
    assert changed - blank <= after
    assert after - blank <= changed | before
    # What is new is among what was looked at, so that it fails the run as it would fail a whole one.
    assert after - before - blank <= changed
    assert code == int(bool(after))


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(rows, rows)
def test_a_changed_project(tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]) -> None:
    combined(Repository(tmp_path_factory.mktemp("project")), old, new)


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(rows, rows)
def test_changed_files(tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]) -> None:
    repository = Repository(tmp_path_factory.mktemp("project"))
    combined(repository, old, new, lambda: repository.root / "instances" / "data.ttl")


def test_only_what_a_change_reaches_is_looked_at_and_said(repository: Repository) -> None:
    repository.data(ROWS)
    repository.commit()
    whole, _ = repository.findings()
    assert len(whole) > 3
    assert repository.findings("--changed-since", "HEAD")[0] == set()
    repository.data([*ROWS, "ex:t5 ex:party ex:c ."])
    found, code = repository.findings("--changed-since", "HEAD")
    assert found == set()
    assert code == 0
    text = CliRunner().invoke(app, ["validate", "--root", str(repository.root), "--changed-since", "HEAD"])
    assert "1 focus node checked" in text.stdout
    assert "unaffected by the change" in text.stdout


def test_what_is_computed_anew_counts_as_changed(repository: Repository) -> None:
    repository.data(["ex:t1 a ex:Treaty ; ex:party ex:a .", "ex:a ex:name 'A' ; a ex:State ."])
    repository.commit()
    repository.data(
        [
            "ex:t1 a ex:Treaty ; ex:party ex:a .",
            "ex:a ex:name 'A' ; a ex:State .",
            "ex:t2 ex:follows ex:t1 ; ex:party ex:c .",
        ]
    )
    found, _ = repository.findings("--changed-since", "HEAD")
    assert {focus for focus, *_ in found} == {"https://example.org/t1"}


@pytest.mark.parametrize("place", ["shapes/shapes.ttl", "ontology/o.ttl"])
def test_other_shapes_and_other_classes_have_everything_looked_at(repository: Repository, place: str) -> None:
    repository.data(ROWS)
    repository.commit()
    extra = "ex:Text rdfs:subClassOf ex:Thing .\n" if "o.ttl" in place else "# another comment\n"
    file = repository.root / place
    file.write_text(file.read_text("utf-8") + extra, encoding="utf-8")
    assert repository.findings("--changed-since", "HEAD")[0] >= {
        finding for finding in repository.findings()[0] if "Parties" in finding[3]
    }
    said = repository.run("--changed-since", "HEAD")[2]
    assert ("everything is judged" in said) == ("shapes" in place)


def test_files_with_shapes_of_their_own_in_any_repository(repository: Repository) -> None:
    shapes = repository.root / "shapes" / "shapes.ttl"
    data = repository.data(["<#x> a ex:Text .", "<#y> a ex:Text ."], "elsewhere/data.ttl")
    repository.commit()
    options = (data.parent, "--shapes", shapes)
    assert {f[0].rpartition("#")[2] for f in repository.findings(*options)[0]} == {"x", "y"}
    repository.data(
        ["<#x> a ex:Text .", "<#y> a ex:Text ; ex:party ex:a , ex:b , ex:c ."], "elsewhere/data.ttl"
    )
    found, _ = repository.findings(*options, "--changed-since", "HEAD")
    assert {f[0].rpartition("#")[2] for f in found} == {"y"}


def test_wrong_use(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository.data(ROWS)
    repository.commit()
    assert repository.run("--changed-since", "nonsense")[0] == 2
    assert repository.run("--changed-since", "HEAD", "--baseline", "b.json", "--update-baseline")[0] == 2
    outside = tmp_path_factory.mktemp("outside") / "x.ttl"
    outside.write_text(PREFIXES + ROWS[0])
    assert repository.run(outside, "--changed-since", "HEAD")[0] == 2


def test_a_revision_that_cannot_be_parsed_has_everything_looked_at(repository: Repository) -> None:
    repository.data(["this is no Turtle"])
    repository.commit()
    repository.data(ROWS)
    code, out, err = repository.run("--changed-since", "HEAD")
    assert code == 1
    assert "everything is judged" in err
    assert json.loads(out)["result"]
