"""``polcoop query``: what it prints, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

DATA = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ex: <http://example.org/> .
ex:a a skos:Concept ; skos:prefLabel "Café"@fr , "[red]x\\ny"@en ; ex:n 3 .
"""
LABELS = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?concept ?label ?nothing WHERE { ?concept skos:prefLabel ?label . } ORDER BY ?label"""
EXAMPLE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://example.org/> .
ex:q a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ;
    sh:select \"\"\"SELECT ?n WHERE { ?s <http://example.org/n> ?n }\"\"\" .
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to work in: data, and a query in each of the two kinds of file."""
    (tmp_path / "data.ttl").write_text(DATA, encoding="utf-8")
    (tmp_path / "labels.rq").write_text(LABELS, encoding="utf-8")
    (tmp_path / "example.ttl").write_text(EXAMPLE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def ask(polcoop: Run, folder: Path) -> Run:
    """Run ``polcoop query`` over the data."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        return polcoop("query", "--data", "data.ttl", *arguments, cwd=folder, **options)

    return run


def test_a_table_in_a_pipe_is_plain_and_aligned(ask: Run) -> None:
    done = ask("labels.rq")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "concept               label         nothing",
        "http://example.org/a  Café @fr",
        "http://example.org/a  [red]x↵y @en",
    ]


def test_a_table_on_a_terminal_is_drawn(folder: Path) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "polcoop", "query", "--data", "data.ttl", "labels.rq"]
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(command, stdout=child, stdin=child, cwd=folder, env=environment) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                shown += os.read(parent, 4096)
            except OSError:  # the other end is closed
                break
        assert process.wait() == 0
    os.close(parent)
    text = shown.decode()
    assert "━" in text
    assert "[red]x" in text
    assert "2 rows" in text


def test_types_are_shown_as_curies(ask: Run) -> None:
    done = ask("-e", "SELECT ?type { ?s a ?type }")
    assert done.stdout == "type\nskos:Concept\n"


def test_ask_answers_true_or_false(ask: Run) -> None:
    assert ask("-e", "ASK { ?s ?p 3 }").stdout == "true\n"
    assert ask("-e", "ASK { ?s ?p 4 }").stdout == "false\n"


def test_other_formats(ask: Run) -> None:
    rows = list(csv.reader(io.StringIO(ask("labels.rq", "--format", "csv").stdout)))
    assert sorted(row[1] for row in rows[1:]) == ["Café", "[red]x\ny"]
    assert json.loads(ask("labels.rq", "-f", "json").stdout)["head"]["vars"] == [
        "concept",
        "label",
        "nothing",
    ]
    construct = "CONSTRUCT { ?s <http://example.org/m> ?n } WHERE { ?s <http://example.org/n> ?n }"
    assert ask("-e", construct).stdout == "<http://example.org/a> <http://example.org/m> 3 .\n"
    ntriples = ask("-e", construct, "-f", "ntriples").stdout
    assert ntriples.startswith('<http://example.org/a> <http://example.org/m> "3"^^')


def test_the_query_comes_from_stdin_or_an_example_file(ask: Run) -> None:
    for arguments in ([], ["-"]):
        assert ask(*arguments, input="\ufeffASK {}").stdout == "true\n"
    assert ask("example.ttl").stdout == "n\n3\n"


def test_a_syntax_error_shows_the_place(ask: Run, folder: Path) -> None:
    (folder / "bad.rq").write_text("SELECT *\nWHERE { ?s ?é }", encoding="utf-8")
    done = ask("bad.rq")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr == (
        "  WHERE { ?s ?é }\n"
        "                ^\n"
        "polcoop: error: bad.rq:2:15: expected a term or variable, found '}'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["-e", "SELECT * { ?s a skos:Concept }"],
            3,
            "add PREFIX skos: <http://www.w3.org/2004/02/skos/core#>",
        ),
        (["-e", ""], 3, "query:1:1: expected SELECT"),
        (["-e", "SELECT (<a:f>(1) AS ?x) {}"], 3, "custom function <a:f>"),
        (
            ["-e", "SELECT * { SERVICE <http://example.org/> {} }"],
            2,
            "SERVICE <http://example.org/> is refused",
        ),
        (["-e", "INSERT DATA {}"], 2, "INSERT is an update"),
        (["-e", "ASK {}", "-f", "csv"], 2, "no format 'csv'"),
        (["-e", "ASK {}", "-f", "yaml"], 2, "no such result format"),
        (["-e", "DESCRIBE <a:a>", "-f", "table"], 2, "a graph, not a table"),
        (["-e", "ASK {}", "labels.rq"], 2, "exclude each other"),
        (["-e", "ASK {}", "--timeout", "0"], 2, "POLCOOP_TIMEOUT"),
        (["nothing.rq"], 3, "nothing.rq cannot be read"),
        (["data.ttl"], 3, "no queries"),
        (["-e", "ASK {}", "--data", "nothing"], 3, "no file or folder nothing"),
        (["-e", "ASK {}", "--data", "labels.rq"], 3, "unknown kind of file"),
    ],
)
def test_errors_are_one_clear_line_and_an_exit_code(
    ask: Run, arguments: list[str], code: int, words: str
) -> None:
    done = ask(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert sum(line.startswith("polcoop: error: ") for line in done.stderr.splitlines()) == 1


def test_without_a_dataset_the_way_to_one_is_told(polcoop: Run, tmp_path: Path) -> None:
    done = polcoop("query", "-e", "ASK {}", "--dataset", "none", cwd=tmp_path)
    assert done.returncode == 3
    assert "polcoop compile" in done.stderr


@pytest.mark.parametrize("named", [False, True])
def test_a_project_that_is_not_compiled_is_not_answered_from_other_data(
    polcoop: Run, tmp_path: Path, named: bool
) -> None:
    (tmp_path / "ontology").mkdir()
    options = {"env": {"POLCOOP_ROOT": str(tmp_path)}} if named else {"cwd": tmp_path}
    done = polcoop("query", "-e", "ASK {}", **options)
    assert (done.returncode, done.stdout) == (3, "")
    assert "is not compiled" in done.stderr
    assert "polcoop compile" in done.stderr


def test_malformed_data_is_named_with_line_and_column(ask: Run, folder: Path) -> None:
    (folder / "bad.ttl").write_text("@prefix ex: <http://example.org/> .\nex:a ex:b .\n", encoding="utf-8")
    done = ask("-e", "ASK {}", "--data", "bad.ttl")
    assert done.returncode == 3
    assert "bad.ttl:2:" in done.stderr


def test_a_query_that_takes_too_long_ends(ask: Run) -> None:
    numbers = " ".join(map(str, range(2000)))
    text = (
        "ASK {"
        + "".join(f"VALUES ?v{n} {{ {numbers} }}" for n in range(4))
        + "FILTER(?v0 + ?v1 + ?v2 + ?v3 < 0) }"
    )
    done = ask("-", "--timeout", "1", input=text)
    assert done.returncode == 3
    assert "ended after 1 seconds" in done.stderr


def test_nothing_temporary_stays_behind(ask: Run, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for text in ("ASK {}", "ASK {", "ASK { SERVICE <a:a> {} }"):
        ask("-e", text, env={"TMPDIR": str(scratch)})
    assert list(scratch.iterdir()) == []
