"""The real ontology and data stay inside OWL 2 DL."""

from __future__ import annotations

from pathlib import Path

from polcoop.quality.material import of_project
from polcoop.quality.profile import violations
from polcoop.sources.project import Project
from polcoop.sources.turtle import read_graph


def test_the_project_is_owl_2_dl(root: Path) -> None:
    assert violations(of_project(Project(root), alignments=True).union) == ()


def test_the_ontology_alone_is_owl_2_dl(root: Path) -> None:
    """Without the alignments, which declare terms of their own, nothing is left undeclared."""
    files = [*(root / "ontology").glob("*.ttl"), *(root / "ontology" / "vocabularies").glob("*.ttl")]
    assert violations(read_graph(sorted(files))) == ()
