"""Somebody encodes another country, another source, under other IRIs: the general profile lets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import Finding, Harness, expected, findings

from polcoop.quality.judging import judged, rules
from polcoop.quality.material import of_files
from polcoop.quality.report import ValidationReport
from polcoop.sources.turtle import read_graph

GENERAL = Path(__file__).parent / "fixtures-general"
FILE = GENERAL / "ruritania.ttl"
EXAMPLE = "https://example.org/ruritania/"


def report(harness: Harness, name: str, *, note: bool = False) -> ValidationReport:
    """As ``polcoop validate --profile … FILE`` finds it: on the background of the whole project."""
    material = of_files(harness.project, [GENERAL / f"{name}.ttl"])
    return judged(material, rules(harness.root, note=note))


def compact(found: set[Finding]) -> set[Finding]:
    """With the prefix ``ex:`` of the fixtures."""
    return {
        tuple(f"ex:{part[len(EXAMPLE) + 1 : -1]}" if EXAMPLE in part else part for part in finding)
        for finding in found
    }


@pytest.mark.parametrize("name", ["empty", "start", "ruritania"])
def test_a_dataset_about_another_country_conforms_from_the_first_line_on(harness: Harness, name: str) -> None:
    found = report(harness, name)
    assert findings(found) == set()
    assert found.conforms


def test_the_dataset_uses_no_iri_of_this_project_but_terms_concepts_and_one_agent() -> None:
    ours = {str(n) for triple in read_graph([FILE]) for n in triple if "polcoop/id/" in str(n)}
    assert ours == {"https://w3id.org/polcoop/id/agent/interpol"}
    assert [s for s in read_graph([FILE]).subjects() if str(s).startswith("https://w3id.org/polcoop/")] == []


def test_the_dataset_is_looked_at_by_most_shapes(harness: Harness) -> None:
    found = report(harness, "ruritania")
    assert found.focus_nodes > 25
    assert len(found.idle_shapes) < found.shapes / 2


def test_a_flawed_dataset_has_exactly_the_announced_results(harness: Harness) -> None:
    assert compact(findings(report(harness, "flawed"))) == expected(GENERAL / "flawed.ttl")


def test_the_profile_of_the_note_is_not_for_others(harness: Harness) -> None:
    """What stops them there is what holds of the note, and nothing else."""
    found = compact(findings(report(harness, "ruritania", note=True)))
    assert {shape for _, shape, *_ in found} == {
        "shapes:NoteClaim-passage",
        "shapes:NoteClaim-statement",
        "shapes:NoteConcept",
        "shapes:NoteDate-begin",
        "shapes:NoteDate-end",
        "shapes:NoteDefinition-fr",
        "shapes:NoteFootnote-range",
        "shapes:NoteIdentifier",
        "shapes:NoteLabel-fr",
        "shapes:NotePage-range",
        "shapes:NoteRemark-fr",
        "shapes:NoteTerms",
    }
