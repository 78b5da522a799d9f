"""``result.provenance`` and ``result.cite()``: what a result is an answer to, and how it is cited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rdflib

import polcoop
from polcoop.citation.digests import graph_digest, query_digest
from polcoop.citation.terms import solutions_digest
from polcoop.errors import UsageError
from polcoop.solutions import Iri, Literal, Solutions

CLAIMS = "SELECT ?c ?page { ?c a polcoop:Claim ; polcoop:onPage ?page } ORDER BY ?c LIMIT 12"


def test_a_result_says_what_it_is_an_answer_to(data: polcoop.Connection, dataset: Path) -> None:
    manifest = json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))
    # Twice: what the server remembers must not lack the digest.
    for _ in range(2):
        table = data.select(CLAIMS)
        origin = table.provenance
        assert origin is not None
        assert origin.dataset is not None
        assert (origin.dataset.release, origin.dataset.digest) == (manifest["release"], manifest["version"])
        assert origin.query == query_digest(table.query)
        rows = tuple(
            (Iri(str(row.c)), Literal(str(row.page), None, "http://www.w3.org/2001/XMLSchema#integer"))
            for row in table
        )
        assert origin.result == solutions_digest(Solutions(("c", "page"), rows), ordered=True)
        assert origin.time.tzinfo is not None
    part = table[:3].provenance
    assert part is not None
    assert (part.query, part.result) == (origin.query, None)


def test_a_result_is_cited(data: polcoop.Connection) -> None:
    table = data.select(CLAIMS.replace("LIMIT 12", "OFFSET 300 LIMIT 12"))
    works = {work["id"]: work for work in json.loads(table.cite("csl-json"))}
    pages = {str(page) for page in table.column("page")}
    assert pages <= set(works["note-135"]["page"].replace("-", ", ").split(", "))
    assert len(works) > 2, "there are sources"
    assert table.cite().startswith("The polcoop contributors. (")
    assert "Institut de recherche stratégique" in table.cite(lang="fr")
    assert "@techreport{note-135," in table.cite("bibtex")
    fewer = {work["id"] for work in json.loads(table[:1].cite("csl-json"))}
    assert fewer < works.keys()
    with pytest.raises(UsageError, match="no style"):
        table.cite("word")
    with pytest.raises(UsageError, match="'de'"):
        table.cite(lang="de")


def test_a_graph_says_and_is_cited_likewise(data: polcoop.Connection) -> None:
    graph = data.construct("CONSTRUCT WHERE { ?c a polcoop:Claim ; polcoop:onPage ?page }", {"page": 14})
    assert isinstance(graph, rdflib.Graph)
    assert graph.provenance is not None
    assert graph.source == data.source
    assert graph.provenance.result == graph_digest(
        f"{claim.n3()} {predicate.n3()} {value.n3()} ." for claim, predicate, value in graph
    )
    works = {work["id"]: work for work in json.loads(graph.cite("csl-json"))}
    assert works["note-135"]["page"] == "14"
    assert len(works) > 2, "there are sources"
    described = data.describe(polcoop.iri("agent:interpol")).provenance
    assert described is not None
    assert described.dataset == graph.provenance.dataset
    made = graph + rdflib.Graph()
    assert (len(made), made.provenance) == (len(graph), None)
    with pytest.raises(UsageError, match="not an answer"):
        made.cite()


def test_what_is_not_ours_is_not_cited(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text("<http://example.org/a> a <http://example.org/B> .", encoding="utf-8")
    with polcoop.open(tmp_path) as opened:
        table = opened.select("SELECT * { ?s ?p ?o }")
        assert table.provenance is not None
        assert table.provenance.dataset is None
        assert table.provenance.result
        with pytest.raises(UsageError, match="no polcoop dataset"):
            table.cite()


def test_a_long_result_is_cited_in_parts(data: polcoop.Connection) -> None:
    table = data.select("SELECT ?c { ?c a polcoop:Claim } LIMIT 600")
    assert table.provenance is not None
    assert table.provenance.result, "more than a chunk of bytes"
    with pytest.raises(UsageError, match="too many"):
        table.cite()
    assert table[:5].cite("ris").count("TY  - ") >= 2
