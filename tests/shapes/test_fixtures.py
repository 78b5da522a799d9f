"""Each shape passes what it should and fails, for the right reason, what it should not."""

from __future__ import annotations

import pytest
from harness import FIXTURES, Harness, expected, findings

NAMES = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_the_passing_fixture_conforms(harness: Harness, name: str) -> None:
    report = harness.validate(FIXTURES / name / "pass.ttl")
    assert findings(report) == set()
    assert report.conforms
    assert f"<https://w3id.org/polcoop/shapes#{name}>" not in report.idle_shapes


@pytest.mark.parametrize("name", NAMES)
def test_the_failing_fixture_has_exactly_the_announced_results(harness: Harness, name: str) -> None:
    file = FIXTURES / name / "fail.ttl"
    announced = expected(file)
    assert findings(harness.validate(file)) == announced
    own = {shape for _, shape, *_ in announced if shape.startswith(f"shapes:{name}")}
    assert own, "the fixture must fail the shape that it is named after"


def test_the_world_of_the_fixtures_conforms(harness: Harness) -> None:
    report = harness.validate()
    assert report.conforms
    assert report.focus_nodes >= 12
