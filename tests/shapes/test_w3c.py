"""The SHACL test suite of the W3C (core and SPARQL), each case as ``polcoop validate --shapes`` runs it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, SH, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from polcoop.quality.material import located_files, of_strangers
from polcoop.quality.report import ValidationReport
from polcoop.quality.results import sparql_path
from polcoop.quality.shacl import ShapesError, shapes_graph, validate
from polcoop.sources.turtle import quiet

SUITE = Path(__file__).parents[3] / "shared" / "w3c" / "shacl"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
CASES = 120

# pySHACL's one failure, and so ours: it does not bind $shapesGraph, which SHACL leaves to the processor
# (section 5.3.1), and refuses the query.
FAILING = "sparql/pre-binding/shapesGraph-001"


@dataclass(frozen=True)
class Case:
    """One ``sht:Validate``: the files, and the report that is expected (None: the shapes must be refused)."""

    data: Path
    shapes: Path
    expected: Counter[tuple[str, ...]] | None
    conforms: bool


@cache
def cases() -> dict[str, Case]:
    found: dict[str, Case] = {}
    waiting = [SUITE / "manifest.ttl"] if SUITE.is_dir() else []
    while waiting:
        file = waiting.pop()
        manifest = Graph().parse(file, publicID=file.as_uri())
        waiting += [_path(include) for include in manifest.objects(None, MF.include)]
        for entries in manifest.objects(None, MF.entries):
            for test in Collection(manifest, entries):
                name = _path(test).relative_to(SUITE).as_posix()
                found[name] = _case(manifest, test)
    return found


def _path(iri: Node) -> Path:
    return Path(str(iri).removeprefix("file://"))


def _case(manifest: Graph, test: Node) -> Case:
    action, result = manifest.value(test, MF.action), manifest.value(test, MF.result)
    data, shapes = (_path(manifest.value(action, p)) for p in (SHT.dataGraph, SHT.shapesGraph))
    if result == SHT.Failure:
        return Case(data, shapes, None, conforms=False)
    results = Counter(_told(manifest, node) for node in manifest.objects(result, SH.result))
    return Case(data, shapes, results, conforms=manifest.value(result, SH.conforms) == Literal(True))


def _told(graph: Graph, node: Node) -> tuple[str, ...]:
    """What the suite compares of a result (its section 4.2), blank nodes without their labels."""
    path = graph.value(node, SH.resultPath)
    parts = [graph.value(node, p) for p in (SH.focusNode, SH.value, SH.sourceShape)]
    parts += [graph.value(node, p) for p in (SH.sourceConstraintComponent, SH.resultSeverity)]
    route = "" if path is None else sparql_path(graph, path)
    return route, *("[]" if not isinstance(p, URIRef | Literal) and p is not None else str(p) for p in parts)


def run(case: Case) -> ValidationReport:
    """As the command does: the named files and nothing else."""
    return validate(of_strangers([case.data]).data, shapes_graph(located_files([case.shapes])))


def outcome(case: Case) -> bool:
    try:
        report = run(case)
    except ShapesError:
        return case.expected is None
    assert report.graph is not None
    told = Counter(_told(report.graph, node) for node in report.graph.objects(None, SH.result))
    return report.conforms == case.conforms and told == case.expected


@pytest.fixture(scope="module")
def suite() -> dict[str, Case]:
    if not SUITE.is_dir():
        pytest.skip("the W3C's SHACL test suite is not at hand (shared/w3c/shacl beside the repository)")
    return cases()


def test_the_suite_passes_but_for_the_case_that_pyshacl_fails(suite: dict[str, Case]) -> None:
    assert len(suite) == CASES
    assert [name for name, case in suite.items() if not outcome(case)] == [FAILING]


def test_the_report_graphs_are_those_of_pyshacl(suite: dict[str, Case]) -> None:
    for name, case in suite.items():
        try:
            ours = run(case)
        except ShapesError:
            continue
        with quiet():
            conforms, theirs, _ = pyshacl.validate(str(case.data), shacl_graph=str(case.shapes))
        assert ours.conforms == conforms, name
        assert ours.graph is not None
        assert _bare(ours.graph) == _bare(theirs), name
        assert len(ours.graph) == len(theirs), name


def _bare(graph: Graph) -> Counter[tuple[str, ...]]:
    return Counter(
        (*_told(graph, node), *sorted(str(m) for m in graph.objects(node, SH.resultMessage)))
        for node in graph.subjects(RDF.type, SH.ValidationResult)
    )
