"""On all fixtures, the report is that of plain pySHACL, focus node by focus node and word by word."""

from __future__ import annotations

import warnings

import pyshacl
import pytest
from harness import FIXTURES, Harness
from rdflib import Graph

from polcoop.quality.shacl import validate
from polcoop.sources.turtle import Triples, quiet
from random_shacl import told


def same(data: Triples, shapes: Graph) -> int:
    """Assert that both say the same, and return how much."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        conforms, theirs, _ = pyshacl.validate(data.graph(), shacl_graph=shapes, inference="none")
    report = validate(data, shapes)
    assert report.graph is not None
    assert told(report.graph) == told(theirs)
    assert report.conforms == conforms
    return len(report.results)


@pytest.mark.parametrize(("name", "least"), [("pass", 0), ("fail", 100)])
def test_the_report_on_all_fixtures_is_that_of_pyshacl(harness: Harness, name: str, least: int) -> None:
    """All at once, on one background: pySHACL alone takes many seconds on the vocabularies."""
    files = sorted(FIXTURES.glob(f"*/{name}.ttl"))
    assert len(files) > 80
    data = Triples.of((*harness.structural, *harness.given(FIXTURES / "world.ttl", *files)))
    assert same(data, harness.shapes) >= least


def test_the_report_on_a_part_of_the_project_is_that_of_pyshacl(harness: Harness) -> None:
    """Some pages without the rest: pySHACL takes a minute on the whole, and what is missing is found here."""
    instances = harness.root / "instances"
    pages = [instances / folder / f"p{page}.ttl" for page in (14, 22) for folder in ("facts", "claims")]
    files = [instances / "agents" / "countries.ttl", instances / "instruments.ttl", *pages]
    data = Triples.of((*harness.structural, *harness.given(*files)))
    assert same(data, harness.shapes) > 500
