"""SHACL validation: results as values, the background, refused shapes, no network."""

from __future__ import annotations

import socket

import pytest
from rdflib import Graph

from polcoop.quality.report import Severity
from polcoop.quality.shacl import ShapesError, validate

PREFIXES = """
@prefix ex: <https://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SHAPES = """
ex:Page a sh:NodeShape ; sh:targetClass ex:Claim ; sh:property ex:Page-number .
ex:Page-number sh:path ex:page ; sh:minCount 1 ; sh:maxInclusive 26 ;
    sh:message "A page is needed."@en , "Il faut une page."@fr ; sh:severity sh:Warning .
ex:Idle a sh:NodeShape ; sh:targetClass ex:Nothing ; sh:nodeKind sh:IRI .
"""


def graph(text: str) -> Graph:
    return Graph().parse(data=PREFIXES + text, format="turtle")


def test_a_result_carries_focus_path_value_severity_shape_component_and_messages() -> None:
    report = validate(graph("ex:a a ex:Claim ; ex:page 27 . ex:b a ex:Claim ; ex:page 2 ."), graph(SHAPES))
    (result,) = report.results
    assert result.focus == "<https://example.org/a>"
    assert result.path == "<https://example.org/page>"
    assert result.value == '"27"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert result.severity is Severity.WARNING
    assert result.shape == "<https://example.org/Page-number>"
    assert result.component == "<http://www.w3.org/ns/shacl#MaxInclusiveConstraintComponent>"
    assert result.message("fr") == "Il faut une page."
    assert result.message("en") == "A page is needed."
    assert result.message("de") == "A page is needed."


def test_the_report_counts_focus_nodes_and_names_idle_shapes() -> None:
    report = validate(graph("ex:a a ex:Claim ; ex:page 1 . ex:b a ex:Claim ; ex:page 2 ."), graph(SHAPES))
    assert report.conforms
    assert report.focus_nodes == 2
    assert report.shapes == 2
    assert report.idle_shapes == ("<https://example.org/Idle>",)
    assert not report.reaches(Severity.INFO)


def test_severity_decides_what_reaches_a_threshold() -> None:
    report = validate(graph("ex:a a ex:Claim ."), graph(SHAPES))
    assert not report.conforms
    assert report.reaches(Severity.WARNING)
    assert not report.reaches(Severity.VIOLATION)
    assert report.counts == {Severity.INFO: 0, Severity.WARNING: 1, Severity.VIOLATION: 0}


def test_an_unknown_severity_counts_as_violation() -> None:
    shapes = graph("ex:S sh:targetNode ex:a ; sh:class ex:Claim ; sh:severity ex:Terrible .")
    assert validate(graph("ex:a ex:page 1 ."), shapes).reaches(Severity.VIOLATION)


def test_the_background_gives_the_class_hierarchy_and_is_not_judged() -> None:
    background = graph("ex:Sub rdfs:subClassOf ex:Claim . ex:known a ex:Claim .")
    data = graph("ex:mine a ex:Sub .")
    report = validate(data, graph(SHAPES), background)
    assert [result.focus for result in report.results] == ["<https://example.org/mine>"]
    assert report.focus_nodes == 1
    assert len(data) == 1
    assert len(background) == 2
    assert validate(graph("ex:mine ex:note 1 ."), graph(SHAPES), background).focus_nodes == 0


def test_a_shape_that_names_its_focus_node_speaks_even_of_the_background() -> None:
    shapes = graph("ex:S sh:targetNode ex:known ; sh:property [ sh:path ex:page ; sh:minCount 1 ] .")
    assert not validate(graph("ex:mine a ex:Claim ."), shapes, graph("ex:known a ex:Claim .")).conforms


def test_a_focus_node_of_the_background_is_no_part_of_the_data() -> None:
    shapes = graph("ex:S sh:targetNode ex:known ; sh:property [ sh:path ex:page ; sh:minCount 1 ] .")
    fine, wrong = graph("ex:known a ex:Claim ; ex:page 1 ."), graph("ex:known a ex:Claim .")
    report = validate(graph("ex:mine ex:note 1 ."), shapes, fine)
    assert (report.conforms, report.focus_nodes, report.empty) == (True, 0, True)
    assert not validate(graph("ex:mine ex:note 1 ."), shapes, wrong).empty
    assert validate(graph("ex:known ex:note 1 ."), shapes, fine).focus_nodes == 1


def test_a_message_with_variables_keeps_its_language() -> None:
    shapes = graph(
        "ex:S sh:targetNode ex:a ; sh:message 'The value is {?value}.'@en , 'La valeur est {?value}.'@fr ; "
        "sh:sparql [ sh:select 'SELECT $this ?value WHERE { $this <https://example.org/p> ?value }' ] ."
    )
    (result,) = validate(graph("ex:a ex:p 7 ."), shapes).results
    assert result.message("en") == "The value is 7."
    assert result.message("fr") == "La valeur est 7."


def test_imports_and_inferences_are_not_followed() -> None:
    shapes = graph("<https://example.org/> owl:imports <http://127.0.0.1:9/> ." + SHAPES)
    data = graph(
        "<https://example.org/d> owl:imports <http://127.0.0.1:9/> . "
        "ex:p rdfs:domain ex:Claim . ex:a ex:p 1 ."
    )
    assert validate(data, shapes).focus_nodes == 0


PATHS = {
    "ex:p": "<https://example.org/p>",
    "[ sh:inversePath ex:p ]": "^<https://example.org/p>",
    "( ex:p ex:q )": "<https://example.org/p>/<https://example.org/q>",
    "[ sh:alternativePath ( ex:p [ sh:inversePath ex:q ] ) ]": "<https://example.org/p>|(^<https://example.org/q>)",
    "( ex:p [ sh:zeroOrMorePath ex:q ] )": "<https://example.org/p>/(<https://example.org/q>*)",
    "[ sh:oneOrMorePath ex:p ]": "<https://example.org/p>+",
    "[ sh:zeroOrOnePath ( ex:p ex:q ) ]": "(<https://example.org/p>/<https://example.org/q>)?",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_written_as_in_sparql(path: str) -> None:
    shapes = graph(f"ex:S a sh:PropertyShape ; sh:targetNode ex:a ; sh:path {path} ; sh:minCount 9 .")
    (result,) = validate(graph("ex:a ex:p ex:b ."), shapes).results
    assert result.path == PATHS[path]


def select(query: str) -> str:
    return f"ex:S sh:targetNode ex:a ; sh:sparql [ sh:select '{query}' ] ."


REFUSED = {
    "two paths": "ex:S a sh:PropertyShape ; sh:targetNode ex:a ; sh:path ex:p , ex:q ; sh:minCount 1 .",
    "no path": "ex:S a sh:PropertyShape ; sh:targetNode ex:a ; sh:minCount 1 .",
    "count that is no number": "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 'x' ] .",
    "broken pattern": "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:pattern '(' ] .",
    "query that does not parse": select("SELECT $this WHERE { $this"),
    "unknown prefix": select("SELECT $this WHERE { $this no:p 1 }"),
    "VALUES": select("SELECT $this WHERE { VALUES ?x { 1 } $this ?p ?x }"),
    "MINUS": select("SELECT $this WHERE { $this ?p ?o MINUS { ?o ?p ?x } }"),
    "SERVICE": select("SELECT $this WHERE { SERVICE <http://127.0.0.1:9/> { $this ?p ?o } }"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_ill_formed_shapes_are_refused(kind: str) -> None:
    with pytest.raises(ShapesError) as caught:
        validate(graph("ex:a ex:p ex:b ."), graph(REFUSED[kind]))
    assert caught.value.exit_code == 3
    assert caught.value.detail


def test_a_from_clause_does_not_open_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: attempts.append(address))
    query = "SELECT $this FROM <http://127.0.0.1:9/x> WHERE { $this ?p ?o }"
    validate(graph("ex:a ex:p ex:b ."), graph(select(query)))
    assert attempts == []
