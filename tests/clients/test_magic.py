"""``%%sparql`` in a real IPython shell: results, options, errors, completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError as CellError
from IPython.core.interactiveshell import InteractiveShell

import polcoop


@pytest.fixture
def shell(dataset: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell that has loaded the extension."""
    monkeypatch.setenv("POLCOOP_DATASET", str(dataset.parent))
    made = InteractiveShell()
    made.run_line_magic("load_ext", "polcoop")
    yield made
    made.magics_manager.registry["SparqlMagics"]._connections.clear()


def test_a_cell_is_a_query(shell: InteractiveShell) -> None:
    shown = shell.run_cell_magic(
        "sparql", "", "SELECT ?label { agent:cn skos:prefLabel ?label } ORDER BY ?label"
    )
    assert shown.column("label") == ["China", "Chine", "中国"]
    assert shell.run_cell_magic("sparql", "", "ASK { agent:cn ?p ?o }") is True
    assert len(shell.run_cell_magic("sparql", "", "DESCRIBE agent:cn")) > 3
    assert len(shell.run_cell_magic("sparql", "", "CONSTRUCT WHERE { agent:cn a ?c }")) > 0


def test_the_options(shell: InteractiveShell, server: str, connected: polcoop.Connection) -> None:
    query = "SELECT ?label { ?country skos:prefLabel ?label FILTER(LANG(?label) = ?lang) }"
    shell.user_ns |= {"country": polcoop.iri("agent:fr"), "lang": "fr", "mine": connected}
    for place in ("", f"-e {server}/sparql", "--endpoint mine"):
        line = f"answer {place} --bind country --bind lang --timeout 30"
        assert shell.run_cell_magic("sparql", line, query) is None
        assert shell.user_ns["answer"].column("label") == ["France"]
    assert shell.user_ns["answer"].source == connected.source


@pytest.mark.parametrize(
    ("line", "cell", "says"),
    [
        ("", "SELECT ?x {\n  ?x a }", "malformed query: .*\n2 |   \\?x a }\n +\\^"),
        ("-t 0.2", "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "timed out.*\nhint: "),
        ("-b nothing", "SELECT ?nothing {}", "no variable nothing to bind"),
        ("-e nowhere", "ASK {}", "'nowhere' is not an HTTP address"),
        ("", "SELEKT", "expected SELECT, ASK"),
    ],
)
def test_an_error_is_a_message_and_no_traceback(
    shell: InteractiveShell, line: str, cell: str, says: str
) -> None:
    with pytest.raises(CellError, match=says):
        shell.run_cell_magic("sparql", line, cell)


def test_loading_twice_is_loading_once(shell: InteractiveShell) -> None:
    shell.run_line_magic("reload_ext", "polcoop")
    assert [matcher.__qualname__ for matcher in shell.Completer.custom_matchers].count(
        "SparqlMagics._matcher.<locals>.match"
    ) == 1


@pytest.mark.parametrize(
    ("cell", "among"),
    [
        ("%%sparql\nSELECT ?x { ?x pol", "polcoop:"),
        ("%%sparql\nSELECT ?x { ?x polcoop:hasPar", "polcoop:hasParty"),
        ("%%sparql r -t 5\n\nSELECT ?x {\n  ?x polcoop:hasTopic topic:li", "topic:liaison-officers"),
        ("%%sparql\nSELECT ?x { ?x polcoop:onPage/polcoop:modal", "polcoop:modality"),
        ("%%sparql\nSELECT ?label { ?x skos:prefLabel ?la", "?label"),
        ("%%sparql\nSELECT ?x { ?x a polcoop:Fact opt", "optIONAL"),
    ],
)
def test_completion(shell: InteractiveShell, cell: str, among: str) -> None:
    with provisionalcompleter():
        found = {(cell[: each.start] + each.text) for each in shell.Completer.completions(cell, len(cell))}
    word = cell.rsplit(maxsplit=1)[-1].rsplit("/", maxsplit=1)[-1]
    assert cell.removesuffix(word) + among in found


def test_completion_keeps_to_its_cells(shell: InteractiveShell) -> None:
    with provisionalcompleter():
        for cell in ("pol", "%%sparql pol", "x = '''\npol"):
            found = [each.text for each in shell.Completer.completions(cell, len(cell))]
            assert "polcoop:" not in found
