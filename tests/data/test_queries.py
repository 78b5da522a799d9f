"""The competency questions: each query gives its expected answer over HTTP, and none of our terms idles."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import httpx2
import pytest

from polcoop.iris import PREFIXES
from polcoop.sources.example import example_query
from polcoop.sources.turtle import read, read_graph

ROOT = Path(__file__).resolve().parents[2]
QUERIES = sorted((ROOT / "queries").glob("*.ttl"))
TERM_KINDS = ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_answer(path: Path, server: str) -> None:
    query = example_query(path)
    answer = httpx2.get(
        f"{server}/sparql", params={"query": query}, headers={"Accept": "text/csv"}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    expected = (ROOT / "queries" / "expected" / f"{path.stem}.csv").read_text(encoding="utf-8")
    got, wanted = _rows(answer.text), _rows(expected)
    assert got[0] == wanted[0], "the columns differ"
    assert wanted[1:], "an example without a row answers nothing"
    if re.search(r"\bORDER\s+BY\b", query):
        assert got == wanted
    else:
        assert sorted(got) == sorted(wanted)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_convention(path: Path) -> None:
    """SIB sparql-examples: one query a file, typed, commented (in both languages), tagged, with a target."""
    quads = read(path)
    by_property: dict[str, list[object]] = {}
    for quad in quads:
        by_property.setdefault(quad.predicate.value, []).append(quad.object)
    types = {term.value for term in by_property[PREFIXES["rdf"] + "type"]}
    assert types == {PREFIXES["sh"] + "SPARQLExecutable", PREFIXES["sh"] + "SPARQLSelectExecutable"}
    comments = {term.language: term.value for term in by_property[PREFIXES["rdfs"] + "comment"]}
    assert comments.keys() == {"en", "fr"}
    assert all(text.endswith("?") for text in comments.values()), "a competency question is a question"
    assert by_property["https://schema.org/target"]
    assert by_property["https://schema.org/keywords"]
    assert {quad.subject.value for quad in quads} == {
        f"https://w3id.org/polcoop/.well-known/sparql-examples/{path.stem}"
    }


def test_expected_answers_have_a_query() -> None:
    answers = {path.stem for path in (ROOT / "queries" / "expected").iterdir()}
    assert answers == {path.stem for path in QUERIES}


def test_every_term_serves_a_question() -> None:
    ontology = read_graph(sorted((ROOT / "ontology").glob("*.ttl")))
    kinds = {PREFIXES["owl"] + kind for kind in TERM_KINDS}
    ours = PREFIXES["polcoop"]
    terms = {
        str(subject).removeprefix(ours)
        for subject, predicate, kind in ontology
        if str(predicate) == PREFIXES["rdf"] + "type" and str(kind) in kinds and str(subject).startswith(ours)
    }
    assert len(terms) > 100
    used = {name for path in QUERIES for name in re.findall(r"\bpolcoop:(\w+)", example_query(path))}
    assert used <= terms, f"queries use what the ontology does not have: {sorted(used - terms)}"
    assert terms <= used, f"terms that no competency question touches: {sorted(terms - used)}"


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))
