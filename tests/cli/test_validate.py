"""polcoop validate, as a user runs it: what is printed and written, and the exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import RDF, SH, Graph

from polcoop.cli.reports import FORMATS
from polcoop.quality.writers import WRITERS

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[..., Path]

PREFIXES = """\
@prefix agent: <https://w3id.org/polcoop/id/agent/> .
@prefix event: <https://w3id.org/polcoop/id/event/> .
@prefix instrument: <https://w3id.org/polcoop/id/instrument/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix polcoop: <https://w3id.org/polcoop/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shapes: <https://w3id.org/polcoop/shapes#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

"""
HEAD = PREFIXES.count("\n")
ONTOLOGY = """
polcoop:Agent a owl:Class .
polcoop:Country a owl:Class ; rdfs:subClassOf polcoop:Agent .
polcoop:Event a owl:Class .
polcoop:InternationalInstrument a owl:Class .
"""
SHAPES = """\
shapes:Treaty a sh:NodeShape ; sh:targetClass polcoop:InternationalInstrument ;
    sh:property shapes:Treaty-party , shapes:Treaty-date .
shapes:Treaty-party sh:path polcoop:hasParty ; sh:minCount 1 ; sh:class polcoop:Agent ;
    sh:message "A treaty has parties."@en , "Un traité a des parties."@fr .
shapes:Treaty-date sh:path polcoop:edtf ; sh:minCount 1 ; sh:pattern "^[0-9]{4}$" ; sh:severity sh:Warning ;
    sh:message "A treaty has a year."@en , "Un traité a une année."@fr .
shapes:Date sh:targetSubjectsOf polcoop:edtf ; sh:property shapes:Date-bounds . shapes:Date-bounds sh:path
polcoop:earliest ; sh:minCount 1 ; sh:message "No bounds."@en , "Pas de bornes."@fr .
"""
NOTE = """
shapes:Recent sh:targetSubjectsOf polcoop:edtf ; sh:property [ sh:path polcoop:edtf ; sh:pattern "^2" ] .
"""
INSTANCES = """
agent:aa a polcoop:Country .
instrument:treaty a polcoop:InternationalInstrument ; polcoop:hasParty agent:aa ; polcoop:edtf "2004" .
"""
TWO = """\
event:e a polcoop:Event .
instrument:x a polcoop:InternationalInstrument ;
    polcoop:hasParty agent:aa ,
        event:e .
"""
WARNED = "instrument:x a polcoop:InternationalInstrument ; polcoop:hasParty agent:aa .\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in (
        ("ontology/all", ONTOLOGY), ("shapes/all", SHAPES), ("shapes/note", NOTE),
        ("instances/all", INSTANCES),
    ):  # fmt: skip
        file = root / f"{name}.ttl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PREFIXES + text, encoding="utf-8")
    return root


@pytest.fixture
def given(tmp_path: Path) -> Write:
    def write(text: str, name: str = "given.ttl") -> Path:
        file = tmp_path / name
        file.write_text(PREFIXES + text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def judge(polcoop: Run, project: Path, tmp_path: Path) -> Run:
    """polcoop validate on the small project, in the folder where the files are."""
    return lambda *arguments, **keywords: polcoop(
        "validate", "--root", project, *arguments, cwd=tmp_path, **keywords
    )


def test_the_project_conforms_and_it_is_said_how_much_was_checked(judge: Run) -> None:
    done = judge()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Conforms (1 focus node checked against 3 shapes)\n"


def test_a_block_for_each_result_as_a_compiler_writes_it(judge: Run, given: Write) -> None:
    given(TWO)
    done = judge("given.ttl")
    assert done.returncode == 1
    assert done.stdout == (
        f"given.ttl:{HEAD + 4}:9: violation: A treaty has parties. [shapes:Treaty-party]\n"
        "   |\n"
        f"{HEAD + 4} |         event:e .\n"
        "   |         ^^^^^^^\n"
        "   = focus: instrument:x\n"
        "   = path: polcoop:hasParty\n"
        "   = value: event:e\n"
        "   = rule: sh:ClassConstraintComponent\n"
        "   = hint: it must be a polcoop:Agent\n"
        f"   = shape: project/shapes/all.ttl:{HEAD + 3}\n"
        "\n"
        f"given.ttl:{HEAD + 2}:1: warning: A treaty has a year. [shapes:Treaty-date]\n"
        "   |\n"
        f"{HEAD + 2} | instrument:x a polcoop:InternationalInstrument ;\n"
        "   | ^^^^^^^^^^^^\n"
        "   = focus: instrument:x\n"
        "   = path: polcoop:edtf\n"
        "   = rule: sh:MinCountConstraintComponent\n"
        "   = hint: add polcoop:edtf: at least 1\n"
        f"   = shape: project/shapes/all.ttl:{HEAD + 5}\n"
        "\n"
        "Does not conform: 1 violation, 1 warning, 0 info "
        "(1 focus node checked against 2 shapes; 1 shape found none)\n"
    )


def test_the_projects_own_results_have_places_too(judge: Run, project: Path) -> None:
    (project / "instances" / "more.ttl").write_text(PREFIXES + TWO, encoding="utf-8")
    assert judge().stdout.startswith(
        f"project/instances/more.ttl:{HEAD + 4}:9: violation: A treaty has parties."
    )


def test_it_speaks_french(judge: Run, given: Write) -> None:
    done = judge("--lang", "fr", given("instrument:x a polcoop:InternationalInstrument ."))
    assert "violation: Un traité a des parties. [shapes:Treaty-party]" in done.stdout
    assert "hint: ajouter polcoop:hasParty : au moins 1" in done.stdout
    assert judge("--lang", "de").returncode == 2


@pytest.mark.parametrize(("severity", "code"), [("violation", 0), ("warning", 1), ("info", 1)])
def test_the_severity_decides_what_fails(judge: Run, given: Write, severity: str, code: int) -> None:
    done = judge("--severity", severity, given(WARNED))
    assert done.returncode == code
    assert "warning: A treaty has a year." in done.stdout
    assert judge("--severity", "fatal").returncode == 2


def test_a_users_file_may_refer_to_the_projects_nodes(judge: Run, given: Write) -> None:
    text = (
        'instrument:x a polcoop:InternationalInstrument ; polcoop:hasParty agent:aa ; polcoop:edtf "2017" .'
    )
    assert judge(given(text)).returncode == 0


def test_a_changed_copy_of_a_node_is_judged_by_what_the_copy_says(judge: Run, given: Write) -> None:
    done = judge(given('instrument:treaty a polcoop:InternationalInstrument ; polcoop:edtf "2004" .'))
    assert done.returncode == 1
    assert "focus: instrument:treaty" in done.stdout


def test_a_date_that_is_none_is_a_result_and_no_crash(judge: Run, given: Write, project: Path) -> None:
    text = (
        "instrument:x a polcoop:InternationalInstrument ; polcoop:hasParty agent:aa ; "
        'polcoop:edtf "May 2017" .'
    )
    (project / "instances" / "more.ttl").write_text(PREFIXES + text, encoding="utf-8")
    for done in (judge(given(text)), judge()):
        assert done.returncode == 1
        assert "[shapes:Treaty-date]" in done.stdout
        assert "[shapes:Date-bounds]" in done.stdout


def test_the_profile_leaves_out_what_holds_of_the_note_alone(judge: Run, given: Write, project: Path) -> None:
    text = INSTANCES.replace("2004", "1994").replace("treaty", "older")
    (project / "instances" / "more.ttl").write_text(PREFIXES + text, encoding="utf-8")
    file = given(text)
    assert [judge(*arguments).returncode for arguments in ([], ["--profile", "general"])] == [1, 0]
    assert [judge(*arguments, file).returncode for arguments in ([], ["--profile", "note"])] == [0, 1]
    assert judge("--profile", "other").returncode == 2


def test_nothing_to_check_is_said_aloud(judge: Run, given: Write) -> None:
    done = judge(given("agent:x a polcoop:Country ."))
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing checked")
    assert "nothing was checked" in done.stderr


def test_a_missing_file_is_never_fine_nor_a_violation(judge: Run, project: Path) -> None:
    done = judge("no-such-file.ttl")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "no-such-file.ttl" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    (project / "shapes" / "all.ttl").unlink()
    (project / "shapes" / "note.ttl").unlink()
    assert judge().returncode == 3


def test_all_mistakes_in_all_files_are_told(judge: Run, given: Write, project: Path) -> None:
    given(
        "agent:x a polcoop:Country ;;\n  polcoop:edtf .\nagent:z a polcoop:Country .\nagent:y no:p 1 .",
        "one.ttl",
    )
    given("agent:x a polcoop:Country", "two.ttl")
    (project / "shapes" / "all.ttl").write_text("shapes:X a 1 1 .", encoding="utf-8")
    done = judge("one.ttl", "two.ttl", "missing.ttl")
    assert done.returncode == 3
    assert done.stdout == ""
    places = re.findall(r"^polcoop: error: (\S+?):? ", done.stderr, re.MULTILINE)
    assert places == [
        f"one.ttl:{HEAD + 2}:16", f"one.ttl:{HEAD + 4}:9", f"two.ttl:{HEAD + 1}:26", "no",
        f"{project}/shapes/all.ttl:1:1",
    ]  # fmt: skip
    assert "missing.ttl" in done.stderr
    assert "Traceback" not in done.stderr


ILL_FORMED = {
    "a count that is no number":
        'sh:targetNode agent:aa ; sh:property [ sh:path polcoop:edtf ; sh:minCount "many" ]',
    "a count in a shape without focus nodes":
        'sh:targetClass polcoop:No ; sh:property [ sh:path polcoop:edtf ; sh:minCount "many" ]',
    "a pattern that is none": 'sh:targetNode agent:aa ; sh:pattern "("',
    "a query that does not parse": 'sh:targetNode agent:aa ; sh:sparql [ sh:select "SELECT $this WHERE {" ]',
}  # fmt: skip


@pytest.mark.parametrize("kind", ILL_FORMED)
@pytest.mark.parametrize("alone", [False, True])
def test_refused_shapes_are_neither_fine_nor_a_violation(
    judge: Run, given: Write, project: Path, kind: str, alone: bool
) -> None:
    bad = PREFIXES + f"shapes:Bad a sh:NodeShape ; {ILL_FORMED[kind]} .\n"
    (project / "shapes" / "bad.ttl").write_text(bad, encoding="utf-8")
    file = given("agent:aa a polcoop:Country .")
    done = judge("--shapes", project / "shapes" / "bad.ttl", file) if alone else judge(file)
    assert done.returncode == 3
    assert done.stdout == ""
    # The shape is named, and where it stands.
    assert re.match(r"polcoop: error: \S*bad\.ttl:\d+:1: .*\S \[shapes:Bad\]$", done.stderr, re.MULTILINE)
    assert f"bad.ttl:{HEAD + 1}:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_formats_in_one_run(judge: Run, given: Write, tmp_path: Path) -> None:
    given(TWO)
    targets = [f"--format={name}={tmp_path / name}.out" for name in FORMATS if name != "github"]
    done = judge(*targets, "--format", "github", "given.ttl")
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error file=given.ttl,line={HEAD + 4},")
    assert {path.stem for path in tmp_path.glob("*.out")} == {*FORMATS} - {"github"}
    report = Graph().parse(tmp_path / "turtle.out", format="turtle")
    assert len(list(report.subjects(RDF.type, SH.ValidationResult))) == 2
    run = json.loads((tmp_path / "sarif.out").read_text(encoding="utf-8"))["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == ["shapes:Treaty-party", "shapes:Treaty-date"]


@pytest.mark.parametrize("count", [1, 400])
def test_a_reader_that_leaves_early_changes_neither_the_verdict_nor_the_files(
    given: Write, tmp_path: Path, count: int
) -> None:
    """``polcoop validate … | head``: of a short report the pipe has nothing left, of a long one too much."""
    shapes = given("shapes:S sh:targetSubjectsOf polcoop:edtf ; sh:nodeKind sh:Literal .", "shapes.ttl")
    data = given("".join(f'instrument:x{number} polcoop:edtf "2004" .\n' for number in range(count)))
    command = [sys.executable, "-m", "polcoop", "validate", "--shapes", str(shapes), str(data)]
    child = subprocess.Popen(
        [*command, "--format", "text", "--format", "junit=report.xml"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    child.stdout.close()
    _, said = child.communicate(timeout=120)
    assert (child.returncode, said) == (1, b"")
    assert (tmp_path / "report.xml").read_text(encoding="utf-8").count("<failure") == count


def test_the_output_takes_the_format_without_a_file(judge: Run, given: Write, tmp_path: Path) -> None:
    given(TWO)
    done = judge("--format", "json", "--output", "report.json", "given.ttl")
    assert done.returncode == 1
    assert done.stdout.startswith("Does not conform: 1 violation")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["conforms"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "yaml"],
        ["--format", "json="],
        ["--format", "text", "--format", "json"],
        ["--format", "text", "--format", "json", "--output", "report"],
        ["--format", "text=report", "--format", "json=./report"],
        ["--format", "json=report.json", "--output", "other"],
        ["--format", "json=no/such/folder.json"],
        ["--update-baseline"],
        ["--shapes", "project/shapes"],
        ["--shapes", "project/shapes", "--profile", "note", "given.ttl"],
        ["--no-such-option"],
    ],
)
def test_wrong_use(judge: Run, given: Write, arguments: list[str]) -> None:
    given(TWO)
    done = judge(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr


@pytest.mark.parametrize(
    "name", ["given.ttl", "project/shapes/all.ttl", "project/ontology/all.ttl", "known.json"]
)
def test_a_report_never_overwrites_what_is_judged_or_judges(
    judge: Run, given: Write, tmp_path: Path, name: str
) -> None:
    given(TWO)
    assert judge("given.ttl", "--baseline", "known.json", "--update-baseline").returncode == 0
    before = (tmp_path / name).read_bytes()
    for option in (["--output", name], ["--format", "text", "--format", f"json={name}"]):
        done = judge(*option, "--baseline", "known.json", "given.ttl")
        assert (done.returncode, done.stdout) == (2, "")
        assert name in done.stderr
        assert (tmp_path / name).read_bytes() == before


def test_the_help_names_every_format() -> None:
    assert set(FORMATS) == set(WRITERS)


def test_with_shapes_nothing_of_the_project_is_mixed_in(polcoop: Run, given: Write, tmp_path: Path) -> None:
    shapes = given(
        "shapes:S sh:targetSubjectsOf polcoop:edtf ; sh:property"
        " [ sh:path polcoop:earliest ; sh:maxCount 0 ] , "
        "[ sh:path polcoop:hasParty ; sh:class polcoop:Agent ] .",
        "shapes.ttl",
    )
    data = given('instrument:x polcoop:edtf "2004" ; polcoop:hasParty agent:cn .')
    # In an empty folder: there is no project at all.
    done = polcoop("validate", "--shapes", shapes, data, cwd=tmp_path)
    assert done.returncode == 1
    assert "sh:ClassConstraintComponent" in done.stdout
    assert "Does not conform: 1 violation, 0 warnings, 0 info" in done.stdout
    given("agent:cn a polcoop:Country . polcoop:Country rdfs:subClassOf polcoop:Agent .", "more.ttl")
    assert polcoop("validate", "--shapes", shapes, data, tmp_path / "more.ttl", cwd=tmp_path).returncode == 0


def test_with_shapes_the_prefixes_are_those_of_the_files(polcoop: Run, tmp_path: Path) -> None:
    query = "SELECT $this WHERE { $this polcoop:edtf ?any }"
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . "
        f'<urn:s> sh:targetNode <urn:a> ; sh:sparql [ sh:select "{query}" ] .', encoding="utf-8",
    )  # fmt: skip
    data.write_text("<urn:a> <https://w3id.org/polcoop/ontology#edtf> 1 .", encoding="utf-8")
    done = polcoop("validate", "--shapes", shapes, data, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "polcoop" in done.stderr


def test_a_baseline_is_made_forgives_and_shrinks(judge: Run, given: Write, tmp_path: Path) -> None:
    given(TWO)
    baseline = tmp_path / "known.json"
    assert judge("--baseline", baseline, "given.ttl").returncode == 3
    made = judge("--baseline", baseline, "--update-baseline", "given.ttl")
    assert (made.returncode, made.stderr) == (0, f"polcoop: {baseline} written: 2 known results\n")
    assert ": known violation: A treaty has parties." in made.stdout
    known = baseline.read_text(encoding="utf-8")
    # Lines that move change nothing; what is new fails.
    given("\n\n" + TWO)
    assert judge("--severity", "info", "--baseline", baseline, "given.ttl").returncode == 0
    given(TWO + TWO.replace("instrument:x", "instrument:y"))
    new = judge("--baseline", baseline, "--update-baseline", "given.ttl")
    assert new.returncode == 1
    assert "2 violations, 2 warnings, 0 info; 2 of them known" in new.stdout
    assert baseline.read_text(encoding="utf-8") == known
    # What is mended is to be struck out, and is when that is asked for.
    given(WARNED)
    mended = judge("--baseline", baseline, "given.ttl")
    assert mended.returncode == 0
    assert "no longer found: shapes:Treaty-party instrument:x polcoop:hasParty event:e" in mended.stderr
    assert "shrink it: --update-baseline" in mended.stderr
    assert baseline.read_text(encoding="utf-8") == known
    judge("--baseline", baseline, "--update-baseline", "given.ttl")
    assert [k["shape"] for k in json.loads(baseline.read_text(encoding="utf-8"))["known"]] == [
        "shapes:Treaty-date"
    ]
    given(TWO)
    assert judge("--baseline", baseline, "given.ttl").returncode == 1


def test_the_readme_shows_what_is_printed(polcoop: Run, root: Path, tmp_path: Path) -> None:
    section = (root / "README.md").read_text(encoding="utf-8").split("## Validation in CI\n")[1]
    shown = section.split("```text\n")[1].split("```")[0]
    place = re.match(r"cooperation\.ttl:(\d+):(\d+): ", shown)
    assert place is not None
    lines = [
        "@prefix polcoop: <https://w3id.org/polcoop/ontology#> .",
        *[""] * (int(place[1]) - 4),
        "<https://w3id.org/polcoop/id/claim/mine> a polcoop:Claim ;",
        "    polcoop:onPage 1 ,",
        "        0 ;",
        "    polcoop:pageEnd 1 .",
    ]
    (tmp_path / "cooperation.ttl").write_text("\n".join(lines), encoding="utf-8")
    done = polcoop("validate", "--root", root, "cooperation.ttl", cwd=tmp_path)
    assert done.returncode == 1
    assert shown in done.stdout
    options = {
        word for line in section.split("\n## ")[0].splitlines() for word in re.findall(r"--[a-z-]+", line)
    }
    help_text = polcoop("validate", "--help", env={"COLUMNS": "200"}).stdout
    assert [option for option in sorted(options) if option not in help_text] == []
    assert [name for name in FORMATS if f"`{name}`" not in section] == []
