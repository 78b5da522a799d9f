"""Where a result stands: the offending triple, the subject when something is missing, the source of what was
computed; in every syntax."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from polcoop.quality.locate import located
from polcoop.quality.material import located_files, of_files, of_strangers
from polcoop.quality.report import ValidationReport
from polcoop.quality.shacl import shapes_graph, validate
from polcoop.sources.project import Project

PREFIXES = """\
@prefix ex: <https://e.example/> .
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
HEAD = PREFIXES.count("\n")

Judge = Callable[..., ValidationReport]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Validate files (name: text) against shapes in Turtle."""

    def run(shapes: str, **files: str) -> ValidationReport:
        (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes, encoding="utf-8")
        paths = []
        for name, text in files.items():
            paths.append(tmp_path / name.replace("_", "."))
            has_prefixes = paths[-1].suffix in {".ttl", ".trig"}
            paths[-1].write_text(PREFIXES * has_prefixes + text, encoding="utf-8")
        material, rules = of_strangers(paths), located_files([tmp_path / "shapes.ttl"])
        return located(validate(material.data, shapes_graph(rules)), material.files, rules)

    return run


def where(report: ValidationReport) -> list[tuple[str, int, int | None]]:
    found = []
    for result in report.results:
        assert result.location is not None
        found.append((Path(result.location.source).name, result.location.line, result.location.column))
    return found


MAX = "ex:S sh:targetNode ex:a ; sh:property ex:P .\nex:P sh:path ex:p ; sh:maxInclusive 3 ; sh:minCount 1 ."


def test_a_wrong_value_stands_where_it_is_written_and_its_shape_where_that_is(judge: Judge) -> None:
    report = judge(MAX, data_ttl='ex:a ex:q """long\n\ntext""" ;\n  ex:p 1 ,\n    9 .')
    assert where(report) == [("data.ttl", HEAD + 5, 5)]
    (result,) = report.results
    assert result.location is not None
    assert (result.location.end_line, result.location.end_column) == (HEAD + 5, 6)
    assert result.related is not None
    assert result.related.line == HEAD + 2
    assert report.rules["<https://e.example/P>"].location == result.related


def test_a_value_is_found_however_it_is_spelt(judge: Judge) -> None:
    report = judge(MAX, data_ttl='ex:a ex:p 2 ;\n ex:p "007"^^xsd:integer .')
    assert where(report) == [("data.ttl", HEAD + 2, 7)]
    report = judge(
        'ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ] .',
        data_ttl='ex:a ex:p "a\\nb"@EN-gb ,\n """line\nother \\" one""" .',
    )  # fmt: skip
    assert where(report) == [("data.ttl", HEAD + 1, 11), ("data.ttl", HEAD + 2, 2)]


def test_something_missing_stands_at_the_subject_of_the_focus_node(judge: Judge) -> None:
    report = judge(MAX, one_ttl="ex:b ex:p ex:a .", two_ttl="\n ex:b ex:p 1 .\n\n ex:a ex:q 1 .")
    assert where(report) == [("two.ttl", HEAD + 4, 2)]


def test_one_value_too_few_stands_at_the_subject_too(judge: Judge) -> None:
    shapes = "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 2 ] ."
    assert where(judge(shapes, data_ttl="ex:b ex:p 1 .\nex:a\n ex:p 1 .")) == [("data.ttl", HEAD + 2, 1)]


def test_a_node_that_nothing_describes_stands_where_it_is_referred_to(judge: Judge) -> None:
    shapes = "ex:S sh:targetObjectsOf ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ."
    assert where(judge(shapes, data_ttl="ex:b ex:q 1 ;\n ex:p ex:c .")) == [("data.ttl", HEAD + 2, 7)]


def test_one_value_too_many_stands_at_the_last(judge: Judge) -> None:
    shapes = "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] ."
    assert where(judge(shapes, data_ttl="ex:a ex:p 1 ,\n 2 ;\n ex:q 3 .")) == [("data.ttl", HEAD + 2, 2)]


def test_a_value_that_is_not_told_is_not_guessed(judge: Judge) -> None:
    """pySHACL tells no value of a constraint component of one's own."""
    shapes = """
ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:most ] ;
    sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER($value < $most) }" ] .
ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; ex:most 5 ] ."""
    data = "ex:a ex:q 9 ;\n ex:p 9 ,\n  1 ."
    assert where(judge(shapes, data_ttl=data)) == [("data.ttl", HEAD + 2, 2)]
    assert where(judge(shapes, data_ttl="ex:a ex:q 9 ;\n ex:p 9 .")) == [("data.ttl", HEAD + 2, 7)]


def test_blank_nodes_stand_at_their_own_brackets(judge: Judge) -> None:
    shapes = (
        "ex:S sh:targetObjectsOf ex:part ; sh:property [ sh:path ex:n ; sh:minCount 1 ; sh:minLength 2 ] ."
    )
    data = 'ex:a ex:part [ ex:n "ok" ] ,\n  [ ex:m 1 ] ,\n  [ ex:m 1 ;\n    ex:n "x" ] , _:b .\n_:b ex:m 2 .'
    assert where(judge(shapes, data_ttl=data)) == [
        ("data.ttl", HEAD + 2, 3),
        ("data.ttl", HEAD + 4, 10),
        ("data.ttl", HEAD + 5, 1),
    ]


def test_an_empty_blank_node_stands_where_its_parent_names_it(judge: Judge) -> None:
    shapes = "ex:S sh:targetObjectsOf ex:part ; sh:property [ sh:path ex:n ; sh:minCount 1 ] ."
    assert where(judge(shapes, data_ttl="ex:a\n ex:part [] .")) == [("data.ttl", HEAD + 2, 10)]


def test_items_of_lists_and_values_at_the_end_of_paths(judge: Judge) -> None:
    shapes = """
ex:S sh:targetNode ex:a ; sh:property
    [ sh:path ( ex:list [ sh:zeroOrMorePath rdf:rest ] rdf:first ) ; sh:maxInclusive 3 ] ,
    [ sh:path ( ex:p ex:q ) ; sh:maxInclusive 3 ] ,
    [ sh:path [ sh:inversePath ex:r ] ; sh:nodeKind sh:BlankNode ] ."""
    data = "ex:a ex:list ( 1\n 2\n 7 ) ;\n ex:p ex:b .\nex:b ex:q 1 ,\n 8 ; ex:other 8 .\n"
    data += "ex:c ex:q 8 ;\n ex:r ex:a ."
    assert where(judge(shapes, data_ttl=data)) == [
        ("data.ttl", HEAD + 3, 2),
        ("data.ttl", HEAD + 6, 2),
        ("data.ttl", HEAD + 7, 1),
    ]


def test_the_value_of_another_property_stands_where_that_is(judge: Judge) -> None:
    shapes = "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:disjoint ex:q ] ."
    assert where(judge(shapes, data_ttl="ex:a ex:q 4 ;\n ex:p 4 .")) == [("data.ttl", HEAD + 2, 7)]


OTHER_SYNTAXES = {
    "data_trig": ("GRAPH ex:g { ex:b ex:p 1 . }\nex:g { ex:a ex:q 0 ;\n ex:p 9 . }", (HEAD + 3, 7)),
    "data_nt": ("<https://e.example/b> <https://e.example/p> <https://e.example/a> .\n"
                "<https://e.example/a> <https://e.example/p> "
                '"9"^^<http://www.w3.org/2001/XMLSchema#integer> .\n', (2, 45)),
    "data_nq": ("# nothing\n\n<https://e.example/a> <https://e.example/p> "
                '"9"^^<http://www.w3.org/2001/XMLSchema#integer> <https://e.example/g> .', (3, 45)),
    "data_jsonld": ('{"@context": {"@vocab": "https://e.example/"},\n "@id": "https://e.example/a",\n'
                    ' "p": [1, 9]}', (3, 11)),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_SYNTAXES)
def test_other_syntaxes(judge: Judge, name: str) -> None:
    text, place = OTHER_SYNTAXES[name]
    assert where(judge(MAX, **{name: text})) == [(name.replace("_", "."), *place)]


def test_something_missing_in_json_ld_stands_at_its_id(judge: Judge) -> None:
    text = '[{"@id": "https://e.example/b"},\n {"https://e.example/q": [{"@value": 1}],\n  "@id": "https://e.example/a"}]'
    assert where(judge(MAX, data_jsonld=text)) == [("data.jsonld", 3, 10)]


def test_what_has_no_place_keeps_none(judge: Judge) -> None:
    (result,) = judge(MAX, data_ttl="ex:b ex:q 1 .").results
    assert result.location is None


COMPUTED = {
    "bounds come from the date": (
        'ex:a polcoop:edtf "2004" ;\n polcoop:edtf "2017" .',
        "[ sh:path polcoop:latest ; sh:maxExclusive '2010-01-01T00:00:00Z'^^xsd:dateTime ]", (1, 19)),
    "the hedge of a fact comes from its claim": (
        "ex:a polcoop:value 1 .\nex:c polcoop:establishes ex:a ;\n polcoop:modality ex:m .",
        "[ sh:path polcoop:modality ; sh:in () ]", (3, 19)),
    "a direct triple comes from its claim": (
        "ex:a polcoop:value 1 .\nex:c polcoop:claimSubject ex:a ; polcoop:claimPredicate polcoop:partOf ;\n"
        "  polcoop:claimObject ex:b ; polcoop:modality "
        "<https://w3id.org/polcoop/concept/modality/asserted> .",
        "[ sh:path polcoop:partOf ; sh:in () ]", (3, 23)),
    "the structure of the parties comes from the parties": (
        "ex:a a polcoop:InternationalInstrument ;\n polcoop:hasParty ex:x , ex:y .",
        "[ sh:path polcoop:partyStructure ; sh:in () ]", (2, 19)),
}  # fmt: skip


@pytest.mark.parametrize("why", COMPUTED)
def test_what_is_computed_stands_at_what_it_was_computed_from(root: Path, tmp_path: Path, why: str) -> None:
    text, constraint, place = COMPUTED[why]
    (tmp_path / "data.ttl").write_text(PREFIXES + text, encoding="utf-8")
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(PREFIXES + f"ex:S sh:targetNode ex:a ; sh:property {constraint} .", encoding="utf-8")
    material, rules = of_files(Project(root), [tmp_path / "data.ttl"]), located_files([shapes])
    report = located(validate(material.data, shapes_graph(rules), material.background), material.files, rules)
    (line, column), (result,) = place, report.results[-1:]
    assert result.location is not None
    assert (result.location.line, result.location.column) == (HEAD + line, column)


ONCE = {
    "what the value says by the path": (
        'ex:b ex:q 1 ;\n ex:p 9 .\n_:x ex:p 1 .', "ex:p", "?value ex:p ?any FILTER(?any > 3)", (2, 2)),
    "also of a blank node": ("ex:b ex:q 1 .\n[ ex:q 2 ;\n ex:p 9 ] .", "ex:p", "?value ex:p 9", (3, 2)),
    "what that was computed from": (
        "ex:f polcoop:value 1 .\nex:c polcoop:establishes ex:f ;\n polcoop:modality ex:m .",
        "polcoop:modality", "?value polcoop:modality ?any ; polcoop:value 1", (3, 19)),
    "the claim that states it": (
        "ex:f polcoop:value 1 .\nex:c polcoop:claimSubject ex:f ; polcoop:claimPredicate polcoop:partOf ;\n"
        " polcoop:claimObject ex:g ; polcoop:modality "
        "<https://w3id.org/polcoop/concept/modality/asserted> .",
        "polcoop:partOf", "?value polcoop:partOf ex:g", (3, 22)),
    "the value itself": ("ex:a ex:q 1 .\n\n ex:b ex:q 2 .", "ex:p", "?value ex:q 2", (3, 2)),
    "the focus node, when it says something by the path": (
        "ex:b ex:p 9 .\n<https://w3id.org/polcoop/ontology> ex:p 1 .",
        "ex:p", "?value ex:p 9", (2, 1)),
}  # fmt: skip


@pytest.mark.parametrize("what", ONCE)
def test_a_query_asked_once_for_the_whole_graph_points_at_what_it_found(
    root: Path, tmp_path: Path, what: str
) -> None:
    """And never at the focus node, which only stands for the graph, and in a file of its own."""
    text, path, pattern, (line, column) = ONCE[what]
    (tmp_path / "data.ttl").write_text(PREFIXES + text, encoding="utf-8")
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        f"{PREFIXES}ex:S sh:targetNode <https://w3id.org/polcoop/ontology> ; sh:sparql [ sh:select '''"
        "PREFIX ex: <https://e.example/> PREFIX polcoop: <https://w3id.org/polcoop/ontology#> "
        f"SELECT $this ?path ?value WHERE {{ {pattern} BIND({path} AS ?path) }}''' ] .",
        encoding="utf-8",
    )
    material, rules = of_files(Project(root), [tmp_path / "data.ttl"]), located_files([shapes])
    report = located(validate(material.data, shapes_graph(rules), material.background), material.files, rules)
    assert where(report) == [("data.ttl", HEAD + line, column)]


def test_results_come_by_severity_then_place(judge: Judge) -> None:
    shapes = (
        "ex:S sh:targetNode ex:a , ex:b ; "
        "sh:property [ sh:path ex:p ; sh:maxInclusive 1 ; sh:severity sh:Info ] ,"
        " [ sh:path ex:q ; sh:maxInclusive 1 ] ."
    )
    report = judge(shapes, x_ttl="ex:b ex:p 2 ; ex:q 2 .", a_ttl="ex:a ex:p 2 ;\n ex:q 2 .")
    assert where(report) == [
        ("a.ttl", HEAD + 2, 7), ("x.ttl", HEAD + 1, 20), ("a.ttl", HEAD + 1, 11), ("x.ttl", HEAD + 1, 11),
    ]  # fmt: skip


def test_a_fingerprint_outlives_lines_and_labels_and_tells_results_apart(judge: Judge) -> None:
    shapes = "ex:S sh:targetObjectsOf ex:part ; sh:property ex:P . "
    shapes += "ex:P sh:path ex:n ; sh:minCount 1 ; sh:minLength 2 ."
    before = judge(shapes, data_ttl='ex:a ex:part [ ex:m 1 ] , [ ex:n "x" ] .')
    after = judge(
        shapes, data_ttl='# moved\n\nex:b ex:n 4 .\nex:a ex:part\n _:new , [ ex:n "x" ] . _:new ex:m 1 .'
    )
    prints = [sorted(r.fingerprint for r in report.results) for report in (before, after)]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2
    other = judge(shapes, data_ttl='ex:c ex:part [ ex:m 1 ] , [ ex:n "y" ] .')
    assert not set(prints[0]) & {r.fingerprint for r in other.results}


def test_a_nameless_shape_goes_by_the_name_of_the_one_that_has_it(judge: Judge) -> None:
    shapes = (
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:node [ sh:class ex:C ] ] ."
    )
    (result,) = judge(shapes, data_ttl="ex:a ex:q 1 .").results
    assert result.shape.startswith("_:")
    assert result.rule == result.target == "<https://e.example/S>"
    assert result.related is not None
    assert (result.related.line, result.related.column) == (HEAD + 1, 39)
    assert result.hints[0].text == "add <https://e.example/p>: at least 1"
