"""HermiT on the real ontology: the project is consistent, and category errors are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Graph

from polcoop.quality.axioms import cut, serialise
from polcoop.quality.hermit import Hermit
from polcoop.quality.material import of_project
from polcoop.quality.reasoning import reason
from polcoop.sources.project import Project
from polcoop.sources.turtle import read_graph

CASES = Path(__file__).parent / "reasoning"
NAMES = sorted(folder.name for folder in CASES.iterdir())


@pytest.fixture(scope="module")
def terms(root: Path) -> Graph:
    """The ontology, without vocabularies and data, which would only cost time."""
    return read_graph(sorted((root / "ontology").glob("*.ttl")))


@pytest.fixture(scope="module")
def judge(terms: Graph, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], bool]:
    """Whether the terms with one more file are consistent."""
    hermit = Hermit.installed()
    folder = tmp_path_factory.mktemp("hermit")

    def judged(file: Path) -> bool:
        axioms = cut(terms + read_graph([file]))
        whole = folder / f"{file.parent.name}-{file.stem}.nt"
        whole.write_text(
            serialise((*axioms.declarations, *axioms.terminology, *axioms.assertions)), encoding="utf-8"
        )
        return hermit.consistent_prefix([whole], 120) == 1

    return judged


def test_the_project_is_consistent_and_every_class_can_have_a_member(root: Path) -> None:
    report = reason(of_project(Project(root), alignments=True).union)
    assert report.consistent, report.explanations
    assert report.unsatisfiable == ()
    assert report.terminology > 300
    assert report.assertions > 3000
    assert report.seconds < 120


@pytest.mark.parametrize("name", NAMES)
def test_a_category_error_is_inconsistent(judge: Callable[[Path], bool], name: str) -> None:
    assert not judge(CASES / name / "inconsistent.ttl")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_said_right_is_consistent(judge: Callable[[Path], bool], name: str) -> None:
    assert judge(CASES / name / "consistent.ttl")
