"""The baseline: it knows, it forgives, and it may only shrink."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.errors import ParseError, SourceError, UsageError
from polcoop.quality.baseline import apply, load, of_report, save, shrunk
from polcoop.quality.report import Severity, ValidationReport, ValidationResult


def report(*fingerprints: str) -> ValidationReport:
    results = tuple(
        ValidationResult(
            focus=f"<https://e.example/{name}>",
            path="<https://w3id.org/polcoop/ontology#onPage>",
            value="_:b0",
            severity=Severity.VIOLATION,
            shape="<https://w3id.org/polcoop/shapes#Page>",
            component="",
            messages=(),
            rule="<https://w3id.org/polcoop/shapes#Page>",
            fingerprint=name,
        )
        for name in fingerprints
    )
    return ValidationReport(conforms=not results, results=results, focus_nodes=1, shapes=1)


def test_it_is_written_read_and_legible(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    known = of_report(report("b", "a", "b"))
    save(file, known)
    assert sorted(load(file), key=str) == sorted(known, key=str)
    text = file.read_text(encoding="utf-8")
    assert '"shape": "shapes:Page"' in text
    assert '"count": 2' in text
    assert "_:b0" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["known.json"]


def test_what_is_known_does_not_fail_and_what_is_new_does() -> None:
    known = of_report(report("a", "b"))
    found, gone = apply(report("b", "b", "c"), known)
    assert [result.known for result in found.results] == [True, False, False]
    assert found.reaches(Severity.VIOLATION)
    assert [entry.fingerprint for entry in gone] == ["a"]
    found, gone = apply(report("b"), of_report(report("b", "b")))
    assert not found.reaches(Severity.INFO)
    assert [(entry.fingerprint, entry.count) for entry in gone] == [("b", 1)]


FINGERPRINTS = st.lists(st.sampled_from("abc"), max_size=6)


@given(FINGERPRINTS, FINGERPRINTS)
def test_shrinking_never_adds_and_leaves_what_is_still_found(before: list[str], after: list[str]) -> None:
    known = of_report(report(*before))
    found, gone = apply(report(*after), known)
    left = {entry.fingerprint: entry.count for entry in shrunk(known, gone)}
    for name in "abc":
        assert left.get(name, 0) == min(before.count(name), after.count(name))
    again, none = apply(replace(found), shrunk(known, gone))
    assert none == []
    assert [r.known for r in again.results] == [r.known for r in found.results]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "known": []}', '{"version": 1, "known": [{"fingerprint": "a"}]}',
             '{"version": 1, "known": 5}']
)  # fmt: skip
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParseError) as caught:
        load(file)
    assert "known.json" in str(caught.value)


def test_a_missing_one_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        load(tmp_path / "none.json")
    assert "--update-baseline" in (caught.value.hint or "")
    with pytest.raises(UsageError):
        save(tmp_path / "no" / "such.json", [])
