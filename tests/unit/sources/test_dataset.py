"""From files to a dataset: graphs, what is computed and inferred, versions, and failures that leave no
trace."""

from __future__ import annotations

import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from polcoop import iris
from polcoop.errors import ParseError, SourceError
from polcoop.iris import expand
from polcoop.sources import project
from polcoop.sources.dataset import Manifest, compile_project, load, project_quads
from polcoop.sources.project import Project

GRAPH = "https://w3id.org/polcoop/graph/"


@pytest.fixture
def triples(small: Path) -> dict[str, set[str]]:
    """The triples of each graph as ``subject predicate object`` in CURIEs, of a few subjects."""
    return _by_graph(small)


def _by_graph(small: Path) -> dict[str, set[str]]:
    graphs: dict[str, set[str]] = {}
    for quad in project_quads(Project(small)):
        name = str(quad.graph_name.value).removeprefix(GRAPH)
        graphs.setdefault(name, set()).add(" ".join(str(term) for term in quad.triple))
    return graphs


def _triple(subject: str, predicate: str, value: str) -> str:
    return (
        f"<{expand(subject)}> <{expand(predicate)}> {value if value[0] == chr(34) else f'<{expand(value)}>'}"
    )


BOOLEAN = '"{}"^^<http://www.w3.org/2001/XMLSchema#boolean>'
INTEGER = '"{}"^^<http://www.w3.org/2001/XMLSchema#integer>'
TIME = '"{}"^^<http://www.w3.org/2001/XMLSchema#dateTime>'


@pytest.mark.parametrize(
    ("subject", "predicate", "value"),
    [
        ("event:signed", "polcoop:earliest", TIME.format("2005-04-18T00:00:00Z")),
        ("event:signed", "polcoop:latest", TIME.format("2005-04-18T23:59:59Z")),
        ("event:until", "polcoop:latest", TIME.format("2016-12-31T23:59:59Z")),
        # A date that a claim states of its subject has bounds as one written on the subject has.
        ("instrument:lonely", "polcoop:edtf", '"2005/2010"'),
        ("instrument:lonely", "polcoop:latest", TIME.format("2010-12-31T23:59:59Z")),
        ("instrument:cn-fr", "polcoop:modality", "modality:asserted"),
        ("instrument:cn-fr", "polcoop:modality", "modality:conditional"),
        ("instrument:cn-fr", "polcoop:isHedged", BOOLEAN.format("true")),
        ("claim:p01-01", "polcoop:isHedged", BOOLEAN.format("false")),
        ("claim:p01-02", "polcoop:isHedged", BOOLEAN.format("true")),
        ("agent:cn", "polcoop:cooperatesWith", "agent:fr"),
        ("agent:cn", "polcoop:printedAs", '"RPC"'),
        ("instrument:cn-fr", "polcoop:partyStructure", "party-structure:bilateral"),
        ("instrument:three", "polcoop:partyStructure", "party-structure:multilateral"),
        ("instrument:group", "polcoop:partyStructure", "party-structure:multilateral"),
        ("instrument:lonely", "polcoop:partyStructure", "party-structure:unspecified"),
        ("instrument:bare", "polcoop:partyStructure", "party-structure:unspecified"),
        ("instrument:cn-fr", "polcoop:instrumentDate", '"2005-04-18"'),
        ("instrument:cn-fr", "polcoop:instrumentYear", INTEGER.format("2005")),
        ("instrument:group", "polcoop:instrumentDate", '"2003-10-01"'),
        ("instrument:group", "polcoop:instrumentDate", '"2003-10-08"'),
        ("instrument:three", "polcoop:instrumentDate", '"../2016"'),
        ("claim:p01-01", "polcoop:about", "instrument:cn-fr"),
        ("claim:p01-03", "polcoop:about", "agent:cn"),
        ("claim:p01-03", "polcoop:about", "agent:fr"),
    ],
)
def test_computed(triples: dict[str, set[str]], subject: str, predicate: str, value: str) -> None:
    assert _triple(subject, predicate, value) in triples["computed"]


@pytest.mark.parametrize(
    ("subject", "predicate", "value"),
    [
        ("event:until", "polcoop:earliest", ""),
        ("agent:cn", "polcoop:supervises", ""),
        ("instrument:cn-fr", "polcoop:instrumentDate", '"2007-10"'),
        ("instrument:three", "polcoop:instrumentYear", ""),
        ("claim:p01-04", "polcoop:about", '"RPC"'),
    ],
)
def test_not_computed(triples: dict[str, set[str]], subject: str, predicate: str, value: str) -> None:
    start = f"<{expand(subject)}> <{expand(predicate)}> {value}"
    assert not [triple for triple in triples["computed"] if triple.startswith(start)]


@pytest.mark.parametrize(
    ("subject", "predicate", "value"),
    [
        ("instrument:cn-fr", "rdf:type", "polcoop:ExtraditionTreaty"),
        ("instrument:cn-fr", "rdf:type", "polcoop:Instrument"),
        ("agent:cn", "rdf:type", "polcoop:Agent"),
        ("instrument:cn-fr", "polcoop:hasParticipant", "agent:cn"),
        ("agent:bureau", "polcoop:partOf", "agent:cn"),
        ("agent:cn", "polcoop:hasPart", "agent:bureau"),
        ("agent:fr", "polcoop:cooperatesWith", "agent:cn"),
        ("instrument:cn-fr", "polcoop:printed", '"18 avril 2005"'),
    ],
)
def test_inferred(triples: dict[str, set[str]], subject: str, predicate: str, value: str) -> None:
    assert _triple(subject, predicate, value) in triples["inferred"]


def test_inferences_are_ours_and_new(triples: dict[str, set[str]]) -> None:
    stated = set().union(*(graph for name, graph in triples.items() if name != "inferred"))
    assert not triples["inferred"] & stated
    for triple in triples["inferred"]:
        predicate, value = triple.split(" ", 2)[1:]
        assert (value if predicate.endswith("#type>") else predicate).startswith(
            "<https://w3id.org/polcoop/ontology#"
        )


def test_each_folder_has_its_graph(triples: dict[str, set[str]]) -> None:
    assert set(triples) == {"ontology", "vocabularies", "alignments", "instances", "computed", "inferred"}


def test_two_values_of_a_functional_property_do_not_merge_nodes(small: Path) -> None:
    decree = "<https://w3id.org/polcoop/concept/instrument-type/decree>"
    for instrument in ("instrument:cn-fr", "instrument:three"):
        _append(small, f"{instrument} polcoop:instrumentType {decree} .")
    inferred = _by_graph(small)["inferred"]
    assert _triple("instrument:cn-fr", "rdf:type", "polcoop:ExtraditionTreaty") in inferred
    assert _triple("instrument:three", "rdf:type", "polcoop:ExtraditionTreaty") not in inferred


def test_an_inferred_literal_is_spelt_as_the_stated_one(small: Path) -> None:
    _append(small, f"agent:cn polcoop:printedAs {TIME.format('2016-05-01T00:00:00Z')} .")
    assert (
        _triple("agent:cn", "polcoop:printed", TIME.format("2016-05-01T00:00:00Z"))
        in _by_graph(small)["inferred"]
    )


def test_an_axiom_that_the_reasoner_passes_over_is_refused(small: Path) -> None:
    with (small / "ontology" / "core.ttl").open("a") as file:
        file.write("polcoop:partOf owl:propertyChainAxiom ( polcoop:partOf polcoop:actsOn ) .\n")
    with pytest.raises(SourceError, match="propertyChainAxiom"):
        project_quads(Project(small))


def _append(small: Path, text: str) -> None:
    with (small / "instances" / "facts.ttl").open("a", encoding="utf-8") as file:
        file.write(text + "\n")


def test_what_is_written(small: Path, tmp_path: Path) -> None:
    result = compile_project(Project(small), tmp_path / "out")
    current = tmp_path / "out" / "current"
    content = (current / "dataset.nq").read_bytes()
    assert result.fresh
    assert current.resolve() == result.directory
    assert content.splitlines() == sorted(content.splitlines())
    manifest = Manifest.load(current)
    quads = list(parse(content, format=RdfFormat.N_QUADS))
    assert sum(manifest.graphs.values()) == len(quads)
    store = Store.read_only(str(current / "store"))
    assert set(store.quads_for_pattern(None, None, None, None)) == set(quads)
    assert manifest.prefixes["claim"] == "https://w3id.org/polcoop/id/claim/"


def test_nothing_is_compiled_twice(small: Path, tmp_path: Path) -> None:
    first = compile_project(Project(small), tmp_path / "out")
    second = compile_project(Project(small), tmp_path / "out")
    assert (first.fresh, second.fresh) == (True, False)
    assert second.manifest == first.manifest


def test_the_code_that_decides_the_dataset_counts(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    shutil.copytree(Path(project.__file__).parent, package / "sources")
    # The prefixes that the dataset declares are written there.
    shutil.copy(Path(iris.__file__), package / "iris.py")
    monkeypatch.setattr(project, "_PACKAGE", package / "sources")
    digests = [Project(small).digest]
    for name in ("iris.py", "sources/derive.py"):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write("# a change\n")
        digests.append(Project(small).digest)
    assert len(set(digests)) == 3


def test_the_version_is_that_of_the_content(small: Path, tmp_path: Path) -> None:
    first = compile_project(Project(small), tmp_path / "out")
    _append(small, "\n# a comment more")
    same = compile_project(Project(small), tmp_path / "out")
    assert same.fresh
    assert same.manifest.version == first.manifest.version
    assert same.manifest.sources != first.manifest.sources
    _append(small, "agent:cn polcoop:partOf agent:un .")
    other = compile_project(Project(small), tmp_path / "out")
    assert other.manifest.version != first.manifest.version
    assert (tmp_path / "out" / "current").resolve() == other.directory


def test_the_version_is_the_same_in_another_place_and_process(small: Path, tmp_path: Path, polcoop) -> None:
    here = compile_project(Project(small), tmp_path / "here")
    done = polcoop("compile", "--out", tmp_path / "there", cwd=small, env={"PYTHONHASHSEED": "1"})
    assert done.returncode == 0, done.stderr
    assert Manifest.load(tmp_path / "there" / "current").version == here.manifest.version
    assert Manifest.load(tmp_path / "there" / "current").sources == here.manifest.sources


def test_a_failed_compile_leaves_the_old_dataset(small: Path, tmp_path: Path) -> None:
    first = compile_project(Project(small), tmp_path / "out")
    _append(small, "agent:cn polcoop:partOf .")
    with pytest.raises(ParseError):
        compile_project(Project(small), tmp_path / "out")
    assert (tmp_path / "out" / "current").resolve() == first.directory
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"current", first.directory.name}


def test_an_unwritable_place_leaves_nothing(small: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands here")
    with pytest.raises(SourceError, match="cannot be written"):
        compile_project(Project(small), tmp_path / "out")


def test_old_versions_go(small: Path, tmp_path: Path) -> None:
    for number in range(5):
        _append(small, f"agent:cn polcoop:partOf agent:a{number} .")
        result = compile_project(Project(small), tmp_path / "out")
        os.utime(result.directory / "manifest.json", (number, number))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"current", result.directory.name} <= names
    assert len(names) == 4


def test_what_a_killed_compile_left_goes(small: Path, tmp_path: Path) -> None:
    for name, age in ((".partial-old", 7200), (".partial-new", 0)):
        (tmp_path / "out" / name).mkdir(parents=True)
        os.utime(tmp_path / "out" / name, (time.time() - age,) * 2)
    compile_project(Project(small), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").glob(".partial-*")] == [".partial-new"]


def test_compiling_at_the_same_time_is_safe(polcoop, small: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: polcoop("compile", "--out", tmp_path / "out", cwd=small), range(3)))
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 3
    assert Store.read_only(str(tmp_path / "out" / "current" / "store")).contains_named_graph(
        NamedNode(f"{GRAPH}computed")
    )


def test_a_damaged_dataset_is_compiled_anew(small: Path, tmp_path: Path) -> None:
    result = compile_project(Project(small), tmp_path / "out")
    (result.directory / "manifest.json").write_text("{")
    again = compile_project(Project(small), tmp_path / "out")
    assert again.fresh
    assert json.loads((again.directory / "manifest.json").read_text())["version"] == result.manifest.version


def test_files_of_all_kinds_load(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.ttl").write_text("<http://e/a> <http://e/p> <#here> .")
    (data / "b.nt").write_text("<http://e/b> <http://e/p> <http://e/c> .")
    (data / "c.nq").write_text("<http://e/c> <http://e/p> <http://e/c> <http://e/g> .")
    (data / "d.trig").write_text("<http://e/g> { <http://e/d> <http://e/p> 1 }")
    (data / "e.rdf").write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        '<rdf:Description rdf:about="http://e/e"><e:p>x</e:p></rdf:Description></rdf:RDF>'
    )
    (data / "f.jsonld").write_text('{"@id": "http://e/f", "http://e/p": 5}')
    assert load([data], tmp_path / "store") == 6
    store = Store.read_only(str(tmp_path / "store"))
    assert len(list(store.quads_for_pattern(None, NamedNode("http://e/p"), None, None))) == 6


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ttl", "<http://e/a> <http://e/p> .", r"a\.ttl:1:27: "),
        (
            "a.jsonld",
            '{"@context": "http://127.0.0.1:9/context", "name": "x"}',
            "a remote context is never fetched",
        ),
        ("a.csv", "a,b", "unknown kind of file"),
    ],
)
def test_what_does_not_load(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match=message):
        load([tmp_path / name], tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_claimed_date_that_is_none_is_found_in_its_file(small: Path) -> None:
    claims = small / "instances" / "claims" / "p01.ttl"
    claims.write_text(
        claims.read_text(encoding="utf-8").replace('"2005/2010"', '"about 2005"'), encoding="utf-8"
    )
    with pytest.raises(ParseError, match=r"p01\.ttl:\d+:\d+: 'about 2005' is not an EDTF date"):
        project_quads(Project(small))


def test_a_triple_stated_twice_is_answered_once(small: Path) -> None:
    twice = "<https://w3id.org/polcoop/id/agent/cn> a <https://w3id.org/polcoop/ontology#Country> .\n"
    for folder in ("ontology/alignments", "instances"):
        (small / folder / "twice.ttl").write_text(twice)
    triples = [quad.triple for quad in project_quads(Project(small))]
    assert len(triples) == len(set(triples))
